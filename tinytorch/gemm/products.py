"""The loops around a register tile, in Python: blocks of columns, terms and rows, each packed before it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from tinytorch import simd
from tinytorch.gemm.memory import aligned_zeros
from tinytorch.gemm.pack import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    BLOCK_TERMS,
    TILE_ROWS,
    pack_both,
    pack_columns,
    pack_rows,
    row_stride,
)
from tinytorch.gemm.rows import matrix_times_vector, vector_times_matrix

#: tiles(rows, stride, panels, terms, C, i0, i1, j0, j1, add): the product of the packed blocks, of so many terms,
#: overwrites C[i0:i1, j0:j1], or with `add` is added to it. Rows of packed A lie `stride` elements apart.
Tiles = Callable[[np.ndarray, int, np.ndarray, int, np.ndarray, int, int, int, int, bool], None]

_kept = threading.local()


def multiply_in_blocks(tiles: Tiles, C: np.ndarray, A: np.ndarray, B: np.ndarray, first: int, last: int) -> None:
    """C[:, first:last] = A @ B[:, first:last] by the path that suits the shapes.

    tiles: multiplies a packed block of A with a packed block of B.
    A: (M, K), B: (K, N), any number type and strides; C: (M, N) float32, C-ordered.
    An element is the same sum in the same order whatever first and last are.
    """
    A, B = np.ascontiguousarray(A, np.float32), np.ascontiguousarray(B, np.float32)
    M, K = A.shape
    if K == 0:
        C[:, first:last] = 0
    elif B.shape[1] == 1:
        matrix_times_vector(A, B.reshape(-1), C.reshape(-1))
    elif M == 1:
        vector_times_matrix(A.reshape(-1), B, C.reshape(-1), first, last)
    elif M <= BLOCK_ROWS and K <= BLOCK_TERMS and last - first <= BLOCK_COLUMNS:
        rows, panels = packing_memory()
        stride = row_stride(K)
        pack_both(A, B, first, last, rows, stride, panels)
        tiles(rows, stride, panels, K, C, 0, M, first, last, False)
    else:
        _multiply_many_blocks(tiles, C, A, B, first, last)


def _multiply_many_blocks(tiles: Tiles, C: np.ndarray, A: np.ndarray, B: np.ndarray, first: int, last: int) -> None:
    """Packs each block of B once, and each block of A once for every block of columns."""
    M, K = A.shape
    rows, panels = packing_memory()
    blocks = -(-K // BLOCK_TERMS)
    terms = -(
        -K // blocks
    )  # of about equal blocks: a last one of five terms would cost as much as one of three hundred
    stride = row_stride(terms)
    height = rows.size // stride // TILE_ROWS * TILE_ROWS  # a block of A of few terms is higher: fewer calls
    for j0 in range(first, last, BLOCK_COLUMNS):
        j1 = min(j0 + BLOCK_COLUMNS, last)
        for k0 in range(0, K, terms):
            k1 = min(k0 + terms, K)
            pack_columns(B, k0, k1, j0, j1, panels)
            for i0 in range(0, M, height):
                i1 = min(i0 + height, M)
                pack_rows(A, i0, i1, k0, k1, rows, stride)
                tiles(rows, stride, panels, k1 - k0, C, i0, i1, j0, j1, k0 > 0)


def packing_memory() -> tuple[np.ndarray, np.ndarray]:
    """Returns room for a packed block of A and of B, aligned and kept by each thread.

    Fresh memory would be paid for in every call: the system hands it out page by page when it is first touched.
    """
    try:
        rows, panels = _kept.room
    except AttributeError:
        rows = aligned_zeros(row_stride(BLOCK_TERMS) * BLOCK_ROWS, np.float32)
        panels = aligned_zeros(BLOCK_TERMS * (BLOCK_COLUMNS + simd.ROW), np.float32)
        _kept.room = rows, panels
    return rows, panels
