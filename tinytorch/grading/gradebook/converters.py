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

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tinytorch.course import files
from tinytorch.course.names import Module
from tinytorch.course.project import Project
from tinytorch.errors import GradingError, TinyTorchError

CONFIG_NAME = "nbgrader_config.py"
_LOCK_WAIT_S = 5.0


def load_config(project: Project) -> Config:
    """The project's nbgrader settings, as `nbgrader` itself reads them."""
    path = project.root / CONFIG_NAME
    if not path.is_file():
        raise GradingError(f"{path}: nbgrader's settings are missing; grade from a complete checkout.")
    return PyFileConfigLoader(CONFIG_NAME, path=str(project.root)).load_config()


def course_directory(config: Config, module: Module, student: str = "*") -> CourseDirectory:
    """Where nbgrader looks for one assignment's files, of one student or of all."""
    course = CourseDirectory(config=config, log=_silent())
    course.assignment_id = module.name
    course.student_id = student if student == "*" else glob.escape(student)
    return course


def gradebook_path(project: Project) -> Path:
    return project.assignments_dir / "gradebook.db"


def check_gradebook(project: Project) -> None:
    """Raises GradingError when the gradebook cannot be written now, before any work is spent."""
    path = gradebook_path(project)
    if not path.exists():
        return
    try:
        with sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None) as gradebook:
            gradebook.execute("BEGIN IMMEDIATE")
            gradebook.execute("ROLLBACK")
        gradebook.close()
    except sqlite3.Error as err:
        raise GradingError(gradebook_sentence(path, str(err))) from err


@contextmanager
def open_gradebook(project: Project) -> Iterator[Gradebook]:
    """nbgrader's gradebook; what its database refuses while it is open is a GradingError."""
    path = gradebook_path(project)
    try:
        with Gradebook(f"sqlite:///{path}") as gradebook:
            yield gradebook
    except SQLAlchemyError as err:
        raise GradingError(gradebook_sentence(path, str(getattr(err, "orig", err)))) from err


def gradebook_sentence(path: Path, reason: str) -> str:
    if "locked" in reason:
        return f"{path}: the gradebook is locked by another program; close the formgrader or wait for the other run."
    if "readonly" in reason or "unable to open" in reason:
        return f"{path}: the gradebook cannot be written ({reason}); check who owns it and its mode."
    if "full" in reason:
        return f"{path}: the disk is full; free some space and run the command again."
    return f"{path}: the gradebook cannot be used ({reason}); restore a copy, or move it away and generate again."


def generate_notebooks(project: Project, module: Module) -> None:
    """nbgrader's generate_assignment: release notebooks, and the assignment in the gradebook."""
    config = load_config(project)
    converter = _Generate(coursedir=course_directory(config, module), config=config)
    _run(project, converter, f"generate-{module}")


def autograde_student(project: Project, module: Module, student: str, key: str) -> None:
    """nbgrader's autograde for one student, from the stored result of that key."""
    config = load_config(project)
    config.GradeByHiddenChecks.keys = {student: key}
    converter = _Autograde(coursedir=course_directory(config, module, student), config=config)
    _run(project, converter, f"autograde-{module}")


def feedback_student(project: Project, module: Module, student: str) -> None:
    """nbgrader's generate_feedback for one student."""
    config = load_config(project)
    converter = _Feedback(coursedir=course_directory(config, module, student), config=config)
    _run(project, converter, f"feedback-{module}")


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


def _run(project: Project, converter: _Noting, name: str) -> None:
    path = project.assignments_dir / "logs" / f"{name}.log"
    converter.force = True
    with _logging_to(path) as log:
        converter.log = log
        converter.coursedir.log = log
        try:
            converter.start()
        except (NbGraderException, OSError) as err:
            cause = converter.failure.error or err.__context__ or err
            with files.sentences(project.assignments_dir):
                if isinstance(cause, TinyTorchError | OSError):
                    raise cause from None
            raise GradingError(_explain(project, cause, path)) from err


def _explain(project: Project, cause: BaseException, log: Path) -> str:
    origin = getattr(cause, "orig", None)  # SQLAlchemy keeps the database's own error there
    if isinstance(origin, sqlite3.Error):
        return gradebook_sentence(gradebook_path(project), str(origin))
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


def _silent() -> logging.Logger:
    log = logging.Logger("nbgrader-course")
    log.addHandler(logging.NullHandler())
    return log
