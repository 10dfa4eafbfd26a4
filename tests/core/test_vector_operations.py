"""Lesson 03's elementwise results and their three scalars, against float64 NumPy and exact integers."""

import math
import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.core.kernels.vectorization import vectorized_operations


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_03)


finite = st.floats(-1e6, 1e6, width=64)


@given(pair=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=12).flatmap(
    lambda shape: st.tuples(*[hnp.arrays(np.float64, shape, elements=finite)] * 2)
))  # fmt: skip
@settings(deadline=None)
def test_operations_follow_their_definitions(pair):
    x, y = pair
    r = vectorized_operations(x, y)
    np.testing.assert_array_equal(r["element_wise_add"], x + y)
    np.testing.assert_array_equal(r["element_wise_multiply"], x * y)
    np.testing.assert_array_equal(r["squared_difference"], np.square(x - y))
    products = [float(a) * float(b) for a, b in zip(x.ravel(), y.ravel(), strict=True)]
    assert r["dot_product"] == pytest.approx(math.fsum(products), abs=1e-12 * math.fsum(map(abs, products)) + 1e-300)
    assert r["euclidean_distance"] == pytest.approx(math.dist(x.ravel(), y.ravel()), rel=1e-12)
    assert -1.0 <= r["cosine_similarity"] <= 1.0


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32])
def test_scalars_of_integers_are_exact(rng, dtype):
    limits = np.iinfo(dtype)
    x, y = rng.integers(limits.min, limits.max, size=(2, 31), endpoint=True).astype(dtype)
    r = vectorized_operations(x, y)
    whole_x, whole_y = [int(v) for v in x], [int(v) for v in y]
    exact = sum(a * b for a, b in zip(whole_x, whole_y, strict=True))
    assert r["dot_product"] == pytest.approx(exact, rel=1e-12)
    assert r["euclidean_distance"] == pytest.approx(math.dist(whole_x, whole_y), rel=1e-12)
    assert r["element_wise_multiply"].dtype == dtype


def test_arrays_of_mixed_dtypes_have_the_common_dtype():
    r = vectorized_operations(np.int8([1, 2]), np.float32([1, 2]))
    assert {r[key].dtype for key in ("element_wise_add", "element_wise_multiply", "squared_difference")} == {
        np.dtype(np.float32)
    }


@pytest.mark.parametrize(("x", "y"), [([0.0, 0.0], [1.0, 2.0]), ([3.0], [0.0]), ([0.0], [0.0]), ([], [])])
def test_cosine_of_a_zero_vector_is_zero_without_a_warning(x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert vectorized_operations(x, y)["cosine_similarity"] == 0.0


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_cosine_and_distance_do_not_depend_on_the_scale(scale):
    x, y = scale * np.array([3.0, 4.0, 0.0]), scale * np.array([0.0, 4.0, 3.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        r = vectorized_operations(x, y)
    assert r["cosine_similarity"] == pytest.approx(16 / 25)
    assert r["euclidean_distance"] == pytest.approx(scale * math.sqrt(18))


def test_nan_and_infinity_show_in_the_scalars():
    assert math.isnan(vectorized_operations([np.nan, 1.0], [1.0, 1.0])["cosine_similarity"])
    assert vectorized_operations([np.inf, 1.0], [1.0, 1.0])["euclidean_distance"] == math.inf


def test_booleans_count_as_numbers():
    r = vectorized_operations([True, True, False], [True, False, False])
    assert r["dot_product"] == 1.0
    np.testing.assert_array_equal(r["element_wise_add"], [2, 1, 0])
    np.testing.assert_array_equal(r["squared_difference"], [0, 1, 0])


@pytest.mark.parametrize("x", [np.array([1j]), np.array(["a"]), np.array([None])], ids=["complex", "text", "object"])
def test_operations_refuse_what_is_not_real(x):
    with pytest.raises(TypeError, match="real numbers"):
        vectorized_operations(x, x)


@pytest.mark.parametrize(("a", "b"), [((2, 3), (3, 2)), ((3,), (1, 3)), ((), (1,)), ((4,), (5,))])
def test_operations_name_both_shapes(a, b):
    with pytest.raises(ValueError, match=re.escape(str(a))) as caught:
        vectorized_operations(np.ones(a), np.ones(b))
    assert str(b) in str(caught.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4", ">f8", np.float16, np.int64])
def test_scalars_of_every_kind_and_layout_of_operand(rng, dtype):
    base = (50 * rng.standard_normal((2, 14, 60))).astype(dtype)
    for x, y in ((base[0], base[1]), (base[0].T, base[1].T), (base[0, ::2, ::3], base[1, ::2, ::-3])):
        r = vectorized_operations(x, y)
        u, v = x.astype(np.float64).ravel(), y.astype(np.float64).ravel()
        assert r["dot_product"] == pytest.approx(u @ v, abs=1e-9 * np.abs(u) @ np.abs(v))
        assert r["euclidean_distance"] == pytest.approx(np.linalg.norm(u - v), rel=1e-12)
        cosine = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
        assert r["cosine_similarity"] == pytest.approx(cosine, abs=1e-12)
        assert r["squared_difference"].dtype == np.result_type(x, y)


@pytest.mark.parametrize(("big", "small"), [(1e200, 1.0), (1e300, 1e-300), (1e154, 1e155), (1e-170, 3e-170)])
def test_scalars_where_only_some_squares_leave_the_range(big, small):
    x, y = np.array([big, big]), np.array([small, -small])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        r = vectorized_operations(x, y)
    assert r["cosine_similarity"] == pytest.approx(0.0, abs=1e-15)
    assert r["euclidean_distance"] == pytest.approx(math.hypot(big - small, big + small), rel=1e-12)


def test_nearly_equal_vectors_have_a_distance_whose_square_vanishes():
    x = np.array([1e-170, 1.0])
    r = vectorized_operations(x, np.array([0.0, 1.0]))
    assert r["euclidean_distance"] == pytest.approx(1e-170)
    assert r["cosine_similarity"] == 1.0


@pytest.mark.parametrize(
    ("x", "y"),
    [([np.nan, 1], [1, 1]), ([np.inf, 1], [np.inf, 1]), ([np.inf, 1], [1, 1]), ([1, 1], [1, np.nan])],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_finite_reaches_distance_and_dot_product(x, y, dtype):
    x, y = np.array(x, dtype), np.array(y, dtype)
    r = vectorized_operations(x, y)
    with np.errstate(invalid="ignore"):
        difference = x - y
    assert r["dot_product"] == pytest.approx(float(x @ y), nan_ok=True)
    assert r["euclidean_distance"] == pytest.approx(float(np.max(np.abs(difference))), nan_ok=True)
    assert not (np.isnan(x @ y) and not math.isnan(r["cosine_similarity"]))
