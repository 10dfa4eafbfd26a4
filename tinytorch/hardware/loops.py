"""Compiled loops that measure the cost of access order and the speedup of vector instructions.

The compiler vectorizes simple loops by itself. The `scalar_` loops keep it from that by an exit that depends on the
data: it has to look at one element before it may touch the next. With `stop` = NaN the exit is never taken, since NaN
equals nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def sum_in_order(x: np.ndarray, order: np.ndarray) -> float:
    """The sum of x[order], one after another."""
    total = 0.0
    for k in range(order.size):
        total += x[order[k]]
    return total


@compiled
def scalar_add(x: np.ndarray, y: np.ndarray, out: np.ndarray, stop: np.float32) -> None:
    """out = x + y."""
    for i in range(x.size):
        if x[i] == stop:
            break
        out[i] = x[i] + y[i]


@compiled
def scalar_multiply(x: np.ndarray, y: np.ndarray, out: np.ndarray, stop: np.float32) -> None:
    """out = x * y."""
    for i in range(x.size):
        if x[i] == stop:
            break
        out[i] = x[i] * y[i]


@compiled
def scalar_relu(x: np.ndarray, y: np.ndarray, out: np.ndarray, stop: np.float32) -> None:
    """out = max(x, 0)."""
    for i in range(x.size):
        if x[i] == stop:
            break
        out[i] = x[i] if x[i] > 0 else np.float32(0)


@compiled
def scalar_exp(x: np.ndarray, y: np.ndarray, out: np.ndarray, stop: np.float32) -> None:
    """out = exp(x)."""
    for i in range(x.size):
        if x[i] == stop:
            break
        out[i] = math.exp(x[i])


@compiled
def scalar_dot(x: np.ndarray, y: np.ndarray, out: np.ndarray, stop: np.float32) -> None:
    """out[0] = the sum of x * y, in one running sum."""
    total = np.float32(0)
    for i in range(x.size):
        if x[i] == stop:
            break
        total += x[i] * y[i]
    out[0] = total


@compiled
def scalar_matmul(A: np.ndarray, B: np.ndarray, C: np.ndarray, stop: np.float32) -> None:
    """C = A @ B; (M, K) x (K, N), loops in the order i, k, j."""
    C[:] = 0
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                if B[k, j] == stop:
                    break
                C[i, j] += A[i, k] * B[k, j]


@compiled
def vector_matmul(A: np.ndarray, B: np.ndarray, C: np.ndarray) -> None:
    """The loops of `scalar_matmul` without the exit: the compiler vectorizes the inner one."""
    C[:] = 0
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            a = A[i, k]
            for j in range(B.shape[1]):
                C[i, j] += a * B[k, j]
