"""The bands that a lesson states, and measures in a cell of its own, are those that its points are given by."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).parents[3]
HIDDEN = ROOT / "tests/hidden/13_kernels"
LESSONS = ("02_matmul", "03_vectorization", "04_parallelism", "05_quantization")


def assigned(source: str) -> dict[str, dict[float, float]]:
    """The dictionaries that a source assigns to names ending in `bands`, by their names in lower case."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id.lower()
            if name.endswith("bands"):
                found[name] = ast.literal_eval(node.value)
    return found


def graded(lesson: str) -> dict[str, dict[float, float]]:
    sources = [path.read_text(encoding="utf-8") for path in sorted(HIDDEN.glob(f"test_{lesson[:2]}_*.py"))]
    return {name: bands for source in sources for name, bands in assigned(source).items()}


def rows(markdown: str) -> dict[float, float]:
    """The bands of a table: `| 0.5 | 60 % |`, `| 1.1 | all |`."""
    found = re.findall(r"^\| ([\d.]+) \| (all|[\d.]+ %) \|$", markdown, re.MULTILINE)
    return {float(edge): 1.0 if share == "all" else float(share.removesuffix(" %")) / 100 for edge, share in found}


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_states_and_measures_the_bands_that_it_is_graded_by(lesson: str) -> None:
    cells = jupytext.read(ROOT / f"modules/13_kernels/{lesson}.py", fmt="py:percent").cells
    measured = {
        name: (bands, rows(before.source), cell.metadata.get("tags"))
        for before, cell in itertools.pairwise(cells)
        if cell.cell_type == "code" and "bands = {" in cell.source
        for name, bands in assigned(cell.source).items()
    }
    assert measured == {name: (bands, pytest.approx(bands), ["measure"]) for name, bands in graded(lesson).items()}


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_marking_guide_has_every_band(lesson: str) -> None:
    text = (ROOT / "modules/13_kernels/marking.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith(f"| {lesson[:2]} |")]
    stated = {line.rstrip(" |").rpartition("| ")[2] for line in lines}
    wanted = {
        ", ".join(f"{edge:g} {'all' if share == 1 else f'{100 * share:g} %'}" for edge, share in bands.items())
        for bands in graded(lesson).values()
    }
    assert stated == wanted


def test_every_race_is_judged_in_stated_bands() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in HIDDEN.glob("test_*.py"))
    assert text.count("student.speed(") >= 10
    assert re.findall(r"bounds=(?!bands\b|[A-Z_]+BANDS\b)\S+", text) == []
