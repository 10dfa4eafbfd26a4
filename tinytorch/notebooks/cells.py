"""Facts about a cell: the number that Jupyter gives it, and what nbgrader's metadata and tags say about it.

The kit, the release, grading and feedback all read notebooks through these functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbformat import NotebookNode


class NotebookError(ValueError):
    """A notebook that lacks required metadata; the message is a sentence that names lesson and cell."""


def numbered(nb: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The cells that Jupyter runs, with the number it shows in brackets after Restart and Run All.

    A code cell of white space is passed over and has no number; one with only comments has one.
    """
    cells = (cell for cell in nb.cells if cell.cell_type == "code" and str(cell.source).strip())
    return enumerate(cells, start=1)


def plain_source(text: str) -> str:
    """Returns the text as it is run: Windows line endings become plain ones, invalid characters question marks."""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")


def nbgrader_marks(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns nbgrader's metadata of the cell, also of one read from a file; empty for a cell without any."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return marks if isinstance(marks, dict) else {}


def grade_id(cell: NotebookNode) -> str:
    """The cell's nbgrader name, or an empty string."""
    return str(nbgrader_marks(cell).get("grade_id") or "")


def points(cell: NotebookNode) -> float | None:
    """Returns the points of a graded cell; None if its metadata has no number."""
    value = nbgrader_marks(cell).get("points")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def is_solution(cell: NotebookNode) -> bool:
    """True if a student writes in this cell: code between solution markers, or an answer in prose."""
    return bool(nbgrader_marks(cell).get("solution", False))


def is_graded(cell: NotebookNode) -> bool:
    """True if points depend on the cell: a check, or an open question."""
    return bool(nbgrader_marks(cell).get("grade", False))


def is_check(cell: NotebookNode) -> bool:
    """True for a graded cell that no one grades by hand."""
    return is_graded(cell) and not is_solution(cell)


def is_fixed(cell: NotebookNode) -> bool:
    """True if students may not change the text: a check or a locked cell."""
    return not is_solution(cell) and (is_graded(cell) or bool(nbgrader_marks(cell).get("locked", False)))


def is_measure(cell: NotebookNode) -> bool:
    """True for a measuring cell, which is run by the reader in Jupyter only; nothing else depends on it."""
    tags = cell.metadata.get("tags", [])
    return cell.cell_type == "code" and isinstance(tags, list) and "measure" in tags
