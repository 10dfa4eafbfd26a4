"""One copy of the checkout in which the whole loop runs once, through the command line, for every test here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tinytorch.course.names import resolve_module
from tinytorch.course.project import find_project
from tinytorch.grading.base.result import ExerciseResult
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.receipts import read_receipt

ROOT = Path(__file__).parents[2]
PARTS = (
    "modules",
    "tinytorch",
    "tests/hidden",
    "tests/submissions",
    "nbgrader_config.py",
    "settings.ini",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)


# Those that need the whole way, or say most about it; the others are graded in the lessons that they change.
THROUGH_THE_COMMAND_LINE = (
    "reference",
    "different_style",
    "blank",
    "edge_blocks_lost",
    "infinite_loop",
    "prints_passing_marks",
)


@dataclass(frozen=True)
class Checkout:
    """A copy of this checkout and what the loop's commands printed there."""

    root: Path

    def tito(self, *arguments: str, expect: int = 0, timeout_s: float = 1200) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "tinytorch.tito", *arguments, expect=expect, timeout_s=timeout_s)

    def run(self, *command: str, expect: int = 0, timeout_s: float = 1200) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.root, env=self.environment(), capture_output=True, text=True, timeout=timeout_s
        )
        assert done.returncode == expect, f"{command} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def exercises(self, student: str) -> tuple[ExerciseResult, ...]:
        """What a graded student's receipt says of every exercise."""
        project = find_project(self.root)
        return read_receipt(ClassFolder(project, resolve_module(project, "13_kernels")), student).exercises

    def environment(self) -> dict[str, str]:
        """The copy's packages before the installed ones, and the virtual environment's commands on the PATH."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**os.environ, "PYTHONPATH": str(self.root), "PATH": path, "COLUMNS": "200"}


def is_named(check: str, names: tuple[str, ...]) -> bool:
    """Is `test_file::test_name[case]` among the names, by its own, with its case, or as one of all?"""
    name = check.partition("::")[2]
    return "all" in names or name in names or name.partition("[")[0] in names


def copy_checkout(to: Path) -> Checkout:
    for part in PARTS:
        source, target = ROOT / part, to / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    return Checkout(to)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The module generated, and let out by the gate."""
    checkout = copy_checkout(tmp_path_factory.mktemp("class"))
    checkout.tito("grade", "generate", "13_kernels")
    return checkout


@pytest.fixture(scope="session")
def graded_class(released: Checkout) -> Checkout:
    """The sample class, collected and graded."""
    released.run(sys.executable, "-m", "tests.submissions.build", "class", *THROUGH_THE_COMMAND_LINE)
    released.tito("grade", "collect", "13_kernels", "class")
    released.tito("grade", "autograde", "13_kernels")
    return released
