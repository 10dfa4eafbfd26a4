"""The product of three blocks: equal to NumPy's for every type and place, and nothing outside the block is touched."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch import gemm, simd
from tinytorch.gemm import blocks

DTYPES = ["float32", "float64", "int16", "int32", "int64", "uint8", "uint32", "complex64"]
spans = st.tuples(st.integers(0, 20), st.integers(1, 40))


def matrices(dtype, M, K, N, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 9, shape).astype(dtype) for shape in ((M, K), (K, N), (M, N))]


@pytest.mark.parametrize("add", [gemm.add_block, gemm.add_block_plain, blocks.add_block_of_any_type])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_block_is_added_and_the_rest_left_alone(add, dtype):
    A, B, C = matrices(dtype, 23, 29, 41)
    expected = C.copy()
    expected[3:20, 5:40] += A[3:20, 7:28] @ B[7:28, 5:40]
    add(A, B, C, 3, 20, 5, 40, 7, 28)
    assert np.array_equal(C, expected)


@settings(deadline=None, max_examples=60)
@given(rows=spans, columns=spans, terms=spans)
def test_every_place_and_size_of_a_block(rows, columns, terms):
    (i0, m), (j0, n), (k0, k) = rows, columns, terms
    A, B, C = matrices(np.float32, i0 + m + 1, k0 + k + 1, j0 + n + 1)
    expected = C.copy()
    expected[i0 : i0 + m, j0 : j0 + n] += A[i0 : i0 + m, k0 : k0 + k] @ B[k0 : k0 + k, j0 : j0 + n]
    gemm.add_block(A, B, C, i0, i0 + m, j0, j0 + n, k0, k0 + k)
    assert np.array_equal(C, expected)


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_the_vector_kernel_is_right_without_the_compiler(dtype):
    A, B, C = matrices(dtype, 7, 5, simd.ROW + 3)
    expected = C + A @ B
    blocks.add_block_vectors.py_func(A, B, C, 0, 7, 0, C.shape[1], 0, 5)
    assert np.array_equal(C, expected)
