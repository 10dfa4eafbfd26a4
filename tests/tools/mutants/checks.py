"""The hidden checks as the mutation run needs them: which cell each decides, and which of them are races."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

from tests.tools.mutants.mutants import MODULE, ROOT
from tinytorch.grading.base.setup import bands_from

HIDDEN = ROOT / "tests" / "hidden" / MODULE
BANDS = bands_from(ROOT / "modules" / MODULE / "bands.toml")


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is that of the grader without parameters, `cell` the grade cell that it decides."""

    name: str
    lesson: str
    cell: str
    is_race: bool


def hidden_checks(folder: Path = HIDDEN) -> list[Check]:
    """Every check of the module, read from the text of its files."""
    return [check for path in sorted(folder.glob("test_*.py")) for check in _of_file(path)]


def _of_file(path: Path) -> list[Check]:
    text = path.read_text(encoding="utf-8")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    judges = {node.name for node in functions if _mentions(node, {"bands"})}
    lesson = text.partition('pytest.mark.lesson("')[2].partition('"')[0]
    found = []
    for node in functions:
        cells = [mark.args[0].value for mark in node.decorator_list if "mark.grade" in ast.unparse(mark)]
        if node.name.startswith("test_") and cells:
            is_race = node.name in judges or _mentions(node, judges)
            found.append(Check(f"{path.stem}::{node.name}", lesson, cells[0], is_race))
    return found


def _mentions(function: ast.FunctionDef, names: set[str]) -> bool:
    """Does it call one of these functions?"""
    called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(getattr(func, "attr", getattr(func, "id", "")) in names for func in called)


def checks_hash(lesson: str, folder: Path = HIDDEN) -> str:
    """Changes with the text of the lesson's checks and the bands they name; what was graded with others is again."""
    texts = [path.read_bytes() for path in sorted(folder.glob(f"test_{lesson[:2]}_*.py"))]
    bands = [f"{name} {BANDS[name]}" for name in sorted(BANDS) if any(f'"{name}"'.encode() in text for text in texts)]
    texts += [line.encode() for line in bands]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]
