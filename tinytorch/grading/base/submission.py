"""A submission: its student and its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Submission:
    """The student who handed in, and the folder that holds the notebooks."""

    student: str
    folder: Path
