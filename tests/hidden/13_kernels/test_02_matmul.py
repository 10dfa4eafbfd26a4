"""Graded checks of lesson 02_matmul: the trusted side of its 23 points."""

import math

import numpy as np
import pytest

from tinytorch.grading.checks import check
from tinytorch.grading.checks.plausible import Work

pytestmark = pytest.mark.lesson("02_matmul")

# The loops that the lesson gives as `matmul_reordered`: what a compiler makes of them grows with the processor's
# vectors as the students' own kernels do, which isn't true of every library behind NumPy.
GIVEN_LOOPS = """
from numba import njit


@njit(nogil=True)
def reordered_loops(A, B, C):
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


def reference(A, B):
    C = np.zeros((A.shape[0], B.shape[1]), A.dtype)
    reordered_loops(A, B, C)
    return C
"""


def operands(rng, M, K, N, dtype=np.float32):
    return rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)


def exact(A, B):
    return A.astype(np.float64) @ B.astype(np.float64)


def close(C, A, B, dtype=np.float32):
    check.close(C, exact(A, B), dtype=dtype, terms=max(A.shape[1], 1))


def refuses_bad_shapes(student, name, rng):
    A, B = operands(rng, 3, 4, 5)
    close(getattr(student, name)(A, B), A, B)
    with check.raises(ValueError, mentions=["(3, 4)", "(5, 4)"]):
        getattr(student, name)(A, np.ascontiguousarray(B.T))
    with check.raises(ValueError, mentions=["(4,)", "(3, 4)"]):
        getattr(student, name)(A, np.ones(4, np.float32))


def races(student, name, rng, size, bands, calls=1):
    """Square float32 products against the given loops."""

    def make_inputs():
        return operands(rng, size, size, size)

    work = Work(operations=2 * size**3)
    compared = student.speed(name, make_inputs, GIVEN_LOOPS, verify_product, bounds=bands, calls=calls, work=work)
    check.bands(compared, bands)


def takes_any_layout(student, name, rng):
    A, B = operands(rng, 34, 46, 42)
    frozen = A.copy()
    frozen.flags.writeable = False
    for left, right in ((np.asfortranarray(A), B), (A[::2], B[:, ::3]), (frozen, B[:, ::-1]), (B.T, A.T)):
        call = student.call(name, left, right)
        close(call.value, left, right)
        check.unchanged(call, left, right)


def verify_product(inputs, result):
    A, B = inputs
    # Rounding errors of a sum grow like the root of its length; twice that leaves no room for shorter numbers.
    check.close(result, exact(A, B), dtype=np.float32, terms=2 * math.isqrt(A.shape[1]))


@pytest.mark.grade("check_matmul_baseline", weight=2)
def test_baseline_multiplies(student, rng):
    """matmul_baseline gives the product for float32, float64 and integers, in the operands' result type."""
    for dtype in (np.float32, np.float64):
        A, B = operands(rng, 17, 29, 11, dtype)
        close(student.matmul_baseline(A, B), A, B, dtype)
    A, B = rng.integers(-99, 99, (5, 7)), rng.integers(-99, 99, (7, 3))
    check.exactly(student.matmul_baseline(A, B), A @ B, dtype=np.int64)


@pytest.mark.grade("check_matmul_baseline", weight=1)
def test_baseline_mixes_types(student, rng):
    """matmul_baseline of two different types gives the type that NumPy chooses for the pair."""
    A, B = operands(rng, 4, 6, 5)
    close(student.matmul_baseline(A, B.astype(np.float64)), A, B, np.float64)


@pytest.mark.grade("check_matmul_baseline", weight=1)
def test_baseline_refuses_bad_shapes(student, rng):
    """matmul_baseline raises ValueError, naming both shapes, when they don't fit or are not 2-D."""
    refuses_bad_shapes(student, "matmul_baseline", rng)


@pytest.mark.grade("check_matmul_naive", weight=3)
def test_naive_is_right_for_any_shape(student, rng):
    """matmul_naive is right for shapes with M, K, N all different, with size 1, and empty ones."""
    for M, K, N in ((5, 8, 13), (31, 2, 7), (1, 64, 1), (9, 1, 4), (0, 3, 2), (4, 0, 6), (2, 5, 0)):
        A, B = operands(rng, M, K, N)
        close(student.matmul_naive(A, B), A, B)


