"""What the figures show, measured: the ladder, the machine, block sizes, workers, bits. Plain data, for JSON too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from tinytorch.bench import Timing, measure

from . import oracle
from .products import operands
from .relus import numbers
from .settings import ONE_THREAD

Data = dict[str, Any]
LADDER_SIZE, BLOCK_SIZE_N = 512, 1024
BITS = tuple(range(2, 17))


def timing(call: Callable[[], object], is_quick: bool) -> Data:
    """Samples of a call: fewer of a slow one."""
    return measure(call, samples=5 if is_quick else 15, min_sample_s=0.002).as_dict()


def as_timing(data: Data) -> Timing:
    """A timing from its plain data."""
    return Timing(tuple(data["samples_us"]), data["loops"], data["warmups"], tuple(data["notes"]))


def rungs() -> dict[str, Callable[..., np.ndarray]]:
    """Every version of the product in lesson 02 that takes two matrices, slowest idea first, NumPy's last."""
    from tinytorch.core.kernels import matmul as lesson

    names = [name for name in lesson.__all__ if name.startswith("matmul_") or name == "cache_friendly_matmul"]
    found = {name: getattr(lesson, name) for name in names if _takes_two(getattr(lesson, name))}
    baseline = found.pop("matmul_baseline")
    return {**found, "matmul_baseline (NumPy)": baseline}


def _takes_two(function: Callable[..., object]) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters) == 2


def ladder(is_quick: bool) -> Data:
    """Each rung at one size, checked, then timed."""
    A, B = operands(LADDER_SIZE, LADDER_SIZE, LADDER_SIZE)
    check = oracle.product(A, B)
    for rung in rungs().values():
        check(rung(A, B))
    timed = {name: timing(partial(rung, A, B), is_quick) for name, rung in rungs().items()}
    return {"size": LADDER_SIZE, "flops": 2 * LADDER_SIZE**3, "rungs": timed}


def machine(is_quick: bool) -> Data:
    """Arithmetic peak, bandwidth by working set, and where our kernels stand below them."""
    from tinytorch.hardware import Roofline, bandwidth_sweep, measure_peak
    from tinytorch.plots.machine import WORKING_SETS

    roof = Roofline(measure_peak(0.2 if is_quick else 1.0))
    sweep = [(size, fact.as_dict()) for size, fact in bandwidth_sweep()]
    for size in WORKING_SETS:
        roof.bandwidth_at(size)
    return {
        "peak": roof.peak.as_dict(),
        "bandwidth": sweep,
        "slopes": {str(size): fact.as_dict() for size, fact in roof.measured.items()},
        "kernels": kernels_below_the_roof(is_quick),
    }


def kernels_below_the_roof(is_quick: bool) -> Data:
    """name -> operations and bytes of operands and result, once each, and the samples."""
    from tinytorch.core import kernels as k

    n = 512
    A, B = operands(n, n, n)
    row, square = operands(1, 4096, 4096)
    small, large = numbers(1 << 16), numbers(1 << 24)
    out_small, out_large = np.empty_like(small), np.empty_like(large)
    product, moved = 2 * n**3, 3 * 4 * n**2
    found = {
        "matmul_naive": (partial(k.matmul_naive, A, B), product, moved),
        "cache_friendly_matmul": (partial(k.cache_friendly_matmul, A, B), product, moved),
        "matmul_simd": (partial(k.matmul_simd, A, B), product, moved),
        "matmul_simd, one row": (partial(k.matmul_simd, row, square), 2 * 4096**2, square.nbytes + 2 * row.nbytes),
        "relu, 512 KiB": (partial(k.vectorized_relu, small, out=out_small), small.size, 2 * small.nbytes),
        "relu, 128 MiB": (partial(k.vectorized_relu, large, out=out_large), large.size, 2 * large.nbytes),
    }
    return {
        name: {"operations": operations, "bytes": moved, "timing": timing(call, is_quick)}
        for name, (call, operations, moved) in found.items()
    }


def blocks(is_quick: bool) -> Data:
    """`cache_friendly_matmul` against its block size."""
    from tinytorch.core.kernels.matmul import cache_friendly_matmul

    n = BLOCK_SIZE_N // 2 if is_quick else BLOCK_SIZE_N
    A, B = operands(n, n, n)
    sizes = [size for size in (8, 16, 32, 64, 128, 256, 512, 1024) if size <= n]
    timed = [timing(partial(cache_friendly_matmul, A, B, block_size=size), is_quick) for size in sizes]
    working_set = [3 * size**2 * A.itemsize for size in sizes]  # as its docstring says
    return {"n": n, "block_sizes": sizes, "working_set_bytes": working_set, "timings": timed}


def workers(is_quick: bool) -> Data:
    """Three parallel kernels against the number of workers, up to the cores and one step beyond."""
    from tinytorch.core import kernels as k
    from tinytorch.hardware import card

    cores = int(card().usable_cores.value or 1)
    counts = [1 << power for power in range((2 * cores - 1).bit_length() + 1) if 1 << power <= 2 * cores]
    A, B = operands(1024, 1024, 1024)
    x, batch = numbers(1 << 24), numbers(1 << 21).reshape(64, -1)
    calls: dict[str, Callable[[int], object]] = {
        "parallel_matmul 1024": lambda count: k.parallel_matmul(A, B, num_workers=count),
        "tanh by parallel_batch_processing": lambda count: k.parallel_batch_processing(batch, np.tanh, count),
        "parallel_relu 16M": lambda count: k.parallel_relu(x, num_workers=count),
    }
    timed = {name: [timing(partial(call, count), is_quick) for count in counts] for name, call in calls.items()}
    return {"workers": counts, "cores": cores, "timings": timed}


def bits(is_quick: bool) -> Data:
    """Relative error of rounding to so many bits, by the formula, and of the package's own codes and products."""
    from tinytorch.core import kernels as k

    x = numbers(1 << (14 if is_quick else 18)).astype(np.float64)
    A, B = operands(256, 256, 256)
    product = A.astype(np.float64) @ B

    def rounded(count: int) -> np.ndarray:
        step = np.abs(x).max() / (2 ** (count - 1) - 1)
        return np.rint(x / step) * step

    def relative(found: np.ndarray, true: np.ndarray) -> float:
        return float(np.sqrt(np.mean((found - true) ** 2) / np.mean(true**2)))

    series: dict[str, list[float | None]] = {
        "rounding by the formula, float64": [relative(rounded(count), x) for count in BITS],
        "quantize, then dequantize": [None] * len(BITS),
        "quantized_matmul": [None] * len(BITS),
    }
    for count in (8, 16):
        at = BITS.index(count)
        series["quantize, then dequantize"][at] = relative(k.dequantize(*k.quantize(x, count)), x)
        series["quantized_matmul"][at] = relative(k.quantized_matmul(A, B, bits=count), product)
    return {"bits": list(BITS), "relative_errors": series}


# name -> what is measured, the process's environment, and the figures that it makes
SWEEPS: dict[str, tuple[Callable[[bool], Data], dict[str, str], tuple[str, ...]]] = {
    "machine": (machine, ONE_THREAD, ("bandwidth", "roofline")),
    "ladder": (ladder, ONE_THREAD, ("ladder",)),
    "blocks": (blocks, ONE_THREAD, ("blocks",)),
    "workers": (workers, ONE_THREAD, ("scaling",)),
    "bits": (bits, ONE_THREAD, ("quantization",)),
}


def serve(pipe: Connection, name: str, is_quick: bool) -> None:
    """In a new process: one sweep's data."""
    pipe.send(SWEEPS[name][0](is_quick))
