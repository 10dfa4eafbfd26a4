"""Checks whether this machine is ready to grade, with findings in the form of `tinytorch.course.doctor`."""

from __future__ import annotations

import sys
from pathlib import Path

from tinytorch.course.doctor import OPTIONAL, Finding, package
from tinytorch.errors import SandboxUnavailableError

INSTRUCTOR_PACKAGES = ("nbgrader", "pytest", "jinja2")


def check_instructor(root: Path) -> list[Finding]:
    """Returns the findings on what an instructor needs to generate, collect and grade in the checkout at `root`."""
    return [
        *(package("instructor", name, "pip install -e '.[instructor]'") for name in INSTRUCTOR_PACKAGES),
        _sandbox(),
        _hidden_checks(root),
    ]


def check_cluster() -> list[Finding]:
    """Returns the findings on what only grading on a Dask cluster needs."""
    return [package(OPTIONAL, "distributed", "pip install -e '.[cluster]' (only to grade on a cluster)")]


def _sandbox() -> Finding:
    need = "a sandbox for student code (bubblewrap)"
    from tinytorch.grading.sandbox import bubblewrap

    try:
        bubblewrap.check_available()
    except SandboxUnavailableError as error:
        return Finding("instructor", need, f"not available on {sys.platform}", str(error))
    return Finding("instructor", need, "works")


def _hidden_checks(root: Path) -> Finding:
    folder = root / "tests" / "hidden"
    files = sorted(folder.glob("*/test_*.py"))
    fix = "" if files else "grade from a complete checkout: a student kit has no hidden checks"
    return Finding("instructor", "hidden checks", f"{len(files)} files in tests/hidden", fix)
