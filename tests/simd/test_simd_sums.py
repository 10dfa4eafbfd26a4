"""Sums in float64 in one pass, and lengths that neither overflow nor vanish."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.simd.sums import sums_of_products, vector_length

floats = st.floats(-1e6, 1e6, width=32)
pairs = hnp.array_shapes(max_dims=1, max_side=300).flatmap(
    lambda shape: st.tuples(*[hnp.arrays(np.float32, shape, elements=floats)] * 2)
)


@given(pair=pairs)
@settings(deadline=None)
def test_sums_of_float32_are_added_in_float64(pair: tuple[np.ndarray, np.ndarray]) -> None:
    u, v = (a.astype(np.float64) for a in pair)
    expected = [math.fsum(terms) for terms in (u * u, v * v, u * v, (u - v) ** 2)]
    sizes = [math.fsum(np.abs(terms)) for terms in (u * u, v * v, u * v, (u - v) ** 2)]
    errors = [abs(total - exact) for total, exact in zip(sums_of_products(*pair), expected, strict=True)]
    assert all(error <= 1e-13 * size for error, size in zip(errors, sizes, strict=True))


def test_nan_and_infinity_reach_the_sums() -> None:
    uu, vv, uv, dd = sums_of_products(np.array([np.nan, 1.0]), np.array([1.0, np.inf]))
    assert [math.isnan(total) for total in (uu, vv, uv, dd)] == [True, False, True, True]
    assert vv == math.inf


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_a_length_does_not_depend_on_the_scale(scale: float) -> None:
    assert vector_length(scale * np.array([3.0, 4.0])) == pytest.approx(5 * scale)


def test_lengths_of_what_is_not_finite_and_of_nothing() -> None:
    assert math.isnan(vector_length(np.array([np.nan, 3.0])))
    assert vector_length(np.array([-np.inf, 3.0])) == math.inf
    assert vector_length(np.array([])) == 0.0
    assert vector_length(np.zeros(3)) == 0.0
