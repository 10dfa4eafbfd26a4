"""From pairs of runs to a verdict: which of two callables is faster, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from tinytorch.bench import clock
from tinytorch.bench.statistics import median, median_interval

MIN_SAMPLE_NS = 1_000_000  # short callables are repeated until one sample is this long


class Verdict(StrEnum):
    """The position of the ratio's interval relative to the bound, or the bounds."""

    ABOVE = "above"
    BELOW = "below"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate against reference. `ratio` is the median of reference time over candidate time: above 1, the candidate
    is faster. (`low`, `high`) holds the true median ratio with at least `confidence`.

    `verdict` is about `bound`. Of several `bounds` that is the highest one reached; where the interval lies on both
    sides of one or more, the highest of these; and the lowest of all where none is reached."""

    ratio: float
    low: float
    high: float
    bound: float
    confidence: float
    verdict: Verdict
    candidate_us: tuple[float, ...]
    reference_us: tuple[float, ...]
    notes: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()  # all that were asked about, ascending

    @property
    def pairs(self) -> int:
        """The number of pairs of runs."""
        return len(self.candidate_us)

    def as_dict(self, machine: Mapping[str, object] | None = None) -> dict[str, object]:
        """Plain data for JSON; an interval without an end has None there.

        machine: the card of the machine that this was measured on, `hardware.card().as_dict()`; kept under that name.
        """
        data = asdict(self)
        data["pairs"] = self.pairs
        data["verdict"] = str(self.verdict)
        for end in ("low", "high"):
            data[end] = data[end] if math.isfinite(data[end]) else None
        for name in ("candidate_us", "reference_us", "notes", "bounds"):
            data[name] = list(data[name])
        return data if machine is None else data | {"machine": dict(machine)}

    def __str__(self) -> str:
        line = (
            f"reference time / candidate time = {self.ratio:.3g} ({self.low:.3g} to {self.high:.3g} at "
            f"{self.confidence:.0%}, {self.pairs} pairs): {self.verdict} {self.bound:g}"
        )
        beyond = [bound for bound in self.bounds if bound > self.bound]
        if self.verdict is Verdict.ABOVE and beyond:
            line += f", below {beyond[0]:g}"
        return "\n".join([line, *(f"  note: {note}" for note in self.notes)])


def compare(
    candidate: Callable[[], object],
    reference: Callable[[], object],
    *,
    bound: float | Sequence[float] = 1.0,
    min_pairs: int = 7,
    max_pairs: int = 60,
    confidence: float = 0.95,
    limit_s: float = 10.0,
) -> Comparison:
    """Times two callables in turn by this process's clock and judges the median ratio against `bound`, one or several.

    Each is called once to warm up; one that takes under a millisecond is repeated within a sample.
    See `compare_timed` for how pairs are taken and when it stops.
    """
    candidate()
    reference()
    return compare_timed(
        _timed(candidate),
        _timed(reference),
        bound=bound,
        min_pairs=min_pairs,
        max_pairs=max_pairs,
        confidence=confidence,
        limit_s=limit_s,
    )


def compare_timed(
    candidate_s: Callable[[], float],
    reference_s: Callable[[], float],
    *,
    bound: float | Sequence[float] = 1.0,
    min_pairs: int = 7,
    max_pairs: int = 60,
    confidence: float = 0.95,
    limit_s: float = 10.0,
    longest_s: float | None = None,
) -> Comparison:
    """Compares callables that return the seconds their own work took.

    They run in turn, pair by pair, the order alternating, so that a drifting machine slows both. After `min_pairs`
    pairs, and again whenever their number has doubled, the interval of the median ratio is examined. It stops when
    the interval lies on one side of `bound` (with several: on one side of each, so between two neighbors), at
    `max_pairs`, or `limit_s` seconds after the start (which never cuts `min_pairs` short). Where the interval reaches
    across a bound and the median is below it, measuring continues up to `longest_s` (None: no longer than `limit_s`):
    a few noisy pairs should not give the candidate the benefit of the doubt. Looking more than once gives chance more
    tries, so look number k may err with probability (1 - confidence) / 2**k only; those sum to less than
    1 - confidence for any number of looks (union bound), and the same interval serves all bounds.
    Interval: order statistics, see `tinytorch.bench.statistics.coverage`.
    """
    bounds = tuple(sorted({bound} if isinstance(bound, int | float) else bound))
    _check_arguments(bounds, min_pairs, max_pairs, confidence)
    start_ns, allowed_s = clock.now_ns(), limit_s
    pairs: list[tuple[float, float]] = []
    for look, target in enumerate(_targets(min_pairs, max_pairs), start=1):
        while len(pairs) < target and (len(pairs) < min_pairs or clock.now_ns() - start_ns < allowed_s * 1e9):
            pairs.append(_pair(candidate_s, reference_s, candidate_first=len(pairs) % 2 == 0))
        ratios = [reference_us / candidate_us for candidate_us, reference_us in pairs]
        low, high = median_interval(ratios, 1.0 - (1.0 - confidence) / 2**look)
        low = max(low, 0.0)
        verdict, decided = _verdict(low, high, bounds)
        allowed_s = limit_s if longest_s is None or median(ratios) >= decided else max(limit_s, longest_s)
        if verdict is not Verdict.UNDECIDED or clock.now_ns() - start_ns >= allowed_s * 1e9:
            break
    candidate_us, reference_us = zip(*pairs, strict=True)
    notes = _doubts(ratios, verdict, len(pairs) < max_pairs, allowed_s)
    return Comparison(
        ratio=median(ratios),
        low=low,
        high=high,
        bound=decided,
        confidence=confidence,
        verdict=verdict,
        candidate_us=candidate_us,
        reference_us=reference_us,
        notes=notes,
        bounds=bounds,
    )


def _check_arguments(bounds: tuple[float, ...], min_pairs: int, max_pairs: int, confidence: float) -> None:
    if not bounds or not all(bound > 0 for bound in bounds):
        raise ValueError(f"bound must be positive, one number or several, got {bounds}")
    if not 1 <= min_pairs <= max_pairs:
        raise ValueError(f"need 1 <= min_pairs <= max_pairs, got {min_pairs} and {max_pairs}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")


def _targets(min_pairs: int, max_pairs: int) -> Iterator[int]:
    """The numbers of pairs at which the interval is looked at."""
    target = min_pairs
    while target < max_pairs:
        yield target
        target *= 2
    yield max_pairs


def _pair(
    candidate_s: Callable[[], float], reference_s: Callable[[], float], candidate_first: bool
) -> tuple[float, float]:
    """One run of each, in microseconds: (candidate, reference), whichever ran first."""
    if candidate_first:
        candidate_us = _microseconds(candidate_s, "candidate")
        return candidate_us, _microseconds(reference_s, "reference")
    reference_us = _microseconds(reference_s, "reference")
    return _microseconds(candidate_s, "candidate"), reference_us


def _microseconds(timed_s: Callable[[], float], name: str) -> float:
    seconds = timed_s()
    if not 0 < seconds < math.inf:
        raise clock.ClockError(f"the {name} reported {seconds} seconds; a duration must be positive and finite.")
    return seconds * 1e6


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    loops = clock.loops_for(call, MIN_SAMPLE_NS)
    return lambda: max(clock.elapsed_ns(call, loops), 1) / loops / 1e9


def _verdict(low: float, high: float, bounds: tuple[float, ...]) -> tuple[Verdict, float]:
    """The verdict and the bound that it is about, see `Comparison`; `bounds` ascend."""
    open_bounds = [bound for bound in bounds if low < bound <= high]
    if open_bounds:
        return Verdict.UNDECIDED, open_bounds[-1]
    reached = [bound for bound in bounds if low >= bound]
    return (Verdict.ABOVE, reached[-1]) if reached else (Verdict.BELOW, bounds[0])


def _doubts(ratios: list[float], verdict: Verdict, cut_short: bool, limit_s: float) -> tuple[str, ...]:
    notes = []
    if verdict is Verdict.UNDECIDED:
        why = f"all that fitted into {limit_s:g} s" if cut_short else "all that were allowed"
        notes.append(f"{len(ratios)} pairs ({why}) left it open on which side of the bound the ratio lies.")
    if max(ratios) > 2 * min(ratios):
        notes.append(f"single pairs gave ratios from {min(ratios):.3g} to {max(ratios):.3g}: the machine was busy.")
    return tuple(notes)
