"""Grades one mutant as a submission: in the sandbox, by the hidden checks, and tells the points that it lost."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tests.tools.mutants.checks import BANDS, HIDDEN, hidden_checks
from tests.tools.mutants.mutants import Mutant, reference_notebooks
from tinytorch.course.build import RELEASE_STEPS, apply
from tinytorch.course.markers import remove_lines
from tinytorch.course.notebooks import write_notebook
from tinytorch.course.steps import strip_markers
from tinytorch.errors import GradingError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run.submission import grade_submission
from tinytorch.notebooks.cells import grade_id, is_graded

# A mutant that hangs or dies has lost: no need to try it as often, or to wait for it as long, as a student's work.
LIMITS = Limits(cell_s=30, call_s=15, lesson_s=120, submission_s=300, restarts=2, strikes=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: the checks that it failed and the first of their findings; no checks: it survived."""

    key: str
    lost: float
    failed: tuple[str, ...]
    words: str
    is_by_speed: bool  # only races were lost
    seconds: float


def write_release(references: dict[str, NotebookNode], to: Path) -> Path:
    """The release's notebooks; the text of the visible checks is left out.

    They decide no point, and compile every kernel of a lesson, which would take longer than the checks that do.
    """
    to.mkdir(parents=True, exist_ok=True)
    for lesson, notebook in references.items():
        write_notebook(apply(notebook, (*RELEASE_STEPS, _without_visible_checks)), to / f"{lesson}.ipynb")
    return to


def write_sources(references: dict[str, NotebookNode], to: Path) -> Path:
    """The instructor's notebooks, again without the text of the visible checks."""
    to.mkdir(parents=True, exist_ok=True)
    for lesson, notebook in references.items():
        write_notebook(_without_visible_checks(notebook), to / f"{lesson}.ipynb")
    return to


def write_mutant(mutant: Mutant, references: dict[str, NotebookNode], to: Path) -> Path:
    """The reference's notebooks as a submission, with the mutant in its place."""
    to.mkdir(parents=True, exist_ok=True)
    for lesson, notebook in references.items():
        handed_in = _without_visible_checks(strip_markers(notebook))
        for cell in handed_in.cells:
            if lesson == mutant.lesson and grade_id(cell) == mutant.exercise:
                cell.source = remove_lines(mutant.source)
        write_notebook(handed_in, to / f"{lesson}.ipynb")
    return to


def _without_visible_checks(notebook: NotebookNode) -> NotebookNode:
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        if cell.cell_type == "code" and is_graded(cell):
            cell.source = f"# {grade_id(cell)}"
    return made


def judge(mutant: Mutant, folder: Path, seed: int) -> Verdict:
    """Grades it by the checks of its exercise; if it loses nothing, by the rest of the lesson's and its own races.

    Races are left to the second step: they take seconds each, and most mutants have lost by then.
    """
    references = reference_notebooks()
    release, submission = (
        write_release(references, folder / "release"),
        write_mutant(mutant, references, folder / "work"),
    )
    cell = f"check_{mutant.exercise}"
    of_lesson = [check for check in hidden_checks() if check.lesson == mutant.lesson]
    own = [check.name for check in of_lesson if check.cell == cell and not check.is_race]
    rest = [check.name for check in of_lesson if check.cell != cell and not check.is_race]
    races = [check.name for check in of_lesson if check.cell == cell and check.is_race]
    seconds = 0.0
    verdict = Verdict(mutant.key, 0.0, (), "", False, 0.0)
    for names in (own, [*rest, *races]):
        if names and not verdict.failed:
            setup = Setup(release, HIDDEN, LIMITS, seed=seed, bands=BANDS)
            result = grade_submission(submission, setup, one_of(names))
            seconds += result.seconds
            verdict = _verdict(mutant.key, result, set(races), seconds)
    return verdict


def one_of(names: Iterable[str]) -> Callable[[str], bool]:
    """For `grade_submission(only=...)`: true of the checks of these names, whatever their parameters."""
    known = frozenset(names)
    return lambda check: check.partition("[")[0] in known


def _verdict(key: str, result: SubmissionResult, races: set[str], seconds: float) -> Verdict:
    if result.fault:
        raise GradingError(f"mutant {key} was not graded: {result.fault}")
    failed = [check for exercise in result.exercises for check in exercise.checks if check.share < 1]
    names = tuple(check.check for check in failed)
    is_by_speed = bool(names) and all(name.partition("[")[0] in races for name in names)
    words = f"{failed[0].outcome}: {failed[0].words}"[:300] if failed else ""
    return Verdict(key, round(result.points - result.score, 4), names, words, is_by_speed, round(seconds, 1))
