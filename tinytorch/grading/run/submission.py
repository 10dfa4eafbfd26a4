"""Grades one submission: runs the hidden checks against its notebooks and counts the points.

`python -m tinytorch.grading.run.submission SUBMISSION --release DIR --hidden DIR --bands FILE` prints it as a plain
table.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tinytorch.errors import GraderFaultError, ReleaseError, TinyTorchError
from tinytorch.grading.base.result import CheckResult, ExerciseResult, SubmissionResult
from tinytorch.grading.base.setup import Required, Setup, bands_from, sandbox_named
from tinytorch.grading.checks.plugin import HiddenChecks
from tinytorch.grading.run.keys import GRADER_ROOMS, Keys
from tinytorch.grading.run.lessons import Lessons
from tinytorch.grading.run.notebooks import Notebooks
from tinytorch.grading.run.provenance import circumstances
from tinytorch.grading.sandbox.bubblewrap import check_available
from tinytorch.grading.sandbox.session import Setting
from tinytorch.notebooks.cells import NotebookError
from tinytorch.notebooks.exercises import Exercise

_ONE_AT_A_TIME = threading.Lock()  # pytest and the environment belong to the whole process


def grade_submission(
    submission_dir: Path, setup: Setup, only: str | Callable[[str], bool] | None = None
) -> SubmissionResult:
    """The result of the notebooks in `submission_dir`.

    A fault of the grader is told in the result's `fault` and nothing is scored. `only` runs the checks whose name
    contains it, or of whose name it is true, and counts only the exercises that they decide. A check whose outcome is
    kept in the setup's `outcomes_dir` is not run again.
    """
    began = time.monotonic()
    if setup.sandbox == "bwrap":
        check_available()
    releases = sorted(setup.release_dir.glob("*.ipynb"))
    if not releases:
        raise ReleaseError(f"{setup.release_dir} holds no notebooks; generate the release first")
    hidden = (submission_dir, setup.release_dir, setup.hidden_dir)
    setting = Setting(setup.limits, setup.sandbox, hidden, began + setup.limits.submission_s)
    keys, notebooks = Keys(setup), _notebooks(submission_dir, setup)
    noted = circumstances(submission_dir, setup.limits)
    with contextlib.closing(Lessons(notebooks, setting, keys, setup.outcomes_dir)) as lessons:
        checks = HiddenChecks(lessons, setup.seed, frozenset(GRADER_ROOMS), _chosen(only), setup.bands)
        try:
            _run_pytest(setup.hidden_dir, checks)
            cells = lessons.cell_runs() if only is None and not checks.faults else ()
        except GraderFaultError as err:
            checks.faults.append(str(err))
            cells = ()
    exercises, faults = _score(notebooks.exercises, checks, is_partial=only is not None)
    result = SubmissionResult(exercises, cells, tuple(notebooks.repairs), "; ".join(faults), setup.seed, setup.sandbox)
    # Of what lies there now: who compares them with the key learns that something was changed on the way.
    seconds, hashes = round(time.monotonic() - began, 3), Keys(setup).hashes(submission_dir)
    return dataclasses.replace(result, seconds=seconds, hashes=hashes, circumstances=noted)


def _notebooks(submission_dir: Path, setup: Setup) -> Notebooks:
    try:
        return Notebooks(submission_dir, setup)
    except NotebookError as err:
        raise ReleaseError(f"{setup.release_dir}: {err} Fix the lesson and generate the release again.") from err


def _chosen(only: str | Callable[[str], bool] | None) -> Callable[[str], bool]:
    """Returns the function that says whether the check of a name is to run."""
    if callable(only):
        return only
    return lambda name: only is None or only in name


def _score(
    known: Sequence[Exercise], checks: HiddenChecks, is_partial: bool
) -> tuple[tuple[ExerciseResult, ...], list[str]]:
    """Points by weight. An exercise without checks, or a check without an exercise, is the grader's fault."""
    by_cell: dict[tuple[str, str], list[CheckResult]] = {}
    for result in checks.results:
        by_cell.setdefault((result.lesson, result.grade_id), []).append(result)
    scored, faults = [], list(checks.faults)
    for exercise in known:
        results = by_cell.pop((exercise.lesson, exercise.grade_id), [])
        if exercise.manual or (is_partial and not results):
            continue
        if not results and not faults:
            faults.append(f"no hidden check decides {exercise.grade_id} of {exercise.lesson}")
        earned = sum(result.earned for result in results)
        share = earned / (sum(result.weight for result in results) or 1.0)
        score = round(exercise.points * share, 6)
        scored.append(ExerciseResult(exercise.lesson, exercise.grade_id, exercise.points, score, tuple(results)))
    faults += [f"{lesson} has no grade cell {cell}, which a hidden check decides" for lesson, cell in by_cell]
    return (() if faults else tuple(scored)), faults


