"""From a race to points: a share of a check's weight for each ratio reached against a stated reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinytorch.bench import Comparison
from tinytorch.errors import GraderFaultError

Bands = Mapping[float, float]  # ratio of speed, candidate over reference -> share of the points from there on


@dataclass(frozen=True, slots=True)
class Standing:
    """What a race earns, in words for the student, and the measurement that it rests on as plain data."""

    share: float  # of the check's weight: 0 to 1
    words: str
    is_undecided: bool  # the interval held an edge to the end: the band above it was counted
    race: dict[str, Any]


def standing(comparison: Comparison, bands: Bands) -> Standing:
    """The share of the highest band whose edge the interval of the ratio reaches: a doubt counts for the student.

    Raises GraderFaultError for bands that are none, and for a race that was not run for these bands.
    """
    edges = _edges(bands)
    if not set(edges) <= set(comparison.bounds or (comparison.bound,)):
        raise GraderFaultError(f"a race for the bounds {comparison.bounds} cannot be judged in bands from {edges}")
    reached = [edge for edge in edges if edge <= comparison.high]
    share = bands[reached[-1]] if reached else 0.0
    is_undecided = any(comparison.low < edge for edge in reached)
    words = f"{comparison.ratio:.3g} times the speed of the stated reference; {describe(bands)}"
    if is_undecided:
        words += (
            f"; the machine was too noisy to decide: {comparison.pairs} timed pairs put it between "
            f"{comparison.low:.3g} and {comparison.high:.3g}, and the band above counts for you"
        )
    return Standing(share, words, is_undecided, {**comparison.as_dict(), "bands": {str(e): bands[e] for e in edges}})


def describe(bands: Bands) -> str:
    """`0.5 earns 25 %, 1.5 earns 60 %, 2 earns all`."""
    return ", ".join(
        f"{edge:.3g} earns {'all' if bands[edge] == 1 else f'{100 * bands[edge]:.3g} %'}" for edge in _edges(bands)
    )


def _edges(bands: Bands) -> list[float]:
    """The ratios at which bands begin, ascending."""
    edges = sorted(bands)
    shares = [bands[edge] for edge in edges]
    is_rising = all(below < above for below, above in zip([0.0, *shares], shares, strict=False))
    if not edges or edges[0] <= 0 or not is_rising or shares[-1] != 1:
        raise GraderFaultError(f"bands must rise from above 0 to a share of 1, at ratios above 0: {dict(bands)}")
    return edges
