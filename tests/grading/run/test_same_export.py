"""What the kit exports from a notebook is what grading gives to other lessons; what grading forgives, it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.courses.samples import code, exercise, write
from tests.courses.tiny import PYPROJECT, write_file
from tinytorch.course.export import exported_text
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run.notebooks import Notebooks

TARGET = code("#| default_exp core.sums.first", "target")
IMPORT = code("from tinytorch.core.sums.first import base", "import")
HEADS = {
    "plain": "#| export\n",
    "with a space": "# | export\n",
    "internal": "#| exporti\n",
    "shown": "#| exports\n",
    "below a blank line": "\n#| export\n",
    "below another directive": "#| hide\n\n#| export\n",
    "below a comment": "# Mine.\n#| export\n",
    "documentation only": "#| exportd\n",
    "no line": "",
}
FORGIVEN = {
    "below a comment": "has its line `#| export` below other lines",
    "documentation only": "defines",
    "no line": "defines",
}


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """One lesson with a cell of the student's own below each head, and one lesson that imports from it."""
    release, folder = tmp_path / "release", tmp_path / "notebooks" / "13_sums"
    base = exercise("def base(x):\n    return x", "base")
    write(release, "01_first", TARGET, base)
    write(release, "02_second", IMPORT)
    own = [code(f"{head}def mine_{at}(x):\n    return x", f"c{at}") for at, head in enumerate(HEADS.values())]
    write(folder, "01_first", TARGET, code("", "empty"), *own, base)
    write(folder, "02_second", IMPORT)
    write_file(tmp_path / "pyproject.toml", PYPROJECT)
    return folder


def test_grading_takes_what_the_kit_exports_and_says_what_more(submission: Path, tmp_path: Path) -> None:
    [by_kit] = [
        text
        for path, text in exported_text([submission / "01_first.ipynb"], tmp_path).items()
        if path.endswith("core/sums/first.py")
    ]
    notebooks = Notebooks(submission, Setup(tmp_path / "release", tmp_path / "hidden"))
    lesson = notebooks.packages_for("02_second", lambda _: frozenset())["tinytorch.core.sums"]["first"]
    by_grading = "\n".join(cell.source for cell in lesson.cells)
    names = {head: f"def mine_{at}(" for at, head in enumerate(HEADS)}
    kit, grading = ({head for head, name in names.items() if name in text} for text in (by_kit, by_grading))
    assert kit == HEADS.keys() - FORGIVEN.keys()
    assert grading == HEADS.keys()
    numbers = {head: at for at, head in enumerate(HEADS, start=2)}  # after the target; the empty cell has none
    told = {head: [words for words in notebooks.repairs if f"cell {numbers[head]} " in words] for head in HEADS}
    assert {head for head in HEADS if told[head]} == FORGIVEN.keys()
    assert all(FORGIVEN[head] in words for head in FORGIVEN for words in told[head])