@pytest.mark.grade("check_matmul_naive", weight=1)
def test_naive_computes_integers_exactly(student, rng):
    """matmul_naive of integers is exact, beyond what a float could hold, and of the operands' type."""
    A, B = rng.integers(-(2**28), 2**28, (6, 9)), rng.integers(-(2**28), 2**28, (9, 5))
    check.exactly(student.matmul_naive(A, B), A @ B, dtype=np.int64)


@pytest.mark.grade("check_matmul_naive", weight=1)
def test_naive_takes_any_layout(student, rng):
    """matmul_naive takes transposed, strided and read-only arrays and leaves them as they were."""
    takes_any_layout(student, "matmul_naive", rng)


@pytest.mark.grade("check_matmul_naive", weight=1)
def test_naive_refuses_bad_shapes(student, rng):
    """matmul_naive raises ValueError, naming both shapes, when they don't fit or are not 2-D."""
    refuses_bad_shapes(student, "matmul_naive", rng)


@pytest.mark.grade("check_matmul_naive", weight=1.5)
def test_naive_is_compiled(student, rng):
    """Speed of matmul_naive, 64 x 64 float32, against matmul_reordered: loops that are compiled earn all of it."""
    races(student, "matmul_naive", rng, 64, bands="naive", calls=4)


@pytest.mark.grade("check_cache_friendly_matmul", weight=3)
def test_blocks_that_do_not_divide(student, rng):
    """cache_friendly_matmul is right when block_size divides none of the sides: the last blocks are smaller."""
    for M, K, N, block_size in ((37, 53, 41, 7), (65, 66, 67, 64), (19, 23, 29, 16), (130, 9, 71, 32)):
        A, B = operands(rng, M, K, N)
        close(student.cache_friendly_matmul(A, B, block_size=block_size), A, B)


@pytest.mark.grade("check_cache_friendly_matmul", weight=2)
def test_extreme_block_sizes(student, rng):
    """cache_friendly_matmul is right for block sizes 1, equal to a side, and far larger than the matrices."""
    A, B = operands(rng, 12, 18, 15)
    for block_size in (1, 12, 17, 18, 19, 10**6):
        close(student.cache_friendly_matmul(A, B, block_size), A, B)
    close(student.cache_friendly_matmul(A, B), A, B)


@pytest.mark.grade("check_cache_friendly_matmul", weight=1)
def test_empty_matrices_in_blocks(student, rng):
    """cache_friendly_matmul of empty matrices has the right shape, and zeros where a sum has no terms."""
    for M, K, N in ((0, 4, 3), (3, 0, 4), (5, 4, 0), (0, 0, 0)):
        A, B = operands(rng, M, K, N)
        close(student.cache_friendly_matmul(A, B, block_size=2), A, B)
    A, B = operands(rng, 3, 4, 5)
    close(student.cache_friendly_matmul(A, B, block_size=2), A, B)


@pytest.mark.grade("check_cache_friendly_matmul", weight=2)
def test_blocks_keep_types_and_exact_integers(student, rng):
    """cache_friendly_matmul keeps float64 precision and computes integers exactly, whatever the block size."""
    A, B = operands(rng, 14, 33, 9, np.float64)
    close(student.cache_friendly_matmul(A, B, block_size=5), A, B, np.float64)
    A, B = rng.integers(-(2**28), 2**28, (11, 20)), rng.integers(-(2**28), 2**28, (20, 6))
    for block_size in (3, 64):
        check.exactly(student.cache_friendly_matmul(A, B, block_size=block_size), A @ B, dtype=np.int64)


@pytest.mark.grade("check_cache_friendly_matmul", weight=1)
def test_blocks_take_any_layout(student, rng):
    """cache_friendly_matmul takes transposed, strided and read-only arrays and leaves them as they were."""
    takes_any_layout(student, "cache_friendly_matmul", rng)


@pytest.mark.grade("check_cache_friendly_matmul", weight=1)
def test_blocks_refuse_bad_arguments(student, rng):
    """cache_friendly_matmul raises ValueError for shapes that don't fit, naming both, and for block_size below 1."""
    refuses_bad_shapes(student, "cache_friendly_matmul", rng)
    A, B = operands(rng, 3, 4, 5)
    for block_size in (0, -8):
        with check.raises(ValueError):
            student.cache_friendly_matmul(A, B, block_size=block_size)


