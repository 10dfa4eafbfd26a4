"""Each stored mistake loses the points it should, to the checks it should, in the lessons that it changes."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tinytorch.grading.model import SubmissionResult
from tinytorch.grading.one import grade_submission

from .conftest import Checkout, build

pytestmark = pytest.mark.slow

EXPECTED = build.load_expected()
CASES = [
    (name, lesson)
    for name in build.all_names()
    if name not in build.CLASS
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
            *zip(*((folder / name, release, hidden, f"test_{lesson[:2]}") for name, lesson in CASES), strict=True),
        )
        return dict(zip(CASES, graded, strict=True))


def _grade(folder: Path, release: Path, hidden: Path, only: str) -> SubmissionResult:
    return grade_submission(folder, release_dir=release, hidden_dir=hidden, only=only)


@pytest.mark.parametrize(("name", "lesson"), CASES, ids=["-".join(case) for case in CASES])
def test_a_mistake_costs_what_is_written_down(
    name: str, lesson: str, results: dict[tuple[str, str], SubmissionResult]
) -> None:
    result = results[name, lesson]
    assert result.fault == ""
    wrong = {
        exercise.grade_id: (exercise.score, EXPECTED[name].range_of(exercise.grade_id, exercise.points))
        for exercise in result.exercises
        if not within(exercise.score, EXPECTED[name].range_of(exercise.grade_id, exercise.points))
    }
    assert wrong == {}


def within(score: float, bounds: tuple[float, float]) -> bool:
    least, most = bounds
    return least - 1e-5 <= score <= most + 1e-5
