"""Ctrl-C in the middle of grading: exit 130, no process left behind, and a second run goes on with what was done."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from nbconvert.exporters import NotebookExporter

from tests.courses.tiny import solve
from tests.courses.toy import Toy
from tests.tito.running import COMMAND, Tito, as_process, environment
from tinytorch.course.project import Project
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.collect import take_in
from tinytorch.grading.gradebook import autograde, converters
from tinytorch.grading.sandbox import bubblewrap

AUTOGRADE = ("grade", "autograde", "13", "--sandbox", "none")
INTERRUPTED = "interrupted; what was finished is kept, and the same command goes on from there."
SLOW = "    import time; time.sleep(8); return a + b"


def interrupt_on_call(monkeypatch: pytest.MonkeyPatch, room: object, name: str, number: int) -> None:
    """Ctrl-C is pressed in the middle of the call with that number."""
    function = getattr(room, name)
    calls: list[object] = []

    def counted(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == number:
            raise KeyboardInterrupt
        return function(*arguments, **options)

    monkeypatch.setattr(room, name, counted)


def class_of(toy: Toy) -> Path:
    for student in ("ada", "bob", "cem"):
        toy.hand_in(student)
    return toy.project.root


def test_ctrl_c_between_two_students_keeps_the_first(tito: Tito, by_looking: Toy) -> None:
    root = class_of(by_looking)
    with pytest.MonkeyPatch.context() as patch:
        interrupt_on_call(patch, autograde, "autograde_student", 2)
        stopped = tito(*AUTOGRADE, at=root)
    assert stopped.code == 130
    assert stopped.err.endswith(
        "tito: interrupted; what was finished is kept, and the same command goes on from there.\n"
    )
    again = tito(*AUTOGRADE, at=root)
    assert again.code == 0
    assert "ada: 14 of 14 automatic points, up to date in the gradebook" in again.out
    assert "bob: 14 of 14 automatic points, written to the gradebook" in again.out


@pytest.mark.parametrize("call", range(1, 7))
def test_ctrl_c_while_nbgrader_writes_leaves_no_half_of_a_grade(tito: Tito, by_looking: Toy, call: int) -> None:
    """Two students, two notebooks each; nbgrader grades a notebook, then writes it."""
    root = class_of(by_looking)
    with pytest.MonkeyPatch.context() as patch:
        interrupt_on_call(patch, NotebookExporter, "from_notebook_node", call)
        assert tito(*AUTOGRADE, at=root).code == 130
    again = tito(*AUTOGRADE, at=root)
    assert again.code == 0
    rows = tito("grade", "report", "13", "--format", "json", at=root).json["rows"]
    assert {row["student"]: row["automatic"] for row in rows} == {"ada": 14.0, "bob": 14.0, "cem": 14.0}


def test_ctrl_c_while_generating_leaves_the_release_as_it_was(tito: Tito, by_looking: Toy) -> None:
    root = by_looking.project.root
    release = by_looking.project.release_dir(by_looking.module)
    before = {path.name: path.read_bytes() for path in release.iterdir()}
    source = root / "modules/13_kernels/01_first.py"
    source.write_text(source.read_text().replace("# First", "# First of all"))
    command = ("grade", "generate", "13", "--sandbox", "none")
    with pytest.MonkeyPatch.context() as patch:
        interrupt_on_call(patch, NotebookExporter, "from_notebook_node", 2)
        assert tito(*command, at=root).code == 130
    assert {path.name: path.read_bytes() for path in release.iterdir()} == before
    assert tito(*command, at=root).code == 0
    assert b"First of all" in (release / "01_first.ipynb").read_bytes()


def test_ctrl_c_while_writing_feedback_is_made_good_by_the_next_run(tito: Tito, graded: Toy) -> None:
    root = graded.project.root
    with pytest.MonkeyPatch.context() as patch:
        interrupt_on_call(patch, converters._Feedback, "convert_single_notebook", 2)
        assert tito("grade", "feedback", "13", at=root).code == 130
    assert tito("grade", "feedback", "13", at=root).code == 0
    told = tito("grade", "status", "--json", at=root).json["students"]
    assert [item["feedback"] for item in told] == ["done", "done", "done", "missing"]


def test_ctrl_c_while_collecting_leaves_no_half_of_a_submission(tito: Tito, toy: Toy, tmp_path: Path) -> None:
    for student in ("ada", "bob"):
        shutil.copytree(toy.hand_in(student), tmp_path / "downloads" / student)
    shutil.rmtree(toy.assignments / "submitted")
    with pytest.MonkeyPatch.context() as patch:
        interrupt_on_call(patch, take_in, "_take_in", 2)
        assert tito("grade", "collect", "13", tmp_path / "downloads", at=toy.project.root).code == 130
    assert [path.name for path in toy.assignments.glob(".collect-*")] == []
    again = tito("grade", "collect", "13", tmp_path / "downloads", at=toy.project.root)
    assert again.code == 0
    assert [path.name for path in sorted((toy.assignments / "submitted").iterdir())] == ["ada", "bob"]


@contextmanager
def running(*arguments: str, at: Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a process group of its own, as a terminal starts it: SIGINT is not ignored."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=at,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # a worker left behind would hold the pipes, and be waited for without end
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until(holds: Callable[[], bool], limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [item for item in processes if item.is_running() and item.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["none", "bwrap"])
def test_ctrl_c_at_the_terminal_ends_everything_and_a_second_run_goes_on(toy: Toy, kind: str) -> None:
    """SIGINT reaches the whole process group: the command, its workers, and what they started."""
    if kind == "bwrap":
        needs_bubblewrap()
    command = (*AUTOGRADE[:-1], kind)
    toy.hand_in("ada")
    toy.hand_in("bob", SLOW)
    results = toy.assignments / "results"
    with running(*command, "--workers", "1", at=toy.project.root) as process:
        wait_until(lambda: len(list(results.glob("*.json"))) == 1)
        time.sleep(1)
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert "[1/2] ada: 14 of 14" in err
    assert err.endswith(f"tito: {INTERRUPTED}\n")
    assert len(family) >= 2
    wait_until(lambda: not alive(family), limit_s=10)
    [kept] = results.glob("*.json")
    before = kept.stat().st_mtime_ns
    shutil.copy(toy.submitted("ada") / "01_first.ipynb", toy.submitted("bob"))
    shutil.copy(toy.submitted("ada") / "02_second.ipynb", toy.submitted("bob"))
    again = as_process(*command, at=toy.project.root)
    assert again.code == 0
    assert "ada: 14 of 14 automatic points, written to the gradebook" in again.out
    assert "bob: 14 of 14 automatic points, written to the gradebook" in again.out
    assert kept.stat().st_mtime_ns == before


@pytest.mark.slow
def test_ctrl_c_at_the_terminal_ends_a_students_checks(kit: Project) -> None:
    notebook = kit.root / "notebooks/13_kernels/01_first.ipynb"
    solve(notebook, "total", "import time; time.sleep(50)")
    mine = notebook.read_bytes()
    with running("module", "complete", "kernels", at=kit.root) as process:
        command = psutil.Process(process.pid)
        wait_until(lambda: bool(command.children()))
        family = command.children(recursive=True)
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", f"tito: {INTERRUPTED}\n")
    wait_until(lambda: not alive(family), limit_s=10)
    assert notebook.read_bytes() == mine


def needs_bubblewrap() -> None:
    try:
        bubblewrap.check_available()
    except SandboxUnavailableError as err:
        pytest.skip(str(err))


@pytest.mark.slow
def test_a_command_that_is_killed_leaves_nothing_running(toy: Toy) -> None:
    """SIGKILL leaves it no time to tell its workers."""
    toy.hand_in("bob", SLOW)
    with running(*AUTOGRADE, "--workers", "1", at=toy.project.root) as process:
        wait_until(lambda: len(psutil.Process(process.pid).children(recursive=True)) >= 3)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        wait_until(lambda: not alive(family), limit_s=30)
