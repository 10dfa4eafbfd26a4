"""The vector pass for codes multiplies by 1 / scale: near a tie it must still round as the division does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinytorch.core.kernels.quantization import quantize
from tinytorch.gemm.codes import CHUNK


def assert_codes_of_the_division(x: np.ndarray, bits: int = 8) -> None:
    """Codes are round-half-to-even of the quotient in float64, clipped."""
    top = 2 ** (bits - 1) - 1
    q, scale = quantize(x, bits)
    expected = np.clip(np.rint(x.astype(np.float64) / scale), -top, top)
    assert scale == float(np.max(np.abs(x))) / top
    assert np.array_equal(q, expected)


def near(values: np.ndarray, steps: int) -> np.ndarray:
    """float32 neighbors of `values`, so many representable numbers away."""
    near = values.astype(np.float32)
    for _ in range(abs(steps)):
        near = np.nextafter(near, np.float32(np.inf if steps > 0 else -np.inf))
    return near


@settings(deadline=None, max_examples=60)
@given(largest=st.floats(2.0**-90, 2.0**90, width=32), steps=st.integers(-3, 3), seed=st.integers(0, 2**16))
def test_every_tie_and_its_neighbors_round_as_the_division_does(largest, steps, seed):
    scale = float(np.float32(largest)) / 127
    ties = near((np.arange(-127, 127) + 0.5) * scale, steps)
    x = np.resize(np.random.default_rng(seed).permutation(ties), 2 * CHUNK + 3)
    x[CHUNK] = largest
    assert_codes_of_the_division(x)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**16), exponent=st.integers(-95, 95), size=st.integers(1, 3 * CHUNK))
def test_ordinary_numbers_have_the_codes_of_the_division(seed, exponent, size):
    x = np.random.default_rng(seed).standard_normal(size, dtype=np.float32) * np.float32(2.0) ** exponent
    assert_codes_of_the_division(x)


@pytest.mark.parametrize("place", [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 2])
def test_one_tie_among_many_is_seen_wherever_it_stands(place):
    x = np.linspace(-127, 127, 2 * CHUNK + 3).round().astype(np.float32)
    x[0], x[-1] = -127, 127
    x[place] = 2.5 if abs(x[place]) < 127 else x[place]
    assert_codes_of_the_division(x)


@pytest.mark.parametrize("largest", [1e-38, 1e-29, 1e33, 3e38], ids=str)
def test_scales_beyond_the_fast_pass_are_divided(largest):
    x = np.float32(largest) * np.linspace(-1, 1, CHUNK + 7, dtype=np.float32)
    assert_codes_of_the_division(x)
