"""The whole class once more, with the real grader in its sandbox: do tito's way and nbgrader's by hand agree?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.courses.toy import MODULE, REPOSITORY, Toy, make_checkout
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.gradebook.autograde import Plan, autograde_class
from tinytorch.grading.gradebook.feedback import make_feedback
from tinytorch.grading.gradebook.gate import check_release
from tinytorch.grading.gradebook.release import generate_release
from tinytorch.grading.report.class_report import build_report
from tinytorch.grading.sandbox.bubblewrap import check_available

pytestmark = pytest.mark.slow

WHOLE_ONLY = "    return int(a) + int(b)"
EXPECTED = {"ada": [10.0, 4.0], "bob": [7.5, 3.0], "cem": [0.0, 4.0], "dora": [0.0, 0.0], "eve": [10.0, 0.0]}


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Generated, and handed in by five."""
    try:
        check_available()
    except SandboxUnavailableError as err:
        pytest.skip(str(err))
    toy = Toy(make_checkout(tmp_path_factory.mktemp("real")))
    generate_release(toy.class_folder)
    toy.hand_in("ada")
    toy.hand_in("bob", WHOLE_ONLY)
    (toy.hand_in("cem") / "01_first.ipynb").write_bytes(b"no notebook")
    toy.hand_in("dora", "    import os; print('10.0'); os._exit(0)")
    toy.hand_in("eve", lessons=("01_first",))
    return toy


@pytest.fixture(scope="module")
def graded(toy: Toy) -> Toy:
    list(autograde_class(toy.class_folder, Plan(workers=2)))
    return toy


def scores(toy: Toy) -> dict[str, list[float]]:
    rows = build_report(toy.class_folder).rows
    return {row.student: [score or 0.0 for score in row.scores[:2]] for row in rows}


def test_the_gate_lets_the_release_out(toy: Toy) -> None:
    check_release(toy.class_folder).require()


def test_everyone_gets_what_they_earned(graded: Toy) -> None:
    assert scores(graded) == EXPECTED


def test_what_each_check_found_is_kept_in_the_class_folder(graded: Toy) -> None:
    kept = {path.name.partition(".")[2] for path in (graded.assignments / "results" / "lessons").iterdir()}
    assert kept == {"json", "cells.json"}


def test_a_second_run_finds_everything_done(graded: Toy) -> None:
    steps = autograde_class(graded.class_folder, Plan())
    assert {step.stage for step in steps} == {"checked", "current"}


def test_the_feedback_tells_requirement_and_outcome(graded: Toy) -> None:
    [pages] = make_feedback(graded.class_folder, ("bob",))
    page = pages.pages[0].read_text()
    assert "The sum of two fractions is right." in page
    assert "check.number" not in page


@pytest.mark.parametrize("keep_results", [True, False], ids=["results-kept", "on-the-spot"])
def test_nbgrader_by_hand_agrees(graded: Toy, tmp_path: Path, keep_results: bool) -> None:
    root = tmp_path / "by-hand"
    shutil.copytree(graded.project.root, root)
    toy = Toy(type(graded.project)(root, "checkout"))
    shutil.rmtree(toy.assignments / "autograded")
    if not keep_results:
        shutil.rmtree(toy.assignments / "results")
    with Gradebook(f"sqlite:///{toy.class_folder.gradebook}") as gradebook:
        for student in EXPECTED:
            gradebook.remove_submission(MODULE, student)
    run = by_hand(root)
    assert run.returncode == 0, run.stderr
    assert scores(toy) == EXPECTED


def test_a_fault_is_no_zero_by_hand_either(graded: Toy, tmp_path: Path) -> None:
    root = tmp_path / "faulty"
    shutil.copytree(graded.project.root, root)
    toy = Toy(type(graded.project)(root, "checkout"))
    (toy.project.hidden_dir(toy.module) / "test_broken.py").write_text("def test_without_marks(student):\n    pass\n")
    toy.hand_in("zoe")
    run = by_hand(root)
    assert run.returncode == 1
    assert "zoe" not in scores(toy)
    assert build_report(toy.class_folder).ungraded == ("zoe",)


def by_hand(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nbgrader", "autograde", MODULE]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=400)
