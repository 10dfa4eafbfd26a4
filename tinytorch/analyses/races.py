"""Two forms of an operation, timed on the same data: what the second one gains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tinytorch.analyses.results import Figures
from tinytorch.bench.progress import stage
from tinytorch.bench.turns import Ratio, in_turn, ratio_of

HIGH, MEDIUM = 4.0, 1.5  # the speedups from which on the potential is called so


@dataclass(frozen=True, slots=True)
class Race:
    """Microseconds of one operation in both forms, summed over the shapes it ran on.

    ratios: scalar over vectorized time on each shape, with its interval.
    """

    scalar_us: float
    vectorized_us: float
    ratios: tuple[Ratio, ...] = ()


Races = Mapping[str, Race | None]  # by operation; None for one that cannot be run


def race(pairs: Sequence[tuple[Callable[[], object], Callable[[], object]]]) -> Race:
    """Time both calls of each (scalar, vectorized) pair, in turn."""
    with stage("scalar against vectors"):
        runs = [in_turn({"scalar": scalar, "vectorized": vectorized}) for scalar, vectorized in pairs]
    totals_us = {form: sum(run[form].median_us for run in runs) for form in ("scalar", "vectorized")}
    ratios = tuple(ratio_of(run["scalar"].samples_us, run["vectorized"].samples_us) for run in runs)
    return Race(totals_us["scalar"], totals_us["vectorized"], ratios=ratios)


def potential(speedup: float | None) -> str:
    """The word for a speedup: "high" from `HIGH` on, "medium" from `MEDIUM` on, otherwise "low"; "unknown" for None."""
    if speedup is None:
        return "unknown"
    if speedup >= HIGH:
        return "high"
    return "medium" if speedup >= MEDIUM else "low"


def race_figures(races: Races, speedups: Mapping[str, float], reasons: Mapping[str, str]) -> dict[str, Figures]:
    """For each operation, its two times, its speedup and the word for it, or the reason why there is none."""
    figures: dict[str, Figures] = {}
    for op, run in races.items():
        speedup = speedups.get(op)
        figures[op] = {
            "potential": potential(speedup),
            "speedup": speedup,
            "scalar_us": None if run is None else run.scalar_us,
            "vectorized_us": None if run is None else run.vectorized_us,
            "ratios": [] if run is None else [ratio.as_dict() for ratio in run.ratios],
            "source": "measured",
        }
        if speedup is None:
            figures[op]["reason"] = reasons.get(op, "the exercise gave no speedup")
    return figures
