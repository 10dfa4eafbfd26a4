"""The instructor's commands in a tiny checkout: what they print and how they end."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.courses.toy import MODULE, Toy
from tests.tito.running import Tito
from tinytorch.course.project import Project
from tinytorch.grading.sandbox import bubblewrap
from tinytorch.tito import marks

OPEN = ("--sandbox", "none")
COMMANDS = (
    "generate 13",
    "release 13 --to out",
    "collect 13 class",
    "autograde 13",
    "feedback 13",
    "report 13",
    "explain 13 ada",
    "status",
    "manual",
)


def hide(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """As if `package` were not installed."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == package else found(name, *rest)
    )


@pytest.fixture
def downloads(toy: Toy, tmp_path: Path) -> Path:
    """A folder as a learning platform gives it: ada has all points, bob half, and one file is nobody's."""
    folder = tmp_path / "downloads"
    for student, body in (("ada", "    return a + b"), ("bob", "    return a + b  # half")):
        shutil.copytree(toy.hand_in(student, body), folder / student)
        (folder / student / "timestamp.txt").unlink()
    shutil.rmtree(toy.assignments / "submitted")
    (folder / "[red]notes].txt").write_text("hello")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_in_a_kit_every_grading_command_is_refused(tito: Tito, kit: Project, command: str) -> None:
    done = tito("grade", *command.split(), at=kit.root)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"tito: {kit.root} is a student kit; grading commands work in the instructor's checkout.\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_module_is_answered_with_the_nearest(tito: Tito, toy: Toy, command: str) -> None:
    verb, _, rest = command.partition(" ")
    arguments = ["grade", verb, "13_kernls", *rest.split()[1:]]
    if verb == "manual":
        arguments.append("--no-browser")
    done = tito(*arguments, at=toy.project.root)
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("tito: there is no module called '13_kernls'; did you mean 13_kernels?\n")


def test_a_package_without_the_grader_says_so(tito: Tito, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "tinytorch.grading")
    done = tito("grade", "status", at=toy.project.root)
    assert done.code == 1
    assert "is a student kit;" not in done.err
    assert "this tito came with a student kit and cannot grade" in done.err
    assert "pip install -e '.[instructor]'" in done.err


def test_without_nbgrader_the_sentence_says_how_to_get_it(
    tito: Tito, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "nbgrader")
    done = tito("grade", "status", at=toy.project.root)
    assert (done.code, done.out) == (1, "")
    assert done.err == "tito: nbgrader is not installed here; run: pip install -e '.[instructor]'\n"


def test_generate_passes_the_gate(tito: Tito, by_looking: Toy) -> None:
    done = tito("grade", "generate", "kernels", *OPEN, at=by_looking.project.root)
    assert done.code == 0
    assert "Release unchanged: assignments/release/13_kernels/01_first.ipynb" in done.out
    assert "Untouched release: 0 of 14 points. Reference: 14 of 14." in done.out
    assert "Warning: --sandbox none" in done.err


def test_a_release_that_the_gate_refuses_is_exit_1(tito: Tito, by_looking: Toy) -> None:
    source = by_looking.project.root / "modules" / MODULE / "01_first.py"
    source.write_text(source.read_text().replace("total_of_both = a + b", "total_of_both = a + b  # half"))
    done = tito("grade", "generate", "kernels", *OPEN, at=by_looking.project.root)
    assert done.code == 1
    assert "Reference: 9 of 14." in done.out
    assert "the gate refuses the release" in done.err
    assert "the reference fails test_1 of check_add_first" in done.err


def test_collect_lists_whom_it_took_in_and_what_it_could_not_place(tito: Tito, toy: Toy, downloads: Path) -> None:
    done = tito("grade", "collect", "kernels", downloads, at=toy.project.root)
    assert done.code == 0
    assert "ada" in done.out
    assert done.err == "Not placed: [red]notes].txt: not a notebook; only notebooks are graded\n"
    assert (toy.submitted("bob") / "02_second.ipynb").is_file()


def test_a_file_name_that_is_not_utf8_is_listed(tito: Tito, toy: Toy, downloads: Path) -> None:
    (downloads / os.fsdecode(b"caf\xe9.txt")).write_text("hello")
    done = tito("grade", "collect", "kernels", downloads, at=toy.project.root)
    assert done.code == 0
    assert "Not placed: caf\\udce9.txt" in done.err


