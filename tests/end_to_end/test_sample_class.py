"""The sample class, graded through the command line: every score as written down before."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.submissions import build
from tinytorch.grading.run.receipt import points_of

from .conftest import THROUGH_THE_COMMAND_LINE, Checkout, is_named

pytestmark = pytest.mark.slow

EXPECTED = build.load_expected()


@pytest.fixture(scope="session")
def report(graded_class: Checkout) -> dict[str, Any]:
    return json.loads(graded_class.tito("grade", "report", "13_kernels", "--format", "json").stdout)


@pytest.fixture(scope="session")
def scores(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Automatic points by student and grade cell."""
    cells = [(item["grade_id"], item["manual"]) for item in report["exercises"]]
    return {
        row["student"]: {name: score for (name, manual), score in zip(cells, row["scores"], strict=True) if not manual}
        for row in report["rows"]
    }


def test_every_submission_is_graded(scores: dict[str, dict[str, float]]) -> None:
    assert sorted(scores) == sorted(THROUGH_THE_COMMAND_LINE)


@pytest.mark.parametrize("name", sorted(THROUGH_THE_COMMAND_LINE))
def test_a_submission_gets_the_points_written_down(
    name: str, scores: dict[str, dict[str, float]], report: dict[str, Any], graded_class: Checkout
) -> None:
    """What the races cost that may be lost on another machine is not counted; the reference may lose none."""
    full = {item["grade_id"]: item["points"] for item in report["exercises"] if not item["manual"]}
    ranges = {cell: EXPECTED[name].range_of(cell, points) for cell, points in full.items()}
    cost = cost_of_slow_races(name, graded_class)
    wrong = {
        cell: (score, cost.get(cell, 0.0), ranges[cell])
        for cell, score in scores[name].items()
        if not ranges[cell][0] - 1e-5 <= score + cost.get(cell, 0.0) <= ranges[cell][1] + 1e-5
    }
    assert wrong == {}
    total = sum(scores[name].values()) + sum(cost.values())
    assert EXPECTED[name].total - 1e-4 <= total <= EXPECTED[name].most + 1e-4


def cost_of_slow_races(name: str, graded_class: Checkout) -> dict[str, float]:
    """By grade cell, the points that were lost in the races called slow in `expected.toml`."""
    cells = EXPECTED[name].cells
    return {
        exercise.grade_id: sum(
            points_of(check, exercise) * (1 - check.earned / check.weight)
            for check in exercise.checks
            if is_named(check.check, cells[exercise.grade_id].slow)
        )
        for exercise in graded_class.exercises(name)
        if exercise.grade_id in cells
    }


def test_the_module_is_worth_85_automatic_and_15_points_by_hand(report: dict[str, Any]) -> None:
    automatic = sum(item["points"] for item in report["exercises"] if not item["manual"])
    by_hand = sum(item["points"] for item in report["exercises"] if item["manual"])
    assert (automatic, by_hand) == (85, 15)


def test_grading_again_grades_nothing_anew(graded_class: Checkout) -> None:
    again = graded_class.tito("grade", "autograde", "13_kernels", timeout_s=120)
    assert again.stdout.count("up to date in the gradebook") == len(THROUGH_THE_COMMAND_LINE)


def test_nbgrader_by_hand_leaves_the_same_scores(graded_class: Checkout) -> None:
    before = automatic_scores(graded_class)
    graded_class.run("nbgrader", "autograde", "13_kernels", "--force")
    assert automatic_scores(graded_class) == before


def automatic_scores(checkout: Checkout) -> list[tuple[Any, ...]]:
    """Every automatic score as the gradebook's own table holds it."""
    with sqlite3.connect(checkout.root / "assignments/gradebook.db") as gradebook:
        return sorted(
            gradebook.execute(
                "select submitted_assignment.student_id, base_cell.name, grade.auto_score from grade "
                "join base_cell on grade.cell_id = base_cell.id "
                "join submitted_notebook on grade.notebook_id = submitted_notebook.id "
                "join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id"
            ).fetchall(),
            key=str,
        )


def test_feedback_says_what_is_required_and_shows_no_check(graded_class: Checkout) -> None:
    graded_class.tito("grade", "feedback", "13_kernels", "--student", "edge_blocks_lost")
    page = graded_class.root / "assignments/feedback/edge_blocks_lost/13_kernels/02_matmul.html"
    text = page.read_text(encoding="utf-8")
    assert "<th>Requirement</th>" in text
    assert_shows_no_check(text, graded_class.root / "tests/hidden/13_kernels/test_02_matmul.py")


def assert_shows_no_check(text: str, hidden: Path) -> None:
    lines = [line.strip() for line in hidden.read_text(encoding="utf-8").splitlines()]
    telling = [line for line in lines if "student." in line or line.startswith("check.")]
    assert telling
    assert [line for line in telling if line in text] == []


def test_the_report_is_a_page_of_its_own_and_a_table_for_spreadsheets(graded_class: Checkout) -> None:
    graded_class.tito("grade", "report", "13_kernels", "--format", "html", "--to", "report.html")
    page = (graded_class.root / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    text = graded_class.tito("grade", "report", "13_kernels", "--format", "csv").stdout
    assert [row["student"] for row in csv.DictReader(text.splitlines())] == sorted(THROUGH_THE_COMMAND_LINE)
