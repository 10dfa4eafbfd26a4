"""The read-only tree of files that a student process sees as its `tinytorch`."""

from __future__ import annotations

import atexit
import compileall
import functools
import shutil
import tempfile
from pathlib import Path

import tinytorch

PRIVATE_NAME = "_student_side"
_TOOLS = ("simd", "hardware", "bench", "plots")
_OWN = ("wire.py", "values.py", "process")


@functools.cache
def runtime_tree() -> Path:
    """The tree, made once for this grader process and removed when it ends.

    It holds the tools that the lessons import and the student's side of the wire. The reference kernels, the course
    tools, the grader, the command line and all lesson sources are left out: `core.kernels` is made by the student's
    process from their own notebooks.
    """
    root = Path(tempfile.mkdtemp(prefix="tinytorch-runtime-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    build_runtime(root)
    return root


def build_runtime(root: Path) -> None:
    """Fills the empty folder `root`."""
    package = Path(tinytorch.__file__).parent
    ignore = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
    (root / "tinytorch" / "core").mkdir(parents=True)
    for name in ("__init__.py", "errors.py", "core/__init__.py"):
        shutil.copyfile(package / name, root / "tinytorch" / name)
    for name in _TOOLS:
        shutil.copytree(package / name, root / "tinytorch" / name, ignore=ignore)
    own = root / PRIVATE_NAME
    own.mkdir()
    (own / "__init__.py").write_text("", encoding="utf-8")
    for name in _OWN:
        source = package / "grading" / name
        if source.is_dir():
            shutil.copytree(source, own / name, ignore=ignore)
        else:
            shutil.copyfile(source, own / name)
    compileall.compile_dir(root, quiet=2, workers=1)
    for path in root.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    root.chmod(0o755)
