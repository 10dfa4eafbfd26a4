"""`integer_matmul` is exact: around tiles and blocks, for the longest sums, and it refuses what it can't multiply."""

import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.core.kernels.quantization import integer_matmul, quantized_matmul
from tinytorch.gemm.int8 import SLICE, TILE_COLUMNS, TILE_ROWS


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_261)


def whole_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    return A.astype(np.int64) @ B.astype(np.int64)


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
@pytest.mark.parametrize("M", [0, 1, TILE_ROWS - 1, TILE_ROWS, TILE_ROWS + 1])
@pytest.mark.parametrize("N", [0, 1, TILE_COLUMNS - 1, TILE_COLUMNS, TILE_COLUMNS + 1])
@pytest.mark.parametrize("K", [0, 1, 3, 4, 5, 53])
def test_product_is_exact_around_tiles(rng, dtype, M, K, N):
    limits = np.iinfo(dtype)
    A = rng.integers(limits.min, limits.max + 1, (M, K)).astype(dtype)
    B = rng.integers(limits.min, limits.max + 1, (K, N)).astype(dtype)
    C = integer_matmul(A, B)
    assert C.dtype == (np.int32 if dtype == np.int8 else np.int64)
    np.testing.assert_array_equal(C, whole_product(A, B))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_product_of_any_codes_and_transposes(data):
    M, K, N = (data.draw(st.integers(0, 20)) for _ in range(3))
    A = data.draw(hnp.arrays(data.draw(st.sampled_from([np.int8, np.int16])), (M, K)))
    B = data.draw(hnp.arrays(data.draw(st.sampled_from([np.int8, np.int16])), (K, N)))
    np.testing.assert_array_equal(integer_matmul(A, B), whole_product(A, B))
    np.testing.assert_array_equal(integer_matmul(B.T, A.T), whole_product(A, B).T)


def test_a_product_takes_memory_for_its_result_once(rng):
    A, B = rng.integers(-128, 128, (2, 300, 300), np.int8)
    integer_matmul(A, B)  # compiles, and makes the room that the thread keeps
    tracemalloc.start()
    try:
        C = integer_matmul(A, B)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert C.nbytes <= most < 1.5 * C.nbytes


@pytest.mark.parametrize("K", [SLICE - 1, SLICE, SLICE + 1, 100_003, 131_071, 131_072, 131_073, 140_000])
@pytest.mark.parametrize("codes", [(-128, 127), (127, 127), (-128, -127)])
def test_longest_sums_of_int8(K, codes):
    A, B = np.full((1, K), codes[0], np.int8), np.full((K, 2), codes[1], np.int8)
    C = integer_matmul(A, B)
    assert C.dtype == (np.int32 if K <= 131_072 else np.int64)
    np.testing.assert_array_equal(C, codes[0] * codes[1] * K)


def test_the_one_sum_that_is_no_int32():
    A = np.full((1, 131_072), -128, np.int8)
    with pytest.raises(OverflowError, match="2\\*\\*31"):
        integer_matmul(A, A.T)
    assert integer_matmul(A[:, 1:], A.T[1:]) == 2**31 - 2**14
    B = np.append(A, A[:, :1], axis=1)
    assert integer_matmul(B, B.T) == 2**31 + 2**14


@pytest.mark.parametrize("code", [-32768, 32767])
def test_longest_sums_of_int16(code):
    A = np.full((1, SLICE + 5), code, np.int16)
    assert integer_matmul(A, A.T) == code * code * (SLICE + 5)


@pytest.mark.parametrize(
    "shapes", [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((1, 2, 3), (3, 4)), ((), (1, 1))], ids=str
)
def test_wrong_shapes_are_named(shapes):
    A, B = (np.ones(shape, np.int8) for shape in shapes)
    for multiply in (integer_matmul, quantized_matmul):
        with pytest.raises(ValueError, match=f"{re.escape(str(shapes[0]))}.*{re.escape(str(shapes[1]))}"):
            multiply(A, B)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int32, bool])
def test_other_operands_are_refused(dtype):
    with pytest.raises(TypeError, match="int8 or int16"):
        integer_matmul(np.ones((2, 2), dtype), np.ones((2, 2), np.int8))


def test_operands_stay_as_they_are(rng):
    A, B = rng.integers(-128, 128, (2, 30, 30)).astype(np.int8)
    before = A.copy(), B.copy()
    A.setflags(write=False)
    B.setflags(write=False)
    integer_matmul(A.T, B[::-1])
    np.testing.assert_array_equal((A, B), before)
