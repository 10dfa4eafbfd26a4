"""The code cells of one lesson's notebook as they are run: numbered, named, and told apart from measurements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from tinytorch.notebooks import exports
from tinytorch.notebooks.cells import grade_id, is_measure, numbered

# The bands of a race as the build writes them, {0.15: 0.4, 0.9: 1.0}: a release may have others than one before it.
_BANDS = re.compile(r"\{(?:[\d.e+-]+: [\d.e+-]+(?:, )?)+\}")

MAX_CELL_CHARS = 400_000  # a message that carries it, however its characters are escaped, stays below its limit


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell. `name` is how tracebacks call it; `number` is what Jupyter shows after Run All."""

    number: int
    cell_id: str
    grade_id: str
    name: str
    source: str
    is_measurement: bool  # an unchanged measuring cell, which neither checks nor grading run

    @property
    def is_exported(self) -> bool:
        return exports.exports(self.source)

    @property
    def is_too_long(self) -> bool:
        return len(self.source) > MAX_CELL_CHARS

    @property
    def defined(self) -> tuple[str, ...]:
        """The functions, classes and constants that its text defines at the top level."""
        return exports.defined(self.source)


def code_cells(lesson: str, notebook: NotebookNode, release: NotebookNode | None) -> tuple[Cell, ...]:
    """The notebook's code cells in order. A cell whose text is that of a measuring cell of the release is one too.

    Bands may differ: a notebook that was released before they were changed has the former ones.
    """
    measuring = set() if release is None else {_text(cell) for cell in release.cells if is_measure(cell)}
    return tuple(
        Cell(
            number=number,
            cell_id=str(cell.get("id", "")),
            grade_id=grade_id(cell),
            name=f"{lesson}, cell {number}",
            source=str(cell.source),
            is_measurement=_text(cell) in measuring,
        )
        for number, cell in numbered(notebook)
    )


def meant_for_export(cells: Sequence[Cell], given: Sequence[Cell]) -> dict[Cell, str]:
    """Returns cells that nbdev would not export although other lessons need them, each with a sentence for its student.

    These are answers that lost the line `#| export`, cells in which that line is not the first, and the student's own
    cells that hold only definitions.
    """
    exported = {cell.grade_id for cell in given if cell.is_exported and cell.grade_id}
    texts = {cell.source.strip() for cell in given}
    meant = {}
    for cell in cells:
        if cell.is_exported or cell.is_too_long:
            continue
        name = cell.grade_id or str(cell.number)
        if exports.has_export_line(cell.source):
            meant[cell] = f"cell {name} has its line `#| export` below other lines; it counts as exported"
        elif cell.grade_id in exported:
            meant[cell] = f"cell {name} had lost its line `#| export`; it counts as exported"
        elif cell.is_measurement or cell.grade_id or cell.source.strip() in texts:
            continue
        elif exports.only_defines(cell.source):
            names = ", ".join(cell.defined)[:100]
            meant[cell] = f"cell {name} defines {names} and is not exported; other lessons got it all the same"
    return meant


def short_name(lesson: str) -> str:
    """`02_matmul` is the module `matmul`."""
    return lesson.partition("_")[2] or lesson


def _text(cell: NotebookNode) -> str:
    return _BANDS.sub("BANDS", str(cell.source).strip())
