"""One run: which parts, in which order, and the rows and figures that come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from . import calls, catalogue, children, sides, sweeps
from .bars import Standing, World
from .case import Case, Effort, Row, row_of
from .processes import ProcessDiedError, answer
from .settings import SETTINGS, Processor, Setting, missing, processor

Say = Callable[[str], None]
Keep = Callable[[Row], None]


@dataclass(slots=True)
class Run:
    """What a run has found so far."""

    rows: list[Row] = field(default_factory=list)
    worlds: dict[str, World] = field(default_factory=dict)
    sweeps: dict[str, Any] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)


def run(only: Sequence[str], effort: Effort, say: Say, found: Run) -> None:
    """Run everything, or what the patterns in `only` name; what is found is in `found` as soon as it is."""
    here = processor()

    def keep(row: Row) -> None:
        found.rows.append(row)
        if row.value is not None or row.standing is Standing.FAILED:
            say(line(row))

    cases = sorted(catalogue.selected(only, effort.is_quick), key=lambda case: case.setting)
    for setting, members in groupby(cases, key=lambda case: case.setting):
        world = run_cases(SETTINGS[setting], list(members), here, effort, keep)
        found.worlds |= {setting: world} if world else {}
    for row in timed_calls(only, effort):
        keep(row)
    run_sweeps(only, effort, found, say, keep)


def in_order(rows: Sequence[Row]) -> list[Row]:
    """The rows as the table shows them: cases as in the catalogue (they ran setting by setting), then the others."""
    order = {case.name: place for place, case in enumerate(catalogue.all_cases())}
    return sorted(rows, key=lambda row: order.get(row.name, len(order)))


def run_cases(setting: Setting, cases: list[Case], here: Processor, effort: Effort, keep: Keep) -> World | None:
    """Keep the rows of the cases of one setting, those that can't run here with the reason; what its process was."""
    able = []
    for case in cases:
        why = setting.why_not(here) or missing(case.needs)
        if why:
            keep(row_of(case, standing=Standing.NOT_HERE, why=why))
        else:
            able.append(case)
    if setting.reference is None:
        return children.run_setting(setting, able, effort, keep) if able else None
    world = None
    for case in able:
        row, world = sides.run_sides(setting, case, effort)
        keep(row)
    return world


def timed_calls(only: Sequence[str], effort: Effort) -> Iterator[Row]:
    """First calls, second processes and the overhead of `time_kernel`."""
    groups = ("first call", "second process")
    yield from calls.first_calls([name for name in calls.CALLS if chosen(only, name, *groups, prefix=groups)], effort)
    if chosen(only, "overhead", "time_kernel"):
        yield calls.overhead(effort)


def chosen(only: Sequence[str], *names: str, prefix: Sequence[str] = ()) -> bool:
    """Whether a pattern names one of these, or one of them with a prefix; without patterns, everything is chosen."""
    spelled = [*names, *(f"{start} {name}" for start in prefix for name in names)]
    return not only or any(catalogue.names_it(pattern, *spelled) for pattern in only)


def run_sweeps(only: Sequence[str], effort: Effort, found: Run, say: Say, keep: Keep) -> None:
    """Measure what the figures show. A sweep whose process dies fails the run; the others go on."""
    for name, (_, environment, figures) in sweeps.SWEEPS.items():
        if not chosen(only, name, *figures, "plots"):
            continue
        say(f"measuring for the figures: {', '.join(figures)}")
        try:
            found.sweeps[name] = answer(environment, sweeps.serve, name, effort.is_quick)
        except ProcessDiedError as err:
            keep(Row(name, "figures", name, "", "a process of its own", standing=Standing.FAILED, why=str(err)))
            continue
        found.figures += figures
    if "ladder" in found.sweeps:
        found.rows += ladder_rows(found.sweeps["ladder"])


def ladder_rows(data: dict[str, Any]) -> list[Row]:
    """The rungs as rows: how many times faster than the first."""
    timings = {name: sweeps.as_timing(timing) for name, timing in data["rungs"].items()}
    first_us = next(iter(timings.values())).median_us
    rows = []
    for name, timing in timings.items():
        ratio = first_us / timing.median_us
        what = f"{name} {data['size']}: {data['flops'] / timing.median_us / 1000:.3g} GFLOP/s"
        samples = {"candidate": list(timing.samples_us)}
        low, high = first_us / timing.high_us, first_us / timing.low_us
        rows.append(
            Row(f"ladder {name}", "ladder", what, "the first rung; middle half of the samples", "one thread",
                value=ratio, low=low, high=high, samples=samples, notes=list(timing.notes))
        )  # fmt: skip
    return rows


def line(row: Row) -> str:
    """A row as a line of progress."""
    from .report import cells

    return "  ".join(cell for cell in (row.group, *cells(row)) if cell)
