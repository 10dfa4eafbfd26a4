"""Reasons to doubt a measurement, as sentences that are printed beside it."""

from __future__ import annotations

from collections.abc import Sequence

from tinytorch.bench.statistics import median, quantile

WIDE = 0.10  # middle half of the samples, as a share of the median
OUTLIER = 2.0  # slowest sample, as a multiple of the median
DRIFT = 0.10  # first half of the samples against the second
MIN_TICKS = 100  # a sample this many clock steps long is read to within 1 percent


def doubts(samples_us: Sequence[float], loops: int, tick_us: float) -> tuple[str, ...]:
    """Returns the reasons to doubt these samples, as sentences; empty if there are none."""
    notes = [_too_short(samples_us, loops, tick_us), _wide(samples_us), _interrupted(samples_us), _drifting(samples_us)]
    return tuple(note for note in notes if note)


def _too_short(samples_us: Sequence[float], loops: int, tick_us: float) -> str:
    length_us = median(samples_us) * loops
    if length_us >= MIN_TICKS * tick_us:
        return ""
    return (
        f"one sample is {length_us:.3g} us, less than {MIN_TICKS} steps of the clock ({tick_us:.3g} us each): "
        "time more calls per sample."
    )


def _wide(samples_us: Sequence[float]) -> str:
    spread = (quantile(samples_us, 0.75) - quantile(samples_us, 0.25)) / median(samples_us)
    if spread <= WIDE:
        return ""
    return f"the middle half of the samples spreads over {spread:.0%} of the median: smaller differences prove nothing."


def _interrupted(samples_us: Sequence[float]) -> str:
    worst = max(samples_us) / median(samples_us)
    if worst <= OUTLIER:
        return ""
    return f"the slowest sample took {worst:.1f} times the median: something else ran in between."


def _drifting(samples_us: Sequence[float]) -> str:
    if len(samples_us) < 8:
        return ""
    half = len(samples_us) // 2
    change = median(samples_us[half:]) / median(samples_us[:half]) - 1.0
    if abs(change) <= DRIFT:
        return ""
    direction = "slower" if change > 0 else "faster"
    return f"the second half of the samples was {abs(change):.0%} {direction} than the first: warm up longer or repeat."
