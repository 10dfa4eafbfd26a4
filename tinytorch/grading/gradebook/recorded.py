"""Which result a student's autograded notebooks were written from, and whether it is that of the present files."""

from __future__ import annotations

import json
from pathlib import Path

from tinytorch.grading.gradebook.folder import ClassFolder, timestamp_in

# In an autograded notebook's metadata: the key of the result that its scores came from.
RESULT_MARK = "tinytorch_result"


def recorded_key(class_folder: ClassFolder, student: str) -> str | None:
    """The result that a student's autograded notebooks were written from; None when they disagree or are missing."""
    keys = {_mark_of(path) for path in class_folder.autograded(student).glob("*.ipynb")}
    return keys.pop() if len(keys) == 1 else None


def is_recorded(class_folder: ClassFolder, student: str, key: str) -> bool:
    """Says whether the autograded notebooks hold the result `key` of just these files, handed in at this time."""
    autograded = class_folder.autograded(student)
    return (
        {path.name for path in autograded.glob("*.ipynb")} == class_folder.gradable(student)
        and recorded_key(class_folder, student) == key
        and _bytes_of(timestamp_in(autograded)) == _bytes_of(class_folder.timestamp(student))
    )


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _mark_of(path: Path) -> str | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"].get(RESULT_MARK)
    except (OSError, ValueError, KeyError, AttributeError):
        return None  # half written or not ours: as good as missing
