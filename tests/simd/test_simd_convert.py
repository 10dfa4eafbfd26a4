"""Rounding, narrowing and scaling of vectors; test_simd_modes.py runs this file again in other modes."""

import numpy as np
import pytest

from tinytorch import simd

W = simd.W


@pytest.fixture
def rng():
    return np.random.default_rng(611)


@simd.jit(cache=False)
def rounded(a, out):
    simd.store(out, 0, simd.rint(simd.load(a, 0)))


@simd.jit(cache=False)
def narrowed(a, out):
    simd.store_codes(
        out, 1, simd.load(a, 0), simd.load(a, W), simd.load(a, 2 * W), simd.load(a, 3 * W)
    )  # fmt: skip


@simd.jit(cache=False)
def times(a, factor, out):
    simd.store(out, 0, simd.scaled(simd.load(a, 0), factor))


@simd.jit(cache=False)
def beyond(limit, a):
    return simd.any_beyond(limit, simd.load(a, 0), simd.load(a, W), simd.load(a, 2 * W), simd.load(a, 3 * W))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rint_rounds_ties_to_even(dtype):
    lanes = simd.BYTES // np.dtype(dtype).itemsize
    ties = (np.arange(lanes) - lanes // 2 + 0.5).astype(dtype)
    out = np.empty_like(ties)
    rounded(ties, out)
    np.testing.assert_array_equal(out, np.rint(ties))


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_whole_floats_become_codes_and_nothing_else_is_written(rng, dtype):
    limits = np.iinfo(dtype)
    values = rng.integers(limits.min, limits.max + 1, 4 * W)
    values[:2] = limits.min, limits.max
    out = np.full(4 * W + 2, 7, dtype)
    narrowed(values.astype(np.float32), out)
    np.testing.assert_array_equal(out[1:-1], values)
    assert out[0] == out[-1] == 7


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_scaled_rounds_once(rng, dtype):
    values = (rng.standard_normal(W) * 1e8).astype(dtype)
    out = np.empty(W, np.float32)
    times(values, 1 / 3e5, out)
    np.testing.assert_array_equal(out, (values.astype(np.float64) * (1 / 3e5)).astype(np.float32))


@pytest.mark.parametrize("lane", [0, W - 1, 2 * W, 4 * W - 1])
@pytest.mark.parametrize(("value", "expected"), [(0.5, False), (-0.5, False), (0.75, True), (-1e30, True)])
def test_one_lane_beyond_the_limit_is_seen(lane, value, expected):
    a = np.zeros(4 * W, np.float32)
    a[lane] = value
    assert beyond(np.float32(0.5), a) is expected


def test_nan_is_beyond_every_limit():
    a = np.zeros(4 * W, np.float32)
    a[W] = np.nan
    assert beyond(np.float32(np.inf), a)
