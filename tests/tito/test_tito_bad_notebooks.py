"""Notebooks that are none, are renamed or come in the wrong form: a sentence, and the class goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.courses.tiny import solve
from tests.courses.toy import MODULE, Toy
from tests.tito.running import Tito
from tinytorch.course.project import Project

OPEN = ("--sandbox", "none")
BROKEN = {
    "empty": (b"", "is not a notebook"),
    "text": (b"def add(a, b): return a + b\n", "is not a notebook"),
    "other-json": (b'{"answer": 42}', "is JSON but not a notebook"),
    "older-format": (b'{"nbformat": 3, "worksheets": []}', "is in notebook format 3, and 4 is needed"),
    "newer-format": (b'{"nbformat": 5, "cells": []}', "is in notebook format 5, and 4 is needed"),
    "no-cells": (b'{"nbformat": 4, "cells": "none"}', "has no list of cells"),
    "bad-cell": (b'{"nbformat": 4, "cells": [{"cell_type": "pie", "source": ""}]}', "cell 1 is malformed"),
    "utf-16": ("{}".encode("utf-16"), "is not UTF-8 text"),
    "latin-1": ('{"nbformat": 4, "cells": ["é"]}'.encode("latin-1"), "is not UTF-8 text"),
}
broken = pytest.mark.parametrize(("content", "words"), BROKEN.values(), ids=BROKEN)


@pytest.fixture
def notebook(kit: Project) -> Path:
    return kit.root / "notebooks" / MODULE / "01_first.ipynb"


@pytest.fixture
def downloads(toy: Toy, tmp_path: Path) -> Path:
    """Both lessons of ada and bob, as they come."""
    folder = tmp_path / "downloads"
    for student in ("ada", "bob"):
        shutil.copytree(toy.hand_in(student), folder / student, ignore=shutil.ignore_patterns("*.txt"))
    shutil.rmtree(toy.assignments / "submitted")
    return folder


@broken
@pytest.mark.parametrize("verb", ["test", "complete"])
def test_a_student_is_told_what_is_wrong_with_a_notebook(
    tito: Tito, kit: Project, notebook: Path, verb: str, content: bytes, words: str
) -> None:
    notebook.write_bytes(content)
    done = tito("module", verb, "kernels/01", at=kit.root)
    assert (done.code, done.out) == (1, "")
    assert f"{notebook}" in done.err
    assert words in done.err
    assert notebook.read_bytes() == content


@broken
def test_a_broken_notebook_that_is_handed_in_is_told(
    tito: Tito, kit: Project, notebook: Path, content: bytes, words: str
) -> None:
    notebook.write_bytes(content)
    done = tito("module", "submit", at=kit.root)
    assert done.code == 0
    assert "Fix this first: " in done.err
    assert words in done.err


def test_a_broken_notebook_can_be_reset_and_is_kept(tito: Tito, kit: Project, notebook: Path) -> None:
    notebook.write_bytes(b"\xff\xfe broken")
    assert tito("module", "reset", "kernels/01", "--yes", at=kit.root).code == 0
    [backup] = (kit.root / "backups" / MODULE).iterdir()
    assert backup.read_bytes() == b"\xff\xfe broken"


def test_one_broken_notebook_does_not_hide_the_other_lessons(tito: Tito, kit: Project, notebook: Path) -> None:
    solve(notebook, "total", "return a + b")
    notebook.with_name("02_second.ipynb").write_bytes(b"broken")
    done = tito("module", "complete", "kernels", at=kit.root)
    assert done.code == 1
    assert "complete: tinytorch/core/kernels/first.py" in done.out
    assert "02_second.ipynb is not a notebook" in done.err


def test_a_renamed_notebook_in_a_kit_is_missing(tito: Tito, kit: Project, notebook: Path) -> None:
    notebook.rename(notebook.with_name("my first try.ipynb"))
    assert tito("module", "status", "kernels/01", "--json", at=kit.root).json[0]["state"] == "missing"
    done = tito("module", "test", "kernels/01", at=kit.root)
    assert done.code == 1
    assert f"{notebook} does not exist" in done.err
    assert "tito module start" in done.err


@broken
def test_a_broken_submission_costs_its_lesson_and_the_class_goes_on(
    tito: Tito, by_looking: Toy, downloads: Path, content: bytes, words: str
) -> None:
    root = by_looking.project.root
    (downloads / "bob" / "01_first.ipynb").write_bytes(content)
    assert tito("grade", "collect", "13", downloads, at=root).code == 0
    done = tito("grade", "autograde", "13", *OPEN, at=root)
    assert done.code == 0
    assert "ada: 14 of 14 automatic points, written to the gradebook" in done.out
    assert "bob: 4 of 14 automatic points, written to the gradebook" in done.out
    assert "01_first" in done.err
    assert (by_looking.submitted("bob") / "01_first.ipynb").read_bytes() == content
    assert tito("grade", "feedback", "13", "--student", "bob", at=root).code == 0
    assert tito("grade", "report", "13", "--format", "csv", at=root).code == 0


def test_what_is_no_notebook_is_listed_and_not_taken_in(tito: Tito, toy: Toy, downloads: Path) -> None:
    (downloads / "bob" / "01_first.ipynb").rename(downloads / "bob" / "01_first.py")
    done = tito("grade", "collect", "13", downloads, at=toy.project.root)
    assert done.code == 0
    assert "Not placed: bob/01_first.py: not a notebook; only notebooks are graded" in done.err
    assert not (toy.submitted("bob") / "01_first.py").exists()


def test_a_renamed_notebook_is_known_by_its_cells(tito: Tito, toy: Toy, downloads: Path) -> None:
    (downloads / "bob" / "01_first.ipynb").rename(downloads / "bob" / "my first try.ipynb")
    done = tito("grade", "collect", "13", downloads, at=toy.project.root)
    assert (done.code, done.err) == (0, "")
    assert (toy.submitted("bob") / "01_first.ipynb").is_file()


def test_two_lessons_that_swapped_their_names_are_told(tito: Tito, toy: Toy, downloads: Path) -> None:
    first, second = (downloads / "bob" / f"{name}.ipynb" for name in ("01_first", "02_second"))
    first.rename(first.with_suffix(".tmp"))
    second.rename(first)
    first.with_suffix(".tmp").rename(second)
    done = tito("grade", "collect", "13", downloads, at=toy.project.root)
    assert "bob: named 01_first, but its cells are those of 02_second" in done.out


def test_a_notebook_renamed_after_it_was_collected_is_told(tito: Tito, by_looking: Toy) -> None:
    folder = by_looking.hand_in("ada")
    (folder / "02_second.ipynb").rename(folder / "second [final].ipynb")
    done = tito("grade", "autograde", "13", *OPEN, at=by_looking.project.root)
    assert done.code == 0
    assert "ada: 10 of 14 automatic points" in done.out
    assert "not named as any lesson, so not graded: second [final]" in done.out


@pytest.mark.parametrize(("source", "words"), [("nowhere", "no such folder or zip"), ("notes.txt", "neither a folder")])
def test_a_collection_that_is_none_is_a_sentence(tito: Tito, toy: Toy, source: str, words: str) -> None:
    (toy.project.root / "notes.txt").write_text("hello")
    done = tito("grade", "collect", "13", source, at=toy.project.root)
    assert (done.code, done.out) == (1, "")
    assert words in done.err


def test_an_empty_collection_is_a_sentence(tito: Tito, toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = tito("grade", "collect", "13", tmp_path / "none", at=toy.project.root)
    assert (done.code, done.out) == (1, "")
    assert "there is nothing in it" in done.err


@pytest.mark.parametrize("command", ["generate 13 --sandbox none", "autograde 13 --sandbox none", "report 13"])
def test_before_anything_is_generated_the_sentence_says_what_to_run(
    tito: Tito, looking: None, checkout: Project, command: str
) -> None:
    done = tito("grade", *command.split(), at=checkout.root)
    if command.startswith("generate"):
        assert done.code == 0
    else:
        assert (done.code, done.out) == (1, "")
        assert "run `tito grade generate 13_kernels`" in done.err


@pytest.mark.parametrize("command", ["autograde 13", "release 13 --to out"])
def test_a_stale_release_is_refused(tito: Tito, by_looking: Toy, command: str) -> None:
    by_looking.hand_in("ada")
    root = by_looking.project.root
    source = root / "modules" / MODULE / "01_first.py"
    source.write_text(source.read_text().replace("# First", "# First of all"))
    done = tito("grade", *command.split(), *OPEN, at=root)
    assert (done.code, done.out) == (1, "")
    assert "01_first.ipynb: the release is older than its source; run `tito grade generate 13_kernels`" in done.err
    assert not (root / "out").exists()


@broken
def test_a_broken_release_is_refused(tito: Tito, by_looking: Toy, content: bytes, words: str) -> None:
    by_looking.hand_in("ada")
    root = by_looking.project.root
    (root / "assignments/release" / MODULE / "01_first.ipynb").write_bytes(content)
    done = tito("grade", "autograde", "13", *OPEN, at=root)
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert tito("grade", "generate", "13", *OPEN, at=root).code == 0


@pytest.mark.parametrize("command", ["grade generate 13 --sandbox none", "module test 13", "export", "export --check"])
def test_a_source_that_is_not_utf8_is_named(tito: Tito, by_looking: Toy, command: str) -> None:
    root = by_looking.project.root
    source = root / "modules" / MODULE / "02_second.py"
    source.write_bytes(source.read_bytes().replace(b"# Second", b"# Zw\xf6lf"))
    done = tito(*command.split(), at=root)
    assert (done.code, done.out) == (1, "")
    assert "02_second.py" in done.err
    assert "UTF-8" in done.err
    assert "unexpected" not in done.err


def test_a_pyproject_that_is_not_utf8_is_named(tito: Tito, kit: Project, toy: Toy) -> None:
    path = toy.project.root / "pyproject.toml"
    path.write_bytes(b"# \xff\n" + path.read_bytes())
    done = tito("module", "list", at=toy.project.root)
    assert (done.code, done.out) == (1, "")
    assert "pyproject.toml cannot be read" in done.err


def test_a_progress_file_that_is_none_is_named_and_stays(tito: Tito, kit: Project) -> None:
    (kit.root / "progress.json").write_text(json.dumps(["mine"]))
    done = tito("module", "list", at=kit.root)
    assert (done.code, done.out) == (1, "")
    assert "progress.json cannot be read" in done.err
    assert json.loads((kit.root / "progress.json").read_text()) == ["mine"]
