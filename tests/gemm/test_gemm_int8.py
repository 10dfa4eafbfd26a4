"""The integer engine with a kernel of NumPy: packing, the order of blocks, edges, and what becomes of the sums."""

import threading

import numpy as np
import pytest

from tinytorch import simd
from tinytorch.gemm import int8
from tinytorch.gemm.int8 import BLOCK_COLUMNS, BLOCK_TERMS, TILE_COLUMNS, TILE_ROWS

GROUP = simd.GROUP


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_805)


def random_codes(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-128, 128, shape, np.int8)


def exact_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    return A.astype(np.int32) @ B.astype(np.int32)


def numpy_kernel(codes, length, panels, start, sums, first, stride, rows, columns) -> None:
    """One packed block by the contract of `product`, without SIMD."""
    left = codes[: rows * length].reshape(rows, length).astype(np.int32)
    shape = columns // TILE_COLUMNS, length // GROUP, TILE_COLUMNS, GROUP
    right = panels[: columns * length].reshape(shape).transpose(1, 3, 0, 2).reshape(length, columns)
    result = start[:columns] + left @ right.astype(np.int32)
    for r in range(rows):
        sums[first + r * stride : first + r * stride + columns] = result[r]


SHAPES = [
    (2, 3, 2),
    (TILE_ROWS, GROUP, TILE_COLUMNS),
    (TILE_ROWS + 1, 4 * GROUP - 1, TILE_COLUMNS + 1),
    (7, 5, TILE_COLUMNS - 1),
    (109, BLOCK_TERMS + 5, BLOCK_COLUMNS + TILE_COLUMNS + 1),
    (1700, 3, 2 * TILE_COLUMNS),
    (13, 2 * BLOCK_TERMS + 1, TILE_COLUMNS),
    (12, 8, 3 * BLOCK_COLUMNS),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_product_around_tiles_and_blocks(rng, shape):
    M, K, N = shape
    A, B = random_codes(rng, M, K), random_codes(rng, K, N)
    C = int8.product(numpy_kernel, A, B)
    assert C.dtype == np.int32
    np.testing.assert_array_equal(C, exact_product(A, B))


@pytest.mark.parametrize("shape", [*SHAPES, (1, 9, 5), (4, 9, 1), (3, 0, 2)], ids=str)
def test_a_factor_scales_each_sum_once(rng, shape):
    M, K, N = shape
    A, B = random_codes(rng, M, K), random_codes(rng, K, N)
    C = int8.product(numpy_kernel, A, B, 0.1)
    assert C.dtype == np.float32
    np.testing.assert_array_equal(C, (exact_product(A, B) * 0.1).astype(np.float32))


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 77, 99), (99, 77, 1), (1, 3, 200), (0, 3, 4), (3, 0, 4), (3, 4, 0)])
def test_vectors_and_products_without_elements(rng, shape):
    M, K, N = shape
    A, B = random_codes(rng, M, K), random_codes(rng, K, N)
    np.testing.assert_array_equal(int8.product(numpy_kernel, A, B), exact_product(A, B))


def test_strides_and_read_only_operands(rng):
    A, B = random_codes(rng, 40, 60)[::2, ::-3], random_codes(rng, 33, 20).T
    A.setflags(write=False)
    np.testing.assert_array_equal(int8.product(numpy_kernel, A, B), exact_product(A, B))


def test_a_long_product_is_exact_beyond_int32(rng):
    K = 3 * int8.SLICE + 1
    A, B = np.full((2, K), -128, np.int8), np.full((K, 2), -128, np.int8)
    C = int8.long_product(numpy_kernel, A, B)
    assert C.dtype == np.int64
    np.testing.assert_array_equal(C, 128 * 128 * K)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_steps_fit_the_memory_that_a_thread_keeps(shape):
    codes, panels, start, sums = int8.packing_memory()
    for step in int8.steps(*shape):
        assert step.rows * step.length <= codes.size
        assert step.columns * step.length <= panels.size
        assert step.columns <= start.size
        assert step.strip is None or step.rows * step.columns <= sums.size


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_steps_cover_every_sum_once_for_each_block_of_terms(shape):
    M, K, N = shape
    counts = np.zeros((M, N), int)
    for step in int8.steps(M, K, N):
        i, i1, j, j1, _ = step.put
        counts[i:i1, j:j1] += 1
    assert (counts == -(-K // int8.block_terms(K))).all()


def test_threads_have_memory_of_their_own():
    kept = []
    thread = threading.Thread(target=lambda: kept.append(int8.packing_memory()))
    thread.start()
    thread.join()
    assert not any(np.shares_memory(*pair) for pair in zip(kept[0], int8.packing_memory(), strict=True))
    assert int8.packing_memory() is int8.packing_memory()


def test_operands_begin_in_a_cache_line():
    for array in int8.packing_memory():
        assert array.ctypes.data % simd.BYTES == 0
