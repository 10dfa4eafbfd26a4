"""A finished tile of C: six rows of `simd.ROW` numbers from registers to memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch import simd
from tinytorch.gemm.pack import TILE_ROWS


@simd.jit(inline="always")
def add_product(a: np.ndarray, i: int, b: Any, row: Any) -> Any:
    """Returns row + a[i] * b: one row of the tile after one more term."""
    return simd.fma_row(simd.broadcast_at(a, i), b, row)


@simd.jit(inline="always")
def prefetch_tile(C: np.ndarray, c: int, N: int) -> None:
    """Asks for the memory of a tile of C, rows N elements apart from index c on, before it is wanted."""
    for i in range(TILE_ROWS):
        simd.prefetch_row(C, c + i * N)


@simd.jit(inline="always")
def add_old(C: np.ndarray, c: int, N: int, rows: Any) -> Any:
    """Returns the six rows plus what C holds in their places."""
    r0, r1, r2, r3, r4, r5 = rows
    r0, r1 = simd.add_rows(simd.load_row(C, c), r0), simd.add_rows(simd.load_row(C, c + N), r1)
    r2, r3 = simd.add_rows(simd.load_row(C, c + 2 * N), r2), simd.add_rows(simd.load_row(C, c + 3 * N), r3)
    r4, r5 = simd.add_rows(simd.load_row(C, c + 4 * N), r4), simd.add_rows(simd.load_row(C, c + 5 * N), r5)
    return r0, r1, r2, r3, r4, r5


@simd.jit(inline="always")
def write_tile(rows: Any, C: np.ndarray, c: int, N: int, m: int, n: int, add: bool) -> None:
    """C[c + i * N : c + i * N + n] = or += row i of the tile, for the first m rows; m and n may exceed the tile.

    All rows are loaded before the first is stored: memory that lies a multiple of 4096 bytes apart looks the same to
    a core that has to decide whether a load must wait for an earlier store, and rows of C often do.
    """
    if m >= TILE_ROWS and n >= simd.ROW:
        r0, r1, r2, r3, r4, r5 = add_old(C, c, N, rows) if add else rows
        simd.store_row(C, c, r0)
        simd.store_row(C, c + N, r1)
        simd.store_row(C, c + 2 * N, r2)
        simd.store_row(C, c + 3 * N, r3)
        simd.store_row(C, c + 4 * N, r4)
        simd.store_row(C, c + 5 * N, r5)
    else:
        for i in range(min(m, TILE_ROWS)):
            row = simd.add_rows(simd.load_row_part(C, c + i * N, n), rows[i]) if add else rows[i]
            simd.store_row_part(C, c + i * N, row, n)
