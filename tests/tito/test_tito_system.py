"""`tito system`: what each role lacks here and how to fix it, and what this machine is."""

from __future__ import annotations

import errno
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.courses.toy import Toy
from tests.tito.running import ROOT, Tito, as_process, environment
from tinytorch.course import doctor
from tinytorch.course.project import Project
from tinytorch.grading.sandbox import bubblewrap


@pytest.fixture(autouse=True)
def whole_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every distribution installed and the sandbox at work, wherever these tests run."""
    bubblewrap.check_available.cache_clear()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0")
    monkeypatch.setattr(bubblewrap, "check_available", lambda: None)


def lose(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """As if the distributions `names` were not installed."""

    def version(name: str) -> str:
        if name in names:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)


def missing(found: list[dict[str, object]]) -> set[tuple[object, object]]:
    return {(item["role"], item["need"]) for item in found if not item["ok"]}


def test_nothing_missing_is_exit_0(tito: Tito, toy: Toy) -> None:
    done = tito("system", "doctor", at=toy.project.root)
    assert (done.code, done.err) == (0, "")
    assert "Nothing that is needed is missing." in done.out


def test_a_kit_is_asked_only_for_what_students_need(tito: Tito, kit: Project) -> None:
    done = tito("system", "doctor", "--json", at=kit.root)
    assert (done.code, done.err) == (0, "")
    assert {item["role"] for item in done.json} == {"student"}


def test_a_checkout_is_asked_for_every_role(tito: Tito, toy: Toy) -> None:
    done = tito("system", "doctor", "--json", at=toy.project.root)
    assert {item["role"] for item in done.json} == {"student", "instructor", "optional"}


@pytest.mark.parametrize(
    ("package", "role", "fix"),
    [
        ("jupytext", "student", "pip install -e ."),
        ("jupyterlab", "student", "pip install -e ."),
        ("nbgrader", "instructor", "pip install -e '.[instructor]'"),
    ],
)
def test_a_missing_package_is_exit_1_and_how_to_install_it(
    tito: Tito, toy: Toy, monkeypatch: pytest.MonkeyPatch, package: str, role: str, fix: str
) -> None:
    lose(monkeypatch, package)
    done = tito("system", "doctor", at=toy.project.root)
    assert done.code == 1
    assert done.err == f"{package} ({role}): run: {fix}\n"
    assert "not installed" in done.out
    assert "Nothing that is needed is missing." not in done.out


def test_what_only_some_need_is_told_and_does_not_fail(tito: Tito, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    lose(monkeypatch, "distributed")
    done = tito("system", "doctor", at=toy.project.root)
    assert done.code == 0
    assert "distributed (optional): run: pip install -e '.[cluster]'" in done.err
    assert "Nothing that is needed is missing." in done.out


def test_json_is_json_and_nothing_else_when_things_are_missing(
    tito: Tito, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(monkeypatch, "numpy", "nbgrader")
    done = tito("system", "doctor", "--json", at=toy.project.root)
    assert (done.code, done.err) == (1, "")
    assert missing(done.json) == {("student", "numpy"), ("instructor", "nbgrader")}


def test_a_missing_sandbox_says_how_to_install_it(tito: Tito, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    done = tito("system", "doctor", at=toy.project.root)
    assert done.code == 1
    assert "a sandbox for student code (bubblewrap) (instructor): bubblewrap (bwrap)" in done.err
    assert "apt-get install bubblewrap" in done.err


def test_a_sandbox_that_cannot_isolate_says_why(tito: Tito, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: "/usr/bin/bwrap")
    refused = SimpleNamespace(returncode=1, stdout="", stderr="bwrap: No permissions to create new namespace\n")
    monkeypatch.setattr(bubblewrap.subprocess, "run", lambda *_, **__: refused)
    done = tito("system", "doctor", at=toy.project.root)
    assert done.code == 1
    assert "No permissions to create new namespace" in done.err


def test_missing_hidden_checks_are_told(tito: Tito, toy: Toy) -> None:
    shutil.rmtree(toy.project.root / "tests" / "hidden")
    done = tito("system", "doctor", at=toy.project.root)
    assert done.code == 1
    assert done.err.startswith("hidden checks (instructor): grade from a complete checkout")


def test_an_old_python_is_told(tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(version_info=(3, 10, 4), platform=sys.platform))
    done = tito("system", "doctor", at=kit.root)
    assert done.code == 1
    assert "3.10.4" in done.out
    assert "install Python 3.11 or newer" in done.err


def test_a_compiler_that_is_not_there_is_told(tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "numba" else found(name))
    done = tito("system", "doctor", at=kit.root)
    assert (done.code, "numba is not installed" in done.out) == (1, True)


def test_a_compiler_that_does_not_work_is_told(tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(_: object) -> None:
        raise SystemError("initialization of [red]_internal[/] failed")

    monkeypatch.setattr("numba.njit", refuses)
    done = tito("system", "doctor", at=kit.root)
    assert done.code == 1
    assert "SystemError: initialization of [red]_internal[/] failed" in done.out
    assert "pip install --upgrade numba numpy" in done.err


def test_an_unwritable_folder_is_told(tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refused)
    done = tito("system", "doctor", at=kit.root)
    assert done.code == 1
    assert f"{kit.root}: Read-only file system" in done.out
    assert "fix its permissions" in done.err


def test_a_disk_that_is_nearly_full_is_told(tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=1024**2))
    done = tito("system", "doctor", at=kit.root)
    assert done.code == 1
    assert "free some space: at least 500 MB" in done.err


def test_outside_a_project_the_doctor_still_looks_at_the_machine(tito: Tito, tmp_path: Path) -> None:
    done = tito("system", "doctor", at=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "Numba compiles a function" in done.out


def test_info_names_the_source_of_every_fact(tito: Tito, tmp_path: Path) -> None:
    done = tito("system", "info", at=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "detected" in done.out


def test_info_as_json_is_json_and_nothing_else(tito: Tito, tmp_path: Path) -> None:
    done = tito("system", "info", "--json", at=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert {fact["source"] for fact in done.json.values()} <= {"detected", "measured", "derived", "unavailable"}


def test_info_measures_only_when_asked(tito: Tito, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tinytorch import hardware

    facts = {"peak_one_core": hardware.Fact(78.5, "GFLOP/s", "measured", "made for this test")}
    monkeypatch.setattr(hardware, "measured_facts", lambda: facts)
    assert "peak_one_core" not in tito("system", "info", "--json", at=tmp_path).json
    measured = tito("system", "info", "--measure", "--json", at=tmp_path).json["peak_one_core"]
    assert (measured["value"], measured["source"]) == (78.5, "measured")
    assert "78.5 GFLOP/s" in tito("system", "info", "--measure", at=tmp_path).out


def test_a_fact_that_cannot_be_had_says_why(tito: Tito, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tinytorch import hardware

    unknown = hardware.Fact(None, "", "unavailable", "no [red]file[/] says so")
    card = hardware.card()
    changed = {name: getattr(card, name) for name in card.__dataclass_fields__} | {"l3_bytes": unknown}
    monkeypatch.setattr(hardware, "card", lambda: hardware.MachineCard(**changed))
    done = tito("system", "info", at=tmp_path)
    assert "no [red]file[/] says so" in done.out
    assert tito("system", "info", "--json", at=tmp_path).json["l3_bytes"]["value"] is None


def test_the_doctor_of_a_package_without_the_grader(kit: Project, tmp_path: Path) -> None:
    """A kit's package has no grading room, and neither nbgrader nor pytest need be there."""
    package = Path(doctor.__file__).parents[1]
    shutil.copytree(package, tmp_path / "own/tinytorch", ignore=shutil.ignore_patterns("grading", "__pycache__"))
    done = as_process("system", "doctor", "--json", at=kit.root, root=tmp_path / "own")
    assert {item["role"] for item in done.json} == {"student"}
    refused = as_process("grade", "status", at=kit.root, root=tmp_path / "own")
    assert (refused.code, refused.out) == (1, "")
    assert "is a student kit; grading commands work in the instructor's checkout" in refused.err


WITHOUT_GRADER = "import sys; sys.modules['tinytorch.grading'] = None; from tinytorch.tito.app import main; main()"


@pytest.mark.parametrize(
    "command",
    [
        "generate 13",
        "release 13 --to there",
        "collect 13 there",
        "autograde 13",
        "feedback 13",
        "report 13",
        "status",
        "manual",
    ],
)
def test_grading_commands_in_a_kit_are_refused_where_there_is_no_grader(kit: Project, command: str) -> None:
    refused = subprocess.run(
        [sys.executable, "-P", "-c", WITHOUT_GRADER, "grade", *command.split()],
        cwd=kit.root,
        env=environment(ROOT),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is a student kit; grading commands work in the instructor's checkout" in refused.stderr
