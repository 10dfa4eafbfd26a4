"""Results of grading, kept under the hash of everything they depend on.

A stopped run therefore goes on where it was, a second run costs nothing, and a changed check, release or submission
is graded anew without being told so.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import tinytorch
from tinytorch.course import files
from tinytorch.grading.base.result import SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.sandbox.bubblewrap import vector_settings

# What grades or is imported by graded code; a change in any of these is another grader.
_GRADER_ROOMS = ("grading", "bench", "simd", "hardware")
# What only reads or moves results and cannot change one.
_AFTERWARDS = frozenset(
    {
        "grading/annotate.py",
        "grading/autograde.py",
        "grading/cluster.py",
        "grading/collect.py",
        "grading/doctor.py",
        "grading/explain.py",
        "grading/exporter.py",
        "grading/feedback.py",
        "grading/gate.py",
        "grading/generate.py",
        "grading/identify.py",
        "grading/incoming.py",
        "grading/manual.py",
        "grading/many.py",
        "grading/nbgrader_app.py",
        "grading/preprocessor.py",
        "grading/receipt.py",
        "grading/receipt_html.py",
        "grading/report.py",
        "grading/report_html.py",
        "grading/rerun.py",
        "grading/safe_markdown.py",
        "grading/setup.py",
        "grading/status.py",
        "grading/students.py",
    }
)
_LIBRARIES = ("numpy", "numba")


class Keys:
    """Makes the keys of one setup's results; the setup is read and hashed once."""

    def __init__(self, setup: Setup) -> None:
        self._common = {
            "checks": _tree_digest(setup.hidden_dir, "*"),
            "release": release_digest(setup.release_dir),
            "grader": grader_digest(),
            "limits": _text_digest(dataclasses.asdict(setup.limits)),
            "sandbox": setup.sandbox,
            "seed": str(setup.seed),
            "vectors": _text_digest(vector_settings()),
        }

    def key(self, submission_dir: Path) -> str:
        parts = {**self._common, "submission": submission_digest(submission_dir)}
        return _text_digest(parts)

    def hashes(self, submission_dir: Path) -> dict[str, str]:
        """What a receipt names: everything a key is made of that is a file."""
        common = {name: self._common[name] for name in ("release", "checks", "grader")}
        return {"submission": submission_digest(submission_dir), **common}

    def are_of(self, key: str, hashes: dict[str, str]) -> bool:
        """Says whether a result with these hashes is what the key stands for, as far as it was graded from files.

        The grader's own hash is left out: another machine of a cluster may have another Python.
        """
        told = {name: hashes[name] for name in ("submission", "release", "checks") if name in hashes}
        return not told or _text_digest({**self._common, **told}) == key


class Store:
    """A folder of results; an entry that cannot be read counts as absent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> SubmissionResult | None:
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
            if _text_digest(entry["result"]) != entry["digest"]:
                return None
            return SubmissionResult.from_json(json.dumps(entry["result"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):
            # Cut short or written by another version: computed again, which is never wrong.
            return None

    def put(self, key: str, result: SubmissionResult) -> None:
        """Keeps a result; one with a fault of ours is not a result and must not be given."""
        if result.fault:
            raise ValueError("a result with a fault is not kept")
        content = json.loads(result.to_json())
        entry = {"digest": _text_digest(content), "result": content}
        files.write_bytes(self._path(key), json.dumps(entry, sort_keys=True).encode())

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def submission_digest(folder: Path) -> str:
    """Hash of the notebooks directly in a submission's folder: names and bytes, not times."""
    return _digest((path.name, path) for path in sorted(folder.glob("*.ipynb")) if path.is_file())


def release_digest(folder: Path) -> str:
    """Hash of a release's notebooks: names and bytes."""
    return _tree_digest(folder, "*.ipynb")


def grader_digest() -> str:
    """Hash of the code, interpreter and libraries that a result depends on."""
    package = Path(tinytorch.__file__).parent
    files = [
        (path.relative_to(package).as_posix(), path)
        for room in _GRADER_ROOMS
        for path in sorted((package / room).rglob("*.py"))
    ]
    code = _digest((name, path) for name, path in files if name not in _AFTERWARDS)
    versions = {name: _version(name) for name in _LIBRARIES}
    return _text_digest({"code": code, "python": sys.version, **versions})


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _tree_digest(folder: Path, pattern: str) -> str:
    found = (path for path in sorted(folder.rglob(pattern)) if path.is_file())
    return _digest((path.relative_to(folder).as_posix(), path) for path in found if "__pycache__" not in path.parts)


def _digest(files: Iterable[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in files:
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return total.hexdigest()


def _text_digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
