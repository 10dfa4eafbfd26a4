"""Which kernel of the earlier lessons to run: the best one that is written, or one that needs no exercise at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tinytorch.analyses.words import listed

Kernel = Callable[..., Any]
LookUp = Callable[[str, str], Kernel]  # (lesson's module, name) -> the kernel; raises what an import raises

SIDE = 8  # of the small matrices on which a kernel is tried


def numpy_relu(x: np.ndarray, num_workers: int = 1) -> np.ndarray:
    """max(x, 0) by NumPy, on one thread whatever `num_workers` says."""
    result: np.ndarray = np.maximum(x, 0)
    return result


@dataclass(frozen=True, slots=True)
class Purpose:
    """Kernels for one purpose, the preferred first, each as (lesson's module, name), and what needs no exercise.

    operands: how many square matrices they take. last_words: what `last` is called in a sentence.
    """

    kernels: tuple[tuple[str, str], ...]
    operands: int
    last: Kernel
    last_words: str


BLOCKED = ("matmul", "cache_friendly_matmul")
PURPOSES = {
    "matmul": Purpose((("matmul", "matmul_simd"), BLOCKED), 2, np.matmul, "NumPy's matmul"),
    "relu": Purpose((("vectorization", "vectorized_relu"),), 1, numpy_relu, "NumPy's maximum"),
    "blocked product": Purpose((BLOCKED,), 2, np.matmul, "NumPy's matmul"),
    "parallel relu": Purpose((("parallelism", "parallel_relu"),), 1, numpy_relu, "NumPy's maximum on one thread"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A kernel; `note` is empty for the preferred one, otherwise a sentence that says what stands in for what."""

    kernel: Kernel
    note: str = ""


def first_written(purpose: Purpose, look_up: LookUp, **options: Any) -> Choice:
    """The first kernel for a purpose that is written, with `options` bound; its other exceptions pass through."""
    operands = np.random.default_rng(SIDE).standard_normal((purpose.operands, SIDE, SIDE), dtype=np.float32)
    missing: list[str] = []
    for lesson, name in purpose.kernels:
        kernel = _written(look_up, lesson, name, operands, options)
        if kernel is not None:
            return Choice(kernel, _note(missing, name))
        missing.append(name)
    return Choice(purpose.last, _note(missing, purpose.last_words))


def _written(look_up: LookUp, lesson: str, name: str, operands: np.ndarray, options: dict[str, Any]) -> Kernel | None:
    """The kernel, if it can be found and does not say on a small call that it is not written."""
    try:
        kernel = look_up(lesson, name)
    except (ImportError, AttributeError, LookupError):
        return None
    bound = partial(kernel, **options) if options else kernel
    try:
        bound(*operands)
    except NotImplementedError:
        return None
    return bound


def _note(missing: Sequence[str], taken: str) -> str:
    """The sentence about what stands in for what; empty if nothing is missing."""
    if not missing:
        return ""
    verb = "is" if len(missing) == 1 else "are"
    return f"{listed(missing)} {verb} not written yet, so {taken} runs instead"
