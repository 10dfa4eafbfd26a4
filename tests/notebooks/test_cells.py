"""Cells have the numbers that Jupyter gives them, and one meaning for everybody who reads them."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.courses.samples import check_cell, code, exercise
from tinytorch.notebooks.cells import (
    grade_id,
    is_check,
    is_fixed,
    is_graded,
    is_measure,
    is_solution,
    nbgrader_marks,
    numbered,
    points,
)
from tinytorch.notebooks.code import code_cells, meant_for_export

SOURCES = ["x = 1", "", "  \n\t", "# only a comment", "x", "\n\ny = 2", "%matplotlib inline"]


def test_the_numbers_are_those_that_jupyter_shows_after_run_all() -> None:
    nb = new_notebook(cells=[new_markdown_cell("# Title"), *map(new_code_cell, SOURCES)])
    ran = NotebookClient(nbformat.from_dict(nb), kernel_name="python3", timeout=60).execute()
    shown = {cell.source: cell.execution_count for cell in ran.cells if cell.get("execution_count") is not None}
    assert {cell.source: number for number, cell in numbered(nb)} == shown
    assert [cell.number for cell in code_cells("01_first", nb, None)] == list(shown.values())


@pytest.mark.parametrize(
    "marks", [{}, {"nbgrader": "odd"}, {"nbgrader": {}}, {"nbgrader": {"grade_id": None}}], ids=repr
)
def test_a_cell_without_marks_is_of_no_concern(marks: dict[str, object]) -> None:
    cell = code("x", "id", **marks)
    assert (grade_id(cell), points(cell)) == ("", None)
    assert not any(says(cell) for says in (is_solution, is_graded, is_check, is_fixed, is_measure))
    assert not nbgrader_marks(code("x", "id"))


def test_what_a_lesson_s_cells_are() -> None:
    answer, check = exercise("def f(): pass", "f"), check_cell("assert f() is None", "f", 3)
    question = code("", "q", nbgrader={"grade": True, "solution": True, "grade_id": "question", "points": 2})
    measure = code("plot()", "m", tags=["measure"])
    assert [is_solution(cell) for cell in (answer, check, question, measure)] == [True, False, True, False]
    assert [is_check(cell) for cell in (answer, check, question, measure)] == [False, True, False, False]
    assert [is_fixed(cell) for cell in (answer, check, question, measure)] == [False, True, False, False]
    assert [is_measure(cell) for cell in (answer, check, question, measure)] == [False, False, False, True]
    assert (points(check), points(question), grade_id(check)) == (3.0, 2.0, "check_f")


@pytest.mark.parametrize(("value", "expected"), [(3, 3.0), (0.5, 0.5), ("3", None), (True, None), (None, None)])
def test_points_are_a_number(value: object, expected: float | None) -> None:
    assert points(code("x", "id", nbgrader={"points": value})) == expected


def test_a_measurement_is_what_the_release_has_word_for_word() -> None:
    release = new_notebook(cells=[code("plot(1)", "m", tags=["measure"])])
    mine = new_notebook(cells=[code("plot(1)\n", "a"), code("plot(2)", "m", tags=["measure"])])
    assert [cell.is_measurement for cell in code_cells("01_first", mine, release)] == [True, False]


def test_a_measurement_may_have_the_bands_of_an_earlier_release() -> None:
    race = "print(in_bands(lambda: f(x), lambda: g(x), {}))"
    release = new_notebook(cells=[code(race.format({0.5: 0.4, 1.5: 1.0}), "m", tags=["measure"])])
    others = ({0.25: 1.0}, {1e-05: 0.5, 2: 1}, {}, "g(x)")
    mine = new_notebook(cells=[code(race.format(bands), f"a{number}") for number, bands in enumerate(others)])
    assert [cell.is_measurement for cell in code_cells("01_first", mine, release)] == [True, True, False, False]


def test_an_export_line_below_others_counts_and_is_told() -> None:
    given = code_cells("01_first", new_notebook(cells=[exercise("def f(): ...", "f")]), None)
    mine = new_notebook(cells=[code("# mine\n#| export\ndef g(x):\n    return x\ng(1)", "a")])
    [(cell, words)] = meant_for_export(code_cells("01_first", mine, None), given).items()
    assert (cell.number, words) == (1, "cell 1 has its line `#| export` below other lines; it counts as exported")
