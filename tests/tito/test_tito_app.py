"""The one error boundary: exit codes, which stream says what, and when a traceback is shown."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path

import pytest

from tests.tito.running import COMMAND, Tito, as_process, environment
from tinytorch import __version__
from tinytorch.course import standing
from tinytorch.course.project import Project
from tinytorch.errors import WorkspaceError
from tinytorch.tito.app import main


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Every `tito module status` from here on ends with `error`."""

    def raises(*_: object) -> None:
        raise error

    monkeypatch.setattr(standing, "status", raises)


def test_the_real_command_succeeds_and_fails_with_its_exit_code(kit: Project) -> None:
    runs = [as_process("module", *rest, at=kit.root) for rest in (["status", "13"], ["status", "14"], ["status", "-x"])]
    assert [run.code for run in runs] == [0, 1, 2]
    assert "not started" in runs[0].out
    assert (runs[0].err, runs[1].out, runs[2].out) == ("", "", "")
    assert runs[1].err.startswith("tito: there is no module called '14'")


def test_help_and_version_are_results(tito: Tito, tmp_path: Path) -> None:
    asked = tito("--help", at=tmp_path)
    assert (asked.code, asked.err) == (0, "")
    assert {"export", "test", "module", "grade", "system"} <= set(asked.out.split())
    assert tito("--version", at=tmp_path).out == f"tito {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["module", "nonsense"],
        ["module", "test"],
        ["module", "status", "--nonsense"],
        ["test"],
        ["grade", "report", "13", "--format", "[red]x"],
        ["grade", "autograde", "13", "--workers", "0"],
        ["grade", "autograde", "13", "--sandbox", "docker"],
        ["grade", "release", "13"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_2_on_stderr(tito: Tito, kit: Project, arguments: list[str]) -> None:
    done = tito(*arguments, at=kit.root)
    assert (done.code, done.out) == (2, "")
    assert "Usage: " in done.err


def test_a_group_without_a_command_shows_its_help(tito: Tito, tmp_path: Path) -> None:
    done = tito("grade", at=tmp_path)
    assert (done.code, done.err) == (2, "")
    assert "autograde" in done.out


def test_outside_a_project_the_sentence_says_what_was_looked_for(tito: Tito, tmp_path: Path) -> None:
    done = tito("module", "list", at=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("tito: ")
    assert "tinytorch-kit.json" in done.err


def test_an_error_is_its_sentence_and_no_traceback(tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, WorkspaceError("the [red]folder[/] is [/] gone"))
    done = tito("module", "status", at=kit.root)
    assert (done.code, done.out, done.err) == (1, "", "tito: the [red]folder[/] is [/] gone\n")


def test_with_debug_the_traceback_is_shown(kit: Project) -> None:
    done = as_process("--debug", "module", "status", "14", at=kit.root)
    assert (done.code, done.out) == (1, "")
    assert "Traceback (most recent call last)" in done.err
    assert "UnknownNameError: there is no module called '14'" in done.err


def test_debug_is_forgotten_by_the_next_command(tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, WorkspaceError("gone"))
    monkeypatch.chdir(kit.root)
    with pytest.raises(WorkspaceError):
        main(["--debug", "module", "status"])
    assert tito("module", "status", at=kit.root).code == 1


def test_a_fault_of_ours_names_itself_and_says_how_to_see_more(
    tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, ZeroDivisionError("division by zero"))
    done = tito("module", "status", at=kit.root)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("tito: unexpected ZeroDivisionError: division by zero.")
    assert "tito --debug" in done.err


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "/there could not be written: the disk is full. Free some space"),
        (errno.EDQUOT, "/there could not be written: the disk is full."),
        (errno.EACCES, "/there may not be written or read by this account."),
        (errno.EROFS, "/there may not be written or read by this account."),
        (errno.ENOENT, "/there does not exist."),
        (errno.EISDIR, "/there could not be used: Is a directory."),
    ],
)
def test_what_the_system_refuses_is_a_sentence(
    tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    fail_with(monkeypatch, OSError(number, "as the system says it", "/there"))
    done = tito("module", "status", at=kit.root)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"tito: {words}")


def test_an_os_error_without_a_file_is_a_sentence_too(
    tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, OSError(errno.ENOENT, "No such file or directory"))
    done = tito("module", "status", at=kit.root)
    assert done.code == 1
    assert "None" not in done.err


def test_ctrl_c_is_exit_130_and_says_that_nothing_is_lost(
    tito: Tito, kit: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    done = tito("module", "status", at=kit.root)
    assert (done.code, done.out) == (130, "")
    assert done.err.startswith("tito: interrupted")


def test_a_reader_that_leaves_early_ends_the_command_quietly(kit: Project) -> None:
    with subprocess.Popen(
        [*COMMAND, "module", "list", "--json"],
        cwd=kit.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (1, b"")


def test_a_terminal_that_lacks_a_character_does_not_end_the_command(
    kit: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("PYTHONUTF8", "0")
    done = as_process("module", "status", "\u00e9", at=kit.root)
    assert done.err.startswith("tito: there is no module called '\\xe9'")
