"""The product of int8 matrices, block by block, around a kernel that multiplies one packed block.

The kernel is the student's: it is compiled where it is written. Everything here that is compiled is kept in the
package's cache, so nothing of it depends on the kernel, and Python carries the few calls from one to the other.

    int8_pack.py   packs blocks, takes the sums of a block over into C
    int8_rows.py   products of vectors, which need no kernel
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tinytorch import simd
from tinytorch.gemm.int8_pack import TILE_COLUMNS, TILE_ROWS, pack_block, put, scale
from tinytorch.gemm.int8_rows import vector_product
from tinytorch.gemm.memory import aligned_zeros
from tinytorch.gemm.operands import kernel_input

__all__ = ["TILE_COLUMNS", "TILE_ROWS", "BlockKernel", "as_input", "long_product", "product"]

#: kernel(codes, length, panels, start, sums, first, stride, rows, columns): multiplies a packed block, see `product`.
BlockKernel = Callable[[np.ndarray, int, np.ndarray, np.ndarray, np.ndarray, int, int, int, int], None]
Memory = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

BLOCK_COLUMNS = 1024  # of B packed at a time
BLOCK_TERMS = 2048 // np.dtype(simd.LEFT_CODE).itemsize  # 2 KiB of packed codes in a row
LEAST_ROWS = 96  # of A packed at a time, however long they are
BLOCK_CODES = LEAST_ROWS * BLOCK_TERMS  # of A packed at a time: 192 KiB, for the second cache
BLOCK_RESULT = 65_536  # elements of C computed at a time where rows are short: 256 KiB, likewise
BLOCK_SUMS = LEAST_ROWS * 256  # kept beside C at a time: 96 KiB
SLICE = 65_536  # terms of an int8 product added up in int32 where the result is int64

_kept = threading.local()


def product(kernel: BlockKernel, A: np.ndarray, B: np.ndarray, factor: float | None = None) -> np.ndarray:
    """Returns A @ B of int8 matrices: int32, modulo 2**32; with a factor float32, the int32 product times the factor.

    A: (M, K), B: (K, N), int8, any strides.  factor: multiplied in float64 and rounded to float32 once.
    A product with a single row or column is computed without the kernel, as packing does not pay there.
    kernel(codes, length, panels, start, sums, first, stride, rows, columns) multiplies a packed block, 1-D arrays:
      codes: `rows` rows of A, `length` codes each, one after the other; `rows` is a multiple of TILE_ROWS;
      panels: `columns` columns of B in panels of TILE_COLUMNS, `length` codes for each column;
      start: int32, what the sums of each column begin with;
      sums: int32, filled by the kernel; row r of the block begins at sums[first + r * stride].
    """
    A, B = as_input(A), as_input(B)
    M, K = A.shape
    N = B.shape[1]
    if M == 1 or N == 1 or K == 0:
        C = vector_product(A, B)
        return C if factor is None else (C * factor).astype(np.float32)
    codes, panels, start, sums = packing_memory()
    C = np.empty((padded(M, TILE_ROWS), N), np.int32)  # the tiles of the last rows end below C[:M]
    flat, out = C.reshape(-1), C if factor is None else C.view(np.float32)
    for step in steps(M, K, N):
        length, rows, columns, s = step.length, step.rows, step.columns, step.strip
        if step.packed is not None:
            pack_block(A, B, *step.packed, codes, panels, start)
        if s is None:
            kernel(codes, length, panels, start, flat, step.first, N, rows, columns)
        else:
            if s > 0:
                kernel(codes, length, panels[s * length :], start[s:], sums, 0, columns, rows, columns)
            else:
                kernel(codes, length, panels, start, sums, 0, columns, rows, columns)
            put(sums, columns, C, *step.put)
        if factor is not None and step.scaled is not None:
            scale(C, factor, out, *step.scaled)
    return out[:M]


def long_product(kernel: BlockKernel, A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Returns the exact int64 product of int8 matrices for any K: int32 products of SLICE terms, added in int64."""
    C = np.zeros((A.shape[0], B.shape[1]), np.int64)
    for k in range(0, A.shape[1], SLICE):
        C += product(kernel, A[:, k : k + SLICE], B[k : k + SLICE])
    return C


