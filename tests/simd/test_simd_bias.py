"""A bias along the last axis: which are taken, in which dtype, and what a pattern repeats."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tinytorch.simd.bias import SHORTEST_PATTERN, SLICE_BYTES, bias_for, bias_pattern, relu_bias_in_slices


@pytest.mark.parametrize(
    ("bias", "size"),
    [(np.float32(0.5), 1), (0.5, 1), (np.float32([0.5]), 1), (np.full((1, 7), 0.5, np.float32), 7)],
    ids=["0-d", "number", "one", "row"],
)
def test_what_runs_along_the_last_axis_is_one_dimensional(bias: object, size: int) -> None:
    run = bias_for(np.ones((5, 7), np.float32), bias)
    assert (run.shape, run.dtype) == ((size,), np.float32)
    np.testing.assert_array_equal(run, 0.5)


def test_the_dtype_is_that_of_the_sum() -> None:
    assert bias_for(np.ones(3, np.float32), np.ones(3)).dtype == np.float64
    assert bias_for(np.ones(3, np.int16), np.ones(3, np.int8)).dtype == np.int16
    assert bias_for(np.ones(3, np.int8), 3).dtype == np.int8


@pytest.mark.parametrize(
    ("x", "bias"), [((3, 4), (3,)), ((3, 4), (3, 1)), ((3, 4), (3, 4)), ((4,), (1, 4)), ((), (1,)), ((3, 4), (0,))]
)
def test_a_bias_along_another_axis_is_refused(x: tuple[int, ...], bias: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(str(x))) as caught:
        bias_for(np.ones(x), np.ones(bias))
    assert str(bias) in str(caught.value)


def test_a_bias_is_copied_only_where_out_shares_its_memory() -> None:
    x = np.ones((4, 8), np.float32)
    assert np.shares_memory(bias_for(x, x[2]), x)
    assert not np.shares_memory(bias_for(x, x[2], x), x)
    assert np.shares_memory(bias_for(x, x[2], np.empty_like(x)), x)


@pytest.mark.parametrize("size", [1, 3, 100, SHORTEST_PATTERN - 1])
def test_a_short_bias_is_repeated_whole(size: int) -> None:
    bias = np.arange(size, dtype=np.float32)
    pattern = bias_pattern(bias)
    assert pattern.size >= SHORTEST_PATTERN
    np.testing.assert_array_equal(pattern, np.tile(bias, pattern.size // size))


def test_a_long_bias_is_its_own_pattern() -> None:
    bias = np.ones(SHORTEST_PATTERN)
    assert bias_pattern(bias) is bias


@pytest.mark.parametrize("shape", [(), (5,), (0, 3), (SLICE_BYTES // 64, 40), (3, 4, 5)])
def test_slices_cover_every_row(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(20_03).integers(-9, 9, shape).astype(np.int16)
    bias, out = np.full(1, 2, np.int16), np.empty(shape, np.int16)
    relu_bias_in_slices(x, bias, out)
    np.testing.assert_array_equal(out, np.maximum(x + np.int16(2), 0))


@pytest.mark.parametrize("shift", [-3, 2])
def test_slices_read_before_they_overwrite(shift: int) -> None:
    memory = np.random.default_rng(20_03).integers(-99, 99, (40, 2000))
    bias, x = np.arange(2000), memory[5:35]
    expected = np.maximum(x + bias, 0)
    relu_bias_in_slices(x, bias, memory[5 + shift : 35 + shift])
    np.testing.assert_array_equal(memory[5 + shift : 35 + shift], expected)