def _run_pytest(hidden_dir: Path, checks: HiddenChecks) -> None:
    """Runs the hidden checks here, without a terminal, a cache, or any settings or plugins of the project."""
    arguments = [
        *("-c", os.devnull, "--rootdir", str(hidden_dir), "--confcutdir", str(hidden_dir)),
        *("--import-mode=importlib", "--assert=plain", "--capture=no", "--strict-markers"),
        *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:warnings", "-p", "no:logging"),
        *("-p", "no:faulthandler", "-p", "no:junitxml", "-p", "no:pastebin", "-p", "no:debugging"),
        str(hidden_dir),
    ]
    with _ONE_AT_A_TIME, contextlib.redirect_stdout(sys.stderr), _own_surroundings(hidden_dir):
        status = pytest.main(arguments, plugins=[checks])
    if status == pytest.ExitCode.INTERRUPTED and not checks.faults:
        raise KeyboardInterrupt
    is_done = status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    is_done |= status == pytest.ExitCode.NO_TESTS_COLLECTED and bool(checks.results)  # every outcome was known
    if not is_done and not checks.faults:
        checks.faults.append(f"the hidden checks in {hidden_dir} did not run (pytest ended with {status!r})")


@contextlib.contextmanager
def _own_surroundings(hidden_dir: Path) -> Iterator[None]:
    """Runs the block without third-party pytest plugins and bytecode files; removes the checks from `sys.modules`."""
    variables = {name: os.environ.get(name) for name in ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS")}
    kept_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        yield
    finally:
        sys.dont_write_bytecode = kept_bytecode
        for name, value in variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if path and Path(path).is_relative_to(hidden_dir):
                del sys.modules[name]


def main(arguments: Sequence[str] | None = None) -> int:
    """For authors of checks: grades one folder and prints the outcome of each check."""
    parser = argparse.ArgumentParser(prog="python -m tinytorch.grading.run.submission", description=main.__doc__)
    parser.add_argument("submission", type=Path, help="folder with the notebooks to grade")
    parser.add_argument("--release", type=Path, required=True, help="folder with the release notebooks")
    parser.add_argument("--hidden", type=Path, required=True, help="folder with the hidden checks")
    parser.add_argument(
        "--required",
        type=Path,
        action="append",
        default=[],
        help="folder with the release notebooks of a module that the lessons import from (may be repeated)",
    )
    parser.add_argument("--bands", type=Path, help="the module's bands.toml, whose bands the checks ask for by name")
    parser.add_argument("--sandbox", choices=("bwrap", "none"), default="bwrap")
    parser.add_argument("--only", help="run the checks whose name contains this, for instance test_02")
    parser.add_argument("--seed", type=int, default=13)
    given = parser.parse_args(arguments)
    try:
        required = tuple(
            Required(path.stem, path.read_text(encoding="utf-8"))
            for folder in given.required
            for path in sorted(folder.glob("*.ipynb"))
        )
        sandbox = sandbox_named(given.sandbox)
        bands = bands_from(given.bands) if given.bands else {}
        setup = Setup(given.release, given.hidden, sandbox=sandbox, seed=given.seed, required=required, bands=bands)
        result = grade_submission(given.submission, setup, given.only)
    except TinyTorchError as err:
        print(err, file=sys.stderr)
        return 1
    _print(result)
    return 1 if result.fault else 0


def _print(result: SubmissionResult) -> None:
    for exercise in result.exercises:
        print(f"{exercise.score:5.2f} of {exercise.points:g}  {exercise.lesson} {exercise.grade_id}")
        for check in exercise.checks:
            message = f": {check.words}" if check.words else ""
            print(f"      {check.outcome:<9} {check.seconds:7.2f} s  {check.check.partition('::')[2]}{message}")
            if check.hint:
                print(f"      {'hint':<9} {check.hint}")
    for cell in result.cells:
        if cell.status not in ("ok", "skipped"):
            print(f"cell {cell.cell_id} of {cell.lesson}: {cell.status}: {cell.words}")
    for repair in result.repairs:
        print(f"repaired: {repair}")
    if result.fault:
        print(f"not graded, the grader's fault: {result.fault}")
    print(f"{result.score:g} of {result.points:g} points in {result.seconds:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
