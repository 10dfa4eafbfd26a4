"""Everything that was measured, as JSON: the machine, the versions, the processes, every sample."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .bars import Standing, World
from .case import Effort, Row

SCHEMA = 1
FILE = "results.json"


def recorded(
    rows: Sequence[Row],
    worlds: Mapping[str, World],
    sweeps: Mapping[str, Any],
    effort: Effort,
    started: str,
    command: str,
) -> dict[str, Any]:
    """One run as plain data."""
    from tinytorch.hardware import card

    from .children import versions

    return {
        "schema": SCHEMA,
        "started": started,
        "command": command,
        "is_quick": effort.is_quick,
        "machine": card().as_dict(),
        "versions": versions(),
        "processes": {name: world.as_dict() for name, world in worlds.items()},
        "counts": {str(standing): sum(row.standing is standing for row in rows) for standing in Standing},
        "rows": [row.as_dict() for row in rows],
        "sweeps": dict(sweeps),
    }


def write(data: Mapping[str, Any], folder: Path) -> Path:
    """The file that was written; NaN and infinity, which JSON has not, are an error."""
    path = folder / FILE
    path.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def read(folder: Path) -> dict[str, Any]:
    """A run that was written there. Raises FileNotFoundError, or ValueError for a file of another schema."""
    data = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if data.get("schema") != SCHEMA:
        raise ValueError(f"{folder / FILE} has schema {data.get('schema')}, not {SCHEMA}; run the benchmarks again")
    return data


def rows_of(data: Mapping[str, Any]) -> list[Row]:
    """The rows of a run that was read."""
    return [Row(**{**row, "standing": Standing(row["standing"])}) for row in data["rows"]]
