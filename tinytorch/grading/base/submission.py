"""A submission: whose it is and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Submission:
    """Who handed in, and the folder that holds the notebooks."""

    student: str
    folder: Path
