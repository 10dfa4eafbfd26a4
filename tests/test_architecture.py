"""Who may import whom, and what importing may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tinytorch"

DECIDES_GRADES = ("base", "handed_in", "collect", "sandbox", "checks", "run")
WRITES_GRADES_DOWN = ("tinytorch.grading.gradebook", "tinytorch.grading.report", "nbgrader")

# room -> what it must never import (prefixes of module names)
FORBIDDEN = {
    "core": ("tinytorch.course", "tinytorch.grading", "tinytorch.tito"),
    "simd": (
        "tinytorch.hardware",
        "tinytorch.bench",
        "tinytorch.plots",
        "tinytorch.core",
        "tinytorch.course",
        "tinytorch.grading",
        "tinytorch.tito",
    ),
    "hardware": (
        "tinytorch.bench",
        "tinytorch.plots",
        "tinytorch.core",
        "tinytorch.course",
        "tinytorch.grading",
        "tinytorch.tito",
    ),
    "bench": (
        "numba",
        "tinytorch.hardware",
        "tinytorch.plots",
        "tinytorch.core",
        "tinytorch.course",
        "tinytorch.grading",
        "tinytorch.tito",
    ),
    "plots": ("tinytorch.core", "tinytorch.course", "tinytorch.grading", "tinytorch.tito"),
    "course": ("tinytorch.grading", "tinytorch.tito", "nbgrader"),
    "grading": ("tinytorch.tito", "tinytorch.core"),
    # What decides a grade knows nothing of what writes it down, and nbgrader is spoken to in one room.
    **{f"grading/{room}": WRITES_GRADES_DOWN for room in DECIDES_GRADES},
    "grading/gradebook": ("tinytorch.grading.report",),
    "grading/report": ("nbgrader",),
    "tito": ("nbgrader",),
}


def imported_names(path: Path) -> set[str]:
    """Every module a file imports, at the top or inside a function, relative imports made absolute."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names.update({module} | {f"{module}.{alias.name}" for alias in node.names})
    return names


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_no_room_imports_what_it_must_not(room: str) -> None:
    arrows = {
        f"{path.relative_to(ROOT)} -> {name}"
        for path in (PACKAGE / room).rglob("*.py")
        for name in imported_names(path)
        if name.startswith(FORBIDDEN[room])
    }
    assert arrows == set()


def test_nothing_imports_the_command_line() -> None:
    arrows = {
        f"{path.relative_to(ROOT)} -> {name}"
        for path in PACKAGE.rglob("*.py")
        if "tito" not in path.relative_to(PACKAGE).parts
        for name in imported_names(path)
        if name.startswith("tinytorch.tito")
    }
    assert arrows == set()


def modules_loaded_by(*argv: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *argv], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    return {line.rsplit("|", 1)[1].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}


def test_importing_the_kernels_loads_no_notebook_tool_and_no_plotting() -> None:
    loaded = modules_loaded_by("-c", "import tinytorch.core.kernels")
    assert "numba" in loaded
    assert not loaded & {"matplotlib", "nbgrader", "jupytext", "nbformat", "nbdev", "IPython", "typer", "pytest"}


def test_help_loads_no_notebook_tool_and_no_compiler() -> None:
    loaded = modules_loaded_by("-m", "tinytorch.tito", "--help")
    assert "typer" in loaded
    assert not loaded & {"matplotlib", "nbgrader", "jupytext", "nbformat", "nbdev", "IPython", "numba", "numpy"}


def test_importing_the_kernels_prints_nothing_and_starts_no_thread() -> None:
    program = "import threading, tinytorch.core.kernels; raise SystemExit(threading.active_count() - 1)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
