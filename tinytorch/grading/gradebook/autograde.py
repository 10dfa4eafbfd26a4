"""Grades a class: results first, in parallel and kept; then nbgrader writes notebooks and gradebook, one at a time."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal

from nbgrader.api import Grade, MissingEntry

from tinytorch.course import files
from tinytorch.course.names import Module
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.base.result import SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.base.submission import Submission
from tinytorch.grading.gradebook.converters import autograde_student, check_gradebook, gradebook_path, open_gradebook
from tinytorch.grading.gradebook.release import require_fresh_release
from tinytorch.grading.gradebook.setup import result_store, setup_for
from tinytorch.grading.gradebook.students import is_recorded, strays, submissions
from tinytorch.grading.run.pool import Graded, GradingPool, grade_many, usable_cores
from tinytorch.grading.sandbox.bubblewrap import check_available


@dataclass(frozen=True, slots=True)
class Plan:
    """How a class is to be graded. `workers` and `open_executor` decide where, `students` (all when empty) whom."""

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


def autograde_class(project: Project, module: Module, plan: Plan) -> Iterator[Step]:
    """Grades and records everyone planned; yields each step. A stopped run goes on where it was."""
    if plan.sandbox == "bwrap":
        check_available()
    require_fresh_release(project, module)
    _require_assignment(project, module)
    setup = setup_for(project, module, plan.sandbox, plan.seed)
    everyone = submissions(project, module, plan.students)
    ready: list[Graded] = []
    for number, graded in enumerate(_results(project, everyone, setup, plan), start=1):
        if graded.result.fault:
            yield _ungraded(project, module, graded, number, len(everyone))
        else:
            ready.append(graded)
            yield _step(graded, "checked", number, len(everyone))
    for number, graded in enumerate(sorted(ready, key=lambda item: item.submission.student), start=1):
        yield _record(project, module, graded, setup, plan, (number, len(ready)))


def _results(project: Project, everyone: tuple[Submission, ...], setup: Setup, plan: Plan) -> Iterator[Graded]:
    workers = plan.workers or usable_cores()
    return grade_many(
        everyone,
        setup,
        result_store(project),
        open_executor=plan.open_executor or (lambda: GradingPool(min(workers, len(everyone)))),
        in_flight=workers,
    )


def _record(project: Project, module: Module, graded: Graded, setup: Setup, plan: Plan, count: tuple[int, int]) -> Step:
    submission = graded.submission
    words = _not_for_nbgrader(submission)
    if words:
        return Step(submission.student, "ungraded", *count, words=words)
    unknown = strays(submission, setup.release_dir)
    words = f"not named as any lesson, so not graded: {', '.join(unknown)}" if unknown else ""
    recorded = is_recorded(project, submission, module, graded.key)
    if recorded and not plan.again and _in_gradebook(project, module, submission.student):
        return _step(graded, "current", *count, words)
    check_gradebook(project)
    autograde_student(project, module, submission.student, graded.key)
    return _step(graded, "recorded", *count, words)


def _not_for_nbgrader(submission: Submission) -> str:
    """Why nbgrader would pass a submission over, or take another one for it; empty when it won't."""
    if submission.student != glob.escape(submission.student):
        return f"{submission.folder}: nbgrader takes *, ? and [ in a folder's name for wildcards; rename it."
    if not any(submission.folder.glob("*.ipynb")):
        return f"{submission.folder}: there is no notebook in it; collect it again."
    return ""


def _step(
    graded: Graded, stage: Literal["checked", "recorded", "current"], done: int, total: int, words: str = ""
) -> Step:
    result: SubmissionResult = graded.result
    student = graded.submission.student
    return Step(student, stage, done, total, result.score, result.points, words, result.repairs)


def _ungraded(project: Project, module: Module, graded: Graded, done: int, total: int) -> Step:
    """A fault of ours: nothing is written to the gradebook, and the trace goes to the log folder."""
    student, words = graded.submission.student, f"not graded, by a fault of the grader: {graded.result.fault}"
    if graded.trace:
        log = project.assignments_dir / "logs" / f"fault-{module}-{student}.log"
        files.write_bytes(log, graded.trace.encode("utf-8", "replace"))
        words += f" (trace in {log})"
    return Step(student, "ungraded", done, total, words=words, repairs=graded.result.repairs)


def _require_assignment(project: Project, module: Module) -> None:
    path = gradebook_path(project)
    advice = f"run `tito grade generate {module}` first"
    if not path.exists():
        raise GradingError(f"{path}: there is no gradebook yet; {advice}.")
    check_gradebook(project)
    with open_gradebook(project) as gradebook:
        try:
            gradebook.find_assignment(module.name)
        except MissingEntry as err:
            raise GradingError(f"{path}: {module} is not in the gradebook; {advice}.") from err


def _in_gradebook(project: Project, module: Module, student: str) -> bool:
    with open_gradebook(project) as gradebook:
        try:
            submission = gradebook.find_submission(module.name, student)
        except MissingEntry:
            return False
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        return bool(grades) and all(map(_was_graded, grades))


def _was_graded(grade: Grade) -> bool:
    return grade.auto_score is not None or grade.manual_score is not None or grade.needs_manual_grade
