"""Grades a class: results first, in parallel and kept; then nbgrader writes notebooks and gradebook, one at a time."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal

from tinytorch.course import files
from tinytorch.grading.base.submission import Submission
from tinytorch.grading.gradebook.converters import autograde_student
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.marks import check_gradebook, is_in_gradebook, require_assignment
from tinytorch.grading.gradebook.release import require_fresh_release
from tinytorch.grading.gradebook.setup import setup_for
from tinytorch.grading.run.pool import Graded, GradingPool, grade_many, usable_cores
from tinytorch.grading.run.store import Store
from tinytorch.grading.sandbox.bubblewrap import check_available


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a grading run: `workers` and `open_executor` say where, `students` (all if empty) whose work."""

    sandbox: str = "bwrap"
    seed: int | None = None
    students: tuple[str, ...] = ()
    again: bool = False  # write notebooks and gradebook anew even where they are up to date
    workers: int | None = None
    open_executor: Callable[[], Executor] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: `checked` (result known), then `recorded`, `current` (was already), or `ungraded`."""

    student: str
    stage: Literal["checked", "recorded", "current", "ungraded"]
    done: int
    total: int
    score: float = 0.0
    points: float = 0.0
    words: str = ""
    repairs: tuple[str, ...] = ()


def autograde_class(class_folder: ClassFolder, plan: Plan) -> Iterator[Step]:
    """Grades and records everyone planned; yields each step. A stopped run goes on where it was."""
    if plan.sandbox == "bwrap":
        check_available()
    require_fresh_release(class_folder)
    require_assignment(class_folder)
    setup = setup_for(class_folder, plan.sandbox, plan.seed)
    everyone = class_folder.submissions(plan.students)
    workers = plan.workers or usable_cores()
    results = grade_many(
        everyone,
        setup,
        Store(class_folder.results),
        open_executor=plan.open_executor or (lambda: GradingPool(min(workers, len(everyone)))),
        in_flight=workers,
    )
    ready: list[Graded] = []
    for number, graded in enumerate(results, start=1):
        if graded.result.fault:
            yield _ungraded(class_folder, graded, number, len(everyone))
        else:
            ready.append(graded)
            yield _step(graded, "checked", number, len(everyone))
    for number, graded in enumerate(sorted(ready, key=lambda item: item.submission.student), start=1):
        yield _record(class_folder, graded, plan.again, (number, len(ready)))


def _record(class_folder: ClassFolder, graded: Graded, again: bool, count: tuple[int, int]) -> Step:
    """Has nbgrader write the student's notebooks and gradebook, unless both hold this result and `again` is False."""
    student = graded.submission.student
    obstacle = _not_for_nbgrader(graded.submission)
    if obstacle:
        return Step(student, "ungraded", *count, words=obstacle)
    strays = ", ".join(class_folder.strays(student))
    message = f"not named as any lesson, so not graded: {strays}" if strays else ""
    recorded = class_folder.is_recorded(student, graded.key)
    if recorded and not again and is_in_gradebook(class_folder, student):
        return _step(graded, "current", *count, message)
    check_gradebook(class_folder)
    autograde_student(class_folder, student, graded.key)
    return _step(graded, "recorded", *count, message)


def _not_for_nbgrader(submission: Submission) -> str:
    """Returns the reason why nbgrader would skip or confuse a submission; empty if it would not."""
    if submission.student != glob.escape(submission.student):
        return f"{submission.folder}: nbgrader takes *, ? and [ in a folder's name for wildcards; rename it."
    if not any(submission.folder.glob("*.ipynb")):
        return f"{submission.folder}: there is no notebook in it; collect it again."
    return ""


def _step(
    graded: Graded, stage: Literal["checked", "recorded", "current"], done: int, total: int, message: str = ""
) -> Step:
    student, result = graded.submission.student, graded.result
    return Step(student, stage, done, total, result.score, result.points, message, result.repairs)


def _ungraded(class_folder: ClassFolder, graded: Graded, done: int, total: int) -> Step:
    """Reports a fault of the grader: nothing is written to the gradebook, and the trace goes to the log folder."""
    student, message = graded.submission.student, f"not graded, by a fault of the grader: {graded.result.fault}"
    if graded.trace:
        log = class_folder.log(f"fault-{class_folder.module}-{student}")
        files.write_bytes(log, graded.trace.encode("utf-8", "replace"))
        message += f" (trace in {log})"
    return Step(student, "ungraded", done, total, words=message, repairs=graded.result.repairs)
