"""A notebook runs as in Jupyter, one bad cell costs that cell, and no process outlives its session."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable

import psutil
import pytest

from tests.courses.samples import code, plain_notebook
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.student_errors import Crashed, OutOfTime, TimedOut
from tinytorch.grading.checks.student import Student
from tinytorch.grading.sandbox.session import Notebook, Session, Setting
from tinytorch.notebooks.code import code_cells

OpenSession = Callable[..., Session]
OpenStudent = Callable[..., Student]


def statuses(session: Session) -> list[str]:
    session.ensure_started()
    return [run.status for run in session.cell_runs]


def text_of(session: Session, index: int = 0) -> str:
    session.ensure_started()
    return "".join(output.get("text", "") for output in session.cell_runs[index].outputs)


def alive(marker: str) -> list[int]:
    """Processes on this machine whose command line holds the marker."""
    found = psutil.process_iter(["cmdline"])
    return [process.pid for process in found if marker in " ".join(process.info["cmdline"] or [])]


def test_a_failing_cell_costs_that_cell(open_session: OpenSession) -> None:
    assert statuses(open_session("x = 1", "1 / 0", "y = = 2", "assert x == 1")) == ["ok", "error", "error", "ok"]


def test_magics_shell_lines_and_top_level_await_work(open_session: OpenSession) -> None:
    session = open_session("%timeit -n1 -r1 pass", "!echo from the shell", "import asyncio\nawait asyncio.sleep(0)")
    assert statuses(session) == ["ok", "ok", "ok"]
    assert "from the shell" in text_of(session, 1)


def test_input_is_refused_in_words(open_session: OpenSession) -> None:
    session = open_session("input('name? ')")
    assert statuses(session) == ["error"]
    assert "input() cannot be answered" in session.cell_runs[0].words


def test_displayed_values_and_figures_are_kept(open_session: OpenSession) -> None:
    session = open_session("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n40 + 2")
    assert statuses(session) == ["ok"]
    figure, value = session.cell_runs[0].outputs
    assert "image/png" in figure["data"]
    assert value["data"] == {"text/plain": "42"}


def test_script_in_an_output_is_not_kept(open_session: OpenSession) -> None:
    session = open_session("from IPython.display import HTML, display\ndisplay(HTML('<script>alert(1)</script>'))")
    session.ensure_started()
    assert all(set(output["data"]) == {"text/plain"} for output in session.cell_runs[0].outputs)


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param("print('x' * 50_000_000)", id="print"),
        pytest.param("import os\nfor _ in range(500): os.write(1, b'x' * 100_000)", id="descriptor 1"),
        pytest.param("import os\nfor _ in range(500): os.write(2, b'x' * 100_000)", id="descriptor 2"),
    ],
)
def test_a_flood_of_output_is_cut(open_session: OpenSession, flood: str) -> None:
    session = open_session(flood, "x = 1")
    assert statuses(session) == ["ok", "ok"]
    assert len(str(session.cell_runs[0].outputs)) < 100_000


def test_a_hanging_cell_costs_that_cell(open_session: OpenSession) -> None:
    session = open_session("x = 1", "while True: pass", "y = x", cell_s=1.5)
    assert statuses(session) == ["ok", "timed_out", "ok"]
    assert "did not end within" in session.cell_runs[1].words


@pytest.mark.parametrize(
    "death",
    [
        pytest.param("import os; os._exit(0)", id="exit"),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", id="kill"),
        pytest.param("import ctypes; ctypes.string_at(0)", id="segmentation fault"),
        pytest.param("import os; os.closerange(3, 64)", id="closes everything"),
    ],
)
def test_a_deadly_cell_costs_that_cell(open_session: OpenSession, death: str) -> None:
    assert statuses(open_session("x = 1", death, "y = x")) == ["ok", "crashed", "ok"]


def test_leaving_by_sys_exit_is_an_error_like_any_other(open_session: OpenSession) -> None:
    assert statuses(open_session("import sys; sys.exit(0)", "x = 1")) == ["error", "ok"]


FORGE = """
import os, socket, stat, struct
for number in range(3, 64):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            os.write(number, {message})
    except OSError:
        pass
