"""nbgrader's gradebook: whether it can be used, and its marks as plain data."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import Assignment, Grade, Gradebook, MissingEntry, SubmittedAssignment
from sqlalchemy.exc import SQLAlchemyError

from tinytorch.errors import GradingError
from tinytorch.grading.gradebook.folder import ClassFolder

_LOCK_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One grade cell. `by_hand` overrules `automatic`; `waiting` if someone has to look at it."""

    lesson: str
    grade_id: str
    points: float
    automatic: float | None
    by_hand: float | None
    extra: float
    score: float
    waiting: bool

    @property
    def is_open(self) -> bool:
        """No score by machine or hand yet; nbgrader itself counts that as zero."""
        return self.automatic is None and self.by_hand is None


@dataclass(frozen=True, slots=True)
class StudentMarks:
    """All marks of one student in a module, by lesson; `handed_in` is UTC."""

    student: str
    marks: tuple[Mark, ...]
    late_penalty: float
    handed_in: datetime | None


def marks_of(class_folder: ClassFolder, student: str) -> StudentMarks:
    """One student's marks; raises GradingError when the gradebook has none."""
    module = class_folder.module
    try:
        with open_gradebook(class_folder) as gradebook:
            return _student(gradebook.find_submission(module.name, student))
    except MissingEntry as err:
        again = f"run `tito grade autograde {module} --student {student}`"
        raise GradingError(f"{class_folder.gradebook}: {student} is not in the gradebook; {again}.") from err


def marks_of_class(class_folder: ClassFolder) -> tuple[StudentMarks, ...]:
    """The marks of everyone in the gradebook, by student; raises GradingError when the module is not in it."""
    advice = f"run `tito grade generate {class_folder.module}`"
    with _assignment(class_folder, advice) as assignment:
        return tuple(sorted(map(_student, assignment.submissions), key=lambda item: item.student))


def waiting_by_student(class_folder: ClassFolder) -> dict[str, int]:
    """Students in the gradebook, and how many of their answers wait for a mark; empty before there is a gradebook."""
    if not class_folder.gradebook.exists():
        return {}
    try:
        with open_gradebook(class_folder) as gradebook:
            return {
                item.student.id: sum(bool(grade.needs_manual_grade) for grade in _grades(item))
                for item in gradebook.find_assignment(class_folder.module.name).submissions
            }
    except MissingEntry:
        return {}


def is_in_gradebook(class_folder: ClassFolder, student: str) -> bool:
    """Says whether each of the student's grade cells has a score or waits for one by hand."""
    with open_gradebook(class_folder) as gradebook:
        try:
            grades = _grades(gradebook.find_submission(class_folder.module.name, student))
        except MissingEntry:
            return False
        return bool(grades) and all(map(_was_graded, grades))


def require_assignment(class_folder: ClassFolder) -> None:
    """Raises GradingError when nothing can be written for the module: no gradebook, no such assignment, no access."""
    check_gradebook(class_folder)
    with _assignment(class_folder, f"run `tito grade generate {class_folder.module}` first"):
        pass  # it is there


def check_gradebook(class_folder: ClassFolder) -> None:
    """Raises GradingError when the gradebook cannot be written now, before any work is spent."""
    path = class_folder.gradebook
    if not path.exists():
        return
    with gradebook_sentences(path):
        with sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None) as gradebook:
            gradebook.execute("BEGIN IMMEDIATE")
            gradebook.execute("ROLLBACK")
        gradebook.close()


@contextmanager
def open_gradebook(class_folder: ClassFolder) -> Iterator[Gradebook]:
    """Opens nbgrader's gradebook; errors of its database while it is open become GradingErrors."""
    path = class_folder.gradebook
    with gradebook_sentences(path), Gradebook(f"sqlite:///{path}") as gradebook:
        yield gradebook


@contextmanager
def gradebook_sentences(path: Path) -> Iterator[None]:
    """Turns an error of the database at `path` into a sentence that says what to do."""
    try:
        yield
    except (sqlite3.Error, SQLAlchemyError) as err:
        raise GradingError(_sentence(path, str(getattr(err, "orig", err)))) from err


def _sentence(path: Path, reason: str) -> str:
    if "locked" in reason:
        return f"{path}: the gradebook is locked by another program; close the formgrader or wait for the other run."
    if "readonly" in reason or "unable to open" in reason:
        return f"{path}: the gradebook cannot be written ({reason}); check who owns it and its mode."
    if "full" in reason:
        return f"{path}: the disk is full; free some space and run the command again."
    return f"{path}: the gradebook cannot be used ({reason}); restore a copy, or move it away and generate again."


@contextmanager
def _assignment(class_folder: ClassFolder, advice: str) -> Iterator[Assignment]:
    path, module = class_folder.gradebook, class_folder.module
    if not path.exists():
        raise GradingError(f"{path}: there is no gradebook yet; {advice}.")
    try:
        with open_gradebook(class_folder) as gradebook:
            yield gradebook.find_assignment(module.name)
    except MissingEntry as err:
        raise GradingError(f"{path}: {module} is not in the gradebook; {advice}.") from err


def _student(submission: SubmittedAssignment) -> StudentMarks:
    penalty = sum(book.late_submission_penalty or 0.0 for book in submission.notebooks)
    marks = tuple(map(_mark, _grades(submission)))
    return StudentMarks(submission.student.id, marks, penalty, submission.timestamp)


def _grades(submission: SubmittedAssignment) -> list[Grade]:
    books = sorted(submission.notebooks, key=lambda book: book.name)
    return [grade for book in books for grade in book.grades]


def _mark(grade: Grade) -> Mark:
    return Mark(
        lesson=grade.notebook.name,
        grade_id=grade.name,
        # From the cell, which the whole class shares: the grade's own column is a query for each student and cell.
        points=float(grade.cell.max_score or 0.0),
        automatic=grade.auto_score,
        by_hand=grade.manual_score,
        extra=float(grade.extra_credit or 0.0),
        score=float(grade.score),
        waiting=bool(grade.needs_manual_grade),
    )


def _was_graded(grade: Grade) -> bool:
    return grade.auto_score is not None or grade.manual_score is not None or grade.needs_manual_grade
