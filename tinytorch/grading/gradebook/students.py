"""Who handed a module in, and how far each submission has come; read from nbgrader's folders and gradebook."""

from __future__ import annotations

import json
from pathlib import Path

from tinytorch.course.names import Module
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.base.submission import Submission

# In an autograded notebook's metadata: the key of the result that its scores came from.
RESULT_MARK = "tinytorch_result"


def handed_in(project: Project, module: Module) -> dict[str, Path]:
    """The folder of everyone who handed in, by student; empty when nobody did."""
    folder = project.assignments_dir / "submitted"
    return {path.parent.name: path for path in sorted(folder.glob(f"*/{module}")) if path.is_dir()}


def submissions(project: Project, module: Module, students: tuple[str, ...] = ()) -> tuple[Submission, ...]:
    """Everyone's submission, or that of the students named; raises GradingError when there is none by that name."""
    folder = project.assignments_dir / "submitted"
    found = handed_in(project, module)
    unknown = [student for student in students if student not in found]
    if unknown:
        raise GradingError(f"{folder}: no submission of {module} from {', '.join(unknown)}; collect it first.")
    if not found:
        raise GradingError(f"{folder}: no submission of {module}; run `tito grade collect {module} FROM` first.")
    return tuple(Submission(student, found[student]) for student in (students or found))


def strays(submission: Submission, release_dir: Path) -> tuple[str, ...]:
    """Notebooks in a submission that are not named as a released lesson, so that nbgrader would pass over them."""
    released = {path.name for path in release_dir.glob("*.ipynb")}
    return tuple(sorted(path.name for path in submission.folder.glob("*.ipynb") if path.name not in released))


def autograded_dir(project: Project, module: Module, student: str) -> Path:
    return project.assignments_dir / "autograded" / student / module.name


def recorded_key(project: Project, module: Module, student: str) -> str | None:
    """The result that a student's autograded notebooks were written from; None when they disagree or are missing."""
    folder = autograded_dir(project, module, student)
    keys = {_mark_of(path) for path in folder.glob("*.ipynb")}
    return keys.pop() if len(keys) == 1 else None


def is_recorded(project: Project, submission: Submission, module: Module, key: str) -> bool:
    """Says whether the autograded notebooks hold the result `key` of just these files, handed in at this time."""
    folder = autograded_dir(project, module, submission.student)
    release = project.release_dir(module)
    names = {path.name for path in submission.folder.glob("*.ipynb")}
    expected = {path.name for path in release.glob("*.ipynb")} & names
    there = {path.name for path in folder.glob("*.ipynb")}
    return (
        expected == there
        and recorded_key(project, module, submission.student) == key
        and _stamp(folder) == _stamp(submission.folder)
    )


def _stamp(folder: Path) -> bytes:
    path = folder / "timestamp.txt"
    return path.read_bytes() if path.is_file() else b""


def _mark_of(path: Path) -> str | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"].get(RESULT_MARK)
    except (OSError, ValueError, KeyError, AttributeError):
        return None  # half written or not ours: as good as missing