"""


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("b'passed' * 10", id="text"),
        pytest.param("struct.pack('>4sIQ', b'TTk1', 1 << 31, 0)", id="enormous header"),
        pytest.param("struct.pack('>4sIQ', b'TTk1', 2, 1 << 60) + b'{}'", id="enormous payload"),
        pytest.param("struct.pack('>4sIQ', b'TTk1', 2, 0) + b'{}'", id="no id"),
        pytest.param("struct.pack('>4sIQ', b'TTk1', 27, 0) + b'{\"id\": 99, \"kind\": \"value\"} '", id="unknown id"),
        pytest.param("b'\\x80\\x04\\x95' * 20", id="pickle"),
    ],
)
def test_a_forged_message_ends_the_process(open_session: OpenSession, message: str) -> None:
    session = open_session("x = 1", FORGE.format(message=message), "y = x")
    assert statuses(session) == ["ok", "crashed", "ok"]


def test_cpu_time_of_a_process_is_limited_whatever_it_does_with_signals(open_session: OpenSession) -> None:
    spin = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    session = open_session("x = 1", spin, "y = x", cpu_s=4, cell_s=60)
    assert statuses(session) == ["ok", "crashed", "ok"]
    assert "did not end within" not in session.cell_runs[1].words


def test_memory_is_limited(open_session: OpenSession) -> None:
    session = open_session("import numpy as np\nkept = [np.empty(1 << 24) for _ in range(200)]", memory_bytes=2 << 30)
    assert statuses(session)[0] in ("error", "crashed")


def test_memory_of_all_processes_together_is_limited(open_session: OpenSession) -> None:
    child = "if os.fork() == 0:\n    kept = b'x' * (150 << 20)\n    time.sleep(60)\n"
    hog = "import os, time\n" + 3 * child + "time.sleep(60)"
    session = open_session(hog, "x = 1", all_memory_bytes=400 << 20)
    assert statuses(session) == ["crashed", "ok"]
    assert "memory together" in session.cell_runs[0].words


def test_files_are_limited(open_session: OpenSession) -> None:
    source = "with open('big', 'wb') as f:\n    for _ in range(100): f.write(bytes(1 << 20))"
    assert statuses(open_session(source, file_bytes=8 << 20)) == ["error"]


def test_temporary_space_is_limited(open_session: OpenSession) -> None:
    source = "for n in range(40):\n    with open(f'part{n}', 'wb') as f: f.write(bytes(1 << 20))"
    session = open_session(source, tmp_bytes=16 << 20)
    assert statuses(session) == ["error"]
    assert "No space left" in session.cell_runs[0].words


def test_processes_are_limited(open_session: OpenSession) -> None:
    source = "import subprocess\nkept = [subprocess.Popen(['sleep', '60']) for _ in range(80)]"
    assert statuses(open_session(source, processes=40)) == ["error"]


def test_a_user_without_privileges_gets_the_same_isolation(
    open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinytorch.grading.sandbox.bubblewrap.os.geteuid", lambda: 1000)
    privileges = "print([line for line in open('/proc/self/status') if line.startswith('CapEff')])"
    session = open_session(privileges, "open('/planted', 'w')", "open('/tmp/mine', 'w').close()")
    assert statuses(session) == ["ok", "error", "ok"]
    assert "CapEff:\\t0000000000000000" in text_of(session)


@pytest.mark.parametrize("kind", ["bwrap", "none"])
def test_children_are_gone_with_the_process(open_session: OpenSession, kind: str) -> None:
    marker = f"6{os.getpid()}{int(time.time())}"
    session = open_session(f"import subprocess\nkept = subprocess.Popen(['sleep', '{marker}'])", kind=kind)
    session.ensure_started()
    assert alive(f"sleep {marker}")
    session.close()
    assert not alive(f"sleep {marker}")


@pytest.mark.parametrize("kind", ["bwrap", "none"])
def test_detached_grandchildren_are_gone_with_the_process(open_session: OpenSession, kind: str) -> None:
    marker = f"7{os.getpid()}{int(time.time())}"
    daemon = (
        f"import os\nif os.fork() == 0:\n    os.setsid()\n    os.fork()\n    os.execlp('sleep', 'sleep', '{marker}')"
    )
    session = open_session(daemon, "import time; time.sleep(0.3)", kind=kind)
    session.ensure_started()
    assert alive(f"sleep {marker}")
    session.close()
    assert not alive(f"sleep {marker}")


def test_a_function_that_hangs_twice_is_not_called_again(open_student: OpenStudent) -> None:
    student = open_student("def hang():\n    while True: pass", "def fine():\n    return 1", call_s=0.7)
    for _ in range(2):
        with pytest.raises(TimedOut, match="hang did not return within"):
            student.hang()
    began = time.monotonic()
    with pytest.raises(TimedOut, match="not called again"):
        student.hang()
    assert time.monotonic() - began < 0.2
    assert student.fine() == 1


def test_a_function_that_dies_leaves_the_others(open_student: OpenStudent) -> None:
    student = open_student("def die():\n    import os; os._exit(1)", "def fine():\n    return 1")
    with pytest.raises(Crashed, match="die ended the process"):
        student.die()
    assert student.fine() == 1


def test_a_death_between_calls_is_nobodys(open_student: OpenStudent) -> None:
    student = open_student(
        "import threading, time, os\ndef arm():\n    threading.Timer(0.2, lambda: os._exit(1)).start()",
        "def fine():\n    return 1",
    )
    student.arm()
    time.sleep(0.8)
    assert student.fine() == 1


def test_a_process_that_dies_each_time_is_given_up(open_student: OpenStudent) -> None:
    sources = [f"def die{n}():\n    import os; os._exit(1)" for n in range(4)]
    student = open_student(*sources, restarts=1)
    for name in ("die0", "die1"):
        with pytest.raises(Crashed, match="ended the process"):
            student.call(name)
    with pytest.raises(Crashed, match="not started again"):
        student.die2()


def test_the_time_for_a_submission_ends() -> None:
    session = Session(Notebook("01_first"), Setting(Limits(), "none", until=time.monotonic() - 1))
    with pytest.raises(OutOfTime, match="the most that is allowed"):
        session.ensure_started()


def test_a_call_cut_short_by_the_end_of_a_submission_is_no_strike(open_student: OpenStudent) -> None:
    student = open_student("def hang():\n    while True: pass", strikes=1)
    session = student._session
    session.ensure_started()
    session.setting = dataclasses.replace(session.setting, until=time.monotonic() + 0.5)
    with pytest.raises(OutOfTime, match=r"not run: grading this submission has taken .* s"):
        student.hang()
    session.setting = dataclasses.replace(session.setting, until=float("inf"))
    session.ensure_started("hang")


def test_a_call_that_takes_all_of_its_own_time_is_a_strike(open_student: OpenStudent) -> None:
    student = open_student("def hang():\n    while True: pass", call_s=0.5, strikes=1)
    student._session.setting = dataclasses.replace(student._session.setting, until=time.monotonic() + 60)
    for match in ("did not return within", "not called again"):
        with pytest.raises(TimedOut, match=match):
            student.hang()


def test_a_shell_that_a_cell_has_broken_costs_the_cells_after_it(open_session: OpenSession) -> None:
    session = open_session("get_ipython().record = None", "x = 1")
    assert statuses(session)[1] == "error"
    assert "AttributeError" in session.cell_runs[1].words


def test_unchanged_measuring_cells_are_skipped(open_session: OpenSession) -> None:
    release = plain_notebook("x = 1")
    release.cells.append(code("import time; time.sleep(999)", "m", tags=["measure"]))
    submitted = plain_notebook("x = 1", "import time; time.sleep(999)")
    session = open_session()
    session.notebook = Notebook("01_first", code_cells("01_first", submitted, release))
    assert statuses(session) == ["ok", "skipped"]


def test_a_cell_of_absurd_length_is_left_out(open_session: OpenSession) -> None:
    session = open_session("#" * 500_000, "x = 1")
    assert statuses(session) == ["error", "ok"]
    assert "500000 characters" in session.cell_runs[0].words


def test_tracebacks_and_numba_know_the_cell(open_session: OpenSession) -> None:
    session = open_session(
        "from numba import njit\n@njit(cache=True)\ndef f(x):\n    return x + 1\nf(1)",
        "import inspect\nprint(inspect.getsource(f.py_func), f.stats.cache_misses)",
        "def g():\n    return 1 / 0\ng()",
    )
    assert statuses(session) == ["ok", "ok", "error"]
    assert "return x + 1" in text_of(session, 1)
    assert "01_first, cell 3, line 2" in str(session.cell_runs[2].outputs)
