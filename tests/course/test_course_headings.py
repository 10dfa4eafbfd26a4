"""What an exercise is worth stands in its heading, and what is stretch stands in the module's README too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinytorch.course.source import read_source
from tinytorch.notebooks.cells import grade_id, is_graded, points

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "modules").glob("*_*/[0-9][0-9]_*.py"))

# ## Multiply in blocks (10 points), ## Keep a tile in registers (stretch, 6 points), ## Three questions (5 points each)
_HEADING = re.compile(r"^##+ (.+)$", re.MULTILINE)
_WORTH = re.compile(r"\((?:stretch, )?([\d.]+) points?(?: each)?\)$")
_STRETCH = re.compile(r"\(stretch, ([\d.]+) points?\)")
_ROW = re.compile(r"^\| `(\w+)` \| `(\w+)`[^|]* \| ([\d.]+) \| [^|]+ \|$", re.MULTILINE)


def worth_of(path: Path) -> list[tuple[str, float | None, float | None]]:
    """For each graded cell of a lesson: its grade id, its points, and what the heading of its exercise says.

    The heading of a question stands in its own cell, that of an exercise is the last `##` before it.
    """
    found, last = [], ""
    for cell in read_source(path).cells:
        headings = _HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
        exercises = [heading for heading in headings if f"\n## {heading}" in f"\n{cell.source}"]
        last = exercises[-1] if exercises else last
        if is_graded(cell):
            worth = _WORTH.search(headings[0] if headings else last)
            found.append((grade_id(cell), points(cell), float(worth[1]) if worth else None))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_points_of_each_exercise_stand_in_its_heading(path: Path) -> None:
    worth = worth_of(path)
    assert worth, "a lesson without a graded cell"
    assert {name: said for name, _, said in worth} == {name: given for name, given, _ in worth}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_stretch_is_in_the_readme_with_its_points(path: Path) -> None:
    text = "\n".join(cell.source for cell in read_source(path).cells if cell.cell_type == "markdown")
    rows = _ROW.findall((path.parent / "README.md").read_text(encoding="utf-8"))
    listed = [float(worth) for lesson, _, worth in rows if lesson == path.stem]
    assert listed == [float(worth) for worth in _STRETCH.findall(text)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_after_every_text_to_reflect_on_there_is_a_cell_for_notes(path: Path) -> None:
    cells = read_source(path).cells
    asked = [number for number, cell in enumerate(cells) if "**Reflect.**" in cell.source]
    followers = [cells[number + 1].source for number in asked if number + 1 < len(cells)]
    assert followers == ["*Your notes:*"] * len(asked)


def test_a_heading_is_the_nearest_before_its_cell(tmp_path: Path) -> None:
    path = tmp_path / "01_x.py"
    path.write_text(
        "# %% [markdown]\n# ## One (stretch, 1.5 points)\n\n# %% [markdown]\n# ### Inside\n\n"
        '# %% nbgrader={"grade": true, "grade_id": "check_one", "points": 1.5}\nassert one\n\n'
        '# %% [markdown] nbgrader={"grade": true, "grade_id": "question", "points": 5, "solution": true}\n'
        "# ### Why? (1 point)\n"
    )
    assert worth_of(path) == [("check_one", 1.5, 1.5), ("question", 5.0, 1.0)]
