"""Given parts of rounding: values, their largest magnitude, and where codes come without dividing."""

import numpy as np
import pytest

from tinytorch.gemm.codes import CHUNK, as_values, fast_codes, held_by_float32, largest_code, largest_magnitude


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_806)


def test_largest_codes_of_both_sizes():
    assert (largest_code(8), largest_code(16)) == (127, 32767)
    with pytest.raises(ValueError, match="8 or 16, got 4"):
        largest_code(4)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, bool])
def test_values_are_one_row_of_two_types(dtype):
    x = np.ones((4, 6), dtype)[::2, ::-1]
    values = as_values(x)
    assert (values.shape, values.flags.writeable) == ((12,), False)
    assert values.dtype == (np.float32 if dtype == np.float32 else np.float64)
    assert x.flags.writeable


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [0, 1, 7, 64, 129, 1000])
def test_largest_magnitude_wherever_it_stands(rng, dtype, size):
    values = rng.uniform(-1, 1, size).astype(dtype)
    assert largest_magnitude(values) == np.max(np.abs(values), initial=0.0)
    for place in {0, size // 2, size - 1} if size else ():
        for extreme in (-3.0, np.inf, np.nan):
            changed = values.copy()
            changed[place] = extreme
            np.testing.assert_equal(largest_magnitude(changed), abs(extreme))


def test_fast_codes_are_those_of_the_division(rng):
    values = rng.standard_normal(3 * CHUNK + 5).astype(np.float32)
    values[::7] = 2.5 * np.abs(values).max() / 127  # next to a tie
    scale = float(np.abs(values).max()) / 127
    codes = np.empty(values.size, np.int8)
    assert fast_codes(values, scale, 127, codes)
    np.testing.assert_array_equal(codes, np.rint(values.astype(np.float64) / scale))


@pytest.mark.parametrize(
    ("dtype", "codes", "size", "scale"),
    [
        (np.float64, np.int8, CHUNK, 1.0),
        (np.float32, np.int16, CHUNK, 1.0),
        (np.float32, np.int8, CHUNK - 1, 1.0),
        (np.float32, np.int8, CHUNK, 1e-31),
        (np.float32, np.int8, CHUNK, 1e31),
    ],
    ids=["float64", "16 bits", "short", "tiny scale", "huge scale"],
)
def test_where_fast_codes_do_not_apply_nothing_is_written(dtype, codes, size, scale):
    room = np.full(size, 99, codes)
    assert not fast_codes(np.zeros(size, dtype), scale, 127, room)
    assert (room == 99).all()


def test_scales_that_float32_holds():
    assert held_by_float32(1.0)
    assert not held_by_float32(1e-30)
    assert not held_by_float32(1e30)
