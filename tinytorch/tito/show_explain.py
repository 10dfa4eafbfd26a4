"""The output of `tito grade explain`."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tinytorch.grading.gradebook.receipt_html import interval_words, limits_words, machine_words
from tinytorch.grading.run.receipt import machine_values
from tinytorch.tito import render

if TYPE_CHECKING:
    from tinytorch.grading.base.result import CheckResult, ExerciseResult
    from tinytorch.grading.report.explain import Explanation
    from tinytorch.grading.report.rerun import Difference, Rerun
    from tinytorch.grading.run.receipt import Receipt


def explanation(grade: Explanation, again: Rerun | None, json: bool) -> None:
    """Prints a grade's receipt, the gradebook's marks, and the differences that grading again found."""
    if json:
        rerun = None if again is None else {**dataclasses.asdict(again), "is_same": again.is_same}
        render.as_json(grade.as_dict() | ({"rerun": rerun} if rerun else {}))
        return
    _head(grade)
    for exercise in grade.shown.exercises:
        _exercise(exercise, grade.worth)
    for repair in grade.shown.repairs:
        render.plain(f"Repaired before grading: {repair}")
    _gradebook(grade)
    if again is not None:
        _rerun(again)


def _head(grade: Explanation) -> None:
    full = grade.receipt
    rows = [(name, fact) for name, fact in _facts(full) if fact]
    render.table(("", ""), rows, title=f"{full.student}, {full.module}: {full.score:g} of {full.points:g} automatic")
    if grade.changed:
        render.plain(f"No longer as it was graded: {', '.join(grade.changed)}")


def _facts(full: Receipt) -> Iterable[tuple[str, str]]:
    noted = full.circumstances
    yield "graded", f"{noted.graded_at}, in {full.seconds:.1f} s, sandbox {full.sandbox}, seed {full.seed}"
    yield "kept as", f"results/{full.key}.json"
    yield from ((f"hash of the {name}", value) for name, value in full.hashes.items())
    yield from ((f"SHA-256 of {name}", value) for name, value in noted.notebooks.items())
    yield "versions", ", ".join(f"{name} {value}" for name, value in noted.versions.items())
    yield "machine", machine_words(machine_values(noted))
    yield "settings", ", ".join(f"{name}={value}" for name, value in noted.vectors.items())
    yield "limits", limits_words(noted.limits)


def _exercise(exercise: ExerciseResult, worth: dict[str, float]) -> None:
    render.plain(f"\n{exercise.lesson} {exercise.grade_id}: {exercise.score:.4g} of {exercise.points:g} points")
    for check in exercise.checks:
        points = worth[check.check]
        earned = f"{points * check.earned / check.weight:.4g} of {points:.4g}"
        name = check.check.partition("::")[2]
        render.plain(f"  {check.outcome.value:<9} {earned:>14}  {name} ({check.seconds:.2f} s)")
        _check(check)


def _check(check: CheckResult) -> None:
    render.plain(f"      required: {' '.join(check.requirement.split())}")
    if check.words:
        render.plain(f"      found: {check.words}")
    if check.hint:
        render.plain(f"      hint: {check.hint}")
    for race in check.races:
        mine, reference = (f"{statistics.median(side):.4g}" for side in (race.candidate_us, race.reference_us))
        render.plain(
            f"      timed: {interval_words(race)} times the reference's speed, at {race.confidence:.0%} confidence; "
            f"medians of {race.pairs} pairs: {mine} and {reference} microseconds"
        )
        for name, side in (("theirs", race.candidate_us), ("reference", race.reference_us)):
            render.plain(f"        {name}: {' '.join(f'{value:.4g}' for value in side)}")


def _gradebook(grade: Explanation) -> None:
    by_hand = [mark for mark in grade.marks if mark.by_hand is not None]
    rows = [(mark.lesson, mark.grade_id, f"{mark.by_hand:g}", f"{mark.points:g}") for mark in by_hand]
    render.plain("")
    if rows:
        render.table(("lesson", "given by hand", "score", "of"), rows, right=(2, 3))
    waiting = sum(mark.waiting for mark in grade.marks)
    render.plain(
        f"In the gradebook: {grade.total:g} of {sum(mark.points for mark in grade.marks):g} points"
        + (f", after {grade.late_penalty:g} taken off for lateness" if grade.late_penalty else "")
        + (f"; {waiting} to be looked at by hand" if waiting else "")
    )
    for disagreement in grade.disagreements:
        render.problem(f"The gradebook differs: {disagreement}")


def _rerun(again: Rerun) -> None:
    score = f"{again.after.score:g} of {again.after.points:g} points"
    if not again.differences:
        render.plain(f"Graded again: {score}; nothing differs.")
        return
    render.plain(f"Graded again: {score}; " + ("nothing differs but noise:" if again.is_same else "what differs:"))
    render.table(("", "then", "now"), [(_what(item), item.before, item.after) for item in again.differences])


def _what(item: Difference) -> str:
    return f"{item.what} (too noisy to tell)" if item.is_noise else item.what
