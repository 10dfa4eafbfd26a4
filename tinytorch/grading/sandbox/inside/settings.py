"""The settings of a student process at its start: descriptors, folders, and the limits that it sets itself.

It imports nothing but the standard library: it is read before the process has confined itself.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Sizes are in bytes. `uid` is the user to become, None to stay who it is."""

    uid: int | None
    wire_fd: int  # the socket to the grader
    arena_fd: int  # the memory of timed calls
    work_dir: str
    cells_dir: str  # where cells become files
    cpu_s: int
    memory_bytes: int
    file_bytes: int
    processes: int
    open_files: int
    header_bytes: int
    message_bytes: int
    cell_text_chars: int
    cell_image_chars: int

    def to_argument(self) -> str:
        """One word of a command line."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_argument(cls, word: str) -> Settings:
        """Reads the settings that `to_argument` wrote."""
        return cls(**json.loads(word))
