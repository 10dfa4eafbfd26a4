"""Packs int8 matrices for the register tile, and takes its sums over into C: what moves data and multiplies nothing.

A *group* is what one 32-bit lane holds: `simd.GROUP` neighbors along K, four bytes where the processor has the integer
dot product, two int16 elsewhere. A row of A is packed as it stands, its codes in groups. A *panel* of B is TILE_COLUMNS
columns wide: for each group of K it holds, column by column, the GROUP codes of that column.

    B row 0   a0 b0 c0 ...       with fours   a0 a1 a2 a3  b0 b1 b2 b3  c0 c1 c2 c3 ...   one byte each
      row 1   a1 b1 c1 ...  -->  with pairs   a0 a1  b0 b1  c0 c1 ...                     two bytes each

The dot product instruction multiplies unsigned by signed bytes. There 128 is added to every code of A, which makes it
a byte in 0 .. 255, and the surplus comes off again: sum((a + 128) * b) - 128 * sum(b) = sum(a * b). The correction
-128 * sum(b) belongs to a column of B and is where its sums start. With pairs the offset, and so the start, is 0.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, VPDPBUSD and PMADDWD.
"""

from __future__ import annotations

import numpy as np

from tinytorch import simd

W, GROUP = simd.W, simd.GROUP
TILE_ROWS = 6
TILE_COLUMNS = simd.ROW  # with 2 vectors in a row 12 sums, the 2 of B, a group of A and a product: 16 registers


@simd.jit
def pack_block(
    A: np.ndarray,
    B: np.ndarray,
    i0: int,
    i1: int,
    k0: int,
    k1: int,
    j0: int,
    j1: int,
    codes: np.ndarray,
    panels: np.ndarray,
    start: np.ndarray,
) -> None:
    """Packs A[i0:i1, k0:k1] into `codes` and B[k0:k1, j0:j1] into `panels` and `start`, filled up to whole tiles.

    A, B: C-ordered int8; where j0 == j1, `panels` and `start` stay as they are.
    codes: 1-D LEFT_CODE, rows of k1 - k0 codes, filled up to whole groups.
    panels: 1-D RIGHT_CODE.  start: 1-D int32, what the sums of each column begin with.
    """
    length = -(-(k1 - k0) // GROUP) * GROUP
    corner = np.empty(GROUP * 2 * W, np.int8)
    for j in range(j0, j1, TILE_COLUMNS):
        for v in range(0, TILE_COLUMNS, 2 * W):
            p = (j - j0) * length + v * GROUP
            pack_columns(B, k0, k1, length, j + v, j1, panels, p, start, j - j0 + v, corner)
    pack_rows(A, i0, i1, k0, k1, length, codes)


@simd.jit
def pack_rows(A: np.ndarray, i0: int, i1: int, k0: int, k1: int, length: int, codes: np.ndarray) -> None:
    """A[i0:i1, k0:k1] + LEFT_OFFSET as rows of `length` codes, one after the other; filled up with the offset."""
    for i in range(i0, i1):
        row, packed = A[i, k0:k1], codes[(i - i0) * length :]
        for k in range(row.size):
            packed[k] = row[k] + simd.LEFT_OFFSET
        for k in range(row.size, length):
            packed[k] = simd.LEFT_OFFSET


@simd.jit
def pack_columns(
    B: np.ndarray,
    k0: int,
    k1: int,
    length: int,
    j: int,
    j1: int,
    panels: np.ndarray,
    p: int,
    start: np.ndarray,
    s: int,
    corner: np.ndarray,
) -> None:
    """B[k0:k1, j : j + 2 * W] as vectors of groups, from panels[p] on; start[s : s + 2 * W] = -offset * their sums."""
    N, flat = B.shape[1], B.reshape(-1)
    ones, offset = simd.broadcast(simd.LEFT_CODE(1)), simd.broadcast(np.int32(-simd.LEFT_OFFSET))
    sum0 = sum1 = simd.zero_i32()
    for k in range(k0, k0 + length, GROUP):
        if j + 2 * W <= j1 and k + GROUP <= k1:
            b0, b1 = simd.load_groups(flat, k * N + j, N)
        else:
            copy_corner(B, k, k1, j, j1, corner)
            b0, b1 = simd.load_groups(corner, 0, 2 * W)
        simd.store(panels, p, b0)
        simd.store(panels, p + GROUP * W, b1)
        sum0, sum1 = simd.dot_groups(sum0, ones, b0), simd.dot_groups(sum1, ones, b1)
        p += GROUP * TILE_COLUMNS
    simd.store(start, s, sum0 * offset)
    simd.store(start, s + W, sum1 * offset)


@simd.jit
def copy_corner(B: np.ndarray, k: int, k1: int, j: int, j1: int, corner: np.ndarray) -> None:
    """The part of B that is left of a group at [k:k1, j:j1], filled up with zeros."""
    columns = simd.lanes(corner) // 2
    for at in range(corner.size):
        r, c = k + at // columns, j + at % columns
        corner[at] = B[r, c] if r < k1 and c < j1 else 0


@simd.jit
def put(sums: np.ndarray, stride: int, C: np.ndarray, i0: int, i1: int, j0: int, j1: int, first: bool) -> None:
    """C[i0:i1, j0:j1] = rows of `stride` sums, or += where they are not the first; C: C-ordered int32."""
    for i in range(i0, i1):
        row, c = sums[(i - i0) * stride :], C[i, j0:j1]
        if first:
            for j in range(c.size):
                c[j] = row[j]
        else:
            for j in range(c.size):
                c[j] += row[j]


@simd.jit
def scale(C: np.ndarray, factor: float, out: np.ndarray, i0: int, i1: int, j0: int, j1: int) -> None:
    """out[i0:i1, j0:j1] = C * factor, in float64, rounded once.  C: int32, out: float32, may be C's memory."""
    N, flat_C, flat_out = C.shape[1], C.reshape(-1), out.reshape(-1)
    whole = (j1 - j0) // W * W
    for i in range(i0, i1):
        for c in range(i * N + j0, i * N + j0 + whole, W):
            simd.store(flat_out, c, simd.scaled(simd.load(flat_C, c), factor))
        for c in range(i * N + j0 + whole, i * N + j1):
            flat_out[c] = np.float32(np.float64(flat_C[c]) * factor)
