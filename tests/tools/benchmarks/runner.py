"""Check, time, judge: a case becomes a row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tinytorch.bench import Comparison, clock, compare
from tinytorch.bench.statistics import median, quantile

from .bars import Standing, World, judge
from .case import QUICK, Case, Effort, Race, Row, WrongResultError, row_of


def run_case(case: Case, world: World, effort: Effort, compare: Callable[..., Comparison] = compare) -> Row:
    """Make the race, check what both sides return, time them in turn and hold the ratio against the bar.

    Whatever the callables raise makes a failed row: the other cases go on, and the run ends with an error.
    """
    if case.needs_dot4 and not world.has_dot4:
        return row_of(case, standing=Standing.NOT_HERE, why=case.needs_dot4)
    try:
        race = case.make()
        check_both(race)
        bar, why = case.bar.here(world) if case.bar else (None, "")
        ran = compare(
            race.candidate,
            race.reference,
            bound=bar or 1.0,
            min_pairs=pairs_for(race, effort),
            max_pairs=effort.max_pairs,
            limit_s=effort.limit_s,
        )
    except Exception as err:
        return failed(case, err)
    return compared(case, ran, bar, why)


def check_both(race: Race) -> None:
    """WrongResultError, saying whose, unless both sides return what the oracle says."""
    for side, call in (("the candidate", race.candidate), ("the reference", race.reference)):
        try:
            race.check(call())
        except WrongResultError as err:
            raise WrongResultError(f"{side} {err}") from err


def pairs_for(race: Race, effort: Effort) -> int:
    """The least pairs to take: fewer where one takes long, but enough for an interval."""
    start_ns = clock.now_ns()
    race.candidate()
    race.reference()
    pair_s = (clock.now_ns() - start_ns) / 1e9
    return max(QUICK.min_pairs, min(effort.min_pairs, int(2 * effort.limit_s / pair_s))) if pair_s else effort.min_pairs


def failed(case: Case, why: Exception | str) -> Row:
    """A row that fails the run."""
    words = why if isinstance(why, str) else f"{type(why).__name__}: {why}"
    return row_of(case, standing=Standing.FAILED, why=words)


def compared(case: Case, ran: Comparison, bar: float | None, why: str) -> Row:
    """The row of a comparison. A bar for other machines leaves the figure without a verdict, with the reason."""
    unjudged = Standing.NOT_HERE if why else Standing.NO_BAR
    standing = unjudged if bar is None else judge(ran.low, ran.high, bar)
    samples = {"candidate": list(ran.candidate_us), "reference": list(ran.reference_us)}
    return row_of(
        case,
        value=ran.ratio,
        low=ran.low,
        high=ran.high,
        confidence=ran.confidence,
        bar=bar,
        standing=standing,
        why=why,
        samples=samples,
        spread={name: spread(values) for name, values in samples.items()},
        notes=[note for note in ran.notes if bar is not None or "bound" not in note],
    )


def spread(samples: Sequence[float]) -> float:
    """Width of the middle half of the samples, as a share of their median."""
    middle = median(samples)
    return (quantile(samples, 0.75) - quantile(samples, 0.25)) / middle if middle else math.inf
