"""What the tool that grades again and again concludes from its runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.submissions import build
from tests.tools.regrade import __main__ as regrade
from tests.tools.regrade.__main__ import IDLE, LOADED, Run, agree, differing, table
from tinytorch.grading.base.result import CheckResult, ExerciseResult, Outcome, SubmissionResult


def run(machine: str, share: float, fault: str = "") -> Run:
    speed = CheckResult("t::speed", "01", "check_f", 1.0, Outcome.UNDECIDED, "", share=share)
    right = CheckResult("t::right", "01", "check_f", 3.0, Outcome.PASSED, "")
    exercise = ExerciseResult("01", "check_f", 8.0, 8.0 * (3 + share) / 4, (right, speed))
    return Run("someone", machine, SubmissionResult((exercise,), fault=fault, seconds=2.0))


def test_the_same_points_agree() -> None:
    runs = [run(IDLE, 0.5), run(LOADED, 0.5)]
    assert agree(runs)
    assert "1 undecided   points: 7\n" in table(runs)


def test_other_points_are_named_with_their_check() -> None:
    runs = [run(IDLE, 0.5), run(LOADED, 1.0)]
    assert not agree(runs)
    assert differing(runs) == {("someone", "t::speed"): [1.0, 2.0]}
    assert table(runs).endswith("differs: someone, t::speed: 1, 2")


def test_a_fault_is_no_agreement() -> None:
    runs = [run(IDLE, 0.5), run(LOADED, 0.5, fault="it stumbled")]
    assert not agree(runs)
    assert "fault: someone loaded: it stumbled" in table(runs)


def test_equal_totals_do_not_hide_checks_that_differ() -> None:
    first, second = run(IDLE, 0.5), run(LOADED, 0.5)
    checks = tuple(CheckResult(f"t::{name}", "01", "check_f", 1.0, Outcome.PASSED, "") for name in ("right", "speed"))
    swapped = ExerciseResult("01", "check_f", 8.0, 7.0, checks)
    second = Run("someone", LOADED, SubmissionResult((swapped,)))
    assert first.result.score == pytest.approx(second.result.score)
    assert not agree([first, second])


HOLDS_A_CORE = """
import sys
import psutil
from tests.tools.regrade.__main__ import busy_cores

if __name__ == "__main__":
    with busy_cores(1):
        print(*(child.pid for child in psutil.Process().children()), flush=True)
        sys.stdin.read()
"""


def test_the_load_ends_with_the_run_even_where_that_is_killed(tmp_path) -> None:
    script = tmp_path / "holds.py"
    script.write_text(HOLDS_A_CORE)
    environment = {**os.environ, "PYTHONPATH": os.fspath(Path(__file__).parents[3])}
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as held:
        children = [psutil.Process(int(pid)) for pid in held.stdout.readline().split()]
        held.kill()
    assert children
    assert psutil.wait_procs(children, timeout=20)[1] == []


def test_without_a_release_it_says_what_to_do(monkeypatch, capsys, tmp_path) -> None:
    release = tmp_path / "13_kernels"

    def without(*args: object) -> list[Path]:
        return [build.build_submission("reference", release, release, tmp_path / "submitted")]

    monkeypatch.setattr(regrade, "regrade", without)
    assert regrade.main(["--times", "1", "reference"]) == 2
    said = capsys.readouterr().err
    assert "no lesson" in said
    assert "06_analysis" in said
    assert "tito grade generate 13_kernels" in said
