"""Checks whether this machine is ready for the module; each finding says what was found and how to fix it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

STUDENT_PACKAGES = (
    "numpy",
    "numba",
    "psutil",
    "matplotlib",
    "jupytext",
    "nbdev",
    "nbformat",
    "ipykernel",
    "jupyterlab",
)
OPTIONAL = "optional"  # the role of requirements that only some users have
LOW_SPACE_BYTES = 500 * 1024**2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a role needs: `fix` is empty when it is there."""

    role: str
    need: str
    found: str
    fix: str = ""

    @property
    def ok(self) -> bool:
        return not self.fix

    @property
    def blocks(self) -> bool:
        """True if something needed is missing."""
        return not self.ok and self.role != OPTIONAL


def check_student(folder: Path) -> list[Finding]:
    """Returns the findings on what a student needs to run, export and check the lessons in `folder`."""
    return [
        _python(),
        *(package("student", name, "pip install -e .") for name in STUDENT_PACKAGES),
        _compiler(),
        _writable("student", folder),
        _space("student", folder),
    ]


def package(role: str, name: str, install: str) -> Finding:
    """Returns the finding on the distribution `name`: installed or not, found without importing it."""
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(role, name, "not installed", f"run: {install}")
    return Finding(role, name, version)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fix = "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer and make a new virtual environment"
    return Finding("student", "Python 3.11 or newer", version, fix)


def _compiler() -> Finding:
    """Tries whether Numba compiles: an installed package can still be broken (wrong NumPy, no LLVM for this CPU)."""
    need = "Numba compiles a function"
    if importlib.util.find_spec("numba") is None:
        return Finding("student", need, "numba is not installed", "run: pip install -e .")
    try:
        import numba

        answer = numba.njit(lambda x: x + 1)(41)
    except Exception as error:  # numba raises ImportError, SystemError and its own kinds here; all mean the same
        return Finding("student", need, f"{type(error).__name__}: {error}", "run: pip install --upgrade numba numpy")
    return Finding(
        "student", need, "yes" if answer == 42 else "wrong result", "" if answer == 42 else "reinstall numba"
    )


def _writable(role: str, folder: Path) -> Finding:
    need = "a folder that can be written"
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Finding(role, need, str(folder))
    except OSError as error:
        return Finding(
            role, need, f"{folder}: {os.strerror(error.errno or 0)}", "choose another folder or fix its permissions"
        )


def _space(role: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    fix = "" if free >= LOW_SPACE_BYTES else f"free some space: at least {LOW_SPACE_BYTES // 1024**2} MB are wanted"
    return Finding(role, "free disk space", f"{free / 1024**3:.1f} GB", fix)