@pytest.mark.grade("check_cache_friendly_matmul", weight=1)
def test_nan_and_infinity_stay_in_their_places(student, rng):
    """A NaN in A makes NaN exactly the row of C that it belongs to."""
    A, B = operands(rng, 10, 21, 12)
    A[3, 20] = np.nan
    C = student.cache_friendly_matmul(A, B, block_size=8)
    close(C, A, B)


@pytest.mark.grade("check_cache_friendly_matmul", weight=3)
def test_speed_of_blocks(student, rng):
    """Speed of cache_friendly_matmul, 250 x 250 float32, against matmul_reordered, both on one thread."""
    races(student, "cache_friendly_matmul", rng, 250, bands="blocks")


@pytest.mark.grade("check_cache_friendly_matmul", weight=2)
def test_speed_of_blocks_of_integers(student, rng):
    """Speed of cache_friendly_matmul, 190 x 190 int32, against matmul_reordered: no library has blocks for integers."""

    def make_inputs():
        return tuple(rng.integers(-1000, 1000, (2, 190, 190)).astype(np.int32))

    def verify(inputs, result):
        # every sum is below 2**53: float64 has it exactly
        check.exactly(result, exact(*inputs).astype(np.int32), dtype=np.int32)

    compared = student.speed(
        "cache_friendly_matmul", make_inputs, GIVEN_LOOPS, verify, bounds="integer_blocks", calls=2
    )
    check.bands(compared, "integer_blocks")


@pytest.mark.grade("check_matmul_simd", weight=3)
def test_every_rest_of_rows_and_columns(student, rng):
    """matmul_simd is right for every number of rows and columns left over at the edges of the tiles."""
    for n in (2, 5, 8, 15, 16, 17, 31, 32, 33, 47, 65):
        A, B = operands(rng, n % 7 + 2, 11, n)
        close(student.matmul_simd(A, B), A, B)
    for m in range(2, 15):
        A, B = operands(rng, m, 13, 35)
        close(student.matmul_simd(A, B), A, B)


@pytest.mark.grade("check_matmul_simd", weight=2)
def test_simd_across_blocks(student, rng):
    """matmul_simd is right for matrices larger than a block in each direction, with long sums."""
    for M, K, N in ((3, 1301, 37), (401, 301, 9), (5, 7, 2611), (97, 530, 130)):
        A, B = operands(rng, M, K, N)
        close(student.matmul_simd(A, B), A, B)


@pytest.mark.grade("check_matmul_simd", weight=1)
def test_simd_of_vectors_thin_and_empty_matrices(student, rng):
    """matmul_simd is right when M or N is 1, for matrices as thin as two rows or columns, and for empty ones."""
    for M, K, N in ((1, 77, 53), (53, 77, 1), (1, 5, 1), (2, 77, 53), (53, 77, 2), (0, 3, 4), (4, 3, 0), (6, 0, 5)):
        A, B = operands(rng, M, K, N)
        close(student.matmul_simd(A, B), A, B)


@pytest.mark.grade("check_matmul_simd", weight=1)
def test_simd_result_is_float32(student, rng):
    """matmul_simd gives float32 for every input type."""
    A, B = operands(rng, 7, 9, 18, np.float64)
    check.close(student.matmul_simd(A, B), exact(A, B), dtype=np.float32, terms=9)
    A, B = rng.integers(-9, 9, (4, 5)), rng.integers(-9, 9, (5, 6))
    check.close(student.matmul_simd(A, B), exact(A, B), dtype=np.float32, terms=5)


@pytest.mark.grade("check_matmul_simd", weight=1)
def test_simd_takes_any_layout_and_refuses_bad_shapes(student, rng):
    """matmul_simd takes any layout, leaves its inputs alone, and names both shapes when they don't fit."""
    takes_any_layout(student, "matmul_simd", rng)
    refuses_bad_shapes(student, "matmul_simd", rng)


@pytest.mark.grade("check_matmul_simd", weight=8)
def test_speed_of_simd(student, rng):
    """Speed of matmul_simd, 301 x 301 float32, against matmul_reordered, both on one thread."""
    races(student, "matmul_simd", rng, 301, bands="tile")
