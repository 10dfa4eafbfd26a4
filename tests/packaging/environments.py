"""A virtual environment with what a lock file names and nothing else, and a checkout whose commands run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.packaging.declared import ROOT
from tinytorch.course.build import build_source, release_notebook
from tinytorch.course.kit import build_kit
from tinytorch.course.names import Module, lessons, resolve_module
from tinytorch.course.notebooks import write_notebook
from tinytorch.course.project import Project, find_project

MODULE = "13_kernels"
PARTS = (
    "modules",
    "tinytorch",
    "tests",
    "nbgrader_config.py",
    "settings.ini",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment below `root`; its commands find no package of the checkout that the tests run from."""

    root: Path

    @property
    def python(self) -> Path:
        return self.root / "bin" / "python"

    def run(self, folder: Path, *arguments: str, expect: int = 0, timeout_s: float = 900) -> str:
        """Runs its Python in `folder`, which comes first among the places to import from; returns what it printed."""
        variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "NUMBA_CACHE_DIR")}
        variables["PATH"] = f"{self.python.parent}{os.pathsep}{variables.get('PATH', '')}"
        done = subprocess.run(
            [str(self.python), *arguments],
            cwd=folder, env=variables, capture_output=True, text=True, timeout=timeout_s,
        )  # fmt: skip
        assert done.returncode == expect, f"{arguments} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def tito(self, folder: Path, *arguments: str, expect: int = 0) -> str:
        return self.run(folder, "-m", "tinytorch.tito", *arguments, expect=expect)


def make_environment(folder: Path, lock: Path) -> Environment:
    """Installs what `lock` names, each file by its hash, below `folder`."""
    # Not the folder itself: pytest's are closed to other accounts, and a student's process belongs to another.
    root = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(root)], check=True, timeout=300)
    made = Environment(root)
    options = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:")
    made.run(root, "-m", "pip", "install", *options, "-r", str(lock))
    return made


def copy_checkout(root: Path) -> Project:
    for name in PARTS:
        source, copy = ROOT / name, root / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=NOT_COPIED)
        else:
            shutil.copy(source, copy)
    return find_project(root)


def make_kit(checkout: Project, target: Path) -> Path:
    """The kit of the module, made with the versions that run the tests; solved notebooks stay in the checkout."""
    module = resolve_module(checkout, MODULE)
    build_source(checkout, module)
    for lesson in lessons(checkout, module):
        write_notebook(release_notebook(checkout, lesson), checkout.release_dir(module) / lesson.notebook)
    return build_kit(checkout, module, target).folder


def solve(checkout: Project, kit: Path, notebook: str) -> None:
    """Puts the reference's cells in place of what a student has of one lesson."""
    module: Module = resolve_module(checkout, MODULE)
    shutil.copy(checkout.source_dir(module) / notebook, kit / "notebooks" / MODULE / notebook)
