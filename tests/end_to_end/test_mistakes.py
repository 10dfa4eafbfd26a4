"""The stored submissions that need no whole class: each gets its points in the lessons that it changes.

A race is run only where it must be lost: what else a race gives depends on the machine, and takes seconds.
"""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.submissions import build
from tests.tools.mutants.checks import BANDS, hidden_checks
from tests.tools.mutants.grade import one_of
from tinytorch.grading.base.result import ExerciseResult, Outcome, SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run.submission import grade_submission

from .conftest import THROUGH_THE_COMMAND_LINE, Checkout, is_named

pytestmark = pytest.mark.slow

EXPECTED = build.load_expected()
CASES = [
    (name, lesson)
    for name in build.all_names()
    if name not in THROUGH_THE_COMMAND_LINE
    for lesson in sorted(build.load(name).lessons)
]


@pytest.fixture(scope="session")
def results(released: Checkout, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], SubmissionResult]:
    """Every case's result; two are graded at a time, in processes of their own."""
    root, folder = released.root, tmp_path_factory.mktemp("mistakes")
    release, hidden = root / "assignments/release/13_kernels", root / "tests/hidden/13_kernels"
    build.build_class(root / "assignments/source/13_kernels", release, folder, {name for name, _ in CASES})
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        graded = pool.map(
            _grade,
            *zip(*((folder / name, release, hidden, checks_of(name, lesson)) for name, lesson in CASES), strict=True),
        )
        return dict(zip(CASES, graded, strict=True))


def checks_of(name: str, lesson: str) -> list[str]:
    """The lesson's checks by name, without the races that this submission need not lose."""
    cells = EXPECTED[name].cells
    return [
        check.name
        for check in hidden_checks()
        if check.lesson == lesson
        and (not check.is_race or (check.cell in cells and is_named(check.name, cells[check.cell].lost)))
    ]


def _grade(folder: Path, release: Path, hidden: Path, checks: list[str]) -> SubmissionResult:
    return grade_submission(folder, Setup(release, hidden, bands=BANDS), one_of(checks))


@pytest.fixture(scope="session")
def weights(graded_class: Checkout) -> dict[str, dict[str, float]]:
    """The weight of each check, races too, by grade cell."""
    exercises = graded_class.exercises("reference")
    return {found.grade_id: {check.check: check.weight for check in found.checks} for found in exercises}


@pytest.mark.parametrize(("name", "lesson"), CASES, ids=["-".join(case) for case in CASES])
def test_a_changed_lesson_gets_the_points_written_down(
    name: str,
    lesson: str,
    results: dict[tuple[str, str], SubmissionResult],
    weights: dict[str, dict[str, float]],
) -> None:
    result = results[name, lesson]
    assert result.fault == ""
    assert result.exercises
    wrong = {
        exercise.grade_id: (score, bounds)
        for exercise in result.exercises
        for score in [with_full_races(exercise, weights[exercise.grade_id])]
        for bounds in [EXPECTED[name].range_of(exercise.grade_id, exercise.points)]
        if not within(score, bounds)
    }
    assert wrong == {}


def with_full_races(exercise: ExerciseResult, weights: dict[str, float]) -> float:
    """The points of an exercise if each check that was not run earned all of its weight."""
    run = {check.check for check in exercise.checks}
    earned = sum(check.earned for check in exercise.checks)
    earned += sum(weight for check, weight in weights.items() if check not in run)
    return exercise.points * earned / sum(weights.values())


@pytest.mark.parametrize(("name", "lesson"), CASES, ids=["-".join(case) for case in CASES])
def test_a_changed_lesson_fails_the_checks_written_down_and_no_others(
    name: str, lesson: str, results: dict[tuple[str, str], SubmissionResult]
) -> None:
    cells = EXPECTED[name].cells
    known = [exercise for exercise in results[name, lesson].exercises if exercise.grade_id in cells]
    wrong = {
        check.check: check.outcome
        for exercise in known
        for check in exercise.checks
        if not is_named(check.check, cells[exercise.grade_id].slow)
        and check.outcome is not Outcome.UNDECIDED
        and check.share != (0 if is_named(check.check, cells[exercise.grade_id].lost) else 1)
    }
    assert wrong == {}


def test_every_hidden_check_rejects_a_submission_that_is_written(
    results: dict[tuple[str, str], SubmissionResult], graded_class: Checkout
) -> None:
    """A check that only stubs, crashes and endless loops fail is worth nothing."""
    kept = [json.loads(path.read_text()) for path in (graded_class.root / "assignments/results").glob("*.json")]
    everything = [*results.values(), *(SubmissionResult.from_json(json.dumps(entry["result"])) for entry in kept)]
    checks = [check for result in everything for exercise in result.exercises for check in exercise.checks]
    wrong = (Outcome.FAILED, Outcome.ERRORED)
    rejecting = {check.check for check in checks if check.outcome in wrong and "not written yet" not in check.words}
    assert sorted({check.check for check in checks} - rejecting) == []


def within(score: float, bounds: tuple[float, float]) -> bool:
    least, most = bounds
    return least - 1e-5 <= score <= most + 1e-5
