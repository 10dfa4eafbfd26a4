"""The state of a module: generated, released, handed in, graded, feedback written; stale and missing parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tinytorch.course import files
from tinytorch.course.names import lessons
from tinytorch.errors import GradingError
from tinytorch.grading.base.digests import notebooks_digest
from tinytorch.grading.base.setup import SANDBOXES
from tinytorch.grading.gradebook.feedback import is_current
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.marks import waiting_by_student
from tinytorch.grading.gradebook.release import stale_lessons
from tinytorch.grading.gradebook.setup import setup_for
from tinytorch.grading.run.keys import Keys

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


def module_status(class_folder: ClassFolder) -> ModuleStatus:
    """Returns the state, read from the folders, the results' keys and the gradebook; changes nothing."""
    return ModuleStatus(
        module=class_folder.module.name,
        lessons=tuple(_lessons(class_folder)),
        kits=tuple(_kits(class_folder)),
        students=tuple(_students(class_folder)),
    )


def record_kit(class_folder: ClassFolder, archive: Path) -> None:
    """Notes that a kit was made from the release as it is now."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    digest = notebooks_digest(class_folder.release)
    entry = {"module": class_folder.module.name, "archive": str(archive), "made": now, "release": digest}
    others = [kit for kit in _kit_entries(class_folder.kits) if kit.get("archive") != str(archive)]
    files.write_bytes(class_folder.kits, json.dumps([*others, entry], indent=1).encode())


def _lessons(class_folder: ClassFolder) -> Iterator[LessonStatus]:
    stale = {lesson.name: reason for lesson, reason in stale_lessons(class_folder)}
    for lesson in lessons(class_folder.project, class_folder.module):
        if lesson.name not in stale:
            yield LessonStatus(lesson.name, "done")
        else:
            there = (class_folder.release / lesson.notebook).is_file()
            yield LessonStatus(lesson.name, "stale" if there else "missing", stale[lesson.name])


def _kit_entries(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as err:
        raise GradingError(f"{path}: not readable as JSON ({err}); remove it, it only lists the kits made.") from err
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _kits(class_folder: ClassFolder) -> Iterator[KitRecord]:
    for entry in _kit_entries(class_folder.kits):
        if entry.get("module") == class_folder.module.name:
            current = entry.get("release") == notebooks_digest(class_folder.release)
            yield KitRecord(entry.get("archive", ""), entry.get("made", ""), current)


def _students(class_folder: ClassFolder) -> Iterator[StudentStatus]:
    handed_in = class_folder.handed_in()
    if not handed_in:
        return
    # Results made with and without a sandbox are different ones; either is up to date.
    makers = [Keys(setup_for(class_folder, sandbox, None)) for sandbox in SANDBOXES]
    waiting = waiting_by_student(class_folder)
    for student, folder in handed_in.items():
        yield StudentStatus(
            student=student,
            notebooks=len(list(folder.glob("*.ipynb"))),
            handed_in=class_folder.handed_in_at(student),
            graded=_graded(class_folder, student, makers) if student in waiting else "missing",
            waiting=waiting.get(student, 0),
            feedback=_feedback(class_folder, student),
            strays=class_folder.strays(student),
        )


def _graded(class_folder: ClassFolder, student: str, makers: list[Keys]) -> State:
    if not any(class_folder.autograded(student).glob("*.ipynb")):
        return "missing"
    keys = [maker.key(class_folder.submitted(student)) for maker in makers]
    return "done" if any(class_folder.is_recorded(student, key) for key in keys) else "stale"


def _feedback(class_folder: ClassFolder, student: str) -> State:
    if not any(class_folder.feedback(student).glob("*.html")):
        return "missing"
    return "done" if is_current(class_folder, student) else "stale"
