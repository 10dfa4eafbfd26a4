"""The points of a module's notebooks, compared with the points that the module declares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinytorch.course.module_facts import FACTS_FILE, ModuleFacts
from tinytorch.course.notebooks import read_notebook
from tinytorch.errors import SourceError
from tinytorch.notebooks.cells import NotebookError
from tinytorch.notebooks.exercises import Exercise, lesson_exercises


def exercises(notebooks: Sequence[Path]) -> list[Exercise]:
    """Every graded cell of the notebooks, in their order."""
    try:
        return [exercise for path in notebooks for exercise in lesson_exercises(path.stem, read_notebook(path))]
    except NotebookError as error:
        raise SourceError(str(error)) from error


def points_problems(graded: Sequence[Exercise], facts: ModuleFacts) -> list[str]:
    """Returns a sentence with both numbers for each kind of points that doesn't add up; an empty list if all do."""
    problems = []
    for kind, is_manual, declared in (
        ("automatic", False, facts.automatic_points),
        ("manual", True, facts.manual_points),
    ):
        total = sum(exercise.points for exercise in graded if exercise.manual is is_manual)
        if abs(total - declared) > 1e-9:
            problems.append(
                f"the notebooks' {kind} points add up to {total:g}, and {FACTS_FILE} declares {declared:g}; "
                "correct the cells or the declaration"
            )
    return problems
