"""The output of the `tito module` commands."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinytorch.tito import render

if TYPE_CHECKING:
    from tinytorch.course.new import Created
    from tinytorch.course.standing import LessonStatus
    from tinytorch.course.visible import LessonRun
    from tinytorch.course.workspace import Completed, Reset, Started, Submission


def lessons(statuses: Sequence[LessonStatus], root: Path, json: bool) -> None:
    """Prints the state of each lesson and the path of its notebook."""
    if json:
        render.as_json([_lesson_facts(item, root) for item in statuses])
        return
    rows = [
        (item.lesson, item.state, item.completed_at or "", render.relative(item.notebook, root)) for item in statuses
    ]
    render.table(("lesson", "state", "completed", "notebook"), rows)


def _lesson_facts(item: LessonStatus, root: Path) -> dict[str, str | None]:
    notebook = render.relative(item.notebook, root)
    return {"lesson": str(item.lesson), "state": item.state, "completed_at": item.completed_at, "notebook": notebook}


def created(result: Created, root: Path) -> None:
    for path in result.written:
        render.plain(f"Wrote {render.relative(path, root)}")
    render.plain(f"{result.module} works as it is; write your own lesson over it. Next:")
    width = max(len(command) for command, _ in result.next_steps)
    for command, purpose in result.next_steps:
        render.plain(f"  {command:<{width}}  {purpose}")


def started(result: Started, root: Path) -> None:
    for path in result.placed:
        render.plain(f"Ready: {render.relative(path, root)}")
    for path in result.kept:
        render.plain(f"Already there, left as it is: {render.relative(path, root)}")
    render.plain("Open them with `jupyter lab notebooks`; check your work with `tito module test`.")


def runs(lesson_runs: Iterable[LessonRun], json: bool) -> list[LessonRun]:
    """Prints each lesson's checks as they are run; returns all runs."""
    finished = []
    for run in lesson_runs:
        finished.append(run)
        if not json:
            _run(run)
    if json:
        render.as_json([_run_facts(run) for run in finished])
    elif len(finished) > 1:
        checks = [check for run in finished for check in run.checks]
        render.plain(f"{sum(check.passed for check in checks)} of {len(checks)} checks pass.")
    return finished


def _run_facts(run: LessonRun) -> dict[str, Any]:
    return {**dataclasses.asdict(run), "passed": run.passed}


def _run(run: LessonRun) -> None:
    passed = sum(check.passed for check in run.checks)
    render.plain(f"{run.lesson}: {passed} of {len(run.checks)} checks pass ({run.seconds:.1f} s)")
    for check in run.checks:
        render.verdict(check.passed, check.name, check.message)
    for error in run.errors:
        render.plain(f"  also: {error.message}")
    sys.stdout.flush()


def completions(completed: Iterable[Completed], root: Path, json: bool) -> list[Completed]:
    """Prints each lesson as it is completed, or why it is not; returns all of them."""
    finished = []
    for item in completed:
        finished.append(item)
        if json:
            continue
        _run(item.run)
        if item.at:
            changed = ", ".join(render.relative(path, root) for path in item.exported) or "no change in the package"
            render.plain(f"  complete: {changed}")
        else:
            render.plain("  not complete: fix the failed checks above and run this again")
    if json:
        render.as_json([{**dataclasses.asdict(item), "run": _run_facts(item.run)} for item in finished])
    return finished


def was_reset(result: Reset, root: Path) -> None:
    for path in result.backups:
        render.plain(f"Kept yours as {render.relative(path, root)}")
    for path in result.restored:
        render.plain(f"As released: {render.relative(path, root)}")


def submission(result: Submission) -> None:
    render.plain(f"Hand in {result.archive}")
    render.plain(f"It holds {', '.join(result.notebooks)}.")
    for problem in result.unreadable:
        render.problem(f"Fix this first: {problem}")
    if result.missing:
        render.problem(f"Missing, and so worth nothing: {', '.join(result.missing)}")
