"""Each cell's source as a real file, so that tracebacks, inspect and Numba's cache can read it."""

from __future__ import annotations

import linecache
from pathlib import Path


class CellFiles:
    """Keeps the cells of one process in `folder`, which nothing else may use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cells: dict[str, str] = {}  # file name -> "02_matmul, cell 7"
        self._titles: dict[str, str] = {}  # file name -> what a traceback calls the code in it

    def put(self, cell: str, source: str) -> str:
        """The path of the file that now holds the source of this cell."""
        return self._write(cell, cell, source)

    def put_imported(self, cell: str, source: str) -> str:
        """As `put`, for a cell that runs for an import by another notebook: in a file beside the one of `put`."""
        return self._write(f"{cell} imported", cell, source)

    def title_of(self, path: str) -> str | None:
        """Returns the name of that file's code in a traceback; None if it holds no cell."""
        return self._titles.get(path)

    def cell_of(self, path: str) -> str | None:
        """The cell whose source that file holds, or None."""
        return self._cells.get(path)

    def _write(self, title: str, cell: str, source: str) -> str:
        path = self.folder / (title.replace(", ", "_").replace(" ", "_") + ".py")
        path.write_text(source, encoding="utf-8", errors="replace")
        self._cells[str(path)], self._titles[str(path)] = cell, title
        linecache.checkcache(str(path))
        return str(path)
