"""Keys of kept results and outcomes: each is a hash of everything that the result or outcome depends on.

A whole result depends on what was handed in, the release, all hidden checks, the grader, limits, sandbox, seed,
forced vectors and the module's bands. The outcome of one check depends on less, see `tinytorch.grading.run.outcomes`.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import tinytorch
from tinytorch.grading.base.digests import files_digest, is_compiled, notebooks_digest, text_digest, tree_digest
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.sandbox.bubblewrap import vector_settings
from tinytorch.grading.sandbox.runtime import COPIED

# What decides a grade, room by room and whole: a change in any file of these is another grader. `COPIED` is what a
# student process sees; `course/files.py` writes what is kept.
GRADER_ROOMS = (
    "grading/__init__.py",
    "grading/base",
    "grading/handed_in",
    "grading/collect",
    "grading/sandbox",
    "grading/checks",
    "grading/run",
    "text.py",
    "course/__init__.py",
    "course/files.py",
    *COPIED,
)
# IPython runs the cells and pytest the checks; Numba's linear algebra is SciPy's, where that is installed.
_LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "ipython", "matplotlib", "pytest")


class Keys:
    """Makes the keys of one setup's results; the setup is read and hashed once."""

    def __init__(self, setup: Setup) -> None:
        self._common = {
            "checks": tree_digest(setup.hidden_dir, "*"),
            "release": notebooks_digest(setup.release_dir),
            "required": text_digest([dataclasses.astuple(lesson) for lesson in setup.required]),
            "grader": grader_digest(),
            "limits": text_digest(dataclasses.asdict(setup.limits)),
            "sandbox": setup.sandbox,
            "seed": str(setup.seed),
            "vectors": text_digest(vector_settings()),
            "bands": text_digest(setup.bands),
        }

    def key(self, submission_dir: Path) -> str:
        return text_digest({**self._common, "submission": notebooks_digest(submission_dir)})

    def lesson_key(self, sent: object) -> str:
        """Key of the outcomes of one lesson's checks; `sent` is all that its process is given."""
        parts = ("grader", "limits", "sandbox", "seed", "vectors")
        return text_digest({**{name: self._common[name] for name in parts}, "sent": sent})

    def hashes(self, submission_dir: Path) -> dict[str, str]:
        """Returns the hashes of a receipt: those parts of a key that are files."""
        common = {name: self._common[name] for name in ("release", "checks", "bands", "grader")}
        return {"submission": notebooks_digest(submission_dir), **common}

    def are_of(self, key: str, hashes: dict[str, str]) -> bool:
        """Says whether a result with these hashes is what the key stands for, as far as it was graded from files.

        The grader's own hash is left out: another machine of a cluster may have another Python.
        """
        recorded: dict[str, object] = {
            name: hashes[name] for name in ("submission", "release", "checks") if name in hashes
        }
        return not recorded or text_digest({**self._common, **recorded}) == key


def grader_digest() -> str:
    """Hash of the code, interpreter and libraries that a result depends on."""
    return text_digest({"code": _code_digest(), "python": sys.version, **{name: _version(name) for name in _LIBRARIES}})


@functools.cache
def _code_digest() -> str:
    """Read once, as modules are: a worker that goes on after the files were changed still runs what it read."""
    return rooms_digest(Path(tinytorch.__file__).parent, GRADER_ROOMS)


def rooms_digest(package: Path, rooms: tuple[str, ...]) -> str:
    """Hash of every file of these rooms: folders or files below `package`."""
    files = [path for room in rooms for path in _files_of(package / room)]
    return files_digest((path.relative_to(package).as_posix(), path) for path in files)


def _files_of(room: Path) -> list[Path]:
    if room.is_file():
        return [room]
    return [path for path in sorted(room.rglob("*")) if path.is_file() and not is_compiled(path)]


@functools.cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
