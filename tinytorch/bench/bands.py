"""Speed bands: the share of the points that each ratio to a reference earns, and the band a comparison falls into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tinytorch.bench.compare import Comparison, compare

Bands = Mapping[float, float]  # ratio of speed, candidate over reference -> share of the points from there on


@dataclass(frozen=True, slots=True)
class Standing:
    """A comparison placed in its bands. `share` is the share of the points that the ratio earns, from 0 to 1.

    `is_undecided` is True when the interval still held the edge of a band at the end: then the band above it counts.
    """

    comparison: Comparison
    bands: dict[float, float]
    share: float
    is_undecided: bool
    words: str

    def __str__(self) -> str:
        return self.words


def in_bands(
    candidate: Callable[[], object], reference: Callable[[], object], bands: Bands, *, limit_s: float = 4.0
) -> Standing:
    """Compares two callables as `compare` does, until the ratio is known to lie within one band.

    bands: for instance {0.5: 0.4, 1.5: 1.0}: half the reference's speed earns 40 %, 1.5 times its speed earns 100 %.
    """
    return standing(compare(candidate, reference, bound=edges_of(bands), limit_s=limit_s), bands)


def standing(comparison: Comparison, bands: Bands) -> Standing:
    """Returns the share of the highest band whose edge the interval of the ratio reaches: doubt favors the candidate.

    Raises ValueError for invalid bands, and for a comparison that was not made for these bands.
    """
    edges = edges_of(bands)
    if not set(edges) <= set(comparison.bounds):
        raise ValueError(f"a comparison with the bounds {comparison.bounds} says nothing about bands from {edges}")
    reached = [edge for edge in edges if edge <= comparison.high]
    share = float(bands[reached[-1]]) if reached else 0.0
    is_undecided = any(comparison.low < edge for edge in reached)
    message = f"{comparison.ratio:.3g} times the speed of the stated reference; {describe(bands)}"
    if is_undecided:
        message += (
            f"; the machine was too noisy to decide: {comparison.pairs} timed pairs put it between "
            f"{comparison.low:.3g} and {comparison.high:.3g}, and the band above counts for you"
        )
    return Standing(comparison, {edge: float(bands[edge]) for edge in edges}, share, is_undecided, message)


def describe(bands: Bands) -> str:
    """Returns the bands as text: `0.5 earns 25 %, 1.5 earns 60 %, 2 earns all`."""
    return ", ".join(
        f"{edge:.3g} earns {'all' if bands[edge] == 1 else f'{100 * bands[edge]:.3g} %'}" for edge in edges_of(bands)
    )


def edges_of(bands: Bands) -> tuple[float, ...]:
    """Returns the ratios at which bands begin, ascending.

    Raises ValueError unless the shares rise with them, from above 0 to 1.
    """
    edges = tuple(sorted(bands))
    shares = [bands[edge] for edge in edges]
    is_rising = all(below < above for below, above in zip([0.0, *shares], shares, strict=False))
    if not edges or not edges[0] > 0 or not is_rising or shares[-1] != 1:
        raise ValueError(f"bands must rise from above 0 to a share of 1, at ratios above 0: {dict(bands)}")
    return edges
