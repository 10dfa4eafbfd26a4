"""Sums over whole vectors: in one pass and in any order where that is exact enough, with care where it is not."""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np

from tinytorch.simd.cpu import jit

#: Between these, no square that matters has overflowed or vanished in float64.
SMALLEST_SUM, LARGEST_SUM = 1e-280, 1e300


class VectorResults(TypedDict):
    """The result of lesson 03's `vectorized_operations`: three arrays of the inputs' shape, three Python floats."""

    element_wise_add: np.ndarray
    element_wise_multiply: np.ndarray
    squared_difference: np.ndarray
    euclidean_distance: float
    dot_product: float
    cosine_similarity: float


@jit(fastmath={"reassoc", "contract", "nsz"})
def sums_of_products(u: np.ndarray, v: np.ndarray) -> tuple[float, float, float, float]:
    """Returns sum(u * u), sum(v * v), sum(u * v), sum((u - v)**2) in float64, in one pass, added in any order.

    u, v: 1-D, contiguous, of one size and float type. `fastmath` here allows the compiler to reorder sums, to fuse a
    product with an addition and to ignore the sign of zero, nothing else: NaN and infinity are respected.
    """
    uu = vv = uv = dd = 0.0
    for i in range(u.size):
        a, b = np.float64(u[i]), np.float64(v[i])
        difference = a - b
        uu += a * a
        vv += b * b
        uv += a * b
        dd += difference * difference
    return uu, vv, uv, dd


def vector_length(v: np.ndarray) -> float:
    """Returns sqrt(sum(v**2)) of a 1-D float64 array, without overflow or underflow on the way; 0.0 if it is empty."""
    largest = float(np.max(np.abs(v), initial=0.0))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    scaled = v / largest
    return largest * math.sqrt(float(np.sum(scaled * scaled)))
