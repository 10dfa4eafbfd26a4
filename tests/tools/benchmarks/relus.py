"""ReLU into a given and into a new array, with a bias, and in threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from . import oracle
from .bars import Bar, same_everywhere
from .case import Case, Race

SIZES = {"64K": 1 << 16, "1M": 1 << 20, "16M": 1 << 24, "64M": 1 << 26}
QUICK_SIZES = ("64K", "1M")
OUT_BARS = {"64K": Bar(6.0, 1.5), "64M": Bar(1.9, 1.5)}
BIASED = {"1 MiB": (256, 1024), "64 MiB": (4096, 4096)}
THREADED = (*(1 << power for power in range(10, 27, 2)), 1_000_003, 5_000_011)
NEVER_SLOWER = same_everywhere(1 / 1.05)


def numbers(size: int) -> np.ndarray:
    """Random float32, half of them negative."""
    return np.random.default_rng(size).standard_normal(size, dtype=np.float32)


def out_race(size: int, other: Callable[[np.ndarray, np.ndarray], object] | None) -> Race:
    """`vectorized_relu` into a given array against `other(x, out)`; None is `np.maximum`.

    Both sides write to the same array. A copy makes no ReLU, so its result is not held against one.
    """
    from tinytorch.core.kernels import vectorized_relu

    x = numbers(size)
    out = np.full_like(x, np.nan)
    reference = (lambda: np.maximum(x, 0, out=out)) if other is None else (lambda: other(x, out))
    return Race(lambda: vectorized_relu(x, out=out), reference, oracle.equal_to(np.maximum(x, 0)))


def copy_race(size: int) -> Race:
    """`vectorized_relu` into a given array against copying x there: the same bytes, no arithmetic."""
    race = out_race(size, None)
    x, copy = numbers(size), np.empty(size, np.float32)

    def copied() -> np.ndarray:
        np.copyto(copy, x)
        return copy

    is_relu, is_copy = race.check, oracle.equal_to(x)
    return Race(race.candidate, copied, lambda result: (is_copy if result is copy else is_relu)(result))


def new_race(size: int) -> Race:
    """`vectorized_relu` into a new array against `np.maximum`."""
    from tinytorch.core.kernels import vectorized_relu

    x = numbers(size)
    return Race(lambda: vectorized_relu(x), lambda: np.maximum(x, 0), oracle.equal_to(np.maximum(x, 0)))


def bias_race(shape: tuple[int, int]) -> Race:
    """One pass over memory against NumPy's two."""
    from tinytorch.core.kernels import fused_relu_bias

    x, bias = numbers(shape[0] * shape[1]).reshape(shape), numbers(shape[1])
    expected = np.maximum(x + bias, 0)
    return Race(lambda: fused_relu_bias(x, bias), lambda: np.maximum(x + bias, 0), oracle.equal_to(expected))


def threads_race(size: int) -> Race:
    """`parallel_relu` with its default number of workers against `vectorized_relu`."""
    from tinytorch.core.kernels import parallel_relu, vectorized_relu

    x = numbers(size)
    return Race(lambda: parallel_relu(x), lambda: vectorized_relu(x), oracle.equal_to(np.maximum(x, 0)))


def plain() -> list[Case]:
    """ReLU against NumPy's on one thread."""
    outs = [
        Case(f"relu-out-{name}", "ReLU", f"vectorized_relu(out=) {name} floats", "np.maximum(out=)",
             partial(out_race, size, None), OUT_BARS.get(name), quick=name in QUICK_SIZES)
        for name, size in SIZES.items()
    ]  # fmt: skip
    new = Case("relu-new-64M", "ReLU", "vectorized_relu 64M floats, new array", "np.maximum",
               partial(new_race, SIZES["64M"]), Bar(1.5, 1.5), quick=False)  # fmt: skip
    return [*outs, new]


def copies() -> list[Case]:
    """ReLU against a plain copy."""
    return [
        Case(f"relu-copy-{name}", "ReLU", f"vectorized_relu(out=) {name} floats", "np.copyto",
             partial(copy_race, size), quick=name in QUICK_SIZES)
        for name, size in SIZES.items()
    ]  # fmt: skip


def biased() -> list[Case]:
    """ReLU of a sum against the NumPy expression."""
    return [
        Case(f"relu-bias-{name.replace(' ', '')}", "ReLU with bias", f"fused_relu_bias {name}",
             "np.maximum(x + bias, 0)", partial(bias_race, shape), same_everywhere(2.0), quick=name == "1 MiB")
        for name, shape in BIASED.items()
    ]  # fmt: skip


def threaded() -> list[Case]:
    """Threads must not cost more than they bring, at any size."""
    return [
        Case(f"parallel_relu-{size}", "ReLU in threads", f"parallel_relu {size:,} floats", "vectorized_relu",
             partial(threads_race, size), NEVER_SLOWER, setting="all threads", quick=size <= 1 << 22)
        for size in sorted(THREADED)
    ]  # fmt: skip


def cases() -> list[Case]:
    """All of them."""
    return [*plain(), *copies(), *biased(), *threaded()]
