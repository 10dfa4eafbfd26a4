"""A test that no race beats the machine: a speed beyond its roofline is a fault to look into, not a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import median

from tinytorch.bench import Comparison
from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.limits import Limits
from tinytorch.hardware import card, measure_bandwidth, measure_peak

ALLOWED = 1.5  # times the measured roof: a busy machine lets it be measured too low
TRIES = 3  # measurements of the roof before a claim counts as beyond it; the highest is taken


@dataclass(frozen=True, slots=True)
class Work:
    """The least work of one call in a race: float32 operations (a multiply-add is two) and bytes moved."""

    operations: float = 0.0
    moved_bytes: float = 0.0

    def __post_init__(self) -> None:
        if min(self.operations, self.moved_bytes) < 0 or self.operations + self.moved_bytes == 0:
            raise GraderFaultError(f"a race's work must be positive: {self}")


@dataclass(frozen=True, slots=True)
class Roof:
    """GFLOP/s and GB/s of all cores that a process may use, None where they could not be measured."""

    peak: float | None
    bandwidth: float | None

    def least_s(self, work: Work) -> float:
        """Seconds below which nothing on this machine does the work."""
        parts = ((work.operations, self.peak), (work.moved_bytes, self.bandwidth))
        return max((amount / (rate * 1e9) for amount, rate in parts if amount and rate), default=0.0)


def check_possible(comparison: Comparison, work: Work, calls: int, name: str, roof_of: Callable[[int], Roof]) -> None:
    """GraderFaultError where the candidate's median call took less than the machine needs for it.

    A candidate that is no faster than its reference, which the grader trusts, needs no measuring.
    """
    if comparison.ratio <= 1:
        return
    took_s = median(comparison.candidate_us) / calls / 1e6
    for attempt in range(TRIES):
        least_s = roof_of(attempt).least_s(work)
        if took_s * ALLOWED >= least_s:
            return
    raise GraderFaultError(
        f"{name} seems to take {1e6 * took_s:.3g} us for work that this machine cannot do in less than "
        f"{1e6 * least_s:.3g} us, by its measured peak and bandwidth: no points are given for such a record; "
        "look at how it was done, and grade again"
    )


@cache
def measured_roof(attempt: int) -> Roof:
    """Returns the highest roof measured so far in this process, once for each attempt: one core's times the cores."""
    cores = min(Limits().threads, int(card().usable_cores.value or 1))
    l1_bytes = int(card().l1d_bytes.value or 32 << 10)
    one_core = [measure_peak().value, measure_bandwidth(l1_bytes // 2).value]
    rates = [None if value is None else float(value) * cores for value in one_core]
    if attempt:
        before = measured_roof(attempt - 1)
        rates = [
            max((value for value in pair if value is not None), default=None)
            for pair in zip(rates, (before.peak, before.bandwidth), strict=True)
        ]
    return Roof(*rates)
