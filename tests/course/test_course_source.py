"""Percent sources: strict markers, errors that name file, line and cell, and ids that stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.courses.tiny import FIRST, edit, write_file
from tinytorch.course.build import source_path
from tinytorch.course.names import Lesson
from tinytorch.course.project import Project
from tinytorch.course.source import read_source, regions
from tinytorch.errors import SourceError

MARK = '# %% nbgrader={"grade": false, "grade_id": "total", "solution": true}'
SOLUTION = """\
    ### BEGIN SOLUTION
    accumulated_sum = given(a) + given(b)
    return accumulated_sum
    ### END SOLUTION
"""


def broken(tmp_path: Path, old: str, new: str) -> Path:
    path = write_file(tmp_path / "01_first.py", FIRST)
    edit(path, old, new)
    return path


def line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, start=1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "words", "at"),
    [
        ("    ### BEGIN SOLUTION\n", "", "END SOLUTION without BEGIN", "### END"),
        ("    ### END SOLUTION\n", "", "BEGIN SOLUTION without END", "### BEGIN"),
        ("    return accum", "    ### BEGIN SOLUTION\n    return accum", "inside a solution", "### BEGIN"),
        ("# What this", "# The BEGIN SOLUTION line", "marker in prose", "The BEGIN"),
        ("### BEGIN SOLUTION", "## Begin solution", "misspelled", "## Begin"),
        ('"""a + b."""', '"""\n    ### BEGIN SOLUTION\n    """', "inside a solution", "accumulated"),
        (
            "    ### END SOLUTION\n",
            '\n\ndef other():\n    """Other."""\n    return 1\n    ### END SOLUTION\n',
            "spans two functions",
            "### BEGIN",
        ),
        (SOLUTION, "    return a + b\n", "without BEGIN SOLUTION", "#| export\ndef total"),
        (SOLUTION, "    ### BEGIN SOLUTION\n    # nothing\n    ### END SOLUTION\n", "empty solution", "### BEGIN"),
        (
            SOLUTION,
            f"{SOLUTION}    ### BEGIN SOLUTION\n    return 3\n    ### END SOLUTION\n",
            "a second solution in total",
            "return 3",
        ),
        ("    ### BEGIN SOLUTION", "  ### BEGIN SOLUTION", "not indented as", "### BEGIN"),
        ("def given(x: int)", "def given(x: int", "plain Python", "def given"),
        ("#| export\ndef given", "# mine\n#| export\ndef given", "nbdev does not look", "# mine"),
    ],
    ids=[
        "end-only", "begin-only", "nested", "prose", "spelling", "in-a-string", "two-functions", "no-markers", "empty",
        "second-pair", "indentation", "syntax", "export-below",
    ],
)  # fmt: skip
def test_malformed_source_is_refused_with_file_and_cell(
    tmp_path: Path, old: str, new: str, words: str, at: str
) -> None:
    path = broken(tmp_path, old, new)
    with pytest.raises(SourceError, match=rf"01_first\.py line \d+, cell \w+: .*{words}"):
        read_source(path)


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("    ### BEGIN SOLUTION\n", "", "### END SOLUTION"),
        ("    ### END SOLUTION\n", "", "### BEGIN SOLUTION"),
        ("# What this", "# The BEGIN SOLUTION line", "The BEGIN"),
        (MARK, "# %%\n", "### BEGIN SOLUTION"),
        ("def given(x: int)", "def given(x: int", "def given"),
    ],
    ids=["end", "begin", "prose", "unmarked-cell", "syntax"],
)  # fmt: skip
def test_the_line_is_that_of_the_file(tmp_path: Path, old: str, new: str, at: str) -> None:
    path = broken(tmp_path, old, new)
    with pytest.raises(SourceError, match=f"line {line_of(path, at)}, cell"):
        read_source(path)


def test_the_cell_is_named_by_its_grade_id(tmp_path: Path) -> None:
    path = broken(tmp_path, "    ### BEGIN SOLUTION\n", "")
    with pytest.raises(SourceError, match="cell total: END SOLUTION"):
        read_source(path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"grade_id": "check_total"', '"grade_id": "total"', "used twice"),
        ('"grade_id": "check_total"', '"grade_id": "check total!"', "small letters"),
        (', "points": 8', "", "without points"),
        ("#| default_exp core.kernels.first", "x = 1", "default_exp"),
        ("# %% [markdown]\n# # Add", "text before\n\n# %% [markdown]\n# # Add", "before the first cell"),
    ],
    ids=["duplicate", "bad-name", "no-points", "no-target", "stray-text"],
)
def test_metadata_mistakes_are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read_source(broken(tmp_path, old, new))


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "01_first.py"
    path.write_bytes(FIRST.encode() + b"# \xff\n")
    with pytest.raises(SourceError, match="not UTF-8"):
        read_source(path)


def test_a_solution_may_define_functions_of_its_own(tmp_path: Path) -> None:
    inner = "def inner(x: int) -> int:\n        return x\n\n    accumulated_sum = inner(a) + inner(b)"
    nb = read_source(broken(tmp_path, "accumulated_sum = given(a) + given(b)", inner))
    assert [region.function for cell in nb.cells for region in regions(cell)] == ["total"]


def test_one_cell_may_hold_two_functions_with_a_solution_each(tmp_path: Path) -> None:
    other = "\n\ndef other() -> int:\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n"
    nb = read_source(broken(tmp_path, "    ### END SOLUTION\n", f"    ### END SOLUTION\n{other}"))
    assert [region.function for cell in nb.cells for region in regions(cell)] == ["total", "other"]


def test_cell_ids_are_unique_and_the_same_on_every_reading(project: Project, first: Lesson) -> None:
    path = source_path(project, first)
    ids = [[cell.id for cell in read_source(path).cells] for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])


def test_a_new_cell_leaves_the_ids_of_the_others_alone(project: Project, first: Lesson) -> None:
    path = source_path(project, first)
    before = [cell.id for cell in read_source(path).cells]
    edit(path, "# %% [markdown]\n# ## Write the sum", "# %%\nnew = 1\n\n# %% [markdown]\n# ## Write the sum")
    after = [cell.id for cell in read_source(path).cells]
    assert [cell_id for cell_id in after if cell_id in before] == before


def test_changing_a_solution_leaves_its_cells_id_alone(project: Project, first: Lesson) -> None:
    path = source_path(project, first)
    before = {cell.id for cell in read_source(path).cells}
    edit(path, "given(a) + given(b)", "given(b) + given(a)")
    assert {cell.id for cell in read_source(path).cells} == before


def test_equal_cells_in_two_lessons_have_different_ids(project: Project, tmp_path: Path) -> None:
    one, two = (read_source(write_file(tmp_path / name, FIRST)) for name in ("01_first.py", "02_copy.py"))
    assert {cell.id for cell in one.cells}.isdisjoint(cell.id for cell in two.cells)
