"""Takes submissions in as people get them and lays them out as nbgrader expects, losing none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from tinytorch.course import files
from tinytorch.course.build import release_notebook
from tinytorch.course.names import Lesson, Module, lessons
from tinytorch.course.project import Project
from tinytorch.errors import CollectError
from tinytorch.grading.collect.archives import Refused, read_collection
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
    """Everything taken in, and what could not be placed, with the reason."""

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


def collect(project: Project, module: Module, source: Path) -> Collection:
    """Puts every notebook found in the folder or zip `source` where nbgrader looks for it.

    A student's lessons that are not in `source` stay as they are; what is replaced is copied to assignments/backups.
    """
    found = lessons(project, module)
    names = Names(module, found)
    with files.sentences(project.assignments_dir):
        project.assignments_dir.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".collect-", dir=project.assignments_dir))
    try:
        contents = Contents([(lesson, release_notebook(project, lesson)) for lesson in found])
        staged, unplaced = _stage(source, stage, contents)
        if not staged and not unplaced:
            raise CollectError(f"{source}: there is nothing in it; give the folder or zip with the submissions.")
        placed = _place(staged, names, source, unplaced)
        students = tuple(_take_in(project, module, student, placed[student]) for student in sorted(placed))
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
    for item, (owner, stem) in sorted(zip(staged, owners, strict=True), key=lambda pair: pair[0].name):
        lesson = item.content or names.lesson(stem)
        student = safe_id(owner) if owner else ""
        if not student:
            left_out = Refused(item.name, "its name says no student; put it in a folder named after the student")
        elif lesson is None:
            left_out = Refused(item.name, "neither name nor content says which lesson it is")
        elif spelled.setdefault(student, owner or "") != owner:
            words = f"{owner!r} and {spelled[student]!r} would both be called {student}; rename one"
            left_out = Refused(item.name, words)
        else:
            new = _Placed(lesson, item, _renamed(stem, lesson, names))
            left_out = _keep_latest(placed.setdefault(student, {}), new)
        if left_out:
            unplaced.append(left_out)
    return placed


def _keep_latest(found: dict[str, _Placed], new: _Placed) -> Refused | None:
    """Keeps the newer of two notebooks for a lesson and returns the other, if there were two."""
    old = found.get(new.lesson.name)
    if old is None:
        found[new.lesson.name] = new
        return None
    winner, loser = (new, old) if new.staged.changed >= old.staged.changed else (old, new)
    found[new.lesson.name] = winner
    return Refused(loser.staged.name, f"{winner.staged.name} is the same lesson and was not saved earlier")


def _renamed(stem: str, lesson: Lesson, names: Names) -> str:
    said = names.lesson(stem)
    if said is not None and said != lesson:
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
    """How many folders lie around all submissions: `class/ada/...` and `class/bob/...` have one."""
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


def _take_in(project: Project, module: Module, student: str, placed: dict[str, _Placed]) -> Collected:
    folder = project.assignments_dir / "submitted" / student / module.name
    handed_in = max(item.staged.changed for item in placed.values())
    stamp = f"{handed_in:%Y-%m-%d %H:%M:%S} UTC"
    notes = tuple(item.note for item in placed.values() if item.note)
    told = tuple(sorted(placed))
    wanted = {folder / item.lesson.notebook: item.staged.file.read_bytes() for item in placed.values()}
    with files.sentences(folder):
        if all(path.is_file() and path.read_bytes() == data for path, data in wanted.items()):
            return Collected(student, "unchanged", told, _stamp_of(folder) or stamp, notes=notes)
        backup = _backed_up(project, folder, student) if folder.is_dir() else None
    _write(wanted.items(), folder, stamp)
    return Collected(student, "replaced" if backup else "new", told, stamp, backup, notes)


def _write(wanted: Iterable[tuple[Path, bytes]], folder: Path, stamp: str) -> None:
    for path, data in wanted:
        files.write_bytes(path, data)
    files.write_bytes(folder / "timestamp.txt", f"{stamp}\n".encode())


def _backed_up(project: Project, folder: Path, student: str) -> Path:
    """Copies a submission to where nbgrader does not look."""
    place = project.assignments_dir / "backups" / "submitted" / student
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    taken = len(list(place.glob(f"{folder.name}-{now}*")))
    backup = place / (f"{folder.name}-{now}" + (f"-{taken + 1}" if taken else ""))
    files.copy_tree(folder, backup)
    return backup


def _stamp_of(folder: Path) -> str:
    path = folder / "timestamp.txt"
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
