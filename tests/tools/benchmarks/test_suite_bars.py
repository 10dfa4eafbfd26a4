"""Bars: which is asked where, and what meets it."""

import math

import pytest

from tests.tools.benchmarks import catalogue
from tests.tools.benchmarks.bars import Bar, Standing, World, judge

AVX512 = World(64, has_dot4=True, blas="Haswell")
AVX512_BLAS = World(64, has_dot4=True, blas="SkylakeX")
NO_DOT4 = World(64, has_dot4=False, blas="Haswell")
AVX2 = World(32, has_dot4=False, blas="Haswell")


@pytest.mark.parametrize(
    ("low", "high", "is_time", "standing"),
    [
        (1.8, 1.9, False, Standing.MET),
        (1.7, 1.9, False, Standing.UNSURE),
        (1.6, 1.79, False, Standing.SHORT),
        (0.0, math.inf, False, Standing.UNSURE),
        (1.0, 1.8, True, Standing.MET),
        (1.7, 1.9, True, Standing.UNSURE),
        (1.81, 1.9, True, Standing.SHORT),
    ],
)
def test_interval_against_a_bar_of_1_8(low, high, is_time, standing):
    assert judge(low, high, 1.8, is_time) is standing


def test_a_figure_that_is_no_number_is_not_judged():
    with pytest.raises(ValueError, match="not a number"):
        judge(math.nan, 2.0, 1.8)


@pytest.mark.parametrize(
    ("bar", "world", "asked"),
    [
        (Bar(1.8, 0.9, against_wide=0.97, blas=True), AVX512, 1.8),
        (Bar(1.8, 0.9, against_wide=0.97, blas=True), AVX512_BLAS, 0.97),
        (Bar(1.8, 0.9, against_wide=0.97, blas=True), AVX2, 0.9),
        (Bar(1.4, 0.9, blas=True), AVX512_BLAS, None),
        (Bar(6.0, 1.5), AVX512_BLAS, 6.0),
        (Bar(6.5, None, dot4=True), AVX512, 6.5),
        (Bar(6.5, None, dot4=True), NO_DOT4, None),
        (Bar(1.05, None), AVX2, None),
    ],
)
def test_the_bar_fits_the_machine(bar, world, asked):
    found, why = bar.here(world)
    assert found == asked
    assert bool(why) == (asked is None)


def test_a_bar_that_asks_nothing_needs_no_reason():
    assert Bar(None, None).here(AVX2) == (None, "")


ASKED = {
    "matmul_simd-512": (1.8, 0.9),
    "matmul_simd-1024": (1.8, 0.9),
    "matmul_simd-2048": (1.8, 0.9),
    "matmul_simd-1023x517x769": (1.4, 0.9),
    "matmul_simd-4096x64x64": (1.4, 0.9),
    "matmul_simd-64x4096x4096": (1.4, 0.9),
    "matmul_simd-1x4096x4096": (0.95, 0.9),
    "parallel_matmul-1024": (1.7, 0.9),
    "matmul_simd-1024-wide-blas": (0.97, None),
    "cache_friendly_matmul-512": (1.05, None),
    "cache_friendly_matmul-1024": (1.05, None),
    "integer_matmul-1024": (6.5, None),
    "integer_matmul-1024-torch": (0.95, 0.95),
    "quantized_matmul-1024": (5.0, None),
    "relu-out-64K": (6.0, 1.5),
    "relu-out-64M": (1.9, 1.5),
    "relu-new-64M": (1.5, 1.5),
    "quantized_relu-16M": (4.0, 4.0),
    "relu-bias-64MiB": (2.0, 2.0),
    "matmul_simd-1024-16-byte": (1.8, 0.9),
    "relu-out-64K-32-byte": (6.0, 1.5),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_bars_of_the_suite_are_those_that_were_set(name):
    bar = catalogue.by_name(name).bar
    assert (bar.wide, bar.narrow) == ASKED[name]


def test_threads_may_cost_five_percent():
    bars = {case.bar.narrow for case in catalogue.all_cases() if case.group == "ReLU in threads"}
    assert bars == {1 / 1.05}
