"""How the rate of a product changes with its size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import numpy as np


class ProductRate(TypedDict):
    """One size: n, microseconds, 10**9 operations a second, 10**6 bytes of the three matrices."""

    size: int
    time_us: float
    gflops: float
    memory_mb: float


def product_rates(
    matmul: Callable[..., Any], time_kernel: Callable[..., tuple[Any, float]], sizes: Sequence[int]
) -> list[ProductRate]:
    """Times `matmul` on square float32 matrices of each size; all times are measured at the call.

    time_kernel: `time_kernel(matmul, A, B)` returns the product and microseconds.
    gflops: 2 * size**3 operations over the time; memory_mb: 3 * size**2 * 4 bytes, in units of 10**6.
    """
    rng = np.random.default_rng(0)
    rates: list[ProductRate] = []
    for size in sizes:
        A, B = rng.standard_normal((2, size, size)).astype(np.float32)
        _, time_us = time_kernel(matmul, A, B)
        gflops = 2 * size**3 / time_us / 1000
        rates.append({"size": size, "time_us": time_us, "gflops": gflops, "memory_mb": 3 * size**2 * 4 / 1e6})
    return rates
