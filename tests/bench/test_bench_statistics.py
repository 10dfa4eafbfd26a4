"""Order statistics: quantiles, and the interval that holds the median."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch.bench.statistics import coverage, median, median_interval, quantile

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80)


@given(values, st.floats(0, 1))
def test_quantile_agrees_with_numpy(samples: list[float], fraction: float) -> None:
    assert quantile(samples, fraction) == pytest.approx(float(np.quantile(samples, fraction)), rel=1e-9, abs=1e-6)


def test_quantile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        quantile([], 0.5)


@pytest.mark.parametrize(
    ("count", "rank", "expected"),
    [(7, 1, 1 - 2 / 128), (10, 2, 1 - 2 * 11 / 1024), (5, 1, 0.9375), (9, 2, 1 - 2 * 10 / 512)],
)
def test_coverage_is_the_binomial_probability(count: int, rank: int, expected: float) -> None:
    assert coverage(count, rank) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("count", "rank"), [(6, 1), (7, 1), (9, 2), (15, 4), (60, 22)])
def test_interval_at_95_percent_uses_the_largest_rank_that_covers(count: int, rank: int) -> None:
    assert median_interval(list(range(1, count + 1)), 0.95) == (rank, count + 1 - rank)


def test_too_few_values_say_nothing() -> None:
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0], 0.95) == (-math.inf, math.inf)


@given(values)
def test_interval_holds_the_sample_median(samples: list[float]) -> None:
    low, high = median_interval(samples, 0.9)
    assert low <= median(samples) <= high


@given(values, st.randoms())
def test_order_of_samples_does_not_matter(samples: list[float], random: object) -> None:
    shuffled = list(samples)
    random.shuffle(shuffled)
    assert median_interval(shuffled, 0.95) == median_interval(samples, 0.95)
