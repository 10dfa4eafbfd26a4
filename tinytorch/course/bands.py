"""A module's speed bands, from its `bands.toml`, and their places in a lesson: tables in text, dicts in code."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tinytorch.bench.bands import Bands, edges_of
from tinytorch.errors import SourceError
from tinytorch.notebooks.cells import grade_id

BANDS_FILE = "bands.toml"

_TABLE = re.compile(r"(?m)^\{bands: *([^}\n]*)\}$")
_CODE = re.compile(r"\bBANDS\[\"([^\"\n]*)\"\]")
_KEYS = {"compared", "shares"}


@dataclass(frozen=True, slots=True)
class Race:
    """What a student's speed is compared with, in words, and the share of the points from each ratio on."""

    compared: str
    bands: Bands

    def table(self) -> str:
        """The Markdown table of the bands."""
        rows = [f"| {edge:g} | {_share(self.bands[edge])} |" for edge in edges_of(self.bands)]
        return "\n".join([f"| {self.compared} | share of the points for speed |", "| --- | --- |", *rows])


def _share(share: float) -> str:
    return "all" if share == 1 else f"{100 * share:g} %"


def read_bands(folder: Path) -> dict[str, Race]:
    """The races of the module in `folder`, by their names; none without the file. `SourceError` if it is malformed."""
    path = folder / BANDS_FILE
    if not path.exists():
        return {}
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}; correct it or restore it.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; check its permissions.") from error
    return {name: _race(path, name, entry) for name, entry in raw.items()}


def _race(path: Path, name: str, entry: object) -> Race:
    if not isinstance(entry, Mapping) or set(entry) != _KEYS:
        raise SourceError(f"{path}: [{name}] must have the keys {' and '.join(sorted(_KEYS))}, and no others.")
    compared, shares = entry["compared"], entry["shares"]
    if not isinstance(compared, str) or not compared.isprintable() or "|" in compared:
        raise SourceError(f"{path}: [{name}] compared is {compared!r}; it must be one line of text without a |.")
    try:
        bands = {float(edge): float(share) for edge, share in shares}
        edges_of(bands)
    except (TypeError, ValueError) as error:
        raise SourceError(f"{path}: [{name}] shares: {error}; write them as [[0.5, 0.4], [1.5, 1.0]].") from error
    if list(bands) != sorted(bands) or len(bands) != len(shares):
        raise SourceError(f"{path}: [{name}] shares must have rising ratios, each once.")
    return Race(compared, bands)


def fill_in(nb: NotebookNode, races: Mapping[str, Race], where: str) -> NotebookNode:
    """The notebook with the bands in their places; `where` names the source in an error about an unknown name."""
    done = copy.deepcopy(nb)
    for number, cell in enumerate(done.cells, start=1):
        place = f"{where}, cell {grade_id(cell) or number}"
        if cell.cell_type == "markdown":
            cell.source = _TABLE.sub(lambda found, place=place: _of(races, found[1], place).table(), cell.source)
        elif cell.cell_type == "code":
            cell.source = _CODE.sub(
                lambda found, place=place: repr(dict(_of(races, found[1], place).bands)), cell.source
            )
    return done


def names_in(nb: NotebookNode) -> set[str]:
    """The races that a lesson's source names."""
    pattern = {"markdown": _TABLE, "code": _CODE}
    found = (pattern[cell.cell_type].findall(cell.source) for cell in nb.cells if cell.cell_type in pattern)
    return {name for names in found for name in names}


def _of(races: Mapping[str, Race], name: str, place: str) -> Race:
    if name not in races:
        known = ", ".join(sorted(races)) or "none"
        raise SourceError(f"{place}: {BANDS_FILE} has no [{name}]; it has {known}.")
    return races[name]
