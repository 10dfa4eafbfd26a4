"""Blocks of A and B copied into the order in which a register tile reads them."""

from __future__ import annotations

import numpy as np

from tinytorch import simd

TILE_ROWS = 6
# Terms and rows of a block. On 16 registers a panel, up to 20 KiB, stays in the first cache; on 32 a panel is wider and
# comes from the second, which then is the better for longer sums. The block of A, about 256 KiB, stays in the second.
BLOCK_TERMS, BLOCK_ROWS = (320, 192) if simd.VECTORS == 2 else (688, 96)
BLOCK_COLUMNS = 2048  # all panels of a block of B, 2.5 to 5.5 MiB: the third cache
LINE = 16  # float32 in a cache line of 64 bytes


def row_stride(terms: int) -> int:
    """Returns how far apart rows of packed A lie, in elements, for a block of so many terms.

    Never a multiple of four lines: a power of two would put all rows into the same few places of the cache.
    """
    lines = terms // LINE + 1
    return LINE * (lines + 1 if lines % 4 == 0 else lines)


@simd.jit
def pack_columns(B: np.ndarray, k0: int, k1: int, j0: int, j1: int, panels: np.ndarray) -> None:
    """B[k0:k1, j0:j1] as panels of simd.ROW columns, one after the other, each row by row, zeros beyond j1.

    Eight rows of B at a time: the writes to a panel then are long enough for the core to see where they lead.
    """
    N = B.shape[1]
    b = B.reshape(-1)
    for strip in range(k0, k1, 8):
        for j in range(j0, j1, simd.ROW):
            q = (j - j0) * (k1 - k0) + (strip - k0) * simd.ROW
            for k in range(strip, min(strip + 8, k1)):
                if j + simd.ROW <= j1:
                    simd.store_row(panels, q, simd.load_row(b, k * N + j))
                else:
                    simd.store_row(panels, q, simd.load_row_part(b, k * N + j, j1 - j))
                q += simd.ROW


@simd.jit
def pack_rows(A: np.ndarray, i0: int, i1: int, k0: int, k1: int, rows: np.ndarray, stride: int) -> None:
    """A[i0:i1, k0:k1] with rows `stride` elements apart, filled up to whole tiles by repeating the last row."""
    M, K = A.shape
    a = A.reshape(-1)
    n = k1 - k0
    rest = n % simd.W
    for i in range(-(-(i1 - i0) // TILE_ROWS) * TILE_ROWS):
        p, q = min(i0 + i, M - 1) * K + k0, i * stride
        for k in range(0, n - rest, simd.W):
            simd.store(rows, q + k, simd.load(a, p + k))
        if rest > 0:
            simd.store(rows, q + n - rest, simd.load_part(a, p + n - rest, rest))


@simd.jit
def pack_both(
    A: np.ndarray, B: np.ndarray, first: int, last: int, rows: np.ndarray, stride: int, panels: np.ndarray
) -> None:
    """Packs all of A and B[:, first:last] in one call: a small product has one block of each."""
    M, K = A.shape
    pack_columns(B, 0, K, first, last, panels)
    pack_rows(A, 0, M, 0, K, rows, stride)
