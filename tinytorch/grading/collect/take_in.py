"""Collects submissions in any layout and stores them as nbgrader expects, without losing any."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tinytorch.course import files
from tinytorch.course.build import release_notebook
from tinytorch.course.names import Lesson, lessons
from tinytorch.errors import CollectError
from tinytorch.grading.collect.archives import Refused, read_collection
from tinytorch.grading.collect.destination import Destination
from tinytorch.grading.collect.owners import Contents, Names, safe_id


@dataclass(frozen=True, slots=True)
class Collected:
    """One student's notebooks taken in; `backup` holds what they replaced."""

    student: str
    state: Literal["new", "replaced", "unchanged"]
    lessons: tuple[str, ...]
    handed_in: str
    backup: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """All submissions collected, and the files that could not be assigned, with the reason."""

    students: tuple[Collected, ...]
    unplaced: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class _Staged:
    """A notebook waiting to be placed: its path in the collection, and its bytes in a file of ours."""

    parts: tuple[str, ...]
    file: Path
    changed: datetime
    content: Lesson | None

    @property
    def name(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class _Placed:
    lesson: Lesson
    staged: _Staged
    note: str


def collect(destination: Destination, source: Path) -> Collection:
    """Puts every notebook found in the folder or zip `source` where nbgrader looks for it.

    A student's lessons that are not in `source` stay as they are; what is replaced is copied to the backups.
    """
    known = lessons(destination.project, destination.module)
    names = Names(destination.module, known)
    stage = destination.make_stage()
    try:
        contents = Contents([(lesson, release_notebook(destination.project, lesson)) for lesson in known])
        staged, unplaced = _stage(source, stage, contents)
        if not staged and not unplaced:
            raise CollectError(f"{source}: there is nothing in it; give the folder or zip with the submissions.")
        placed = _place(staged, names, source, unplaced)
        students = tuple(_take_in(destination, student, placed[student]) for student in sorted(placed))
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return Collection(students, tuple(unplaced))


def _stage(source: Path, stage: Path, contents: Contents) -> tuple[list[_Staged], list[Refused]]:
    staged: list[_Staged] = []
    unplaced: list[Refused] = []
    for item in read_collection(source):
        if isinstance(item, Refused):
            unplaced.append(item)
        elif not item.parts[-1].lower().endswith(".ipynb"):
            unplaced.append(Refused(item.name, "not a notebook; only notebooks are graded"))
        else:
            file = stage / f"{len(staged)}.ipynb"
            files.write_bytes(file, item.data)
            staged.append(_Staged(item.parts, file, item.changed, contents.lesson(item.data)))
    return staged, unplaced


def _place(staged: list[_Staged], names: Names, source: Path, unplaced: list[Refused]) -> dict[str, dict[str, _Placed]]:
    """Student -> lesson -> notebook; of several notebooks for one lesson the one saved last."""
    skip = _wrappers([item.parts for item in staged], names, source.stem)
    owners = [_owner(item.parts[skip:], names) for item in staged]
    if staged and all(owner is None for owner, _ in owners):
        one = names.owner_of_folder(source.stem).student
        owners = [(one, stem) for _, stem in owners]
    placed: dict[str, dict[str, _Placed]] = {}
    spelled: dict[str, str] = {}
    left_out: Refused | None
    for item, (owner, stem) in sorted(zip(staged, owners, strict=True), key=lambda pair: pair[0].name):
        lesson = item.content or names.lesson(stem)
        student = safe_id(owner) if owner else ""
        if not student:
            left_out = Refused(item.name, "its name says no student; put it in a folder named after the student")
        elif lesson is None:
            left_out = Refused(item.name, "neither name nor content says which lesson it is")
        elif spelled.setdefault(student, owner or "") != owner:
            message = f"{owner!r} and {spelled[student]!r} would both be called {student}; rename one"
            left_out = Refused(item.name, message)
        else:
            new = _Placed(lesson, item, _renamed(stem, lesson, names))
            left_out = _keep_latest(placed.setdefault(student, {}), new)
        if left_out:
            unplaced.append(left_out)
    return placed


def _keep_latest(latest: dict[str, _Placed], new: _Placed) -> Refused | None:
    """Keeps the newer of two notebooks for a lesson and returns the other, if there were two."""
    old = latest.get(new.lesson.name)
    if old is None:
        latest[new.lesson.name] = new
        return None
    winner, loser = (new, old) if new.staged.changed >= old.staged.changed else (old, new)
    latest[new.lesson.name] = winner
    return Refused(loser.staged.name, f"{winner.staged.name} is the same lesson and was not saved earlier")


def _renamed(stem: str, lesson: Lesson, names: Names) -> str:
    named = names.lesson(stem)
    if named is not None and named != lesson:
        return f"named {stem}, but its cells are those of {lesson.name}"
    return ""


def _owner(parts: tuple[str, ...], names: Names) -> tuple[str | None, str]:
    """The student that a path names, and the file's own name without the student."""
    stem = Path(parts[-1]).stem
    folders = [part for part in parts[:-1] if not names.is_course_word(part)]
    if folders:
        return names.owner_of_folder(folders[0]).student, names.owner_of_file(stem).rest
    owner = names.owner_of_file(stem)
    return owner.student, owner.rest


def _wrappers(paths: list[tuple[str, ...]], names: Names, stem: str) -> int:
    """Returns the number of folders that enclose all submissions: one for `class/ada/...` and `class/bob/...`."""
    depth = 0
    while paths and all(len(path) > depth + 1 for path in paths) and len({path[depth] for path in paths}) == 1:
        top = paths[0][depth]
        if names.is_platforms(top):
            return depth  # one student's upload: folders in it that are named after others are still theirs
        inner = {_owner(path[depth + 1 :], names)[0] for path in paths}
        students = inner - {None}
        around = None not in inner and (len(students) > 1 or top == stem)
        if not around and not names.is_course_word(top):
            return depth
        depth += 1
    return depth


def _take_in(destination: Destination, student: str, placed: dict[str, _Placed]) -> Collected:
    folder = destination.submitted(student)
    handed_in = max(item.staged.changed for item in placed.values())
    stamp = f"{handed_in:%Y-%m-%d %H:%M:%S} UTC"
    notes = tuple(item.note for item in placed.values() if item.note)
    names = tuple(sorted(placed))
    contents = {folder / item.lesson.notebook: item.staged.file.read_bytes() for item in placed.values()}
    with files.sentences(folder):
        if all(path.is_file() and path.read_bytes() == data for path, data in contents.items()):
            return Collected(student, "unchanged", names, destination.handed_in_at(student) or stamp, notes=notes)
        backup = _backed_up(folder, destination.backups(student)) if folder.is_dir() else None
    for path, data in contents.items():
        files.write_bytes(path, data)
    files.write_bytes(destination.timestamp(student), f"{stamp}\n".encode())
    return Collected(student, "replaced" if backup else "new", names, stamp, backup, notes)


def _backed_up(folder: Path, backups: Path) -> Path:
    """Copies a submission to where nbgrader does not look."""
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    taken = len(list(backups.glob(f"{folder.name}-{now}*")))
    backup = backups / (f"{folder.name}-{now}" + (f"-{taken + 1}" if taken else ""))
    files.copy_tree(folder, backup)
    return backup
