"""Products of int8 matrices with a single row or column: each element of the matrix is used once, so none is packed."""

from __future__ import annotations

import numpy as np

from tinytorch import simd

W = simd.W


def vector_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Returns the int32 product, modulo 2**32, of C-ordered, read-only int8 matrices (M, K) and (K, N).

    Right for all shapes; quick where M or N is 1.
    """
    C = np.zeros((A.shape[0], B.shape[1]), np.int32)
    if A.shape[0] == 1 and B.shape[1] > 1:
        codes: np.ndarray = (A + np.int16(simd.LEFT_OFFSET)).astype(simd.LEFT_CODE)
        integer_row(A.reshape(-1), codes.reshape(-1), B, C.reshape(-1))
    else:
        columns = np.ascontiguousarray(B.T).view()
        columns.setflags(write=False)
        integer_dots(A, columns, C)
    return C


@simd.jit
def integer_dots(A: np.ndarray, Bt: np.ndarray, C: np.ndarray) -> None:
    """C = A @ Bt.T, row times row.  A: (M, K), Bt: (N, K) int8, C: (M, N) int32, all C-ordered; sums wrap around."""
    K, N = A.shape[1], Bt.shape[0]
    rows, columns = A.reshape(-1), Bt.reshape(-1)
    whole = K // simd.BYTES * simd.BYTES
    for i in range(A.shape[0]):
        for j in range(N):
            sums = simd.zero_i32()
            for k in range(0, whole, simd.BYTES):
                sums = simd.dot4_s8s8(sums, simd.load4(rows, i * K + k), simd.load4(columns, j * K + k))
            total = simd.sum(sums)
            for k in range(whole, K):
                total += np.int32(rows[i * K + k]) * np.int32(columns[j * K + k])
            C[i, j] = total


@simd.jit
def integer_row(a: np.ndarray, codes: np.ndarray, B: np.ndarray, c: np.ndarray) -> None:
    """c += a @ B along the rows of B.  a: (K,), B: (K, N) int8, c: (N,) int32; codes: a + offset, as LEFT_CODE."""
    (K, N), flat = B.shape, B.reshape(-1)
    ones, offset = simd.broadcast(simd.LEFT_CODE(1)), simd.broadcast(np.int32(-simd.LEFT_OFFSET))
    groups, columns = K // simd.GROUP * simd.GROUP, N // (2 * W) * (2 * W)
    for k in range(0, groups, simd.GROUP):
        x = simd.broadcast_group(codes, k)
        for j in range(0, columns, 2 * W):
            b0, b1 = simd.load_groups(flat, k * N + j, N)
            surplus0 = simd.dot_groups(simd.zero_i32(), ones, b0) * offset
            surplus1 = simd.dot_groups(simd.zero_i32(), ones, b1) * offset
            simd.store(c, j, simd.dot_groups(simd.load(c, j) + surplus0, x, b0))
            simd.store(c, j + W, simd.dot_groups(simd.load(c, j + W) + surplus1, x, b1))
    for k in range(K):
        for j in range(0 if k >= groups else columns, N):
            c[j] += np.int32(a[k]) * np.int32(B[k, j])
