"""Reading notebooks that anyone may have edited, and writing them the same way every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tinytorch.course import files
from tinytorch.errors import SourceError
from tinytorch.notebooks.cells import plain_source

FORMAT = 4


def read_notebook(path: Path) -> NotebookNode:
    """Returns the notebook at `path`; raises `SourceError` with the reason if it is not a notebook."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SourceError(f"{path} does not exist. Check the name, or restore it with `tito module start`.") from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8 text (byte {error.start}); save it again from Jupyter, or restore a copy."
        ) from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}. Check the path and its permissions.") from error
    return parse_notebook(text, str(path))


def parse_notebook(text: str, name: str) -> NotebookNode:
    """The notebook in `text`; `name` is what the error calls it."""
    try:
        raw = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        problem = (
            f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        )
        raise SourceError(f"{name} is not a notebook ({problem}); restore a copy or save it again.") from error
    if not isinstance(raw, dict) or "nbformat" not in raw:
        raise SourceError(f"{name} is JSON but not a notebook; hand in the .ipynb file that Jupyter saves.")
    if raw["nbformat"] != FORMAT:
        raise SourceError(
            f"{name} is in notebook format {raw['nbformat']}, and {FORMAT} is needed; open it in a current "
            "JupyterLab and save it again."
        )
    _check_cells(raw, name)
    notebook: NotebookNode = nbformat.from_dict(_joined(raw))
    return notebook


def _check_cells(raw: dict[str, object], name: str) -> None:
    cells = raw.get("cells")
    if not isinstance(cells, list) or not isinstance(raw.get("metadata", {}), dict):
        raise SourceError(f"{name} has no list of cells; restore a copy or save it again from Jupyter.")
    for number, cell in enumerate(cells, start=1):
        source = cell.get("source") if isinstance(cell, dict) else None
        lines = isinstance(source, list) and all(isinstance(line, str) for line in source)
        kind = cell.get("cell_type") in ("code", "markdown", "raw") if isinstance(cell, dict) else False
        if not kind or not (isinstance(source, str) or lines) or not isinstance(cell.get("metadata", {}), dict):
            raise SourceError(f"{name}: cell {number} is malformed; restore a copy or save it again from Jupyter.")


def _joined(raw: dict[str, Any]) -> dict[str, Any]:
    """The same notebook with each cell's lines joined and made plain, and what nbformat requires filled in."""
    for cell in raw["cells"]:
        cell["source"] = plain_source("".join(cell["source"]))
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell["outputs"] = cell.get("outputs") or []
            cell.setdefault("execution_count", None)
    raw.setdefault("metadata", {})
    raw.setdefault("nbformat_minor", 5)
    return raw


def notebook_bytes(nb: NotebookNode) -> bytes:
    """`nb` as a file: sorted keys and a fixed layout, so that equal notebooks are equal bytes."""
    text: str = nbformat.writes(nb, version=nbformat.NO_CONVERT)
    return (text.rstrip("\n") + "\n").encode()


def write_notebook(nb: NotebookNode, path: Path) -> bool:
    """Writes `nb` when its bytes differ from those at `path`; True when written."""
    return files.write_if_changed(path, notebook_bytes(nb))
