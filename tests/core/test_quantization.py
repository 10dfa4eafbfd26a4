"""Quantisation, and what is computed through codes, against definitions in float64 and int64."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.core.kernels.quantization import (
    dequantize,
    quantize,
    quantized_matmul,
    quantized_relu,
)

TOP = {8: 127, 16: 32767}
CODES = {8: np.int8, 16: np.int16}
BITS = pytest.mark.parametrize("bits", [8, 16])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_261)


def whole_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    return A.astype(np.int64) @ B.astype(np.int64)


def finite_arrays(dtype: type) -> st.SearchStrategy[np.ndarray]:
    elements = hnp.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False)
    return hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=7), elements=elements)


# quantize


@BITS
def test_codes_are_the_rounded_quotients(rng, bits):
    x = rng.standard_normal((31, 17)).astype(np.float32)
    q, scale = quantize(x, bits)
    assert scale == float(np.abs(x).max()) / TOP[bits]
    assert q.dtype == CODES[bits]
    np.testing.assert_array_equal(q, np.rint(x.astype(np.float64) / scale))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@BITS
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_round_trip_is_within_half_a_step(dtype, bits, data):
    x = data.draw(finite_arrays(dtype).filter(lambda x: not x.size or np.abs(x).max() > 1e-290 or not x.any()))
    q, scale = quantize(x, bits)
    error = np.abs(x.astype(np.float64) / scale - q)
    assert q.shape == x.shape
    assert error.max(initial=0.0) <= 0.5 + 1e-9


@settings(deadline=None, max_examples=60)
@given(finite_arrays(np.float32))
def test_opposite_values_have_opposite_codes(x):
    np.testing.assert_array_equal(quantize(-x)[0], -quantize(x)[0])


@BITS
def test_ties_go_to_even(bits):
    x = np.append(np.arange(-20, 20) + 0.5, TOP[bits])
    q, scale = quantize(x, bits)
    assert scale == 1.0
    np.testing.assert_array_equal(q[:-1] % 2, 0)


@pytest.mark.parametrize("x", [np.zeros((2, 3)), np.zeros((0, 3), np.float32), [], np.float32(0), [-0.0, 0]])
def test_zeros_and_nothing_have_scale_one(x):
    q, scale = quantize(x)
    assert scale == 1.0
    assert q.shape == np.shape(x)
    assert not q.any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_what_has_no_code_is_refused(wrong, dtype, place):
    x = np.ones(5, dtype)
    x[place] = wrong
    with pytest.raises(ValueError, match="NaN or infinity"):
        quantize(x)


@pytest.mark.parametrize("bits", [0, 4, 7, 32, -8, None, "8"])
@pytest.mark.parametrize("function", [quantize, quantized_relu, lambda x, bits: quantized_matmul([x], [[1]] * 3, bits)])
def test_other_bits_are_refused(function, bits):
    with pytest.raises(ValueError, match="bits must be 8 or 16"):
        function([1.0, 2.0, 3.0], bits)


@pytest.mark.parametrize("x", [np.ones(3, np.complex64), ["a"], np.array([None])])
def test_what_is_not_a_real_number_is_refused(x):
    with pytest.raises(TypeError, match="real numbers"):
        quantize(x)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("bits", [8, 16])
def test_the_largest_and_smallest_numbers_of_a_type(dtype, bits):
    most, least = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
    signs = np.array([1, -1, 0])
    np.testing.assert_array_equal(quantize((signs * most).astype(dtype), bits)[0], signs * TOP[bits])
    q, scale = quantize((signs * least).astype(dtype), bits)
    assert scale > 0
    np.testing.assert_array_equal(q, np.rint(signs * np.float64(least) / scale))


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, bool])
def test_integers_are_quantized_by_value(dtype):
    info = (0, 1) if dtype is bool else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    x = np.array(info, dtype)
    np.testing.assert_array_equal(quantize(x)[0], quantize(x.astype(np.float64))[0])


def test_strided_read_only_and_tensor_like_input(rng):
    x = rng.standard_normal((8, 10))
    view = x[::2, ::-3]
    view.setflags(write=False)
    q, scale = quantize(view)
    for other in (view.copy(), view.tolist(), SimpleNamespace(data=view.copy())):
        np.testing.assert_array_equal(quantize(other)[0], q)
        assert quantize(other)[1] == scale


# dequantize


@BITS
def test_dequantize_rounds_once(rng, bits):
    q = rng.integers(-TOP[bits], TOP[bits] + 1, (5, 7)).astype(CODES[bits])
    for scale in (0.1, 1e-44, np.float64(1e35) / TOP[bits]):
        np.testing.assert_array_equal(dequantize(q, scale), (q * np.float64(scale)).astype(np.float32))


@BITS
def test_the_largest_float32_comes_back(bits):
    x = np.array([np.finfo(np.float32).max, -np.finfo(np.float32).max, 0], np.float32)
    np.testing.assert_array_equal(dequantize(*quantize(x, bits)), x)


@settings(deadline=None, max_examples=60)
@given(hnp.arrays(np.int16, 9), st.floats(1e-30, 1e30))
def test_codes_survive_a_round_trip(q, scale):
    q[0] = 32767
    np.testing.assert_array_equal(quantize(dequantize(np.maximum(q, -32767), scale), 16)[0], np.maximum(q, -32767))


def test_dequantize_keeps_shapes():
    assert dequantize(np.int8(3), 0.5).shape == ()
    assert dequantize(np.zeros((0, 4), np.int8), 0.5).shape == (0, 4)


# quantized_matmul and quantized_relu


@BITS
def test_product_of_codes_times_scales(rng, bits):
    A, B = rng.standard_normal((19, 83)).astype(np.float32), 1e-7 * rng.standard_normal((41, 83)).T
    (qa, sa), (qb, sb) = quantize(A, bits), quantize(B, bits)
    C = quantized_matmul(A, B, bits)
    assert C.dtype == np.float32
    np.testing.assert_array_equal(C, (whole_product(qa, qb) * (sa * sb)).astype(np.float32))


@BITS
def test_error_is_within_the_documented_bound(rng, bits):
    A, B = rng.uniform(-3, 1, (20, 150)), rng.uniform(-1, 7, (150, 30))
    scale_a, scale_b = np.abs(A).max() / TOP[bits], np.abs(B).max() / TOP[bits]
    bound = 150 * (np.abs(A).max() * scale_b + np.abs(B).max() * scale_a) / 2
    assert np.abs(quantized_matmul(A, B, bits) - A @ B).max() <= bound


def test_sixteen_bits_and_a_long_inner_size():
    A = np.ones((2, 200_000), np.float32)
    np.testing.assert_array_equal(quantized_matmul(A, A.T, 16), np.full((2, 2), 200_000, np.float32))


def test_scales_far_apart_do_not_overflow_on_the_way():
    A, B = np.full((1, 3), 1e38, np.float32), np.full((3, 1), 1e-38, np.float32)
    np.testing.assert_allclose(quantized_matmul(A, B), [[3.0]], rtol=1e-6)


def test_products_without_elements():
    np.testing.assert_array_equal(quantized_matmul(np.ones((2, 0)), np.ones((0, 3))), np.zeros((2, 3)))
    assert quantized_matmul(np.ones((0, 2)), np.ones((2, 3))).shape == (0, 3)


@BITS
@settings(deadline=None, max_examples=60)
@given(x=finite_arrays(np.float32))
def test_relu_of_codes(bits, x):
    q, scale = quantize(x, bits)
    y = quantized_relu(x, bits)
    assert y.dtype == np.float32
    exact = np.maximum(q, 0) * scale
    rounded_twice = 2**-23 * exact + np.finfo(np.float32).smallest_subnormal
    assert np.all(np.abs(y - exact) <= rounded_twice)


@pytest.mark.parametrize("largest", [1e-44, 1e-36, 3e38])
def test_relu_of_codes_whose_scale_float32_does_not_hold_well(largest):
    x = np.array([largest, largest / 3, -largest])
    q, scale = quantize(x)
    np.testing.assert_array_equal(quantized_relu(x), (np.maximum(q, 0) * scale).astype(np.float32))


# the module as a whole


def test_threads_and_a_forked_child_agree(rng):
    pairs = rng.standard_normal((8, 2, 40, 40)).astype(np.float32)
    expected = [quantized_matmul(A, B) for A, B in pairs]
    with ThreadPoolExecutor(4) as threads:
        np.testing.assert_array_equal(list(threads.map(lambda pair: quantized_matmul(*pair), pairs)), expected)
    with multiprocessing.get_context("fork").Pool(1) as child:
        np.testing.assert_array_equal(child.starmap(quantized_matmul, pairs), expected)
