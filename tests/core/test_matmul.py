"""Lesson 02's products against float64 and integer NumPy."""

import os
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch import gemm, simd
from tinytorch.core.kernels.matmul import (
    analyze_matmul_scaling,
    cache_friendly_matmul,
    check_operands,
    matmul_baseline,
    matmul_naive,
    matmul_simd,
    reordered_loops,
)
from tinytorch.gemm import BLOCK_COLUMNS, BLOCK_ROWS, BLOCK_TERMS, TILE_ROWS


def matmul_reordered(A, B):
    """As the lesson writes it, in a cell that is not exported."""
    return gemm.run_loops(reordered_loops, *check_operands(A, B))


ALL = [matmul_baseline, matmul_naive, matmul_reordered, cache_friendly_matmul, matmul_simd]
GENERIC = [matmul_naive, matmul_reordered, cache_friendly_matmul]
sides = st.integers(0, 40)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_02)


def operands(rng, M, K, N, dtype=np.float32):
    return rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)


def assert_product(C, A, B):
    """C is A @ B to within the rounding of its own type; NaN cannot pass."""
    exact = A.astype(np.float64) @ B.astype(np.float64)
    limit = (A.shape[1] + 2) * np.finfo(C.dtype).eps * (np.abs(A).astype(np.float64) @ np.abs(B).astype(np.float64))
    assert C.shape == exact.shape
    assert np.all(np.abs(C - exact) <= limit)


@pytest.mark.parametrize("product", ALL)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (0, 2, 3), (2, 0, 3), (2, 3, 0), (1, 90, 50), (50, 90, 1)])
def test_product_equals_float64_numpy(product, shape, rng):
    A, B = operands(rng, *shape)
    assert_product(product(A, B), A, B)


@pytest.mark.parametrize("product", ALL)
def test_non_contiguous_and_read_only_inputs_are_taken_and_left_alone(product, rng):
    A, B = operands(rng, 24, 36, 30)
    left, right = A[::-2, ::3], B.T[:20:-1, :12].T
    A.flags.writeable = False
    before = A.copy(), B.copy()
    assert_product(product(left, right), left, right)
    assert np.array_equal(A, before[0])
    assert np.array_equal(B, before[1])


@pytest.mark.parametrize("product", ALL)
@pytest.mark.parametrize("shapes", [((2, 3), (4, 5)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 2, 2), (2, 2))])
def test_shapes_that_do_not_fit_are_named(product, shapes):
    with pytest.raises(ValueError, match="needs shapes") as caught:
        product(*(np.ones(shape) for shape in shapes))
    assert all(str(shape) in str(caught.value) for shape in shapes)


@pytest.mark.parametrize("product", ALL)
def test_lists_and_tensors_are_taken(product):
    class Tensor:
        data = np.array([[3.0], [4.0]])

    assert product([[1, 2]], Tensor()).tolist() == [[11.0]]


@pytest.mark.parametrize("product", GENERIC)
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32", "int64", "uint64", "bool"])
def test_integers_and_booleans_equal_numpy(product, dtype, rng):
    A, B = rng.integers(0, 200, (9, 11)).astype(dtype), rng.integers(0, 200, (11, 8)).astype(dtype)
    C = product(A, B)
    assert C.dtype == np.result_type(A, B)
    assert np.array_equal(C, A @ B)


