"""Whether an eight-bit product is worth its error on this machine: error, memory and speed, measured when asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import numpy as np

from tinytorch.bench import compare

SIZE = 1024
LIMIT_S = 5.0


class Impact(TypedDict):
    """What `impact` returns: figures of this run, and the verdict."""

    matmul_accuracy_8bit: float  # mean squared error against float64
    relative_error: float  # root mean square of the error over that of the product
    relative_error_limit: float
    memory_reduction: float  # bytes of the float32 operands over bytes of the codes
    speedup: float  # float32 time over eight-bit time
    speedup_low: float  # its 95 % interval
    speedup_high: float
    deployment_ready: bool  # within the limit, and surely faster


def impact(
    quantize: Callable[[np.ndarray], tuple[np.ndarray, float]],
    multiply: Callable[[np.ndarray, np.ndarray], np.ndarray],
    limit: float,
) -> Impact:
    """Measures the eight-bit product of SIZE x SIZE standard normal float32 matrices against float32 `A @ B`.

    quantize: codes and scale of an array.  multiply: the product through eight-bit codes, float32.
    limit: the largest relative error that is accepted.  Takes about LIMIT_S seconds.
    """
    A, B = np.random.default_rng(13).standard_normal((2, SIZE, SIZE)).astype(np.float32)
    exact = A.astype(np.float64) @ B.astype(np.float64)
    mse = float(np.mean((multiply(A, B) - exact) ** 2))
    relative = float(np.sqrt(mse / np.mean(exact**2)))
    speed = compare(lambda: multiply(A, B), lambda: A @ B, limit_s=LIMIT_S)
    return {
        "matmul_accuracy_8bit": mse,
        "relative_error": relative,
        "relative_error_limit": limit,
        "memory_reduction": (A.nbytes + B.nbytes) / (quantize(A)[0].nbytes + quantize(B)[0].nbytes),
        "speedup": speed.ratio,
        "speedup_low": speed.low,
        "speedup_high": speed.high,
        "deployment_ready": relative <= limit and speed.low > 1.0,
    }
