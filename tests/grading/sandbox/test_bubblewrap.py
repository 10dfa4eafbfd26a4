"""What a student process can see and reach, tried from inside, and what is said where there is no sandbox."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tinytorch
from tests.courses.samples import ABOUT, plain_notebook
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.checks.running import RunningCheck
from tinytorch.grading.checks.student import Student
from tinytorch.grading.sandbox import bubblewrap as sandbox_module
from tinytorch.grading.sandbox.inside.settings import Settings
from tinytorch.grading.sandbox.runtime import runtime_tree
from tinytorch.grading.sandbox.session import Notebook, Session, Setting
from tinytorch.notebooks.code import code_cells

CHECKOUT = Path(tinytorch.__file__).resolve().parents[1]
LOOK = """
import os, socket, urllib.request
def listing(path):
    return sorted(os.listdir(path)) if os.path.isdir(path) else None
def can_write(path):
    try:
        open(os.path.join(path, 'planted'), 'w').close()
    except OSError:
        return False
    return True
def reaches_network():
    try:
        socket.create_connection(('127.0.0.1', 9), timeout=1)
    except OSError as err:
        return str(err)
    return 'connected'
def interfaces():
    return [name for _, name in socket.if_nameindex()]
def environment():
    return dict(os.environ)
def pids():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]
def identity():
    return [os.getuid(), os.geteuid(), os.getgid(), sorted(os.getgroups())]
def privileges():
    return [line for line in open('/proc/self/status').read().splitlines() if line.startswith(('CapEff', 'NoNewPrivs'))]
def imported(name):
    import importlib
    return importlib.import_module(name).__file__
"""


@pytest.fixture(scope="module")
def inside(sandbox: str) -> Iterator[Student]:
    session = Session(
        Notebook("01_first", code_cells("01_first", plain_notebook(LOOK), None)), Setting(Limits(), sandbox)
    )
    yield Student(session, lambda: session, RunningCheck(ABOUT))
    session.close()


def test_the_checkout_is_not_there(inside: Student) -> None:
    assert set(inside.listing(str(CHECKOUT)) or []) <= {".venv", "venv"}


def test_the_home_folder_is_not_there(inside: Student) -> None:
    seen = set(inside.listing(str(Path.home())) or [])
    assert seen <= {".pyenv", ".venv", ".local"}


def test_the_environment_is_not_the_graders(inside: Student) -> None:
    given = inside.environment()
    assert given["HOME"].startswith("/tmp/")
    assert not set(given) & {"PYTEST_CURRENT_TEST", "VIRTUAL_ENV", "PYTHONPATH", "SSH_AUTH_SOCK"}


@pytest.mark.parametrize("folder", ["/", "/usr", "/dev", "/run/tinytorch", "/etc", str(CHECKOUT / ".venv")])
def test_nothing_outside_tmp_can_be_written(inside: Student, folder: str) -> None:
    assert inside.can_write(folder) is False


def test_tmp_can_be_written(inside: Student) -> None:
    assert inside.can_write("/tmp") is True


def test_there_is_no_network(inside: Student) -> None:
    assert inside.reaches_network() != "connected"
    assert inside.interfaces() == ["lo"]


def test_other_processes_are_out_of_sight(inside: Student) -> None:
    seen = inside.pids()
    assert os.getpid() not in seen or max(seen) < 100
    assert len(seen) < 6


def test_it_has_no_privileges(inside: Student) -> None:
    assert 0 not in inside.identity()[:2] or os.getuid() != 0
    assert inside.privileges() == ["CapEff:\t0000000000000000", "NoNewPrivs:\t1"]


def test_tinytorch_is_the_runtime_copy(inside: Student) -> None:
    assert inside.imported("tinytorch") == "/run/tinytorch/tinytorch/__init__.py"
    assert inside.imported("tinytorch.simd").startswith("/run/tinytorch/")


@pytest.mark.parametrize("name", ["tinytorch.grading", "tinytorch.course", "tinytorch.tito"])
def test_the_graders_parts_cannot_be_imported(inside: Student, name: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        inside.imported(name)


def test_the_runtime_holds_no_reference() -> None:
    kept = {path.relative_to(runtime_tree()).as_posix() for path in runtime_tree().rglob("*.py")}
    assert "tinytorch/core/__init__.py" in kept
    assert not [name for name in kept if "core/kernels" in name or "/grading/" in name or "/course/" in name]


def test_folders_of_the_grader_below_a_bind_are_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = tmp_path / "checks"
    hidden.mkdir()
    monkeypatch.setattr(sandbox_module, "_FILES", (str(tmp_path),))
    words = sandbox_module._mounts(Limits(), (hidden,))
    assert words.index(str(tmp_path)) < words.index(str(hidden))
    assert words[words.index(str(hidden)) - 1] == "--tmpfs"


def test_settings_arrive_as_they_were_written(tmp_path: Path) -> None:
    limits = Limits(cpu_s=7, header_bytes=11)
    launch = sandbox_module.in_the_open(limits, sandbox_module.Descriptors(wire=5, arena=6), tmp_path)
    settings = Settings.from_argument(launch.command[-1])
    assert Settings.from_argument(settings.to_argument()) == settings
    assert (settings.wire_fd, settings.arena_fd, settings.uid) == (5, 6, None)
    assert (settings.work_dir, settings.cells_dir) == (str(tmp_path / "work"), str(tmp_path / "cells"))
    limited = {field.name for field in dataclasses.fields(Settings)} & {
        field.name for field in dataclasses.fields(Limits)
    }
    assert {name: getattr(settings, name) for name in limited - {"processes"}} == {
        name: getattr(limits, name) for name in limited - {"processes"}
    }
    assert settings.processes >= limits.processes


def test_settings_that_lack_a_field_start_nothing() -> None:
    with pytest.raises(TypeError, match="missing"):
        Settings.from_argument('{"uid": null}')


@pytest.fixture
def fresh_availability() -> Iterator[Callable[[], None]]:
    sandbox_module.check_available.cache_clear()
    yield sandbox_module.check_available
    sandbox_module.check_available.cache_clear()


def test_missing_bubblewrap_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh_availability: Callable[[], None]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailableError, match=r"apt-get install bubblewrap.*--sandbox none"):
        fresh_availability()


def test_bubblewrap_that_may_not_isolate_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh_availability: Callable[[], None]
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SandboxUnavailableError, match=r"No permissions.*unprivileged_userns_clone"):
        fresh_availability()


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_told_to_use_linux(
    monkeypatch: pytest.MonkeyPatch, fresh_availability: Callable[[], None], system: str
) -> None:
    monkeypatch.setattr("sys.platform", system)
    with pytest.raises(SandboxUnavailableError, match=f"Linux only, and this is {system}"):
        fresh_availability()


def test_trees_of_killed_graders_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    abandoned, in_use = tmp_path / "tinytorch-runtime-999999999-x", tmp_path / f"tinytorch-runtime-{os.getpid()}-x"
    abandoned.mkdir()
    in_use.mkdir()
    for path in (abandoned, in_use):
        os.utime(path, (0, 0))
    made = runtime_tree.__wrapped__()
    assert sorted(tmp_path.iterdir()) == sorted([in_use, made])
