"""`python -m tests.tools.regrade`: do the same submissions get the same points every time, idle and loaded?

Grades each submission of tests/submissions that is named again and again, first on the machine as it is and then
beside a busy process for every core, and prints the points of each run and, where they differ, of each check. The exit
code is 1 where any points differ. The release must have been generated (`tito grade generate 13_kernels`).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.submissions import build
from tinytorch.bench.band_file import BANDS_FILE
from tinytorch.course.names import resolve_module
from tinytorch.course.project import Project, find_project
from tinytorch.errors import TinyTorchError
from tinytorch.grading.base.result import SubmissionResult
from tinytorch.grading.base.setup import Setup, bands_from
from tinytorch.grading.run.submission import grade_submission

MODULE = "13_kernels"
IDLE, LOADED = "idle", "loaded"


@dataclass(frozen=True)
class Run:
    """One grading of one submission."""

    submission: str
    machine: str
    result: SubmissionResult

    @property
    def points_of_checks(self) -> dict[str, float]:
        """What each check earned of its exercise's points."""
        return {
            check.check: round(exercise.points * check.earned / (sum(each.weight for each in exercise.checks) or 1), 6)
            for exercise in self.result.exercises
            for check in exercise.checks
        }


def regrade(project: Project, names: Sequence[str], times: int, only: str | None) -> Iterator[Run]:
    """Every run, as it ends."""
    module = resolve_module(project, MODULE)
    with tempfile.TemporaryDirectory(prefix="tinytorch-regrade-") as folder:
        build.build_class(project.source_dir(module), project.release_dir(module), Path(folder), names)
        for machine in (IDLE, LOADED):
            with busy_cores(os.cpu_count() or 1 if machine == LOADED else 0):
                for name in [name for _ in range(times) for name in names]:
                    bands = bands_from(project.modules_dir / module.name / BANDS_FILE)
                    setup = Setup(project.release_dir(module), project.hidden_dir(module), bands=bands)
                    result = grade_submission(Path(folder) / name, setup, only)
                    yield Run(name, machine, result)


@contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """So many processes that never rest."""
    context, own = multiprocessing.get_context("spawn"), (os.getpid(),)
    started = [context.Process(target=_spin, args=own, daemon=True) for _ in range(count)]
    for process in started:
        process.start()
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.join()


def _spin(parent: int) -> None:
    """Until this process has another parent: the one that started it was killed and could not end it."""
    while os.getppid() == parent:
        sum(range(10_000))


def differing(runs: Sequence[Run]) -> dict[tuple[str, str], list[float]]:
    """(submission, check) and its points in each run, where these are not all the same."""
    found: dict[tuple[str, str], list[float]] = {}
    for run in runs:
        for check, points in run.points_of_checks.items():
            found.setdefault((run.submission, check), []).append(points)
    return {key: points for key, points in found.items() if len(set(points)) > 1}


def agree(runs: Sequence[Run]) -> bool:
    """No fault, and the same points for the same submission in every run."""
    scores: dict[str, set[float]] = {}
    for run in runs:
        scores.setdefault(run.submission, set()).add(run.result.score)
    return all(not run.result.fault for run in runs) and not differing(runs) and all(map(_is_one, scores.values()))


def _is_one(values: set[float]) -> bool:
    return len(values) == 1


def table(runs: Sequence[Run]) -> str:
    """Points of each run in a row for each submission and machine, then the checks that differ."""
    lines = []
    for name in dict.fromkeys(run.submission for run in runs):
        for machine in (IDLE, LOADED):
            own = [run.result for run in runs if (run.submission, run.machine) == (name, machine)]
            shown = "  ".join("fault" if result.fault else f"{result.score:g}" for result in own)
            seconds = sum(result.seconds for result in own) / max(1, len(own))
            undecided = sum(
                check.outcome == "undecided"
                for result in own
                for exercise in result.exercises
                for check in exercise.checks
            )
            lines.append(f"{name:<16} {machine:<7} {seconds:6.1f} s  {undecided:3} undecided   points: {shown}")
    for (name, check), points in differing(runs).items():
        lines.append(f"differs: {name}, {check}: {', '.join(f'{each:g}' for each in points)}")
    lines += [f"fault: {run.submission} {run.machine}: {run.result.fault}" for run in runs if run.result.fault]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.regrade", description=__doc__)
    parser.add_argument("names", nargs="*", default=["reference", "right_but_slow"], help="submissions to grade")
    parser.add_argument("--times", type=int, default=20, help="gradings of each, idle and loaded (20)")
    parser.add_argument("--only", help="only checks whose name contains this, for instance test_03")
    given = parser.parse_args(arguments)
    runs = []
    try:
        for run in regrade(find_project(), given.names, given.times, given.only):
            runs.append(run)
            print(f"{run.submission} {run.machine}: {run.result.score:g} of {run.result.points:g}", file=sys.stderr)
    except TinyTorchError as err:
        print(err, file=sys.stderr)
        return 2
    print(table(runs))
    print("the same points every time" if agree(runs) else "points differ")
    return 0 if agree(runs) else 1


if __name__ == "__main__":
    sys.exit(main())
