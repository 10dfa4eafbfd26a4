"""The state of each lesson, from the files alone: nothing is run, and no notebook is opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tinytorch.course import files, progress
from tinytorch.course.names import Lesson, Module, lessons
from tinytorch.course.progress import Completion
from tinytorch.course.project import Project


class State(StrEnum):
    MISSING = "missing"
    UNTOUCHED = "not started"
    STARTED = "in progress"
    COMPLETE = "complete"
    CHANGED = "changed since complete"


@dataclass(frozen=True, slots=True)
class LessonStatus:
    """The state of a lesson; `notebook` is the file that is worked on: in a checkout, the source."""

    lesson: Lesson
    notebook: Path
    state: State
    completed_at: str | None


def status(project: Project, target: Module | Lesson) -> tuple[LessonStatus, ...]:
    """Returns the state of each lesson, from the files alone: nothing is run."""
    done = progress.read_progress(project)
    return tuple(_status(project, lesson, done.get(str(lesson))) for lesson in lessons_of(project, target))


def lessons_of(project: Project, target: Module | Lesson) -> list[Lesson]:
    """The lesson itself, or every lesson of the module."""
    return [target] if isinstance(target, Lesson) else lessons(project, target)


def notebook_path(project: Project, lesson: Lesson) -> Path:
    """The notebook that is worked on or, in a checkout, made from the source."""
    return project.notebooks_dir(lesson.module) / lesson.notebook


def original_path(project: Project, lesson: Lesson) -> Path:
    """The notebook as it was given out with the kit."""
    return project.originals_dir / lesson.module.name / lesson.notebook


def worked_on(project: Project, lesson: Lesson) -> Path:
    """Returns the file that is edited by hand: the notebook in a kit, the percent source in a checkout."""
    return notebook_path(project, lesson) if project.kind == "kit" else project.source_path(lesson)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with files.sentences(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _status(project: Project, lesson: Lesson, done: Completion | None) -> LessonStatus:
    path, original = worked_on(project, lesson), original_path(project, lesson)
    if not path.exists():
        state = State.MISSING
    elif done:
        state = State.COMPLETE if digest(path) == done.digest else State.CHANGED
    else:
        untouched = original.exists() and digest(path) == digest(original)
        state = State.UNTOUCHED if untouched else State.STARTED
    return LessonStatus(lesson, path, state, done.at if done else None)
