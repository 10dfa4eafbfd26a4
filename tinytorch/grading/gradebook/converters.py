"""Drives nbgrader's own converters in this process: quiet, their log in a file, their failures as sentences."""

from __future__ import annotations

import glob
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import DBAPIError

from tinytorch.course import files
from tinytorch.errors import GradingError, TinyTorchError
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.marks import gradebook_sentences
from tinytorch.grading.gradebook.setup import load_config


def generate_notebooks(class_folder: ClassFolder) -> None:
    """nbgrader's generate_assignment: release notebooks, and the assignment in the gradebook."""
    _run(_Generate, class_folder)


def autograde_student(class_folder: ClassFolder, student: str, key: str) -> None:
    """nbgrader's autograde for one student, from the stored result of that key."""
    _run(_Autograde, class_folder, glob.escape(student), keys={student: key})


def feedback_student(class_folder: ClassFolder, student: str) -> None:
    """nbgrader's generate_feedback for one student."""
    _run(_Feedback, class_folder, glob.escape(student))


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
    """Mixed into a converter: keeps what failed, where nbgrader's base would lose it. `step` names its log."""

    step = ""

    def __init__(self, **kwargs: object) -> None:
        self.failure = _FailureNote()
        super().__init__(**kwargs)

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        with self.failure:
            super().init_assignment(assignment_id, student_id)

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        with self.failure:
            return bool(super().init_destination(assignment_id, student_id))

    def convert_single_notebook(self, notebook_filename: str) -> None:
        with self.failure:
            super().convert_single_notebook(notebook_filename)


class _Generate(_Noting, GenerateAssignment):
    step = "generate"


class _Autograde(_Noting, Autograde):
    step = "autograde"


class _Feedback(_Noting, GenerateFeedback):
    step = "feedback"


def _run(
    kind: type[_Noting], class_folder: ClassFolder, students: str = "*", keys: Mapping[str, str] | None = None
) -> None:
    """Runs one of nbgrader's converters for the students of a pattern; `keys` are of their results, where known."""
    config = load_config(class_folder)
    config.GradeByHiddenChecks.keys = dict(keys or {})
    path = class_folder.log(f"{kind.step}-{class_folder.module}")
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
            with files.sentences(class_folder.assignments), gradebook_sentences(class_folder.gradebook):
                if isinstance(cause, TinyTorchError | OSError | DBAPIError):
                    raise cause from None
            raise GradingError(_explain(cause, path)) from err


def _explain(cause: BaseException, log: Path) -> str:
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
