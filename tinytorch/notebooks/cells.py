"""What a cell is: the number that Jupyter gives it, and what nbgrader's metadata and tags say of it.

The one set of words for everybody who reads a notebook: the kit, the release, grading and feedback.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbformat import NotebookNode


class NotebookError(ValueError):
    """A notebook that does not say what it must; the message is a sentence that names lesson and cell."""


def numbered(nb: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The cells that Jupyter runs, with the number it shows in brackets after Restart and Run All.

    A code cell of white space is passed over and has no number; one with only comments has one.
    """
    cells = (cell for cell in nb.cells if cell.cell_type == "code" and str(cell.source).strip())
    return enumerate(cells, start=1)


def nbgrader_marks(cell: NotebookNode) -> Mapping[str, Any]:
    """What nbgrader knows of the cell; empty for a cell of no concern to it."""
    marks = cell.metadata.get("nbgrader", {})
    return marks if isinstance(marks, dict) else {}


def grade_id(cell: NotebookNode) -> str:
    """The cell's nbgrader name, or an empty string."""
    return str(nbgrader_marks(cell).get("grade_id") or "")


def points(cell: NotebookNode) -> float | None:
    """What a graded cell is worth; None if it doesn't say so in a number."""
    value = nbgrader_marks(cell).get("points")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def is_solution(cell: NotebookNode) -> bool:
    """A student writes here: code between solution markers, or an answer in prose."""
    return bool(nbgrader_marks(cell).get("solution", False))


def is_graded(cell: NotebookNode) -> bool:
    """Points depend on the cell: a check, or an open question."""
    return bool(nbgrader_marks(cell).get("grade", False))


def is_check(cell: NotebookNode) -> bool:
    """A graded cell that no one grades by hand."""
    return is_graded(cell) and not is_solution(cell)


def is_fixed(cell: NotebookNode) -> bool:
    """The cell's text is the course's: a check or a locked cell."""
    return not is_solution(cell) and (is_graded(cell) or bool(nbgrader_marks(cell).get("locked", False)))


def is_measure(cell: NotebookNode) -> bool:
    """A measuring cell is for the reader in Jupyter; nothing else depends on it."""
    tags = cell.metadata.get("tags", [])
    return cell.cell_type == "code" and isinstance(tags, list) and "measure" in tags
