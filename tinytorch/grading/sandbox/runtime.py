"""The read-only tree of files that a student process sees as its `tinytorch`."""

from __future__ import annotations

import atexit
import compileall
import functools
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil

import tinytorch

PRIVATE_NAME = "_student_side"
_PREFIX = "tinytorch-runtime-"
_ABANDONED_S = 24 * 3600
# What of `tinytorch` a student process sees, but for the package that its own notebooks make.
COPIED = (
    "__init__.py",
    "errors.py",
    "testing.py",
    "core/__init__.py",
    "simd",
    "hardware",
    "bench",
    "gemm",
    "threads",
    "analyses",
    "plots",
    "notebooks",
)


@functools.cache
def runtime_tree() -> Path:
    """The tree, made once for this grader process and removed when it ends.

    It holds the rooms that the lessons import, the shell that runs cells, and the student's side of the wire. Left out
    are the reference package, which the student's process makes from their own notebooks, the course tools, the grader,
    the command line and all lesson sources.
    """
    _remove_abandoned()
    root = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    build_runtime(root)
    return root


def _remove_abandoned() -> None:
    """Takes away the trees of grader processes that were killed before they could do so themselves."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = path.name.removeprefix(_PREFIX).partition("-")[0]
        is_old = time.time() - path.stat().st_mtime > _ABANDONED_S  # a young one may be another container's
        if is_old and owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(path, ignore_errors=True)


def build_runtime(root: Path) -> None:
    """Fills the empty folder `root`."""
    package = Path(tinytorch.__file__).parent
    ignore = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
    (root / "tinytorch" / "core").mkdir(parents=True)
    for name in COPIED:
        source, target = package / name, root / "tinytorch" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copyfile(source, target)
    shutil.copytree(Path(__file__).with_name("inside"), root / PRIVATE_NAME, ignore=ignore)
    compileall.compile_dir(root, quiet=2, workers=1)
    for path in root.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    root.chmod(0o755)
