"""Times of ReLU kernels: by size, and beside a loop in Python; all really run and really timed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import numpy as np

from tinytorch.bench import Timing, measure

Kernel = Callable[[np.ndarray, np.ndarray], object]


class VectorizationReport(TypedDict):
    """What `analyze_vectorization_performance` measured; `source` says so."""

    size: int
    scalar_us: float
    vectorized_us: float
    vectorized_speedup: float
    throughput_mops: float
    source: str


def relu_timings(kernels: Mapping[str, Kernel], sizes: Sequence[int], samples: int = 9) -> dict[str, dict[int, Timing]]:
    """Times each `kernel(x, out)` on random float32 arrays: by name, then by size.

    kernels: by name, each from one 1-D array into another.  sizes: numbers of elements, each at least 1.
    """
    timings: dict[str, dict[int, Timing]] = {name: {} for name in kernels}
    for size in sizes:
        x = np.random.default_rng(size).standard_normal(size, dtype=np.float32)
        out = np.empty_like(x)
        for name, kernel in kernels.items():
            timings[name][size] = measure(kernel, x, out, samples=samples)
    return timings


def relu_in_python(values: list[float]) -> list[float]:
    """Returns max(v, 0) of each number, one at a time in the interpreter; NaN stays NaN."""
    result = []
    for value in values:
        result.append(0.0 if value < 0.0 else value)
    return result


def relu_report(relu: Callable[[np.ndarray], np.ndarray], size: int) -> VectorizationReport:
    """Times ReLU on `size` float32 as a loop in Python and by `relu`, both into a new result.

    vectorized_speedup: time of the loop over that of `relu`. throughput_mops: million elements per second of `relu`.
    Raises ValueError if size < 1.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}")
    x = np.random.default_rng(0).standard_normal(size, dtype=np.float32)
    scalar_us = measure(relu_in_python, x.tolist(), samples=5).median_us
    vectorized_us = measure(relu, x).median_us
    return {
        "size": size,
        "scalar_us": scalar_us,
        "vectorized_us": vectorized_us,
        "vectorized_speedup": scalar_us / vectorized_us,
        "throughput_mops": size / vectorized_us,
        "source": "measured",
    }