@pytest.mark.parametrize("product", GENERIC)
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers_multiply(product, dtype, rng):
    A, B = ((x + 1j * x[::-1]).astype(dtype) for x in operands(rng, 6, 6, 6))
    C = product(A, B)
    assert C.dtype == dtype
    assert np.allclose(C, A.astype(complex) @ B.astype(complex), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("product", GENERIC)
def test_half_precision_is_summed_in_single(product, rng):
    A, B = operands(rng, 5, 300, 4, np.float16)
    C = product(A, B)
    assert C.dtype == np.float16
    assert np.allclose(C, A.astype(np.float64) @ B.astype(np.float64), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("product", GENERIC)
def test_types_without_compiled_loops_are_refused_by_name(product):
    with pytest.raises(TypeError, match="no compiled loops for dtype object"):
        product(np.ones((2, 2), object), np.ones((2, 2), object))


@pytest.mark.parametrize("product", GENERIC)
def test_mixed_types_give_the_result_type(product, rng):
    A, B = rng.integers(-9, 9, (4, 5), dtype=np.int32), rng.standard_normal((5, 6)).astype(np.float32)
    C = product(A, B)
    assert C.dtype == np.float64
    assert_product(C, A, B)


@settings(deadline=None, max_examples=60)
@given(M=sides, K=sides, N=sides, block_size=st.integers(1, 50), seed=st.integers(0, 2**16))
def test_block_size_changes_a_float_result_within_rounding_only(M, K, N, block_size, seed):
    A, B = operands(np.random.default_rng(seed), M, K, N)
    assert_product(cache_friendly_matmul(A, B, block_size), A, B)


@settings(deadline=None, max_examples=40)
@given(M=sides, K=sides, N=sides, block_size=st.integers(1, 50), seed=st.integers(0, 2**16))
def test_block_size_changes_no_integer_result(M, K, N, block_size, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.integers(-(2**62), 2**62, (M, K)), rng.integers(-(2**62), 2**62, (K, N))
    assert np.array_equal(cache_friendly_matmul(A, B, block_size), A @ B)


@pytest.mark.parametrize("block_size", [0, -1])
def test_block_size_below_one_is_refused(block_size):
    with pytest.raises(ValueError, match="block_size must be at least 1"):
        cache_friendly_matmul(np.ones((2, 2)), np.ones((2, 2)), block_size=block_size)


def test_a_fractional_block_size_is_a_type_error():
    with pytest.raises(TypeError):
        cache_friendly_matmul(np.ones((2, 2)), np.ones((2, 2)), block_size=1.5)


def test_a_huge_block_size_is_the_whole_matrix(rng):
    A, B = operands(rng, 5, 6, 7)
    assert_product(cache_friendly_matmul(A, B, block_size=2**70), A, B)


@settings(deadline=None, max_examples=80)
@given(M=st.integers(0, 3 * TILE_ROWS), K=sides, N=st.integers(0, 3 * simd.ROW), seed=st.integers(0, 2**16))
def test_simd_product_is_right_at_every_edge(M, K, N, seed):
    A, B = operands(np.random.default_rng(seed), M, K, N)
    assert_product(matmul_simd(A, B), A, B)


@pytest.mark.parametrize(
    "shape",
    [(2, 2 * BLOCK_TERMS + 1, 3), (2 * BLOCK_ROWS + 1, 3, 3), (3, 3, 2 * BLOCK_COLUMNS + 1), (2, 3, BLOCK_COLUMNS - 1)],
)
def test_simd_product_is_right_across_blocks(shape, rng):
    A, B = operands(rng, *shape)
    assert_product(matmul_simd(A, B), A, B)


def test_simd_product_of_other_types_is_float32(rng):
    A, B = operands(rng, 4, 5, 6, np.float64)
    assert matmul_simd(A, B).dtype == np.float32
    assert matmul_simd(A > 0, B > 0).tolist() == ((A > 0).astype(int) @ (B > 0).astype(int)).tolist()


@pytest.mark.parametrize("product", [cache_friendly_matmul, matmul_simd])
def test_nan_spoils_its_own_row_only(product, rng):
    A, B = operands(rng, TILE_ROWS + 1, 9, simd.W + 1)
    A[TILE_ROWS, 8] = np.nan
    C = product(A, B)
    assert np.isnan(C[TILE_ROWS]).all()
    assert_product(C[:TILE_ROWS], A[:TILE_ROWS], B)


@pytest.mark.parametrize("product", ALL)
def test_eight_threads_get_eight_right_results(product, rng):
    inputs = [operands(rng, 40 + n, 300, 50) for n in range(8)]
    results: list[np.ndarray | None] = [None] * 8
    start = threading.Barrier(8)

    def work(n: int) -> None:
        start.wait()
        results[n] = product(*inputs[n])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    [assert_product(C, A, B) for C, (A, B) in zip(results, inputs, strict=True)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_multiplies_too(rng):
    A, B = operands(rng, 20, 30, 40)
    expected = matmul_simd(A, B), cache_friendly_matmul(A, B)
    child = os.fork()
    if child == 0:
        results = matmul_simd(A, B), cache_friendly_matmul(A, B)
        os._exit(0 if all(map(np.array_equal, results, expected)) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_scaling_reports_what_was_measured():
    rows = analyze_matmul_scaling(sizes=(8, 33))
    assert [row["size"] for row in rows] == [8, 33]
    assert rows[1]["memory_mb"] == pytest.approx(3 * 33 * 33 * 4 / 1e6)
    assert all(row["gflops"] == pytest.approx(2 * row["size"] ** 3 / row["time_us"] / 1e3) for row in rows)
