"""The completed lessons, with time and notebook of each completion."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime

from tinytorch.course import files
from tinytorch.course.names import Lesson
from tinytorch.course.project import Project
from tinytorch.errors import WorkspaceError


@dataclass(frozen=True, slots=True)
class Completion:
    """A lesson whose checks all passed: `at` is ISO time with its offset, `digest` the notebook's SHA-256."""

    at: str
    digest: str
    checks: int


def read_progress(project: Project) -> dict[str, Completion]:
    """Every completion, by the lesson's full name."""
    path = project.progress_file
    if not path.exists():
        return {}
    try:
        with files.sentences(path):
            raw = json.loads(path.read_text(encoding="utf-8"))
        return {name: Completion(**entry) for name, entry in raw["lessons"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkspaceError(
            f"{path} cannot be read ({type(error).__name__}: {error}); move it away and complete the lessons again."
        ) from error


def record(project: Project, lesson: Lesson, completion: Completion) -> None:
    _write(project, {**read_progress(project), str(lesson): completion})


def forget(project: Project, lesson: Lesson) -> None:
    """Removes the completion of a lesson."""
    completions = read_progress(project)
    if completions.pop(str(lesson), None):
        _write(project, completions)


def now() -> datetime:
    """The present moment, to the second, in local time with its offset."""
    return datetime.now().astimezone().replace(microsecond=0)


def _write(project: Project, completions: dict[str, Completion]) -> None:
    raw = {"lessons": {name: dataclasses.asdict(entry) for name, entry in sorted(completions.items())}}
    files.write_bytes(project.progress_file, (json.dumps(raw, indent=1) + "\n").encode())
