"""Groups of integer codes: loaded, spread, multiplied; test_simd_modes.py runs this file again in other modes."""

import numpy as np
import pytest
from numba import config
from numba.core.errors import TypingError

from tinytorch import simd

W, GROUP = simd.W, simd.GROUP
compiled_only = pytest.mark.skipif(config.DISABLE_JIT, reason="speaks of compiled code")


@pytest.fixture
def rng():
    return np.random.default_rng(20_611)


def codes(rng, dtype, *shape):
    """Random codes of a type, its extremes among them."""
    limits = np.iinfo(dtype)
    values = rng.integers(limits.min, limits.max + 1, shape).astype(dtype)
    values.flat[:2], values.flat[-2:] = limits.min, limits.max
    return values


@simd.jit(cache=False)
def groups_of(a, i, stride, out):
    first, second = simd.load_groups(a, i, stride)
    simd.store(out, 0, first)
    simd.store(out, simd.lanes(out), second)


@simd.jit(cache=False)
def spread_times(left, i, right, sums):
    simd.store(sums, 0, simd.dot_groups(simd.load(sums, 0), simd.broadcast_group(left, i), simd.load(right, 0)))


@simd.jit(cache=False)
def spread_times_row(left, i, right, sums):
    row = simd.dot_row(simd.load_row(sums, 0), simd.broadcast_group(left, i), simd.load_row(right, 0))
    simd.store_row(sums, 0, row)


@simd.jit(cache=False)
def lanes_of(a):
    return simd.lanes(a)


def test_groups_of_rows_stand_side_by_side(rng):
    rows = codes(rng, np.int8, GROUP, 2 * W + 3)
    out = np.empty(2 * GROUP * W, simd.RIGHT_CODE)
    groups_of(rows.reshape(-1), 1, 2 * W + 3, out)
    np.testing.assert_array_equal(out.reshape(2 * W, GROUP), rows[:, 1 : 2 * W + 1].T)


@pytest.mark.parametrize(("left", "right"), [(np.uint8, np.int8), (np.int16, np.int16)], ids=["fours", "pairs"])
def test_dot_groups_adds_exact_products(rng, left, right):
    group = 4 // np.dtype(left).itemsize
    a, b = codes(rng, left, 3 * group), codes(rng, right, W, group)
    b[b == np.iinfo(np.int16).min] += 1  # two products of -2**15 with itself are the one sum that wraps
    sums = rng.integers(-(2**20), 2**20, W).astype(np.int32)
    expected = sums + b.astype(np.int64) @ a[1 : 1 + group].astype(np.int64)
    spread_times(a, 1, b.reshape(-1), sums)
    np.testing.assert_array_equal(sums, expected.astype(np.int32))


@pytest.mark.parametrize(("left", "right"), [(np.uint8, np.int8), (np.int16, np.int16)], ids=["fours", "pairs"])
def test_dot_row_does_the_same_for_every_vector(rng, left, right):
    group = 4 // np.dtype(left).itemsize
    a, b = codes(rng, left, group), rng.integers(-128, 128, (simd.ROW, group)).astype(right)
    sums = np.arange(simd.ROW, dtype=np.int32)
    spread_times_row(a, 0, b.reshape(-1), sums)
    np.testing.assert_array_equal(sums, np.arange(simd.ROW) + b.astype(np.int64) @ a.astype(np.int64))


def test_packed_codes_with_their_offset_fit_their_type():
    everything = np.arange(-128, 128)
    packed = (everything + simd.LEFT_OFFSET).astype(simd.LEFT_CODE)
    np.testing.assert_array_equal(packed.astype(int) - simd.LEFT_OFFSET, everything)
    assert GROUP * np.dtype(simd.RIGHT_CODE).itemsize == 4


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float64])
def test_lanes_of_an_array(dtype):
    assert lanes_of(np.zeros(3, dtype)) == simd.BYTES // np.dtype(dtype).itemsize


@compiled_only
def test_groups_of_other_types_are_refused(rng):
    with pytest.raises(TypingError, match="int8"):
        groups_of(np.zeros(8 * W, np.int32), 0, W, np.zeros(8 * W, np.int8))
    with pytest.raises(TypingError, match="int8, uint8 or int16"):
        spread_times(np.zeros(8, np.int32), 0, np.zeros(8 * W, np.int16), np.zeros(W, np.int32))
