"""What lesson 05 is graded on: codes, their way back, exact integer products, and what is built from them."""

import numpy as np
import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("05_quantization")

TOP = {8: 127, 16: 32767}
CODES = {8: np.int8, 16: np.int16}


def on_the_grid(rng: np.random.Generator, shape: tuple[int, ...], bits: int, step: float) -> tuple[np.ndarray, ...]:
    """Codes of which one is the largest and the others at most an eighth of it; their float32 array; its scale."""
    codes = rng.integers(-TOP[bits] // 8, TOP[bits] // 8, shape).astype(CODES[bits])
    codes.flat[rng.integers(codes.size)] = TOP[bits]
    x = (codes * np.float64(step)).astype(np.float32)
    return codes, x, float(np.abs(x).max()) / TOP[bits]


def whole_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    return A.astype(np.int64) @ B.astype(np.int64)


def require_array(value: object, dtype: type, shape: tuple[int, ...], what: str) -> None:
    check.require(isinstance(value, np.ndarray), f"{what} must be a NumPy array, not {check.describe(value)}")
    found, wanted = f"{value.dtype} {value.shape}", f"{np.dtype(dtype)} {shape}"
    check.require(found == wanted, f"{what} must be {wanted}, not {found}")


def codes_and_scale(answer: object) -> tuple[np.ndarray, float]:
    check.require(isinstance(answer, tuple) and len(answer) == 2, "quantize must return a pair: codes and scale")
    return answer


# quantize


@pytest.mark.grade("check_quantize", weight=1)
@pytest.mark.parametrize("bits", [8, 16])
def test_codes_and_scale(student, rng, bits):
    """quantize gives int8 or int16 codes of x's shape with scale = max|x| / top, for any shape and strides of float32
    and float64 input, and every value lies within half a step of code * scale."""
    for x in (
        rng.standard_normal((13, 7)).astype(np.float32),
        rng.standard_normal((6, 10))[::2, ::-3],
        -np.abs(rng.standard_normal(31)) * 1e6,
    ):
        q, scale = codes_and_scale(student.quantize(x, bits=bits))
        check.number(scale, float(np.abs(x).max()) / TOP[bits], rel=1e-6, what="the scale")
        require_array(q, CODES[bits], x.shape, "the codes")
        worst = float(np.abs(x / np.float64(scale) - q).max())
        check.require(worst <= 0.51, f"a code is off by {worst:.2f} steps; half a step is the most")


@pytest.mark.grade("check_quantize", weight=1)
def test_ties_go_to_the_even_code(student):
    """A value halfway between two codes gets the even one, on both sides of zero."""
    halves = np.arange(-9, 10) + 0.5
    q, _ = codes_and_scale(student.quantize(np.append(halves, 127.0).astype(np.float32)))
    check.exactly(q, np.append(np.rint(halves), 127).astype(np.int8), what="the codes of ..., -0.5, 0.5, 1.5, ...")


@pytest.mark.grade("check_quantize", weight=1)
def test_what_has_no_code_is_refused(student):
    """NaN, infinity and any bits but 8 and 16 raise a ValueError; the one about bits says which are allowed."""
    q, _ = codes_and_scale(student.quantize(np.array([1.0, -1.0])))
    check.exactly(q, np.array([127, -127], np.int8), what="the codes of 1 and -1")
    for wrong in ([1.0, np.nan], [np.nan, 1.0], [np.inf, 0.0], [0.0, -np.inf]):
        with check.raises(ValueError):
            student.quantize(np.array(wrong, np.float32))
    with check.raises(ValueError, mentions=["8", "16"]):
        student.quantize(np.ones(3), bits=4)


@pytest.mark.grade("check_quantize", weight=1)
def test_zero_empty_and_extreme_arrays(student):
    """All zeros and empty arrays have scale 1.0; integers, the largest and the smallest float32 numbers are quantized
    like all others, and x isn't changed."""
    for x in (np.zeros((2, 3), np.float32), np.zeros((0, 4), np.float32)):
        q, scale = codes_and_scale(student.quantize(x))
        check.number(scale, 1.0, what="the scale of an array of zeros")
        check.exactly(q, np.zeros(x.shape, np.int8), what="the codes of zeros")
    extremes = np.finfo(np.float32)
    for x, codes in (
        (np.array([64, -127, 3]), [64, -127, 3]),
        (np.array([32, -128, 3], np.int8), [32, -127, 3]),
        ((np.array([64, -127, 3]) * (float(extremes.max) / 127)).astype(np.float32), [64, -127, 3]),
        (np.array([60, -100, 3], np.float32) * extremes.smallest_subnormal, [76, -127, 4]),
    ):
        call = student.call("quantize", x)
        check.exactly(codes_and_scale(call.value)[0], np.array(codes, np.int8), what="the codes")
        check.unchanged(call, x)


# dequantize


@pytest.mark.grade("check_dequantize", weight=0.5)
@pytest.mark.parametrize("bits", [8, 16])
def test_codes_times_scale(student, rng, bits):
    """dequantize gives float32 of the codes' shape, each the code times the scale."""
    q = rng.integers(-TOP[bits], TOP[bits] + 1, (9, 11)).astype(CODES[bits])
    for codes, scale in ((q, 0.0371), (q[::2, 1::3], 5.5e4)):
        x = student.dequantize(codes, scale)
        check.close(x, codes * np.float64(scale), dtype=np.float32)


@pytest.mark.grade("check_dequantize", weight=0.5)
def test_scales_at_the_ends_of_float32(student):
    """The largest float32 comes back as itself and not as infinity, and a scale too small for a float32 is not lost."""
    most = float(np.finfo(np.float32).max)
    x = student.dequantize(np.array([127, 0, -127], np.int8), most / 127)
    check.exactly(x, np.array([most, 0, -most], np.float32), what="dequantize near the largest float32")
    tiny = float(np.finfo(np.float32).smallest_subnormal)
    x = student.dequantize(np.array([32767, -32767], np.int16), 100 * tiny / 32767)
    check.exactly(x, np.array([100 * tiny, -100 * tiny], np.float32), what="dequantize with a tiny scale")


@pytest.mark.grade("check_dequantize", weight=0.5)
def test_round_trip(student, rng):
    """dequantize(*quantize(x)) is within half a step of x, and quantizing it again gives the same codes."""
    x = rng.standard_normal(300)
    q, scale = codes_and_scale(student.quantize(x, bits=16))
    back = student.dequantize(q, scale)
    require_array(back, np.float32, x.shape, "the result of dequantize")
    worst = float(np.abs(back - x).max()) / scale
    check.require(worst <= 0.51, f"a round trip is off by {worst:.2f} steps; half a step is the most")
    check.exactly(codes_and_scale(student.quantize(back, bits=16))[0], q, what="the codes after a round trip")


# integer_matmul


@pytest.mark.grade("check_integer_matmul", weight=1)
@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_exact_product(student, rng, dtype):
    """The product is exact for any sizes (prime, one, zero), strides and the most extreme codes: int32 from int8
    operands, int64 from int16."""
    limits = np.iinfo(dtype)
    wide = np.int32 if dtype == np.int8 else np.int64
    for M, K, N in ((1, 1, 1), (7, 5, 3), (13, 67, 101), (64, 64, 64), (3, 0, 2), (0, 4, 5)):
        A = rng.integers(limits.min, limits.max + 1, (M, K)).astype(dtype)
        B = rng.integers(limits.min, limits.max + 1, (K, N)).astype(dtype)
        check.exactly(student.integer_matmul(A, B), whole_product(A, B), dtype=wide, what=f"{M} x {K} times {K} x {N}")
    A, B = rng.integers(-128, 128, (9, 33)).astype(dtype), rng.integers(-128, 128, (33, 17)).astype(np.int8)
    check.exactly(student.integer_matmul(A, B), whole_product(A, B), dtype=wide, what="the product with an int8 matrix")
    check.exactly(student.integer_matmul(B.T, A.T), whole_product(B.T, A.T), dtype=wide, what="that of int8 and others")
    A = np.asfortranarray(rng.integers(-9, 10, (8, 30)).astype(dtype))
    B = rng.integers(-9, 10, (12, 60)).astype(dtype)[::-1, ::2].T
    check.exactly(student.integer_matmul(A, B), whole_product(A, B), dtype=wide, what="the product of strided arrays")


@pytest.mark.grade("check_integer_matmul", weight=1)
def test_no_sum_overflows(student, rng):
    """Long sums of the most extreme codes are exact: beyond int16 for int8 operands, beyond int32 for int16 operands,
    and with an int64 result for int8 operands whose inner size is over 131,072."""
    for K in (3, 40_000, 131_071, 140_001):
        for a, b in ((-128, -128), (-128, 127)):
            A, B = np.full((2, K), a, np.int8), np.full((K, 1), b, np.int8)
            wide = np.int32 if K <= 131_072 else np.int64
            check.exactly(student.integer_matmul(A, B), np.full((2, 1), a * b * K, wide), what=f"{K:,} times {a} * {b}")
    for K, dtype in ((140_001, np.int8), (20_003, np.int16)):
        limits = np.iinfo(dtype)
        A, B = (rng.integers(limits.min, limits.max + 1, shape).astype(dtype) for shape in ((2, K), (K, 2)))
        check.exactly(student.integer_matmul(A, B), whole_product(A, B), dtype=np.int64, what=f"a sum of {K:,} terms")
    A = np.full((1, 20_000), -32_768, np.int16)
    check.exactly(student.integer_matmul(A, A.T), np.array([[20_000 * 2**30]]), dtype=np.int64, what="sums of 2**30")


@pytest.mark.grade("check_integer_matmul", weight=0.5)
def test_shapes_that_do_not_fit(student):
    """Operands whose inner sizes differ, or that aren't matrices, raise a ValueError naming both shapes; those that fit
    give a product."""
    A, B = np.ones((2, 3), np.int8), np.ones((3, 4), np.int8)
    check.exactly(student.integer_matmul(A, B), np.full((2, 4), 3, np.int32))
    with check.raises(ValueError, mentions=["(2, 3)", "(2, 5)"]):
        student.integer_matmul(A, np.ones((2, 5), np.int8))
    with check.raises(ValueError, mentions=["(2, 3)", "(3,)"]):
        student.integer_matmul(A, np.ones(3, np.int8))


# quantized_matmul


@pytest.mark.grade("check_quantized_matmul", weight=1)
@pytest.mark.parametrize("bits", [8, 16])
def test_integer_product_times_both_scales(student, rng, bits):
    """The result is float32 and equals the exact integer product of the codes times both scales, also when the scales
    are very different, the arrays aren't contiguous, a matrix has one row or column, or the sums are very long."""
    for M, K, N in ((11, 43, 17), (1, 43, 17), (11, 43, 1), (1, 43, 1), (2, 140_001 if bits == 8 else 43, 2)):
        codes_a, A, scale_a = on_the_grid(rng, (M, K), bits, 0.02)
        codes_b, B, scale_b = on_the_grid(rng, (N, K), bits, 3e-9)
        call = student.call("quantized_matmul", A, B.T, bits=bits)
        exact = whole_product(codes_a, codes_b.T) * (scale_a * scale_b)
        check.close(call.value, exact, dtype=np.float32, what=f"{M} x {K} times {K} x {N}")
        check.unchanged(call, A, B.T)


@pytest.mark.grade("check_quantized_matmul", weight=0.5)
def test_long_sums_in_sixteen_bits(student, rng):
    """Sixteen bits and a large inner size: no sum overflows, and none is rounded before the end."""
    a, b = (on_the_grid(rng, shape, 16, 1.0)[1] for shape in ((1, 15_000), (15_000, 2)))  # both scales are 1.0
    a, b = np.abs(a), np.abs(b)
    A, B = np.append(a, a, axis=1), np.append(b, b * np.array([1, -1]), axis=0)
    exact = np.array([[2 * np.dot(a[0].astype(np.float64), b[:, 0]), 0.0]])  # the second column cancels
    check.close(student.quantized_matmul(A, B, bits=16), exact, dtype=np.float32)


@pytest.mark.grade("check_quantized_matmul", weight=0.5)
def test_zeros_and_wrong_shapes(student):
    """A product with zeros is zero, empty shapes work, wrong shapes and NaN raise a ValueError."""
    A = np.ones((2, 3), np.float32)
    check.close(student.quantized_matmul(A, np.zeros((3, 4), np.float32)), np.zeros((2, 4)), dtype=np.float32)
    check.close(student.quantized_matmul(np.ones((2, 0)), np.ones((0, 3))), np.zeros((2, 3)), dtype=np.float32)
    with check.raises(ValueError, mentions=["(2, 3)", "(2, 4)"]):
        student.quantized_matmul(A, np.ones((2, 4), np.float32))
    with check.raises(ValueError):
        student.quantized_matmul(A, np.array([[1.0], [np.nan], [0.0]]))


# quantized_relu


@pytest.mark.grade("check_quantized_relu", weight=0.5)
@pytest.mark.parametrize("bits", [8, 16])
def test_codes_cut_off_at_zero(student, rng, bits):
    """quantized_relu is float32 and equals max(q, 0) * scale: rounded to steps, with the scale of all of x."""
    q, x, scale = on_the_grid(rng, (5, 23), bits, 0.05)
    for codes, values in ((q, x), (-q.T, -x.T)):
        check.close(student.quantized_relu(values, bits=bits), np.maximum(codes, 0) * scale, dtype=np.float32)


@pytest.mark.grade("check_quantized_relu", weight=1)
def test_relu_keeps_its_input(student):
    """x isn't changed, negative arrays become zeros of the same shape, and NaN raises a ValueError."""
    x = -np.arange(12, dtype=np.float32).reshape(3, 4)
    call = student.call("quantized_relu", x)
    check.close(call.value, np.zeros((3, 4)), dtype=np.float32)
    check.unchanged(call, x)
    check.close(student.quantized_relu(np.array([-1.0, 127.0])), np.array([0.0, 127.0]), dtype=np.float32)
    with check.raises(ValueError):
        student.quantized_relu(np.array([1.0, np.nan], np.float32))
