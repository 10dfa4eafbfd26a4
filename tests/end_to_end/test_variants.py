"""Solutions that do it differently and are right: each keeps every point that isn't for speed.

A few are graded by `make test`, all by `make variants`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.submissions import build
from tests.tools.mutants.checks import HIDDEN, hidden_checks
from tests.tools.mutants.grade import one_of, write_release, write_sources
from tests.tools.mutants.mutants import reference_notebooks
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run.submission import grade_submission

pytestmark = pytest.mark.slow

SEED = 13
IN_EVERY_RUN = ("correct/quantize_by_divmod", "correct/relu_by_where", "correct/times_in_a_list")
NAMES = [
    pytest.param(name, id=Path(name).name, marks=() if name in IN_EVERY_RUN else pytest.mark.variants)
    for name in build.correct_names()
]


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of the source and of the release notebooks."""
    folder, references = tmp_path_factory.mktemp("variants"), reference_notebooks()
    return write_sources(references, folder / "source"), write_release(references, folder / "release")


@pytest.mark.parametrize("name", NAMES)
def test_a_correct_solution_keeps_all_points_but_those_of_speed(
    name: str, notebooks: tuple[Path, Path], tmp_path: Path
) -> None:
    source, release = notebooks
    submission = build.build_submission(name, source, release, tmp_path)
    lessons = build.load(name).lessons
    checks = [check.name for check in hidden_checks() if check.lesson in lessons and not check.is_race]
    result = grade_submission(submission, Setup(release, HIDDEN, seed=SEED), one_of(checks))
    assert result.fault == ""
    found = [check for exercise in result.exercises for check in exercise.checks]
    assert {check.check.partition("[")[0] for check in found} == set(checks)
    assert {check.check: check.words for check in found if check.share < 1} == {}


def test_there_are_at_least_25_and_none_is_there_twice() -> None:
    bodies = {change.text for name in build.correct_names() for change in build.load(name).changes}
    assert len(bodies) >= 25
    assert len(bodies) == len(build.correct_names())
