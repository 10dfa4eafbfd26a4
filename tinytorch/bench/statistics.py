"""Order statistics: medians, quartiles and an interval for the median that assumes no distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(values: Sequence[float], fraction: float) -> float:
    """The value below which `fraction` of the sorted values lie, interpolated linearly between neighbors."""
    if not values:
        raise ValueError("a quantile needs at least one value, got none")
    ordered = sorted(values)
    position = fraction * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones."""
    return quantile(values, 0.5)


def coverage(count: int, rank: int) -> float:
    """Probability that the median lies between the `rank`-th smallest and the `rank`-th largest of `count` samples.

    Each sample falls below the median with probability 1/2, so the number that does is binomial, and the interval
    misses only if fewer than `rank` samples fall on one side: 1 - 2 * P(Binomial(count, 1/2) < rank).
    Source: W. J. Conover, Practical Nonparametric Statistics, 3rd edition (1999), section 3.2 (quantiles).
    """
    missed = sum(math.comb(count, k) for k in range(rank))
    return 1.0 - 2.0 * missed / (1 << count)


def median_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """The narrowest interval between two order statistics that holds the median with at least `confidence`.

    It is symmetric in rank; see `coverage` for its probability and source. Too few values give (-inf, inf):
    that is all that can be said (six values are the fewest that reach 95 percent).
    """
    ordered = sorted(values)
    rank = 0
    while 2 * (rank + 1) <= len(ordered) and coverage(len(ordered), rank + 1) >= confidence:
        rank += 1
    if rank == 0:
        return -math.inf, math.inf
    return ordered[rank - 1], ordered[-rank]