class Step(NamedTuple):
    """One call of the kernel, and what is done before and after it."""

    length: int
    rows: int
    columns: int
    first: int  # of C, flat: where the block begins
    packed: tuple[int, int, int, int, int, int] | None  # what of A and B is packed before: rows, terms, columns
    strip: int | None  # None: the sums go to C at once; else by `sums`, from this column of the block on
    put: tuple[int, int, int, int, bool]  # what of C the sums become: rows, columns; True for the first terms
    scaled: tuple[int, int, int, int] | None  # what of C is complete after it: rows, columns


@lru_cache(maxsize=64)
def steps(M: int, K: int, N: int) -> tuple[Step, ...]:
    """Returns the calls of the kernel for a product of these sizes, in order: blocks of columns, of terms, of rows."""
    block = block_terms(K)
    most_rows = max(LEAST_ROWS, BLOCK_RESULT // min(max(N, 1), BLOCK_COLUMNS))
    block_rows = min(most_rows, BLOCK_CODES // block, BLOCK_SUMS // TILE_COLUMNS) // TILE_ROWS * TILE_ROWS
    return tuple(
        step
        for j, j1 in spans(N, BLOCK_COLUMNS)
        for k, k1 in spans(K, block)
        for i, i1 in spans(M, block_rows)
        for step in block_steps((i, i1), (j, j1), (k, k1), K, N)
    )


def block_steps(
    rows: tuple[int, int], columns: tuple[int, int], terms: tuple[int, int], K: int, N: int
) -> Iterator[Step]:
    """Yields the calls for one packed block: whole panels of the first terms go to C at once, others by `sums`."""
    (i, i1), (j, j1), (k, k1) = rows, columns, terms
    length, tiles = padded(k1 - k, simd.GROUP), padded(i1 - i, TILE_ROWS)
    whole = 0 if k else (j1 - j) // TILE_COLUMNS * TILE_COLUMNS
    strip = BLOCK_SUMS // tiles // TILE_COLUMNS * TILE_COLUMNS
    parts: list[tuple[int, int, int | None]] = [(0, whole, None)] if whole else []
    parts += [(whole + s, whole + s1, whole + s) for s, s1 in spans(j1 - j - whole, strip)]
    for s, s1, at in parts:
        packed = (i, i1, k, k1, j, j if i else j1) if s == 0 else None
        scaled = (i, i1, j, j1) if s1 == j1 - j and k1 == K else None
        put_to = (i, i1, j + s, j + s1, k == 0)
        yield Step(length, tiles, padded(s1 - s, TILE_COLUMNS), i * N + j, packed, at, put_to, scaled)


def spans(size: int, block: int) -> list[tuple[int, int]]:
    """Returns (first, last + 1) of each block of 0 .. size - 1."""
    return [(first, min(first + block, size)) for first in range(0, size, block)]


def padded(size: int, unit: int) -> int:
    """Returns `size` filled up to a multiple of `unit`."""
    return -(-size // unit) * unit


def block_terms(K: int) -> int:
    """Returns how many terms of a sum are packed at a time: blocks of one size, so that the last is not a sliver."""
    return padded(-(-K // -(-K // BLOCK_TERMS)), 4)


def as_input(x: np.ndarray) -> np.ndarray:
    """Returns x read-only and C-ordered, copied only if it is not C-ordered: one array type, so one compilation."""
    return kernel_input(x, x.dtype)


def packing_memory() -> Memory:
    """Returns the room for codes, panels, starting sums and sums that this thread keeps.

    Fresh memory would be paid for page by page in each product.
    """
    memory: Memory | None = getattr(_kept, "memory", None)
    if memory is None:
        memory = _kept.memory = (
            aligned_zeros(BLOCK_CODES, simd.LEFT_CODE),
            aligned_zeros(BLOCK_COLUMNS * BLOCK_TERMS, simd.RIGHT_CODE),
            aligned_zeros(BLOCK_COLUMNS, np.int32),
            aligned_zeros(BLOCK_SUMS, np.int32),
        )
    return memory
