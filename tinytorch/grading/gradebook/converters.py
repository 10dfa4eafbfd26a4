"""Drives nbgrader's own converters in this process: quiet, their log in a file, their failures as sentences."""

from __future__ import annotations

import glob
import logging
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from tinytorch.course import files
from tinytorch.errors import GradingError, TinyTorchError
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.marks import check_gradebook, gradebook_sentence
from tinytorch.grading.gradebook.setup import load_config


def generate_notebooks(class_folder: ClassFolder) -> None:
    """nbgrader's generate_assignment: release notebooks, and the assignment in the gradebook."""
    _run(_Generate, class_folder, "generate", load_config(class_folder))


def autograde_student(class_folder: ClassFolder, student: str, key: str) -> None:
    """nbgrader's autograde for one student, from the stored result of that key."""
    check_gradebook(class_folder)
    config = load_config(class_folder)
    config.GradeByHiddenChecks.keys = {student: key}
    _run(_Autograde, class_folder, "autograde", config, glob.escape(student))


def feedback_student(class_folder: ClassFolder, student: str) -> None:
    """nbgrader's generate_feedback for one student."""
    _run(_Feedback, class_folder, "feedback", load_config(class_folder), glob.escape(student))


class _FailureNote:
    """Remembers the exception that ends the block; nbgrader's converters only log it."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> _FailureNote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.error = self.error or error


class _Noting(BaseConverter):
    """Mixed into a converter: keeps what failed, where nbgrader's base would lose it."""

    def __init__(self, **kwargs: object) -> None:
        self.failure = _FailureNote()
        super().__init__(**kwargs)

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        with self.failure:
            super().init_assignment(assignment_id, student_id)

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        with self.failure:
            return super().init_destination(assignment_id, student_id)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        with self.failure:
            super().convert_single_notebook(notebook_filename)


class _Generate(_Noting, GenerateAssignment):
    pass


class _Autograde(_Noting, Autograde):
    pass


class _Feedback(_Noting, GenerateFeedback):
    pass


def _run(kind: type[_Noting], class_folder: ClassFolder, step: str, config: Config, students: str = "*") -> None:
    """Runs one of nbgrader's converters for the students of a pattern; `step` names its log."""
    path = class_folder.log(f"{step}-{class_folder.module}")
    with _logging_to(path) as log:
        course = CourseDirectory(config=config, log=log)
        course.assignment_id, course.student_id = class_folder.module.name, students
        converter = kind(coursedir=course, config=config)
        converter.force = True
        converter.log = log
        try:
            converter.start()
        except (NbGraderException, OSError) as err:
            cause = converter.failure.error or err.__context__ or err
            with files.sentences(class_folder.assignments):
                if isinstance(cause, TinyTorchError | OSError):
                    raise cause from None
            raise GradingError(_explain(class_folder.gradebook, cause, path)) from err


def _explain(gradebook: Path, cause: BaseException, log: Path) -> str:
    origin = getattr(cause, "orig", None)  # SQLAlchemy keeps the database's own error there
    if isinstance(origin, sqlite3.Error):
        return gradebook_sentence(gradebook, str(origin))
    if "submissions associated" in str(cause):
        return f"{cause}; once there are grades, cells stay: take the change back or start a new gradebook."
    return f"nbgrader could not go on: {type(cause).__name__}: {cause} (its log is {log})."


@contextmanager
def _logging_to(path: Path) -> Iterator[logging.Logger]:
    """A logger of its own that writes to `path` only; Python's warnings stay off the terminal meanwhile."""
    log = logging.Logger("nbgrader", logging.INFO)
    with files.sentences(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield log
    finally:
        handler.close()
