"""SHA-256 sums of files, folders and plain data: names and bytes, never times."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def text_digest(value: object) -> str:
    """Digest of plain data as JSON with sorted keys; values that JSON doesn't know are converted to text."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree_digest(folder: Path, pattern: str) -> str:
    """Digest of all files below a folder that match, by their names below it; compiled ones are left out."""
    paths = (path for path in sorted(folder.rglob(pattern)) if path.is_file() and not is_compiled(path))
    return files_digest((path.relative_to(folder).as_posix(), path) for path in paths)


def notebooks_digest(folder: Path) -> str:
    """Digest of the notebooks directly in a folder."""
    return files_digest((path.name, path) for path in sorted(folder.glob("*.ipynb")) if path.is_file())


def files_digest(files: Iterable[tuple[str, Path]]) -> str:
    """Digest of files under the names given, in the order given."""
    total = hashlib.sha256()
    for name, path in files:
        total.update(f"{name}\0{file_digest(path)}\0".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def is_compiled(path: Path) -> bool:
    """True for a file that Python or Numba compiled and may write at any time."""
    return "__pycache__" in path.parts or path.suffix in (".pyc", ".nbi", ".nbc")
