"""Bands in a lesson: tables in its text, dicts in its code, and none that something does not use."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from tinytorch.bench.band_file import StatedBands
from tinytorch.course.bands import fill_in, names_in_code, names_in_tables, read_bands, table, unused
from tinytorch.course.build import source_notebook
from tinytorch.course.names import Lesson, Module
from tinytorch.course.project import Project
from tinytorch.errors import SourceError

BLOCKS = StatedBands("times the speed of `f`, 9 x 9", {0.15: 0.4, 0.9: 1.0})
KNOWN = {"blocks": BLOCKS, "tile": StatedBands("times `g`", {1.0: 1.0})}
TABLE = """\
| times the speed of `f`, 9 x 9 | share of the points for speed |
| --- | --- |
| 0.15 | 40 % |
| 0.9 | all |"""


def filled(kind: str, source: str) -> str:
    cell = {"markdown": new_markdown_cell, "code": new_code_cell, "raw": new_raw_cell}[kind](source)
    return str(fill_in(new_notebook(cells=[cell]), KNOWN, "02_x.py").cells[0].source)


def test_a_line_in_the_text_becomes_a_table() -> None:
    assert filled("markdown", "Before.\n\n{bands: blocks}\n\nBehind.") == f"Before.\n\n{TABLE}\n\nBehind."


@pytest.mark.parametrize("text", ["Bands are {bands: blocks}.", "  {bands: blocks}", "{bands: blocks", "{bands: }x"])
def test_only_a_line_of_its_own_is_a_table(text: str) -> None:
    assert filled("markdown", text) == text


def test_a_name_in_the_code_becomes_a_dict() -> None:
    assert filled("code", 'print(in_bands(f, g, BANDS["blocks"]))') == "print(in_bands(f, g, {0.15: 0.4, 0.9: 1.0}))"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("markdown", 'BANDS["blocks"]'),
        ("code", "{bands: blocks}"),
        ("code", 'MY_BANDS["blocks"]'),
        ("raw", "{bands: x}"),
    ],
)
def test_each_way_has_its_kind_of_cell(kind: str, text: str) -> None:
    assert filled(kind, text) == text


def test_the_source_is_left_as_it_is() -> None:
    source = new_notebook(cells=[new_markdown_cell("{bands: blocks}")])
    fill_in(source, KNOWN, "02_x.py")
    assert source.cells[0].source == "{bands: blocks}"


@pytest.mark.parametrize(("kind", "text"), [("markdown", "{bands: block}"), ("code", 'BANDS["block"]')])
def test_an_unknown_name_is_refused_with_its_place_and_the_names_there_are(kind: str, text: str) -> None:
    with pytest.raises(SourceError, match=r"02_x\.py, cell 1: bands\.toml has no \[block\]; it has blocks, tile\."):
        filled(kind, text)


edges = st.lists(st.integers(1, 10**6), min_size=1, max_size=5, unique=True).map(sorted)


@given(edges, st.data())
def test_table_and_dict_say_the_bands(ratios: list[int], data: st.DataObject) -> None:
    """Of ratios to a thousandth and shares to a thousandth."""
    shares = data.draw(st.lists(st.integers(1, 999), min_size=len(ratios) - 1, max_size=len(ratios) - 1, unique=True))
    values = [*(share / 1000 for share in sorted(shares)), 1.0]
    stated = StatedBands("times", dict(zip((ratio / 1000 for ratio in ratios), values, strict=True)))
    rows = re.findall(r"^\| ([\d.]+) \| (?:(all)|([\d.]+) %) \|$", table(stated), re.MULTILINE)
    said = {float(ratio): 1.0 if full else round(float(percent) / 100, 6) for ratio, full, percent in rows}
    assert said == stated.bands
    cell = fill_in(new_notebook(cells=[new_code_cell('BANDS["it"]')]), {"it": stated}, "x.py").cells[0]
    assert ast.literal_eval(cell.source) == stated.bands


def test_names_are_told_by_where_they_stand() -> None:
    cells = [new_markdown_cell('{bands: a}\nBANDS["b"]'), new_code_cell('BANDS["c"], BANDS["d"]\n{bands: e}')]
    nb = new_notebook(cells=cells)
    assert (names_in_tables(nb), names_in_code(nb)) == ({"a"}, {"c", "d"})


def test_a_band_that_is_not_shown_or_not_measured_by_is_told() -> None:
    sources = [new_notebook(cells=[new_markdown_cell("{bands: a}")]), new_notebook(cells=[new_code_cell('BANDS["b"]')])]
    assert unused(["a", "b"], sources) == [
        'bands.toml: no lesson measures by BANDS["a"]; add a race or remove the band',
        "bands.toml: no lesson shows [b]; add a line {bands: b} or remove the band",
    ]
    assert unused(["a"], [*sources, new_notebook(cells=[new_code_cell('BANDS["a"]')])]) == []


def test_a_module_without_the_file_has_no_bands(tmp_path: Path) -> None:
    assert read_bands(tmp_path) == {}


@pytest.mark.parametrize("text", ["[a", "[a]\n", "[a]\ncompared = 'x'\nshares = [[1, 0.5]]\n"])
def test_a_malformed_file_is_a_fault_of_the_source(tmp_path: Path, text: str) -> None:
    (tmp_path / "bands.toml").write_text(text)
    with pytest.raises(SourceError, match=r"bands\.toml"):
        read_bands(tmp_path)


def test_a_folder_of_that_name_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bands.toml").mkdir()
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        read_bands(tmp_path)


def test_the_build_fills_them_in(project: Project, module: Module, first: Lesson) -> None:
    source = project.source_path(first)
    source.write_text(source.read_text() + '\n# %% [markdown]\n# {bands: near}\n\n# %%\nBANDS["near"]\n')
    with pytest.raises(SourceError, match=r"bands\.toml has no \[near\]; it has none"):
        source_notebook(project, first)
    (source.parent / "bands.toml").write_text('[near]\ncompared = "times `f`"\nshares = [[0.5, 1]]\n')
    text, code = source_notebook(project, first).cells[-2:]
    assert text.source == "| times `f` | share of the points for speed |\n| --- | --- |\n| 0.5 | all |"
    assert code.source == "{0.5: 1.0}"
