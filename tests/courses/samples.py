"""Tiny notebooks and hidden checks for the grader's own tests."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from tinytorch.grading.checks.running import About

EXPORT = "#| export\n"
HEAD = """\
import numpy as np, pytest
from tinytorch.grading.checks import check
pytestmark = pytest.mark.lesson('01_first')
"""

ABOUT = About("test_01_first::test_it", "01_first", "check_it", 1.0, "It works.")


def code(source: str, cell_id: str, **metadata: object) -> NotebookNode:
    cell = new_code_cell(source, id=cell_id)
    cell.metadata.update(metadata)
    return cell


def exercise(source: str, name: str) -> NotebookNode:
    marks = {"grade": False, "grade_id": name, "solution": True, "locked": False, "schema_version": 3, "task": False}
    return code(EXPORT + source, f"id-{name}", nbgrader=marks)


def check_cell(source: str, name: str, points: float) -> NotebookNode:
    marks = {"grade": True, "grade_id": f"check_{name}", "solution": False, "locked": True, "points": points}
    return code(source, f"id-check-{name}", nbgrader={**marks, "schema_version": 3, "task": False})


def plain_notebook(*sources: str) -> NotebookNode:
    return new_notebook(cells=[code(source, f"cell-{number}") for number, source in enumerate(sources)])


def write(folder: Path, lesson: str, *cells: NotebookNode) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{lesson}.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


STUB = 'def double(x):\n    raise NotImplementedError("double: not written yet")'


def write_release(folder: Path, lesson: str = "01_first") -> None:
    write(folder, lesson, exercise(STUB, "double"), check_cell("assert double(2) == 4", "double", 10))


def write_submission(folder: Path, source: str, lesson: str = "01_first") -> None:
    write(folder, lesson, exercise(source, "double"), check_cell("assert double(2) == 4", "double", 10))


def write_checks(folder: Path, text: str, lesson: str = "01_first") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"test_{lesson}.py").write_text(HEAD.replace("01_first", lesson) + text, encoding="utf-8")
