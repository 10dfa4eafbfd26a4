"""Who may import whom, and what importing may cost: every line of the table in docs/architecture.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tinytorch.grading.run.keys import GRADER_ROOMS
from tinytorch.grading.sandbox.runtime import COPIED

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tinytorch"

GROUND = ("errors", "text", "testing", "simd", "hardware", "bench", "notebooks")
HIGHER = ("gemm", "threads", "analyses", "plots")
DECIDES = ("base", "handed_in", "collect", "sandbox", "checks", "run")

# room -> the rooms of tinytorch that it may import besides itself
ALLOWED: dict[str, tuple[str, ...]] = {
    "errors": (),
    "text": ("errors",),
    "testing": (),
    "notebooks": (),
    "simd": (),
    "hardware": ("simd",),
    "bench": (),
    "threads": GROUND,
    "gemm": (*GROUND, "threads"),
    "analyses": GROUND,
    "plots": GROUND,
    "core": (*GROUND, *HIGHER),
    "course": (*GROUND, *HIGHER, "core"),
    "grading/base": GROUND,
    "grading/handed_in": (*GROUND, "grading/base"),
    "grading/collect": (*GROUND, "course", "grading/base", "grading/handed_in"),
    "grading/sandbox/inside": (),
    "grading/sandbox": (*GROUND, "grading/base"),
    "grading/checks": (*GROUND, "grading/base", "grading/sandbox"),
    "grading/run": (*GROUND, "course/files", *(f"grading/{room}" for room in DECIDES[:-1] if room != "collect")),
    "grading/gradebook": (*GROUND, "course", *(f"grading/{room}" for room in DECIDES if room != "collect")),
    "grading/report": (*GROUND, "course", *(f"grading/{room}" for room in DECIDES), "grading/gradebook"),
    "tito": (*GROUND, "course", "grading"),
}
# room -> libraries that it must do without
WITHOUT = {
    "bench": ("numba",),
    "notebooks": ("nbgrader", "pytest"),
    "course": ("nbgrader", "pytest"),
    "tito": ("nbgrader",),
    **{f"grading/{room}": ("nbgrader",) for room in (*DECIDES, "report")},
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
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def files_of(room: str) -> list[Path]:
    """The files of a room, without those of a room inside it that has a line of its own."""
    folder = PACKAGE / room
    if not folder.is_dir():
        return [path for path in [folder.with_suffix(".py")] if path.is_file()]
    inner = [PACKAGE / other for other in ALLOWED if other.startswith(f"{room}/")]
    return [path for path in folder.rglob("*.py") if not any(path.is_relative_to(other) for other in inner)]


def is_below(name: str, rooms: tuple[str, ...]) -> bool:
    return any(f"{name}.".startswith(f"tinytorch.{room.replace('/', '.')}.") for room in rooms)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    own = tuple(other for other in ALLOWED if other == room or other.startswith(f"{room}/"))
    arrows = {
        f"{path.relative_to(ROOT)} -> {name}"
        for path in files_of(room)
        for name in imported_names(path)
        if (name.startswith("tinytorch.") and name.count(".") > 1) or name in {f"tinytorch.{top}" for top in ALLOWED}
        if not is_below(name, (*own, *ALLOWED[room]))
    }
    assert arrows == set()


def test_every_file_stands_in_a_room_with_a_line_of_its_own() -> None:
    known = {path for room in ALLOWED for path in files_of(room)}
    faces = {PACKAGE / "__init__.py", PACKAGE / "grading" / "__init__.py", PACKAGE / "_modidx.py"}
    assert {path for path in PACKAGE.rglob("*.py") if path not in known | faces} == set()


@pytest.mark.parametrize("room", WITHOUT)
def test_a_room_does_without_what_another_owns(room: str) -> None:
    used = {
        f"{path.relative_to(ROOT)} -> {name}"
        for path in files_of(room)
        for name in imported_names(path)
        if name.partition(".")[0] in WITHOUT[room]
    }
    assert used == set()


def test_inside_the_sandbox_are_numpy_ipython_and_what_is_copied_there() -> None:
    allowed = {"numpy", "IPython", "traitlets", *sys.stdlib_module_names}
    names = {name for path in files_of("grading/sandbox/inside") for name in imported_names(path)}
    inside = "tinytorch.grading.sandbox.inside"
    assert {name for name in names if name.partition(".")[0] not in allowed and not name.startswith(inside)} == set()
    absolute = [
        path.name for path in files_of("grading/sandbox/inside") if "import tinytorch" in path.read_text("utf-8")
    ]
    assert absolute == []


def hashed(path: Path) -> bool:
    name = path.relative_to(PACKAGE).as_posix()
    return any(name == room or name.startswith(f"{room}/") for room in GRADER_ROOMS)


def test_what_decides_a_grade_imports_nothing_that_its_hash_leaves_out() -> None:
    """Taking files in is left out: it reads the course's lessons, and what it took in is in every key by its bytes."""
    arrows = {
        f"{path.relative_to(ROOT)} -> {found.relative_to(ROOT)}"
        for path in PACKAGE.rglob("*.py")
        if hashed(path) and not path.is_relative_to(PACKAGE / "grading" / "collect")
        for name in imported_names(path)
        for found in [module_file(name)]
        if found is not None and not hashed(found)
    }
    assert arrows == set()


def module_file(name: str) -> Path | None:
    """The file of ours that an imported name stands in."""
    if not name.startswith("tinytorch"):
        return None
    base = ROOT / Path(*name.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py", base.parent.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return base.parent / "__init__.py"


def test_what_is_copied_into_the_sandbox_is_hashed() -> None:
    assert set(COPIED) <= set(GRADER_ROOMS)


@pytest.mark.parametrize("room", ["course", "grading", "tito"])
def test_no_module_is_named_in_code(room: str) -> None:
    names = {path.name for path in (ROOT / "modules").iterdir() if path.is_dir()}
    words = {*names, *(f"core.{name.partition('_')[2]}" for name in names)}
    found = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in (PACKAGE / room).rglob("*.py")
        for word in words
        if word in path.read_text(encoding="utf-8")
    }
    assert found == set()


def modules_loaded_by(*argv: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *argv], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    return {line.rsplit("|", 1)[1].strip() for line in run.stderr.splitlines() if line.startswith("import time:")}


NOTEBOOK_TOOLS = {"matplotlib", "nbgrader", "jupytext", "nbformat", "nbdev", "IPython", "pytest"}


def test_importing_the_kernels_loads_no_notebook_tool_and_no_plotting() -> None:
    loaded = modules_loaded_by("-c", "import tinytorch.core.kernels")
    assert "numba" in loaded
    assert not loaded & {*NOTEBOOK_TOOLS, "typer"}


@pytest.mark.parametrize("words", [("--help",), ("module", "list")], ids=" ".join)
def test_the_command_line_loads_no_notebook_tool_and_no_compiler(words: tuple[str, ...]) -> None:
    loaded = modules_loaded_by("-m", "tinytorch.tito", *words)
    assert "typer" in loaded
    assert not loaded & {*NOTEBOOK_TOOLS, "numba", "numpy"}


def test_importing_the_kernels_prints_nothing_and_starts_no_thread() -> None:
    program = "import threading, tinytorch.core.kernels; raise SystemExit(threading.active_count() - 1)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
