"""The line of progress: at a terminal, in a notebook, and not where output is captured."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tinytorch.bench import progress
from tinytorch.bench.progress import stage


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error, as the line sees it."""
    stream = Terminal()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream, modules=sys.modules))
    return stream


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock by which a run is long enough to show."""
    now = SimpleNamespace(at=1000.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now.at)

    monkeypatch.setattr(progress, "_line", progress._Line())

    def pass_by(seconds: float) -> None:
        now.at += seconds

    return pass_by


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A kernel whose cell's output for the line is the last entry; an entry for each output."""
    outputs: list[str] = []

    def display(data: dict[str, str], raw: bool, display_id: bool) -> Any:
        outputs.append(data["text/plain"])

        def update(data: dict[str, str], raw: bool) -> None:
            outputs[-1] = data["text/plain"]

        return SimpleNamespace(update=update)

    shell = SimpleNamespace(kernel=object(), execution_count=3)
    fake = SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(display=display), shell=shell)
    monkeypatch.setitem(sys.modules, "IPython", fake)
    progress._outputs.clear()
    return outputs


def test_nested_stages_are_one_line_that_goes_away(terminal: Terminal, moments: Callable[[float], None]) -> None:
    with stage("all"), stage("first"):
        pass
    assert terminal.getvalue() == "\r\x1b[Kall: first\r\x1b[K"


def test_output_that_is_captured_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with stage("all"), stage("first"):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_short_stage_shows_nothing(terminal: Terminal, moments: Callable[[float], None]) -> None:
    with stage("quick"):
        moments(0.1)
    assert terminal.getvalue() == ""


def test_stages_that_follow_each_other_are_one_run(terminal: Terminal, moments: Callable[[float], None]) -> None:
    for number in range(3):
        with stage(f"size {number}"):
            moments(0.3)
    shown = terminal.getvalue()
    assert "size 0" not in shown
    assert "size 2" in shown


def test_a_stage_that_fails_leaves_no_line(terminal: Terminal, moments: Callable[[float], None]) -> None:
    with pytest.raises(ValueError, match="no"), stage("all"), stage("first"):
        raise ValueError("no")
    assert terminal.getvalue().endswith("\r\x1b[K")
    with stage("next"), stage("one"):
        pass
    assert "next: one" in terminal.getvalue()


def test_a_notebook_has_one_output_for_a_cell_and_it_ends_empty(
    notebook: list[str], moments: Callable[[float], None]
) -> None:
    for number in range(3):
        with stage("all"), stage(f"size {number}"):
            assert notebook == [f"all: size {number}"]
    assert notebook == [""]


def test_the_next_cell_has_its_own_output(notebook: list[str], moments: Callable[[float], None]) -> None:
    for _ in range(2):
        with stage("all"), stage("first"):
            pass
        sys.modules["IPython"].shell.execution_count += 1
    assert notebook == ["", ""]
