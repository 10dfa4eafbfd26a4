"""The errors on the student's side of a hidden check, as exceptions.

    StudentTrouble
    |-- CheckFailed     an answer that is not what the task asks for; see `tinytorch.grading.checks.failed`
    |-- StudentRaised   their code raised something that is no builtin exception
    |-- TimedOut        a call did not come back in time
    |-- Crashed         their process died, or did not answer with a message
    '-- OutOfTime       the time for the whole submission is used up

Each message is a sentence the student reads. A builtin exception raised by their code keeps its own type and
carries the attribute `student_traceback`; `is_students` tells it from the same exception raised by a check.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass


class StudentTrouble(Exception):
    """Base of the errors caused by the student's side."""


class TimedOut(StudentTrouble):
    """A call took longer than it may."""


class Crashed(StudentTrouble):
    """The student's process died or sent an invalid message."""


class OutOfTime(StudentTrouble):
    """No time is left for this submission."""


@dataclass(frozen=True, slots=True)
class StudentError:
    """An exception as the student's process describes it: the student may have chosen the text of every field."""

    type_name: str
    builtin: str  # the nearest builtin exception type, or empty
    message: str
    where: str  # "02_matmul, cell 7, line 3", or empty when no cell of theirs was involved
    code: str
    traceback: str

    def words(self) -> str:
        message = f"{self.type_name}: {self.message}" if self.message else self.type_name
        if not self.where:
            return message
        line = f": `{self.code}`" if self.code else ""
        return f"{message} ({self.where}{line})"


class StudentRaised(StudentTrouble):
    """The student's code raised an exception of a type that only their process knows."""

    def __init__(self, error: StudentError) -> None:
        super().__init__(error.message)
        self.error = error
        self.student_traceback = error.traceback


_BUILTIN = {
    name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
}


def to_exception(error: StudentError) -> Exception:
    """The exception to raise in the check: the builtin type where there is one."""
    kind = _BUILTIN.get(error.builtin)
    if kind is None or kind is Exception:
        return StudentRaised(error)
    try:
        raised = kind(error.message)
    except TypeError:  # UnicodeDecodeError and similar types take more arguments than a message
        return StudentRaised(error)
    # Raised unchanged, so that its type stays builtin; further data can only be attributes.
    vars(raised).update(student_traceback=error.traceback, student_error=error)
    return raised


def is_students(raised: BaseException) -> bool:
    """Returns whether the student's side caused the exception that ended a check."""
    return isinstance(raised, StudentTrouble) or hasattr(raised, "student_error")


def student_error(raised: BaseException) -> StudentError | None:
    """The student's own error behind `raised`, if it is one."""
    if isinstance(raised, StudentRaised):
        return raised.error
    return getattr(raised, "student_error", None)
