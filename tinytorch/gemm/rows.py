"""A matrix times a vector and a vector times a matrix: each element of the matrix is used once, so nothing is packed.

Four or eight rows of the matrix are read at a time: several streams of memory keep more of it on the way than one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import simd

W = simd.W


@simd.jit(inline="always")
def add_dot_part(a: np.ndarray, p: int, b: np.ndarray, k: int, n: int, s: Any) -> Any:
    """s + the products of n elements of a from p on with those of b from k on, lane by lane; any n, W at most."""
    return simd.fma(simd.load_part(a, p, n), simd.load_part(b, k, n), s)


@simd.jit
def matrix_times_vector(A: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    """c = A @ b.  A: (M, K), b: (K,), c: (M,)."""
    M, K = A.shape
    a = A.reshape(-1)
    whole = K - K % W
    for i in range(0, M, 4):
        p0, last = i * K, (M - 1) * K
        p1, p2, p3 = min(p0 + K, last), min(p0 + 2 * K, last), min(p0 + 3 * K, last)
        s0 = s1 = s2 = s3 = simd.zero()
        for k in range(0, whole, W):
            x = simd.load(b, k)
            s0, s1 = simd.fma(simd.load(a, p0 + k), x, s0), simd.fma(simd.load(a, p1 + k), x, s1)
            s2, s3 = simd.fma(simd.load(a, p2 + k), x, s2), simd.fma(simd.load(a, p3 + k), x, s3)
        s0 = add_dot_part(a, p0 + whole, b, whole, K - whole, s0)
        s1 = add_dot_part(a, p1 + whole, b, whole, K - whole, s1)
        s2 = add_dot_part(a, p2 + whole, b, whole, K - whole, s2)
        s3 = add_dot_part(a, p3 + whole, b, whole, K - whole, s3)
        sums = (simd.sum(s0), simd.sum(s1), simd.sum(s2), simd.sum(s3))
        for j in range(min(4, M - i)):
            c[i + j] = sums[j]


@simd.jit(inline="always")
def four_at(a: np.ndarray, k: int) -> Any:
    """a[k], a[k + 1], a[k + 2], a[k + 3], each in all lanes of a vector."""
    return (
        simd.broadcast_at(a, k),
        simd.broadcast_at(a, k + 1),
        simd.broadcast_at(a, k + 2),
        simd.broadcast_at(a, k + 3),
    )


@simd.jit(inline="always")
def add_four_rows(xs: Any, b: np.ndarray, j: int, N: int, row: Any) -> Any:
    """row + xs[r] times what begins at b[j + r * N], r = 0 to 3: pieces of four rows of B."""
    row = simd.fma_row(xs[0], simd.load_row(b, j), row)
    row = simd.fma_row(xs[1], simd.load_row(b, j + N), row)
    row = simd.fma_row(xs[2], simd.load_row(b, j + 2 * N), row)
    return simd.fma_row(xs[3], simd.load_row(b, j + 3 * N), row)


@simd.jit
def vector_times_matrix(a: np.ndarray, B: np.ndarray, c: np.ndarray, j0: int, j1: int) -> None:
    """c[j0:j1] = a @ B[:, j0:j1], along the rows of B.  a: (K,), B: (K, N), c: (N,)."""
    K, N = B.shape
    b = B.reshape(-1)
    c[j0:j1] = 0
    for k0 in range(0, K, 8):
        first = j0  # the first column that isn't done for these rows
        if k0 + 8 <= K:
            low, high = four_at(a, k0), four_at(a, k0 + 4)
            first = j1 - (j1 - j0) % simd.ROW
            for j in range(j0, first, simd.ROW):
                row = add_four_rows(low, b, k0 * N + j, N, simd.load_row(c, j))
                simd.store_row(c, j, add_four_rows(high, b, (k0 + 4) * N + j, N, row))
        for k in range(k0, min(k0 + 8, K)):
            x = simd.broadcast_at(a, k)
            for j in range(first, j1, simd.ROW):
                row = simd.fma_row(x, simd.load_row_part(b, k * N + j, j1 - j), simd.load_row_part(c, j, j1 - j))
                simd.store_row_part(c, j, row, j1 - j)
