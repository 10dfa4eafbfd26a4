"""The release gate: nothing leaks, an untouched release earns nothing, the reference earns everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from tinytorch.course.leaks import Leak, find_leaks
from tinytorch.course.module_facts import module_facts
from tinytorch.course.points import exercises, points_problems
from tinytorch.errors import GraderFaultError, ReleaseError
from tinytorch.grading.base.result import CheckResult, SubmissionResult
from tinytorch.grading.base.submission import Submission
from tinytorch.grading.gradebook.band_problems import band_problems
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.release import require_fresh_release
from tinytorch.grading.gradebook.setup import setup_for
from tinytorch.grading.run.pool import GradingPool, grade_many, usable_cores
from tinytorch.grading.run.store import Store

UNTOUCHED = "the untouched release"
REFERENCE = "the reference"


@dataclass(frozen=True, slots=True)
class GateReport:
    """The result of the gate; `problems` is empty if the release may be given out."""

    module: str
    leaks: tuple[Leak, ...]
    untouched_score: float
    reference_score: float
    points: float
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems

    def require(self) -> None:
        """Raises ReleaseError naming every problem."""
        _refuse(self.module, self.problems)


def check_release(
    class_folder: ClassFolder,
    *,
    sandbox: str = "bwrap",
    open_executor: Callable[[], Executor] | None = None,
) -> GateReport:
    """Looks for leaks in the release, then grades it and the reference; cheap when neither has changed since.

    Raises ReleaseError before anything is graded if lessons, hidden checks and bands do not fit together.
    """
    require_fresh_release(class_folder)
    _refuse(class_folder.module.name, band_problems(class_folder))
    leaks = tuple(find_leaks(class_folder.release, class_folder.project, class_folder.module))
    results = _graded(class_folder, sandbox, open_executor)
    points = automatic_points(class_folder)
    facts = module_facts(class_folder.project, class_folder.module)
    untouched, reference = results[UNTOUCHED], results[REFERENCE]
    problems = [
        *map(str, leaks),
        *points_problems(exercises(sorted(class_folder.release.glob("*.ipynb"))), facts),
        *_earned_for_nothing(untouched),
        *_not_earned(reference),
    ]
    if abs(reference.points - points) > 1e-9:
        problems.append(f"hidden checks decide {reference.points:g} points, the notebooks have {points:g}")
    return GateReport(class_folder.module.name, leaks, untouched.score, reference.score, points, tuple(problems))


def _refuse(module: str, problems: Sequence[str]) -> None:
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise ReleaseError(f"{module}: the gate refuses the release; fix this and generate again:\n{listed}")


def automatic_points(class_folder: ClassFolder) -> float:
    """The points of a release's check cells, those that no one grades by hand."""
    released = exercises(sorted(class_folder.release.glob("*.ipynb")))
    return float(sum(exercise.points for exercise in released if not exercise.manual))


def _graded(
    class_folder: ClassFolder, sandbox: str, open_executor: Callable[[], Executor] | None
) -> dict[str, SubmissionResult]:
    folders = {UNTOUCHED: class_folder.release, REFERENCE: class_folder.source}
    setup = setup_for(class_folder, sandbox, None)
    graded = grade_many(
        [Submission(name, folder) for name, folder in folders.items()],
        setup,
        Store(class_folder.results),
        open_executor=open_executor or (lambda: GradingPool(min(2, usable_cores()))),
        in_flight=2,
    )
    results = {item.submission.student: item.result for item in graded}
    for name, result in results.items():
        if result.fault:
            raise GraderFaultError(f"{class_folder.module}: {name} could not be graded: {result.fault}")
    return results


def _earned_for_nothing(result: SubmissionResult) -> list[str]:
    return [
        f"{UNTOUCHED} earns {exercise.score:g} points for {exercise.grade_id}: check {check.check} passes on the stub"
        for exercise in result.exercises
        for check in exercise.checks
        if check.outcome.earns
    ]


def _not_earned(result: SubmissionResult) -> list[str]:
    return [
        f"{REFERENCE} {_does(check)} {check.check} of {exercise.grade_id} ({check.outcome.value}): {check.words}"
        for exercise in result.exercises
        for check in exercise.checks
        if check.earned < check.weight
    ]


def _does(check: CheckResult) -> str:
    return f"earns only {100 * check.share:.3g} % of" if check.outcome.earns else "fails"
