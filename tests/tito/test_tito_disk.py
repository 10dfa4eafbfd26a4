"""A full disk, a folder that cannot be written, a locked gradebook: a sentence, exit 1, and nothing lost."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.courses.tiny import solve
from tests.courses.toy import MODULE, Toy
from tests.tito.running import Tito
from tinytorch.course import files
from tinytorch.course.project import Project, find_project
from tinytorch.grading.gradebook import converters, gate, marks
from tinytorch.grading.gradebook.folder import ClassFolder

CLASS = {
    "generate": "grade generate 13 --sandbox none",
    "collect": "grade collect 13 downloads",
    "autograde": "grade autograde 13 --sandbox none --again",
    "feedback": "grade feedback 13 --again",
    "report": "grade report 13 --format csv --to report.csv",
}
KIT = {
    "start": "module start 13",
    "complete": "module complete kernels/01",
    "reset": "module reset 13 --yes",
    "submit": "module submit",
}
DISK_FULL = "the disk is full"


@pytest.fixture(autouse=True)
def looked_at(looking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "_LOCK_WAIT_S", 0.1)


def contents(root: Path) -> dict[str, bytes]:
    """Every file but logs and what is only kept to save time."""
    passing = ("logs", "results", "__pycache__")
    found = (path for path in root.rglob("*") if path.is_file() and not set(passing) & set(path.parts))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def with_downloads(toy: Toy) -> Toy:
    """Next to the class a collection: bob hands in again, and zoe for the first time."""
    for student in ("bob", "zoe"):
        folder = toy.project.root / "downloads" / student
        shutil.copytree(toy.submitted("ada"), folder)
        (folder / "timestamp.txt").unlink()
    (toy.project.root / "report.csv").write_text("last week's\n")
    return toy


def half_done(kit: Project) -> Project:
    """A kit with one lesson solved and the other's notebook missing."""
    folder = kit.root / "notebooks" / MODULE
    solve(folder / "01_first.ipynb", "total", "return a + b")
    (folder / "02_second.ipynb").unlink()
    return kit


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left on `disk`."""
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free))
    yield
    filler.unlink()


@pytest.mark.parametrize("command", CLASS.values(), ids=CLASS)
def test_a_full_disk_loses_nothing_of_a_class(tito: Tito, graded_root: Path, small_disk: Path, command: str) -> None:
    shutil.copytree(graded_root, small_disk / "checkout")
    root = with_downloads(Toy(find_project(small_disk / "checkout"))).project.root
    before = contents(root)
    with filled(small_disk):
        done = tito(*command.split(), at=root)
    assert done.code == 1
    assert DISK_FULL in done.err
    assert contents(root) == before
    assert tito(*command.split(), at=root).code == 0


@pytest.mark.parametrize("command", KIT.values(), ids=KIT)
def test_a_full_disk_loses_nothing_of_a_students(tito: Tito, kit: Project, small_disk: Path, command: str) -> None:
    shutil.copytree(kit.root, small_disk / "kit")
    root = half_done(find_project(small_disk / "kit")).root
    before = contents(root)
    with filled(small_disk):
        done = tito(*command.split(), at=root)
    assert done.code == 1
    assert DISK_FULL in done.err
    assert contents(root) == before
    assert tito(*command.split(), at=root).code == 0


@pytest.mark.parametrize("command", CLASS.values(), ids=CLASS)
def test_a_class_in_a_folder_that_cannot_be_written(
    tito: Tito, graded: Toy, make_read_only: Callable[[Path], None], command: str
) -> None:
    root = with_downloads(graded).project.root
    before = contents(root)
    make_read_only(root)
    done = tito(*command.split(), at=root)
    assert done.code == 1
    assert str(root) in done.err
    assert "unexpected" not in done.err
    assert contents(root) == before


@pytest.mark.parametrize("command", KIT.values(), ids=KIT)
def test_a_kit_in_a_folder_that_cannot_be_written(
    tito: Tito, kit: Project, make_read_only: Callable[[Path], None], command: str
) -> None:
    half_done(kit)
    before = contents(kit.root)
    make_read_only(kit.root)
    done = tito(*command.split(), at=kit.root)
    assert done.code == 1
    assert "may not be written" in done.err
    assert contents(kit.root) == before


def without_a_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    class Passed:
        def require(self) -> None:
            pass

    monkeypatch.setattr(gate, "check_release", lambda *_, **__: Passed())


def test_a_kit_for_a_full_disk_is_not_made(
    tito: Tito, released: Project, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_a_gate(monkeypatch)
    with filled(small_disk):
        done = tito("grade", "release", "13", "--to", small_disk, at=released.root)
    assert done.code == 1
    assert DISK_FULL in done.err
    assert list(small_disk.iterdir()) == []
    assert tito("grade", "release", "13", "--to", small_disk, at=released.root).code == 0


@pytest.mark.parametrize("command", ["grade release 13 --to", "grade report 13 --format csv --to"])
def test_a_file_in_the_folders_place_is_a_sentence(
    tito: Tito, graded: Toy, released: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    without_a_gate(monkeypatch)
    (tmp_path / "out").write_text("mine")
    root = released.root if "release" in command else graded.project.root
    done = tito(*command.split(), tmp_path / "out" / "deeper", at=root)
    assert (done.code, done.out) == (1, "")
    assert str(tmp_path / "out") in done.err
    assert "unexpected" not in done.err
    assert (tmp_path / "out").read_text() == "mine"


def test_a_report_is_not_written_over_a_folder(tito: Tito, graded: Toy, tmp_path: Path) -> None:
    done = tito("grade", "report", "13", "--format", "csv", "--to", tmp_path, at=graded.project.root)
    assert (done.code, done.out) == (1, "")
    assert "Is a directory" in done.err


def test_where_nothing_can_be_mounted_a_full_disk_is_a_sentence_too(
    tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    half_done(kit)
    before = contents(kit.root)
    monkeypatch.setattr(files.tempfile, "mkstemp", full)
    for command in KIT.values():
        assert DISK_FULL in tito(*command.split(), at=kit.root).err
    assert contents(kit.root) == before


@pytest.fixture
def locked(graded: Toy) -> Iterator[Toy]:
    """Another program holds the gradebook."""
    with_downloads(graded)
    other = sqlite3.connect(graded.assignments / "gradebook.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield graded
    other.close()


@pytest.mark.parametrize("name", ["generate", "autograde", "feedback", "report"])
def test_a_locked_gradebook_is_a_sentence(tito: Tito, locked: Toy, name: str) -> None:
    root = locked.project.root
    before = contents(root)
    done = tito(*CLASS[name].split(), at=root)
    assert done.code == 1
    assert "gradebook.db: the gradebook is locked by another program; close the formgrader" in done.err
    assert contents(root) == before


def test_with_a_locked_gradebook_the_status_is_a_sentence(tito: Tito, locked: Toy) -> None:
    done = tito("grade", "status", at=locked.project.root)
    assert (done.code, done.out) == (1, "")
    assert "is locked by another program" in done.err


def test_a_gradebook_that_is_locked_between_two_students_keeps_the_first(
    tito: Tito, graded: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = graded.project.root
    shutil.rmtree(graded.assignments / "autograded")
    record = converters.autograde_student
    others: list[sqlite3.Connection] = []

    def then_lock(*arguments: object) -> None:
        record(*arguments)
        others.append(sqlite3.connect(graded.assignments / "gradebook.db", isolation_level=None))
        others[0].execute("BEGIN EXCLUSIVE")

    monkeypatch.setattr("tinytorch.grading.gradebook.autograde.autograde_student", then_lock)
    first = tito(*CLASS["autograde"].split(), at=root)
    others[0].close()
    monkeypatch.undo()
    assert first.code == 1
    assert "ada: 14 of 14 automatic points, written to the gradebook" in first.out
    assert "is locked by another program" in first.err


def test_a_gradebook_that_is_locked_while_it_is_read_is_a_sentence(
    tito: Tito, graded: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(graded.assignments / "gradebook.db", isolation_level=None)
    look_for = ClassFolder.is_recorded

    def lock_first(class_folder: ClassFolder, student: str, key: str) -> bool:
        other.execute("BEGIN EXCLUSIVE" if not other.in_transaction else "SELECT 1")
        return look_for(class_folder, student, key)

    monkeypatch.setattr(ClassFolder, "is_recorded", lock_first)
    done = tito("grade", "autograde", "13", "--sandbox", "none", at=graded.project.root)
    other.close()
    assert done.code == 1
    assert "gradebook.db: the gradebook is locked by another program" in done.err


def test_a_gradebook_that_is_none_is_a_sentence_and_stays(tito: Tito, graded: Toy) -> None:
    path = graded.assignments / "gradebook.db"
    path.write_bytes(b"this is no database, and long enough to be taken for one" * 100)
    before = path.read_bytes()
    for name in ("generate", "autograde", "feedback", "report"):
        done = tito(*CLASS[name].split(), at=graded.project.root)
        assert done.code == 1
        assert "restore a copy, or move it away and generate again" in done.err
    assert path.read_bytes() == before
