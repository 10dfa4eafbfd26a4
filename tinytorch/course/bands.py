"""A module's speed bands in its lessons: tables in the text, dicts in the code, and a test that every band is used."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from nbformat import NotebookNode

from tinytorch.bench.band_file import BANDS_FILE, StatedBands, read_band_file
from tinytorch.bench.bands import edges_of
from tinytorch.errors import SourceError
from tinytorch.notebooks.cells import grade_id

_TABLE = re.compile(r"(?m)^\{bands: *([^}\n]*)\}$")
_CODE = re.compile(r"\bBANDS\[\"([^\"\n]*)\"\]")


def read_bands(folder: Path) -> dict[str, StatedBands]:
    """Returns the bands of the module in `folder`, by name; none without the file. SourceError if it is malformed."""
    path = folder / BANDS_FILE
    if not path.exists():
        return {}
    try:
        return read_band_file(path)
    except ValueError as error:
        raise SourceError(str(error)) from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; check its permissions.") from error


def table(stated: StatedBands) -> str:
    """The Markdown table of the bands."""
    rows = [f"| {edge:.10g} | {_share(stated.bands[edge])} |" for edge in edges_of(stated.bands)]
    return "\n".join([f"| {stated.compared} | share of the points for speed |", "| --- | --- |", *rows])


def _share(share: float) -> str:
    return "all" if share == 1 else f"{100 * share:.10g} %"


def fill_in(nb: NotebookNode, known: Mapping[str, StatedBands], where: str) -> NotebookNode:
    """Returns the notebook with the bands filled in; `where` names the source in an error about an unknown name."""
    done = copy.deepcopy(nb)
    for number, cell in enumerate(done.cells, start=1):
        cell.source = _filled(cell, known, f"{where}, cell {grade_id(cell) or number}")
    return done


def _filled(cell: NotebookNode, known: Mapping[str, StatedBands], where: str) -> str:
    def as_table(match: re.Match[str]) -> str:
        return table(_named(known, match[1], where))

    def as_dict(match: re.Match[str]) -> str:
        return repr(dict(_named(known, match[1], where).shares))

    if cell.cell_type == "markdown":
        return _TABLE.sub(as_table, cell.source)
    if cell.cell_type == "code":
        return _CODE.sub(as_dict, cell.source)
    return str(cell.source)


def names_in_tables(nb: NotebookNode) -> set[str]:
    """Returns the names of the bands in the tables of a lesson's text; the notebook is the source, not filled in."""
    return _names(nb, "markdown", _TABLE)


def names_in_code(nb: NotebookNode) -> set[str]:
    """Returns the names of the bands that a lesson's code uses; the notebook is the source, not filled in."""
    return _names(nb, "code", _CODE)


def unused(known: Iterable[str], sources: Iterable[NotebookNode]) -> list[str]:
    """Returns a sentence for each band that no lesson shows or no lesson's code uses; an empty list if all are used."""
    notebooks = list(sources)
    shown = {name for nb in notebooks for name in names_in_tables(nb)}
    measured = {name for nb in notebooks for name in names_in_code(nb)}
    problems = []
    for name in known:
        if name not in shown:
            problems.append(f"{BANDS_FILE}: no lesson shows [{name}]; add a line {{bands: {name}}} or remove the band")
        if name not in measured:
            problems.append(f'{BANDS_FILE}: no lesson measures by BANDS["{name}"]; add a race or remove the band')
    return problems


def _names(nb: NotebookNode, cell_type: str, pattern: re.Pattern[str]) -> set[str]:
    return {name for cell in nb.cells if cell.cell_type == cell_type for name in pattern.findall(cell.source)}


def _named(known: Mapping[str, StatedBands], name: str, where: str) -> StatedBands:
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise SourceError(f"{where}: {BANDS_FILE} has no [{name}]; it has {names}.")
    return known[name]
