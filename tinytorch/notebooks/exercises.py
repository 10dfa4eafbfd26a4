"""The graded exercises of a lesson, read from the nbgrader metadata of its notebook."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbformat import NotebookNode

from tinytorch.notebooks.cells import NotebookError, grade_id, is_graded, is_solution, points

_CHECK, _QUESTION = "check_", "question_"


@dataclass(frozen=True, slots=True)
class Exercise:
    """One graded cell: `name` is the exercise it decides, `title` the heading it stands under."""

    lesson: str
    name: str
    grade_id: str
    points: float
    manual: bool
    title: str


def lesson_exercises(lesson: str, nb: NotebookNode) -> list[Exercise]:
    """The graded cells of one lesson's notebook, in the order of the cells."""
    exercises: list[Exercise] = []
    title = ""
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            title = _heading(cell.source) or title
        if not is_graded(cell):
            continue
        name = grade_id(cell)
        worth = points(cell)
        if not name or worth is None:
            raise NotebookError(f"{lesson}: the graded cell {name or '(without grade_id)'} has no name or no points.")
        short = name.removeprefix(_CHECK).removeprefix(_QUESTION)
        exercises.append(Exercise(lesson, short, name, worth, is_solution(cell), title))
    return exercises


def _heading(text: str) -> str:
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*$", text, re.MULTILINE)
    return headings[-1] if headings else ""
