"""How far a module is: generated, released, handed in, graded, fed back; and what of it is stale or missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from nbgrader.api import MissingEntry

from tinytorch.course import files
from tinytorch.course.names import Module, lessons
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.base.setup import SANDBOXES
from tinytorch.grading.base.submission import Submission
from tinytorch.grading.gradebook.converters import gradebook_path, open_gradebook
from tinytorch.grading.gradebook.feedback import feedback_dir, is_current
from tinytorch.grading.gradebook.release import stale_lessons
from tinytorch.grading.gradebook.setup import setup_for
from tinytorch.grading.gradebook.students import autograded_dir, handed_in, is_recorded, strays
from tinytorch.grading.run.keys import Keys, release_digest

State = Literal["missing", "stale", "done"]


@dataclass(frozen=True, slots=True)
class LessonStatus:
    """One lesson's release notebook; `words` say what is wrong with it."""

    lesson: str
    release: State
    words: str = ""


@dataclass(frozen=True, slots=True)
class KitRecord:
    """A student kit that was made, and whether it is of the release as it is now."""

    archive: str
    made: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class StudentStatus:
    """One submission; `waiting` counts answers that someone has to grade by hand."""

    student: str
    notebooks: int
    handed_in: str
    graded: State
    waiting: int
    feedback: State
    strays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleStatus:
    module: str
    lessons: tuple[LessonStatus, ...]
    kits: tuple[KitRecord, ...]
    students: tuple[StudentStatus, ...]


def module_status(project: Project, module: Module) -> ModuleStatus:
    """Reads it all off the folders, the results' keys and the gradebook; changes nothing."""
    stale = {lesson.name: reason for lesson, reason in stale_lessons(project, module)}
    return ModuleStatus(
        module=module.name,
        lessons=tuple(_lesson(project, module, lesson.name, stale) for lesson in lessons(project, module)),
        kits=tuple(_kits(project, module)),
        students=tuple(_students(project, module)),
    )


def record_kit(project: Project, module: Module, archive: Path) -> None:
    """Notes that a kit was made from the release as it is now."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    digest = release_digest(project.release_dir(module))
    entry = {"module": module.name, "archive": str(archive), "made": now, "release": digest}
    others = [kit for kit in _kit_entries(project) if kit.get("archive") != str(archive)]
    files.write_bytes(_kits_file(project), json.dumps([*others, entry], indent=1).encode())


def _lesson(project: Project, module: Module, name: str, stale: dict[str, str]) -> LessonStatus:
    if name not in stale:
        return LessonStatus(name, "done")
    there = (project.release_dir(module) / f"{name}.ipynb").is_file()
    return LessonStatus(name, "stale" if there else "missing", stale[name])


def _kits_file(project: Project) -> Path:
    return project.assignments_dir / "kits.json"


def _kit_entries(project: Project) -> list[dict[str, str]]:
    path = _kits_file(project)
    if not path.is_file():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as err:
        raise GradingError(f"{path}: not readable as JSON ({err}); remove it, it only lists the kits made.") from err
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _kits(project: Project, module: Module) -> Iterator[KitRecord]:
    for entry in _kit_entries(project):
        if entry.get("module") == module.name:
            current = entry.get("release") == release_digest(project.release_dir(module))
            yield KitRecord(entry.get("archive", ""), entry.get("made", ""), current)


def _students(project: Project, module: Module) -> Iterator[StudentStatus]:
    found = handed_in(project, module)
    if not found:
        return
    # Results made with and without a sandbox are different ones; either is up to date.
    makers = [Keys(setup_for(project, module, sandbox, None)) for sandbox in SANDBOXES]
    waiting = _waiting(project, module)
    for student, folder in found.items():
        submission = Submission(student, folder)
        stamp = folder / "timestamp.txt"
        yield StudentStatus(
            student=student,
            notebooks=len(list(folder.glob("*.ipynb"))),
            handed_in=stamp.read_text(encoding="utf-8", errors="replace").strip() if stamp.is_file() else "",
            graded=_graded(project, module, submission, makers) if student in waiting else "missing",
            waiting=waiting.get(student, 0),
            feedback=_feedback(project, module, student),
            strays=strays(submission, project.release_dir(module)),
        )


def _graded(project: Project, module: Module, submission: Submission, makers: list[Keys]) -> State:
    if not any(autograded_dir(project, module, submission.student).glob("*.ipynb")):
        return "missing"
    keys = [maker.key(submission.folder) for maker in makers]
    return "done" if any(is_recorded(project, submission, module, key) for key in keys) else "stale"


def _feedback(project: Project, module: Module, student: str) -> State:
    if not any(feedback_dir(project, module, student).glob("*.html")):
        return "missing"
    return "done" if is_current(project, module, student) else "stale"


def _waiting(project: Project, module: Module) -> dict[str, int]:
    """Students in the gradebook, and how many of their answers wait for a mark."""
    if not gradebook_path(project).exists():
        return {}
    try:
        with open_gradebook(project) as gradebook:
            found = gradebook.find_assignment(module.name).submissions
            return {
                item.student.id: sum(bool(grade.needs_manual_grade) for book in item.notebooks for grade in book.grades)
                for item in found
            }
    except MissingEntry:
        return {}
