"""Several callables timed in turn, round by round, so that a drifting machine slows all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tinytorch.bench import clock
from tinytorch.bench.statistics import median, median_interval

ROUNDS = 9  # the second smallest and the second largest of nine hold the median with 96 percent
FEWEST_ROUNDS = 3  # taken whatever the time
LIMIT_S = 1.0  # no further round once so much time is spent
MIN_SAMPLE_S = 0.0005
CONFIDENCE = 0.95

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Turns:
    """One callable's microseconds per call, a sample for each round. If a call raised: no samples, and the error."""

    samples_us: tuple[float, ...]
    error: Exception | None = None

    @property
    def time_us(self) -> float | None:
        """The median; None if it raised."""
        return median(self.samples_us) if self.samples_us else None

    @property
    def median_us(self) -> float:
        """The median of a callable that didn't raise; `in_turn` without `caught` returns no others."""
        return median(self.samples_us)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median ratio of two callables' times, round by round; (low, high) holds the true one with `CONFIDENCE`.

    Too few rounds give no interval: low and high are None then.
    """

    ratio: float
    low: float | None
    high: float | None
    rounds: int

    def as_dict(self) -> dict[str, object]:
        """Plain data for a result."""
        return {
            "ratio": self.ratio,
            "low": self.low,
            "high": self.high,
            "rounds": self.rounds,
            "confidence": CONFIDENCE,
        }


def in_turn(
    calls: Mapping[Key, Callable[[], object]],
    *,
    rounds: int = ROUNDS,
    limit_s: float = LIMIT_S,
    caught: type[Exception] | tuple[()] = (),
) -> dict[Key, Turns]:
    """Times every callable once in each round; the order is reversed from round to round.

    Each is first called to warm up, and repeated within a sample that would be shorter than `MIN_SAMPLE_S`. A callable
    that raises `caught` leaves the race, and its error is kept; other exceptions pass through.
    """
    errors: dict[Key, Exception] = {}
    loops: dict[Key, int] = {}
    samples_us: dict[Key, list[float]] = {key: [] for key in calls}
    for key, call in calls.items():
        try:
            call()
            loops[key] = clock.loops_for(call, MIN_SAMPLE_S * 1e9)
        except caught as err:
            errors[key] = err
    began = time.monotonic()
    for number in range(rounds):
        for key in list(calls)[:: 1 if number % 2 == 0 else -1]:
            if key in errors:
                continue
            try:
                samples_us[key].append(max(clock.elapsed_ns(calls[key], loops[key]), 1) / loops[key] / 1000)
            except caught as err:
                errors[key] = err
        if number + 1 >= FEWEST_ROUNDS and time.monotonic() - began > limit_s:
            break
    return {key: Turns(() if key in errors else tuple(samples_us[key]), errors.get(key)) for key in calls}


def ratio_of(reference_us: Sequence[float], candidate_us: Sequence[float]) -> Ratio:
    """Returns reference time over candidate time, from samples of the same rounds."""
    ratios = [reference / candidate for reference, candidate in zip(reference_us, candidate_us, strict=True)]
    low, high = median_interval(ratios, CONFIDENCE)
    known = low > float("-inf")
    return Ratio(median(ratios), low if known else None, high if known else None, len(ratios))
