"""A checkout with one small lesson, and the hostile submissions handed in there among two honest ones.

A hostile submission is a percent file in tests/submissions/hostile: its docstring says what it tries, and each cell
after a line `# %% KIND` goes into the released notebook:

    answer    takes the place of the exercise's cell
    check     takes the place of the check cell's text
    notebook  is run here: its `spoil(notebook, folder)` edits the notebook (as JSON) and the folder that is handed in
    (none)    a new cell before the exercise, or after it where an answer stands above it

A cell prints "tried" when it has come to its end, and "got through: ..." when something worked that must not. @NAME@
stands for what an attacker may well know: where things lie, the grader's process, a port that listens.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from nbformat.v4 import new_code_cell

from tests.courses.tiny import module_toml
from tests.courses.toy import HEADER, REPOSITORY, Toy
from tinytorch.course.project import find_project
from tinytorch.grading.gradebook.exporter import read_release
from tinytorch.grading.gradebook.release import generate_release

HOSTILE = REPOSITORY / "tests" / "submissions" / "hostile"
POINTS = 10
HONEST = "honest"
BLANK = "untouched"
SECRETS = ("canary-solution", "canary-check", "canary-neighbour", "canary-environment", "canary-home", "canary-tmp")

LESSON = '''\
# %% [markdown]
# # Scale
# > A lesson for tests.

# %%
#| default_exp core.kernels.first

# %%
#| export
import numpy as np

# %% [markdown]
# ## Scale an array

# %% nbgrader={"grade": false, "grade_id": "scale", "solution": true}
#| export
def scale(x, factor):
    """factor * x as a new array."""
    ### BEGIN SOLUTION
    canary = "canary-solution"
    return factor * x
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_scale", "points": 10}
def test_unit_scale():
    assert scale(np.ones(2), 2.0).tolist() == [2.0, 2.0]


test_unit_scale()
'''

CHECKS = '''\
import numpy as np
import pytest
from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("01_first")
SECRET = "canary-check"


@pytest.mark.grade("check_scale", weight=3)
@pytest.mark.parametrize("factor", [1.5, 2.6])
def test_values(student, rng, factor):
    """Each element is multiplied."""
    x = rng.standard_normal(4)
    check.close(student.scale(x, factor), factor * x, dtype=np.float64)


@pytest.mark.grade("check_scale", weight=1)
def test_inputs_are_left_alone(student, rng):
    """The input is left as it was, and the result is another array."""
    x = rng.standard_normal((3, 2))
    call = student.call("scale", x, 2.7)
    check.unchanged(call, x)
    check.require(call.result_is is None, "the result must be a new array")
    check.close(call.value, 2.7 * x, dtype=np.float64)


@pytest.mark.grade("check_scale", weight=1)
def test_read_without_care(student):
    """A check that trusts the kind of its answer: 2 times 3 is 6."""
    value = student.scale(np.array([2.0]), 3.0)
    check.require(int(value[0]) == 6 and 12 / value[0] == 2, "2 times 3 is 6")
'''


def make_course(root: Path) -> Toy:
    """The lesson, its hidden checks and a generated release."""
    for path, text in {
        "modules/13_kernels/module.toml": module_toml(automatic=10, manual=0),
        "modules/13_kernels/01_first.py": HEADER + LESSON,
        "tests/hidden/13_kernels/test_01_first.py": CHECKS,
        "pyproject.toml": '[project]\nname = "tinytorch-kernels"\n',
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    toy = Toy(find_project(root))
    generate_release(toy.class_folder)
    return toy


def names() -> list[str]:
    """Every hostile submission."""
    return sorted(path.stem for path in HOSTILE.glob("*.py"))


def what_it_tries(name: str) -> str:
    return ast.get_docstring(ast.parse((HOSTILE / f"{name}.py").read_text())) or ""


def hand_in(toy: Toy, name: str, known: Mapping[str, str]) -> Path:
    """Puts the notebook of one hostile submission where the grader looks, its @NAMES@ filled in."""
    text = (HOSTILE / f"{name}.py").read_text()
    for key, value in known.items():
        text = text.replace(f"@{key}@", value)
    folder = toy.submitted(name)
    folder.mkdir(parents=True)
    path = folder / "01_first.ipynb"
    notebook = json.loads((toy.project.release_dir(toy.module) / path.name).read_text())
    cells = re.split(r"^# %%[ ]*(\w*)\n", text, flags=re.MULTILINE)[1:]
    for kind, source in zip(cells[::2], cells[1::2], strict=True):
        _put(notebook, folder, kind, source.strip())
    path.write_text(json.dumps(notebook))
    (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC\n")
    return folder


def _put(notebook: dict, folder: Path, kind: str, source: str) -> None:  # type: ignore[type-arg]
    at = {cell["metadata"].get("nbgrader", {}).get("grade_id"): index for index, cell in enumerate(notebook["cells"])}
    if kind == "answer":
        notebook["cells"][at["scale"]]["source"] = f"#| export\n{source}"
    elif kind == "check":
        notebook["cells"][at["check_scale"]]["source"] = source
    elif kind == "notebook":
        space: dict = {}  # type: ignore[type-arg]
        exec(source, space)
        space["spoil"](notebook, folder)
    else:
        is_answered = "NotImplementedError" not in "".join(notebook["cells"][at["scale"]]["source"])
        cell = new_code_cell(source)
        notebook["cells"].insert(at["scale"] + is_answered, json.loads(json.dumps(cell)))


def hand_in_honest(toy: Toy) -> None:
    """One solved, one untouched, and a neighbour whose work nobody else may read."""
    release = toy.project.release_dir(toy.module) / "01_first.ipynb"
    for student, line in (
        (HONEST, "return factor * x"),
        (BLANK, ""),
        ("neighbour", 'secret = "canary-neighbour"\n    return np.multiply(x, factor)'),
    ):
        notebook = read_release(release)
        for cell in notebook.cells:
            if line:
                cell.source = cell.source.replace('raise NotImplementedError("scale: not written yet")', line)
        folder = toy.submitted(student)
        folder.mkdir(parents=True)
        (folder / release.name).write_text(json.dumps(notebook))
        (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC\n")
