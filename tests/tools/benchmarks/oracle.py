"""What a right result is, found another way than the kernels find it: float64, exact integers, plain NumPy.

Every check asks whether a difference is WITHIN its limit, so that a NaN is never within.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .case import WrongResultError

Check = Callable[[object], None]


def within(limit: np.ndarray | float, expected: np.ndarray, result: object, dtype: np.dtype | type) -> None:
    """WrongResultError unless `result` is an array of this dtype and each element within `limit` of `expected`."""
    if not isinstance(result, np.ndarray) or result.shape != expected.shape or result.dtype != dtype:
        found = f"{result.dtype} {result.shape}" if isinstance(result, np.ndarray) else type(result).__name__
        raise WrongResultError(f"returned {found}, not an array of {np.dtype(dtype)} and shape {expected.shape}")
    right = np.abs(np.subtract(result, expected, dtype=np.float64)) <= limit
    if not np.all(right):
        at = np.unravel_index(int(np.argmin(right)), right.shape)
        place = ", ".join(map(str, at))
        raise WrongResultError(f"element [{place}] is {result[at]}, not {expected[at]}")


def product(A: np.ndarray, B: np.ndarray) -> Check:
    """A float32 product: each element within (K + 2) * eps32 * (|A| @ |B|) of the one in float64.

    Source: N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition (2002), section 3.5.
    """
    wide_A, wide_B = A.astype(np.float64), B.astype(np.float64)
    expected = wide_A @ wide_B
    limit = (A.shape[1] + 2) * np.finfo(np.float32).eps * (np.abs(wide_A) @ np.abs(wide_B))
    return lambda result: within(limit, expected, result, np.float32)


def integer_product(A: np.ndarray, B: np.ndarray) -> Check:
    """The int32 product of int8 matrices, exact: float64 holds every sum that can occur."""
    expected = A.astype(np.float64) @ B.astype(np.float64)
    return lambda result: within(0.0, expected, result, np.int32)


def quantized_product(A: np.ndarray, B: np.ndarray) -> Check:
    """The exact product of the codes times both scales, rounded to float32.

    Codes by the formula of the contract, in float64. A quotient that lies on a half may be rounded either way by
    float32 arithmetic, so an element may be off by two codes' worth.
    """
    step_a, step_b = float(np.abs(A).max()) / 127, float(np.abs(B).max()) / 127
    expected = np.rint(A.astype(np.float64) / step_a) @ np.rint(B.astype(np.float64) / step_b) * (step_a * step_b)
    limit = 4 * np.finfo(np.float32).eps * np.abs(expected) + 2 * 127 * step_a * step_b
    return lambda result: within(limit, expected, result, np.float32)


def equal_to(expected: np.ndarray) -> Check:
    """Exactly these elements, in this dtype."""
    return lambda result: within(0.0, expected, result, expected.dtype)


def quantized_relu(x: np.ndarray) -> Check:
    """max(x, 0) rounded to whole steps of max|x| / 127."""
    step = float(np.abs(x).max()) / 127
    expected = np.maximum(x, 0)

    def check(result: object) -> None:
        within(step * (0.5 + 1e-4), expected, result, np.float32)
        codes = np.asarray(result, np.float64) / step
        within(1e-3, np.rint(codes), codes, np.float64)

    return check