def test_the_loop_from_collecting_to_the_report(tito: Tito, by_looking: Toy, downloads: Path) -> None:
    root = by_looking.project.root
    assert tito("grade", "collect", "13", downloads, at=root).code == 0
    graded = tito("grade", "autograde", "13", *OPEN, at=root)
    assert graded.code == 0
    assert "ada: 14 of 14 automatic points, written to the gradebook" in graded.out
    assert "/2] bob: 7 of 14 automatic points" in graded.err
    again = tito("grade", "autograde", "13", *OPEN, at=root)
    assert again.out.count("up to date in the gradebook") == 2
    pages = tito("grade", "feedback", "13", "--student", "bob", at=root)
    assert pages.out == "bob: 2 pages written in assignments/feedback/bob/13_kernels\n"
    told = tito("grade", "status", "--json", at=root).json
    assert [(item["student"], item["graded"], item["feedback"]) for item in told["students"]] == [
        ("ada", "done", "missing"),
        ("bob", "done", "done"),
    ]


def test_an_ungraded_submission_is_exit_1_and_the_others_are_graded(tito: Tito, by_looking: Toy) -> None:
    by_looking.hand_in("ada")
    by_looking.hand_in("bob", "    return a + b  # fault")
    done = tito("grade", "autograde", "13", *OPEN, at=by_looking.project.root)
    assert done.code == 1
    assert "ada: 14 of 14 automatic points, written to the gradebook" in done.out
    assert "bob: not graded, by a fault of the grader: the grader stumbled" in done.err
    assert "Not graded: 1; nothing was written for them." in done.err


def test_where_bubblewrap_is_missing_autograde_refuses_and_says_how_to_install_it(
    tito: Tito, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.hand_in("ada")
    bubblewrap.check_available.cache_clear()
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    done = tito("grade", "autograde", "13", at=toy.project.root)
    assert (done.code, done.out) == (1, "")
    assert "apt-get install bubblewrap" in done.err
    assert "--sandbox none" in done.err
    assert not (toy.assignments / "autograded").exists()


@pytest.mark.parametrize("kind", ["table", "csv", "json", "html"])
def test_the_report_in_each_form_is_a_result(tito: Tito, graded: Toy, kind: str) -> None:
    done = tito("grade", "report", "13", "--format", kind, at=graded.project.root)
    assert done.code == 0
    assert "ada" in done.out
    assert done.err == ("dora: handed in, not graded yet\n" if kind == "table" else "")
    if kind == "json":
        assert [row["student"] for row in done.json["rows"]] == ["ada", "bob", "cem"]


@pytest.mark.parametrize("kind", ["table", "csv", "json", "html"])
def test_the_report_goes_into_a_file(tito: Tito, graded: Toy, kind: str) -> None:
    target = graded.project.root / "out" / f"class.{kind}"
    done = tito("grade", "report", "13", "--format", kind, "--to", target, at=graded.project.root)
    assert (done.code, done.out, done.err) == (0, f"Written to {target}\n", "")
    assert "ada" in target.read_text(encoding="utf-8")


def test_the_table_has_its_statistics_and_the_checks_most_often_failed(tito: Tito, graded: Toy) -> None:
    done = tito("grade", "report", "13", at=graded.project.root)
    assert "3 students; mean 10.3, median 10.0" in done.out
    assert "It adds <1>." in done.out


def test_status_says_what_is_stale(tito: Tito, graded: Toy) -> None:
    source = graded.project.root / "modules" / MODULE / "01_first.py"
    source.write_text(source.read_text().replace("A lesson for tests", "A changed lesson"))
    done = tito("grade", "status", at=graded.project.root)
    assert done.code == 0
    assert "the release is older than its source" in done.out


def test_release_notes_the_kit(tito: Tito, by_looking: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tinytorch.course import kit as kits

    made = kits.Kit(tmp_path / "out/tinytorch-kernels", tmp_path / "out/tinytorch-kernels.zip", ())
    monkeypatch.setattr(kits, "build_kit", lambda project, module, to: made)
    root = by_looking.project.root
    done = tito("grade", "release", "13", "--to", tmp_path / "out", *OPEN, at=root)
    assert done.code == 0
    assert f"Student kit: {made.folder}" in done.out
    [kit] = tito("grade", "status", "--json", at=root).json["kits"]
    assert (kit["archive"], kit["is_current"]) == (str(made.archive), True)


def test_manual_becomes_the_formgrader(tito: Tito, graded: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is then for Jupyter alone, which asks before it ends."""
    started = []
    monkeypatch.setattr(marks.os, "execv", lambda path, command: started.append((Path.cwd(), path, command)))
    done = tito("grade", "manual", "--no-browser", "--port", "8899", at=graded.project.root)
    assert done.out == "Serving http://localhost:8899/formgrader (Ctrl-C ends it)\n"
    [(folder, path, command)] = started
    assert (folder, path) == (graded.project.root, sys.executable)
    assert "--ServerApp.port=8899" in command


def test_manual_without_grades_says_what_to_do(tito: Tito, checkout: Project) -> None:
    done = tito("grade", "manual", at=checkout.root)
    assert (done.code, done.out) == (1, "")
    assert "nothing to mark yet; generate, collect and autograde first" in done.err
