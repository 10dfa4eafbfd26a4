"""The processor that nbdev applies to each exported notebook; named in pyproject.toml as `export_procs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbdev.config

from tinytorch.course import markers

# `nbdev-export` ends by replacing the docstring of `tinytorch/__init__.py`, which is written by hand, with a table of
# the modules whose docstrings are long. No setting stops it, and it does so without a notebook too; so it finds none.
nbdev.config._pkg_mods = lambda path: []


class ExportLesson:
    """Takes solution markers out of exported cells and names the percent source in the module's docstring.

    nbdev makes one for each notebook and calls it on each cell, after its own exporter has collected the cells
    and before it writes them, so a cell is changed in place.
    """

    def __init__(self, nb: Any) -> None:
        path = Path(nb.path_)
        self._source = f"modules/{path.parent.name}/{path.stem}.py"
        # A student's notebook has no percent source: nbdev's own header names the notebook.
        self._titled = path.parent.parent.name != "source"

    def __call__(self, cell: Any) -> None:
        if cell.cell_type == "code":
            cell.set_source(markers.remove_lines(cell.source))
        elif not self._titled and cell.cell_type == "markdown" and cell.source.startswith("# "):
            cell.set_source(self._with_source(cell.source))
            self._titled = True

    def _with_source(self, text: str) -> str:
        """nbdev takes the quoted lines below the title for the module's docstring; add one that names the source."""
        lines = text.split("\n")
        quoted = [number for number, line in enumerate(lines) if line.startswith("> ")]
        end = next((number + 1 for number in quoted if number + 1 not in quoted), 1)
        gap = ["> "] if quoted else []
        lines[end:end] = [*gap, f"> Exported from {self._source}: edit that file, then run `tito export`."]
        return "\n".join(lines)
