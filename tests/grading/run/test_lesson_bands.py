"""The bands of a module's file, its hidden checks, its lessons and its marking guide are the same, and all are used."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from tinytorch.bench.band_file import StatedBands
from tinytorch.course.bands import names_in_code, names_in_tables, read_bands, unused
from tinytorch.course.source import read_source
from tinytorch.grading.base.setup import plain_bands
from tinytorch.grading.checks.code import CheckFile
from tinytorch.notebooks.cells import grade_id as id_of
from tinytorch.notebooks.cells import is_check, is_measure, points

ROOT = Path(__file__).parents[3]
MODULES = sorted(path.name for path in (ROOT / "modules").iterdir() if (path / "module.toml").is_file())
KERNELS = ROOT / "modules" / "13_kernels"


def lessons_of(module: str) -> dict[str, NotebookNode]:
    return {path.stem: read_source(path) for path in sorted((ROOT / "modules" / module).glob("[0-9][0-9]_*.py"))}


def check_files(module: str, known: dict[str, StatedBands]) -> list[CheckFile]:
    paths = sorted((ROOT / "tests" / "hidden" / module).glob("test_*.py"))
    return [CheckFile(path, "", plain_bands(known)) for path in paths]


@pytest.mark.parametrize("module", MODULES)
def test_every_band_is_shown_measured_by_and_raced_by_and_there_are_no_others(module: str) -> None:
    known = read_bands(ROOT / "modules" / module)
    files = check_files(module, known)
    assert unused(known, lessons_of(module).values()) == []
    assert frozenset().union(*(file.bands_raced() for file in files)) == set(known)
    assert frozenset().union(*(file.bands_asked() for file in files)) <= set(known)


@pytest.mark.parametrize("module", MODULES)
def test_a_race_of_a_lesson_is_a_measuring_cell_in_sight_of_its_table(module: str) -> None:
    for lesson in lessons_of(module).values():
        measuring = [cell for cell in lesson.cells if is_measure(cell)]
        in_code = [names_in_code(cell_as_notebook(cell)) for cell in lesson.cells]
        assert set().union(*in_code) == {name for cell in measuring for name in names_in_code(cell_as_notebook(cell))}
        assert names_in_tables(lesson) == names_in_code(lesson)


def cell_as_notebook(cell: NotebookNode) -> NotebookNode:
    return NotebookNode(cells=[cell])


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "hidden").rglob("test_*.py")), ids=lambda path: path.stem)
def test_no_hidden_check_holds_bands_of_its_own(path: Path) -> None:
    """Neither as the dict that `check.bands` would take, nor as a list of bounds."""
    asked = re.findall(r"\bbounds=(\S+)|check\.bands\(\w+, (.+)\)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    named = re.compile(r'"\w+",?\)?|bands,?\)?')
    assert [value for pair in asked for value in pair if value and not named.fullmatch(value)] == []
    dicts = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Dict))
    assert [ast.unparse(node) for node in dicts if is_like_bands(node)] == []


def is_like_bands(node: ast.Dict) -> bool:
    numbers = [part.value for part in (*node.keys, *node.values) if isinstance(part, ast.Constant)]
    are_numbers = len(numbers) == 2 * len(node.keys) and all(isinstance(value, float) for value in numbers)
    return bool(numbers) and are_numbers and numbers[-1] == 1.0


# The table of the marking guide: its rows are lesson, function, points for speed, of how many, reference, bands.
ROW = re.compile(r"^\| (\d\d) \| `(\w+)`, `(\w+)` \| ([\d.]+) of ([\d.]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def rows() -> list[tuple[str, ...]]:
    return ROW.findall((KERNELS / "marking.md").read_text(encoding="utf-8"))


def words_of(stated: StatedBands) -> str:
    return ", ".join(f"{edge:g} {'all' if share == 1 else f'{100 * share:g} %'}" for edge, share in stated.shares)


def test_the_marking_guide_has_a_row_for_every_band_as_the_file_has_it() -> None:
    known = read_bands(KERNELS)
    assert {row[2]: (row[5], row[6]) for row in rows()} == {
        name: (stated.compared.removeprefix("times the speed of "), words_of(stated)) for name, stated in known.items()
    }


def weights_of(path: Path) -> list[tuple[str, float, set[str]]]:
    """For each check its grade cell, its weight over all its cases, and the strings in its code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        marks = {mark.func.attr: mark for mark in node.decorator_list if isinstance(mark, ast.Call)}
        if "grade" in marks:
            [weight] = [word.value.value for word in marks["grade"].keywords if word.arg == "weight"]
            cases = len(marks["parametrize"].args[1].elts) if "parametrize" in marks else 1
            strings = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            found.append((marks["grade"].args[0].value, float(weight) * cases, strings))
    return found


def test_the_marking_guide_has_the_points_that_follow_from_the_weights() -> None:
    checks = [check for path in (ROOT / "tests/hidden/13_kernels").glob("test_*.py") for check in weights_of(path)]
    cells = [cell for lesson in lessons_of("13_kernels").values() for cell in lesson.cells if is_check(cell)]
    full = {id_of(cell): points(cell) or 0.0 for cell in cells if cell.cell_type == "code"}
    for lesson, function, name, speed, out_of, _, _ in rows():
        cell = f"check_{function}"
        total = sum(weight for each, weight, _ in checks if each == cell)
        raced = sum(weight for each, weight, strings in checks if each == cell and name in strings)
        assert (lesson, name, float(out_of)) == (lesson, name, full[cell])
        assert float(speed) == pytest.approx(full[cell] * raced / total, abs=0.051), f"{lesson} {name}"


def test_the_readme_has_the_sum_of_the_points_for_speed() -> None:
    total = sum(float(row[3]) for row in rows())
    assert f"About {total:.0f} of the 85 are for speed" in (KERNELS / "README.md").read_text(encoding="utf-8")


def test_rows_stand_in_the_order_of_the_file() -> None:
    assert [row[2] for row in rows()] == list(read_bands(KERNELS))
    assert all(one[0] <= other[0] for one, other in itertools.pairwise(rows()))
