"""Results of grading, kept under the hash of everything they depend on.

A stopped run therefore resumes where it was, a second run costs nothing, and a changed check, release or submission
is graded again automatically.
"""

from __future__ import annotations

import json
from pathlib import Path

from tinytorch.course import files
from tinytorch.grading.base.digests import text_digest
from tinytorch.grading.base.result import SubmissionResult


class Store:
    """A folder of results; an entry that cannot be read counts as absent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> SubmissionResult | None:
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
            if text_digest(entry["result"]) != entry["digest"]:
                return None
            return SubmissionResult.from_json(json.dumps(entry["result"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):
            # Cut short or written by another version: computed again, which is never wrong.
            return None

    def put(self, key: str, result: SubmissionResult) -> None:
        """Keeps a result; a result with a fault of the grader is refused."""
        if result.fault:
            raise ValueError("a result with a fault is not kept")
        content = json.loads(result.to_json())
        entry = {"digest": text_digest(content), "result": content}
        files.write_bytes(self._path(key), json.dumps(entry, sort_keys=True).encode())

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"
