"""Reads a lesson's percent source, strictly: a wrong marker or mark stops the build, with its line."""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from tinytorch.course import markers
from tinytorch.course.markers import MarkerError, Region, find_regions
from tinytorch.errors import SourceError
from tinytorch.notebooks.cells import grade_id, is_graded, is_solution, points
from tinytorch.notebooks.exports import default_exp, exports, has_export_line

_CELL = re.compile(r"# %%(\s|$)")
_GRADE_ID = re.compile(r"[a-z][a-z0-9_]*")
_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class _Place:
    """Names a cell of a source, and a line of that cell, as an author finds them."""

    def __init__(self, file: str, number: int, cell: NotebookNode, first_line: int) -> None:
        self._file = file
        self._cell = grade_id(cell) or str(number)
        self._first_line = first_line

    def error(self, line: int, message: str) -> SourceError:
        return SourceError(f"{self._file} line {self._first_line + line}, cell {self._cell}: {message}")


def read_source(path: Path) -> NotebookNode:
    """The notebook that the percent source at `path` describes, with derived cell ids; `SourceError` if malformed."""
    text = _read(path)
    nb: NotebookNode = jupytext.reads(text, fmt="py:percent")
    places = _places(path.name, text, nb)
    for cell, place in zip(nb.cells, places, strict=True):
        _check_cell(cell, place)
    _check_grade_ids(nb, places)
    _check_export(nb, path.name)
    nb.metadata.clear()
    nb.metadata.update(kernelspec=dict(_KERNELSPEC), language_info={"name": "python"})
    nb.nbformat, nb.nbformat_minor = 4, 5
    set_ids(nb, path.stem)
    return nb


def regions(cell: NotebookNode) -> tuple[Region, ...]:
    """The solution regions of one cell, or a `SourceError` that names the cell and the line in it."""
    try:
        return find_regions(cell.source) if cell.cell_type == "code" else ()
    except MarkerError as error:
        name = grade_id(cell) or cell.get("id", "?")
        raise SourceError(f"cell {name}, line {error.line + 1}: {error}") from error


def set_ids(nb: NotebookNode, lesson: str) -> None:
    """Gives each cell an id derived from its content, not its position: a new cell doesn't change the others' ids."""
    seen: dict[str, int] = {}
    for cell in nb.cells:
        name = grade_id(cell)
        key = f"{lesson}\0{name}" if name else f"{lesson}\0{cell.cell_type}\0{cell.source}"
        seen[key] = seen.get(key, 0) + 1
        cell.id = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:8]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SourceError(f"{path} does not exist; check the lesson's name.") from error
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is not UTF-8 text (byte {error.start}); save it again as UTF-8.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; check its permissions.") from error


def _places(file: str, text: str, nb: NotebookNode) -> list[_Place]:
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines, start=1) if _CELL.match(line)]
    if len(starts) != len(nb.cells):
        raise SourceError(
            f"{file}: {len(starts)} lines begin a cell with `# %%`, but jupytext finds {len(nb.cells)} cells; "
            "look for text before the first cell, or `# %%` inside a string."
        )
    return [
        _Place(file, number, cell, _first_line(lines, start, cell))
        for number, (start, cell) in enumerate(zip(starts, nb.cells, strict=True), start=1)
    ]


def _first_line(lines: list[str], start: int, cell: NotebookNode) -> int:
    """The line of the file that holds the cell's first line, whether or not jupytext kept blank lines before it."""
    line = start + 1
    while cell.source.split("\n")[0].strip() and line < len(lines) and not lines[line - 1].strip():
        line += 1
    return line


def _check_cell(cell: NotebookNode, place: _Place) -> None:
    if cell.cell_type != "code":
        for line in markers.mentions(cell.source):
            raise place.error(line, "a solution marker in prose; say it in other words.")
        return
    try:
        regions = find_regions(cell.source)
    except MarkerError as error:
        raise place.error(error.line, str(error)) from error
    if regions and (not is_solution(cell) or is_graded(cell)):
        raise place.error(
            regions[0].begin, 'a solution in a cell that is not marked `nbgrader={"solution": true, ...}`.'
        )
    if is_solution(cell) and not regions:
        raise place.error(0, "a solution cell without BEGIN SOLUTION; mark what the student writes.")
    if exports(cell.source):
        _check_python(cell, place)
    elif has_export_line(cell.source):
        raise place.error(0, "`#| export` below other lines, where nbdev does not look; make it the first.")


def _check_python(cell: NotebookNode, place: _Place) -> None:
    try:
        ast.parse(cell.source)
    except SyntaxError as error:
        raise place.error((error.lineno or 1) - 1, f"an exported cell must be plain Python: {error.msg}.") from error


def _check_grade_ids(nb: NotebookNode, places: list[_Place]) -> None:
    seen: set[str] = set()
    for cell, place in zip(nb.cells, places, strict=True):
        if "nbgrader" not in cell.metadata:
            continue
        name = grade_id(cell)
        if not _GRADE_ID.fullmatch(name):
            raise place.error(-1, f"grade_id {name!r}: use a name of small letters, digits and underscores.")
        if name in seen:
            raise place.error(-1, f"grade_id {name!r} is used twice in this lesson; every cell needs its own.")
        seen.add(name)
        if is_graded(cell) and points(cell) is None:
            raise place.error(-1, 'a graded cell without points; add `"points": N`.')


def _check_export(nb: NotebookNode, file: str) -> None:
    if any(cell.cell_type == "code" and exports(cell.source) for cell in nb.cells) and not default_exp(nb):
        raise SourceError(f"{file}: cells are exported but no cell says where; add a cell `#| default_exp MODULE`.")
