"""The command line run in this process, in the tiny checkouts and kits that other rooms' tests use too."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.courses.tiny import make_checkout, make_release, project, released
from tests.courses.toy import AtOnce, Toy, checkout, generated, graded, graded_root, look, toy
from tests.tito.running import Done, Tito
from tinytorch.course.kit import build_kit
from tinytorch.course.names import resolve_module
from tinytorch.course.project import Project, find_project
from tinytorch.grading.gradebook import autograde, gate
from tinytorch.grading.run import pool
from tinytorch.tito.app import main

__all__ = [
    "checkout",
    "generated",
    "graded",
    "graded_root",
    "project",
    "released",
    "toy",
]


@pytest.fixture
def tito(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tito:
    """Runs a command in the folder `at`, with `answers` on stdin."""

    def run(*arguments: str | Path, at: Path, answers: str = "") -> Done:
        monkeypatch.chdir(at)
        monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Done(int(stop.value.code or 0), out, err)

    return run


@pytest.fixture(scope="session")
def kit_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's kit made once; tests take copies."""
    made = make_release(make_checkout(tmp_path_factory.mktemp("tiny") / "checkout"))
    return build_kit(made, resolve_module(made, "kernels"), tmp_path_factory.mktemp("kits")).folder


@pytest.fixture
def kit(kit_root: Path, tmp_path: Path) -> Project:
    """A student's kit with nothing done yet."""
    shutil.copytree(kit_root, tmp_path / "kit")
    return find_project(tmp_path / "kit")


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grading looks at the notebooks in this process and starts no other."""
    monkeypatch.setattr(pool, "grade_folder", look)
    for room in (autograde, gate):
        monkeypatch.setattr(room, "GradingPool", lambda workers: AtOnce())


@pytest.fixture
def by_looking(toy: Toy, looking: None) -> Toy:
    """The toy checkout, graded by looking."""
    return toy


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Runs `mount`, which only root may, and undoes it after the test."""
    mounted: list[Path] = []

    def run(*arguments: str, at: Path) -> None:
        done = subprocess.run(["mount", *arguments, str(at)], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
        if at not in mounted:
            mounted.append(at)

    if shutil.which("mount") is None:
        pytest.skip("there is no mount command here")
    yield run
    for at in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@pytest.fixture
def small_disk(mount: Callable[..., None], tmp_path: Path) -> Path:
    """A disk of its own with 16 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", at=disk)
    return disk


@pytest.fixture
def make_read_only(mount: Callable[..., None]) -> Callable[[Path], None]:
    """Lets nobody write below a folder, not even root."""

    def run(folder: Path) -> None:
        mount("--bind", str(folder), at=folder)
        mount("-o", "remount,bind,ro", at=folder)

    return run
