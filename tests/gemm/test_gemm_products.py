"""Packing and the loops around a tile: what a tile is given, and that no block of a product is lost."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch import gemm, simd
from tinytorch.gemm import pack, products


def plain_tiles(rows, stride, panels, terms, C, i0, i1, j0, j1, add):
    """The product of the packed blocks by NumPy, read as the documentation of packing says."""
    A = np.stack([rows[(i - i0) * stride :][:terms] for i in range(i0, i1)])
    for j in range(j0, j1, simd.ROW):
        panel = panels[(j - j0) * terms :][: terms * simd.ROW].reshape(terms, simd.ROW)
        n = min(simd.ROW, j1 - j)
        part = A @ panel[:, :n]
        C[i0:i1, j : j + n] = C[i0:i1, j : j + n] + part if add else part


def small_numbers(*shape, seed=0):
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float32)


SHAPES = [
    (2, 1, 2),
    (pack.BLOCK_ROWS, pack.BLOCK_TERMS, 5),
    (pack.BLOCK_ROWS + 1, 3, 4),
    (7, pack.BLOCK_TERMS + 1, simd.ROW + 1),
    (3, 2 * pack.BLOCK_TERMS + 7, 9),
    (5, 4, pack.BLOCK_COLUMNS + simd.ROW + 1),
    (3000, 17, 3),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_block_is_multiplied_once(shape):
    M, K, N = shape
    A, B = small_numbers(M, K), small_numbers(K, N, seed=1)
    C = np.full((M, N), np.nan, np.float32)
    gemm.multiply_in_blocks(plain_tiles, C, A, B, 0, N)
    assert np.array_equal(C, A @ B)


@pytest.mark.parametrize("shape", [(1, 40, 30), (30, 40, 1), (1, 3, 1), (4, 0, 5)])
def test_vectors_and_empty_sums_need_no_tile(shape):
    M, K, N = shape
    A, B = small_numbers(M, K), small_numbers(K, N, seed=1)
    C = np.full((M, N), np.nan, np.float32)
    gemm.multiply_in_blocks(None, C, A, B, 0, N)
    assert np.array_equal(C, A @ B)


def test_only_the_columns_asked_for_are_written():
    A, B = small_numbers(9, 8), small_numbers(8, 50, seed=1)
    C = np.full((9, 50), 7, np.float32)
    gemm.multiply_in_blocks(plain_tiles, C, A[:, ::1], np.asfortranarray(B), 16, 33)
    assert np.array_equal(C[:, 16:33], A @ B[:, 16:33])
    assert (C[:, :16] == 7).all()
    assert (C[:, 33:] == 7).all()


@settings(deadline=None, max_examples=40)
@given(terms=st.integers(1, pack.BLOCK_TERMS))
def test_rows_of_packed_a_have_room_and_no_power_of_two_between_them(terms):
    stride = pack.row_stride(terms)
    assert stride >= terms + 1
    assert stride % pack.LINE == 0
    assert stride % (4 * pack.LINE) != 0
    assert stride <= pack.row_stride(pack.BLOCK_TERMS)


def test_each_thread_packs_into_memory_of_its_own():
    own, other = products.packing_memory(), []
    thread = threading.Thread(target=lambda: other.append(products.packing_memory()))
    thread.start()
    thread.join()
    assert products.packing_memory()[0] is own[0]
    assert not np.may_share_memory(own[0], other[0][0])
