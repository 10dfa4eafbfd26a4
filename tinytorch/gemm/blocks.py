"""The product of three blocks that are in the cache: what `cache_friendly_matmul` does for each of its steps.

A block of B is read a panel of columns at a time, copied so that its rows lie together; four rows of C and of A meet
the panel at once, and the sums of those rows stay in registers while all terms of the block are added.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from tinytorch import simd

_TOGETHER = 4  # rows of C whose sums are in registers at once


def add_block(
    A: np.ndarray, B: np.ndarray, C: np.ndarray, i0: int, i1: int, j0: int, j1: int, k0: int, k1: int
) -> None:
    """C[i0:i1, j0:j1] += A[i0:i1, k0:k1] @ B[k0:k1, j0:j1].

    A: (M, K), B: (K, N), C: (M, N), C-ordered, of one dtype; 0 <= i0 < i1 <= M, and so on.
    Vector instructions for float32, float64 and signed integers, plain loops for other types.
    """
    if simd_has(C.dtype):
        add_block_vectors(A, B, C, i0, i1, j0, j1, k0, k1)
    else:
        add_block_of_any_type(A, B, C, i0, i1, j0, j1, k0, k1)


def simd_has(dtype: np.dtype[Any]) -> bool:
    """True if there are vectors with arithmetic for this dtype."""
    return dtype in (np.float32, np.float64, np.int16, np.int32, np.int64)


@overload(add_block)
def _add_block(A: Any, B: Any, C: Any, i0: Any, i1: Any, j0: Any, j1: Any, k0: Any, k1: Any) -> Any:
    """Chooses between the two for a caller when it is compiled, as the type is known then."""
    has_vectors = C.dtype in (types.float32, types.float64, types.int16, types.int32, types.int64)
    chosen = add_block_vectors if has_vectors else add_block_of_any_type

    def call(A: Any, B: Any, C: Any, i0: Any, i1: Any, j0: Any, j1: Any, k0: Any, k1: Any) -> None:
        chosen(A, B, C, i0, i1, j0, j1, k0, k1)

    return call


@njit(cache=True, nogil=True, fastmath={"contract"})
def add_block_of_any_type(
    A: np.ndarray, B: np.ndarray, C: np.ndarray, i0: int, i1: int, j0: int, j1: int, k0: int, k1: int
) -> None:
    """Does the same as `add_block` by plain loops over four terms at a time: C is read and written less often."""
    simd.whole_vectors()
    fours = k1 - (k1 - k0) % 4
    for i in range(i0, i1):
        row = C[i, j0:j1]
        for k in range(k0, fours, 4):
            x0, x1, x2, x3 = A[i, k], A[i, k + 1], A[i, k + 2], A[i, k + 3]
            b0, b1, b2, b3 = B[k, j0:j1], B[k + 1, j0:j1], B[k + 2, j0:j1], B[k + 3, j0:j1]
            for j in range(row.size):
                row[j] += (x0 * b0[j] + x1 * b1[j]) + (x2 * b2[j] + x3 * b3[j])
    add_block_plain(A, B, C, i0, i1, j0, j1, fours, k1)


@njit(cache=True, nogil=True, fastmath={"contract"})
def add_block_plain(
    A: np.ndarray, B: np.ndarray, C: np.ndarray, i0: int, i1: int, j0: int, j1: int, k0: int, k1: int
) -> None:
    """Does the same as `add_block` in three loops, in the order i, k, j."""
    simd.whole_vectors()
    for i in range(i0, i1):
        row = C[i, j0:j1]  # of a slice the compiler knows that no index is negative, and makes vectors
        for k in range(k0, k1):
            b = B[k, j0:j1]
            for j in range(row.size):
                row[j] += A[i, k] * b[j]


@simd.jit
def add_block_vectors(
    A: np.ndarray, B: np.ndarray, C: np.ndarray, i0: int, i1: int, j0: int, j1: int, k0: int, k1: int
) -> None:
    """Does the same as `add_block` with vectors, four rows of C at a time."""
    K, N = B.shape
    a, b, c = A.reshape(-1), B.reshape(-1), C.reshape(-1)
    columns = simd.VECTORS * simd.lanes(c)
    room = np.empty((k1 - k0 + 1) * columns, C.dtype)
    panel = room[simd.aligned_offset(room) :]
    for j in range(j0, j1, columns):
        n = j1 - j
        copy_panel(b, k0 * N + j, N, n, k1 - k0, panel)
        for i in range(i0, i1, _TOGETHER):
            add_to_four_rows(a, i * K + k0, K, panel, k1 - k0, c, i * N + j, N, i1 - i, n)


@simd.jit(inline="always")
def copy_panel(b: np.ndarray, start: int, N: int, n: int, terms: int, panel: np.ndarray) -> None:
    """Copies rows of B, N elements apart from index `start` on, to one place: n columns, filled up with zeros."""
    columns = simd.VECTORS * simd.lanes(panel)
    for k in range(terms):
        if n >= columns:
            simd.store_row(panel, k * columns, simd.load_row(b, start + k * N))
        else:
            simd.store_row(panel, k * columns, simd.load_row_part(b, start + k * N, n))


@simd.jit(inline="always")
def add_to_four_rows(
    a: np.ndarray, p: int, K: int, panel: np.ndarray, terms: int, c: np.ndarray, q: int, N: int, m: int, n: int
) -> None:
    """Adds rows of A times the panel to m rows and n columns of C; p, q: where the first row of A and of C begins.

    Rows beyond the m that exist repeat the last one and are not stored.
    """
    columns, last = simd.VECTORS * simd.lanes(c), min(m, _TOGETHER) - 1
    p1, p2, p3 = p + min(1, last) * K, p + min(2, last) * K, p + min(3, last) * K
    q1, q2, q3 = q + min(1, last) * N, q + min(2, last) * N, q + min(3, last) * N
    if n >= columns:
        r0, r1, r2, r3 = simd.load_row(c, q), simd.load_row(c, q1), simd.load_row(c, q2), simd.load_row(c, q3)
    else:
        r0, r1 = simd.load_row_part(c, q, n), simd.load_row_part(c, q1, n)
        r2, r3 = simd.load_row_part(c, q2, n), simd.load_row_part(c, q3, n)
    for k in range(terms):
        b = simd.load_row(panel, k * columns)
        r0 = simd.fma_row(simd.broadcast_at(a, p + k), b, r0)
        r1 = simd.fma_row(simd.broadcast_at(a, p1 + k), b, r1)
        r2 = simd.fma_row(simd.broadcast_at(a, p2 + k), b, r2)
        r3 = simd.fma_row(simd.broadcast_at(a, p3 + k), b, r3)
    store_rows((r0, r1, r2, r3), c, q, N, last + 1, n)


@simd.jit(inline="always")
def store_rows(rows: Any, c: np.ndarray, q: int, N: int, m: int, n: int) -> None:
    """Stores the first m of four rows, N elements apart from index q on, the first n elements of each."""
    r0, r1, r2, r3 = rows
    if m == _TOGETHER and n >= simd.VECTORS * simd.lanes(c):
        simd.store_row(c, q, r0)
        simd.store_row(c, q + N, r1)
        simd.store_row(c, q + 2 * N, r2)
        simd.store_row(c, q + 3 * N, r3)
    else:
        for i in range(m):
            simd.store_row_part(c, q + i * N, rows[i], n)
