"""Grades a submission again in a scratch folder and reports the differences from its receipt.

Neither gradebook nor kept results are read or written; seed and sandbox are those of the receipt. A speed check whose
timings overlap with the earlier ones is no difference where one of the two was undecided: a noisy machine may put such
a ratio on either side of a band's edge.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.result import CheckResult, Outcome, RaceRecord, SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.setup import setup_for
from tinytorch.grading.report.explain import is_named
from tinytorch.grading.run import pool
from tinytorch.grading.run.receipt import Receipt, receipt

SAME_POINTS = 1e-6


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; with `is_noise`, noise may have caused it: it is reported and doesn't count."""

    what: str
    before: str
    after: str
    is_noise: bool = False


@dataclass(frozen=True, slots=True)
class Rerun:
    """`after` is the receipt of grading again; `differences` are those of submission, circumstances and results."""

    after: Receipt
    differences: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        return all(item.is_noise for item in self.differences)


def rerun(class_folder: ClassFolder, before: Receipt, check: str = "", grade: pool.Grade | None = None) -> Rerun:
    """Grades the student's present submission, all of it, and compares the checks that `check` names.

    `before` is the whole receipt, whatever is asked for.
    """
    [submission] = class_folder.submissions((before.student,))
    setup = dataclasses.replace(setup_for(class_folder, before.sandbox, before.seed), outcomes_dir=None)
    result = _in_scratch(submission.folder, setup, grade or pool.grade_folder)
    if result.fault:
        raise GraderFaultError(f"{before.student}: grading again failed, by a fault of the grader: {result.fault}")
    after = receipt(result, class_folder.module.name, before.student, "")
    return Rerun(after, compare(before, after, check))


def compare(before: Receipt, after: Receipt, check: str = "") -> tuple[Difference, ...]:
    """Returns the differences of two receipts, circumstances first, and only of the checks that `check` names."""
    checks = _checks(before, after, check)
    return (*_circumstances(before, after), *checks, *(() if check else _scores(before, after, checks)))


def _in_scratch(folder: Path, setup: Setup, grade: Callable[[Path, Setup], SubmissionResult]) -> SubmissionResult:
    with tempfile.TemporaryDirectory(prefix="tinytorch-rerun-") as scratch:
        copy = Path(scratch) / "submission"
        copy.mkdir()
        for path in sorted(folder.glob("*.ipynb")):
            shutil.copyfile(path, copy / path.name)
        return grade(copy, setup)


def _circumstances(before: Receipt, after: Receipt) -> list[Difference]:
    then, now = before.circumstances, after.circumstances
    return [
        *_entries("hash of the {}", before.hashes, after.hashes),
        *_entries("version of {}", then.versions, now.versions),
        *_entries("limit {}", then.limits, now.limits),
        *_entries("setting {}", then.vectors, now.vectors),
        *_entries("machine: {}", _values(then.machine), _values(now.machine)),
        *_entries("{}", {"repairs": list(before.repairs)}, {"repairs": list(after.repairs)}),
    ]


def _values(machine: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {name: fact["value"] for name, fact in machine.items()}


def _entries(what: str, before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    names = dict.fromkeys([*before, *after])
    return [
        Difference(what.format(name), str(before.get(name, "none")), str(after.get(name, "none")))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _checks(before: Receipt, after: Receipt, check: str) -> list[Difference]:
    then, now = _by_name(before, check), _by_name(after, check)
    differences = []
    for name in dict.fromkeys([*then, *now]):
        if name not in then or name not in now:
            ends = ("no such check", _said(now[name])) if name in now else (_said(then[name]), "no such check")
            differences.append(Difference(name, *ends))
        else:
            differences += _check(name, then[name], now[name])
    return differences


def _by_name(given: Receipt, check: str) -> dict[str, CheckResult]:
    every = (item for exercise in given.exercises for item in exercise.checks)
    return {item.check: item for item in every if not check or is_named(item, check)}


def _check(name: str, then: CheckResult, now: CheckResult) -> list[Difference]:
    differences = []
    if then.weight != now.weight:
        differences.append(Difference(f"weight of {name}", f"{then.weight:g}", f"{now.weight:g}"))
    is_timed = bool(then.races and now.races)
    is_alike = then.outcome == now.outcome and then.share == now.share
    if not is_alike or (not is_timed and (then.words, then.hint) != (now.words, now.hint)):
        differences.append(Difference(name, _said(then), _said(now), is_noise=is_timed and _may_be_noise(then, now)))
    return differences


def _may_be_noise(then: CheckResult, now: CheckResult) -> bool:
    """One of the two was undecided, and every race's interval overlaps with that of the race before."""
    is_open = Outcome.UNDECIDED in (then.outcome, now.outcome)
    is_comparable = len(then.races) == len(now.races)
    return is_open and is_comparable and all(map(_overlap, then.races, now.races))


def _overlap(one: RaceRecord, other: RaceRecord) -> bool:
    """An end that is None is open."""
    return not any(
        left.high is not None and right.low is not None and left.high < right.low
        for left, right in ((one, other), (other, one))
    )


def _said(item: CheckResult) -> str:
    share = f", {100 * item.share:.3g} %" if item.outcome.earns and item.share < 1 else ""
    return f"{item.outcome.value}{share}" + (f": {item.words}" if item.words else "")


def _scores(before: Receipt, after: Receipt, checks: list[Difference]) -> list[Difference]:
    """Of the exercises; the noise of one undecided check makes that of its exercise."""
    then = {(item.lesson, item.grade_id): item for item in before.exercises}
    now = {(item.lesson, item.grade_id): item for item in after.exercises}
    noisy = {item.what for item in checks if item.is_noise}
    changed = {item.what for item in checks if not item.is_noise}
    differences = []
    for name in then.keys() & now.keys():
        old, new = then[name], now[name]
        if abs(old.score - new.score) > SAME_POINTS or old.points != new.points:
            before_words, after_words = (f"{item.score:g} of {item.points:g} points" for item in (old, new))
            names = {item.check for item in new.checks} | {f"weight of {item.check}" for item in new.checks}
            is_noise = old.points == new.points and bool(names & noisy) and not names & changed
            differences.append(Difference(f"{name[1]} of {name[0]}", before_words, after_words, is_noise))
    return sorted(differences, key=lambda item: item.what)
