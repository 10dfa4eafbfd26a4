"""A checkout of two tiny lessons, the kit made from it, and the edits that tests make to both."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tinytorch.course.build import release_notebook
from tinytorch.course.export import export_module
from tinytorch.course.kit import build_kit
from tinytorch.course.names import Lesson, Module, lessons, resolve_module
from tinytorch.course.notebooks import read_notebook, write_notebook
from tinytorch.course.project import Project, find_project

PYPROJECT = """\
[project]
name = "tinytorch-kernels"
version = "0.1.0"
description = "A checkout for tests."
requires-python = ">=3.11"
license = "Apache-2.0"
dependencies = ["numpy>=2.1", "nbdev>=3.0"]

[project.scripts]
tito = "tinytorch.tito.app:main"

[tool.nbdev]
lib_path = "tinytorch"
nbs_path = "assignments/source"
recursive = true
clean_ids = true
put_version_in_init = false
update_pyproject = false
export_procs = ["tinytorch.course.nbdev_steps:ExportLesson"]
"""

HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

"""

FIRST = (
    HEADER
    + '''\
# %% [markdown]
# # Add two numbers
# > Sums, the slow way.
#
# What this lesson is about.

# %%
#| default_exp core.kernels.first

# %%
#| export
def given(x: int) -> int:
    """x, unchanged."""
    return x

# %% [markdown]
# ## Write the sum

# %% nbgrader={"grade": false, "grade_id": "total", "solution": true}
#| export
def total(a: int, b: int) -> int:
    """a + b."""
    ### BEGIN SOLUTION
    accumulated_sum = given(a) + given(b)
    return accumulated_sum
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_total", "points": 8}
def test_unit_total():
    assert total(2, 3) == 5, "2 + 3 should give 5"

test_unit_total()

# %% tags=["measure"]
raise SystemExit("measuring cells are left out")
'''
)

SECOND = (
    HEADER
    + '''\
# %% [markdown]
# # Double a number
# > Twice the sum.

# %%
#| default_exp core.kernels.second

# %%
#| export
from tinytorch.core.kernels.first import total

# %% [markdown]
# ## Write the double

# %% nbgrader={"grade": false, "grade_id": "double", "solution": true}
#| export
def double(a: int) -> int:
    """2 * a."""
    ### BEGIN SOLUTION
    doubled_by_adding = total(a, a)
    return doubled_by_adding
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_double", "points": 77}
def test_unit_double():
    assert double(4) == 8, "twice 4 is 8"

test_unit_double()

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_why", "points": 15, "solution": true}
# ## Why
# Why would anyone double a number?
'''
)

NEXT = (
    HEADER
    + '''\
# %% [markdown]
# # Halve a number
# > Half of the sum.

# %%
#| default_exp core.norms.half

# %%
#| export
from tinytorch.core.kernels.first import given

# %% [markdown]
# ## Write the half

# %% nbgrader={"grade": false, "grade_id": "half", "solution": true}
#| export
def half(a: int) -> float:
    """a / 2."""
    ### BEGIN SOLUTION
    half_of_the_given = given(a) / 2
    return half_of_the_given
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_half", "points": 4}
def test_unit_half():
    assert half(4) == 2, "half of 4 is 2"

test_unit_half()
'''
)

HIDDEN = '''\
import pytest
from tinytorch.grading.checks import check


@pytest.mark.grade("check_total", weight=2)
def test_negative_numbers(student):
    """The sum is right for negative numbers."""
    secret_first, secret_second = -1234567, -7654321
    expected_answer = secret_first + secret_second
    check.exactly(student.total(secret_first, secret_second), expected_answer)
'''


def module_toml(*, automatic: float, manual: float, title: str = "Kernels", requires: Sequence[str] = ()) -> str:
    """What a module declares, as its file says it."""
    return (
        f'title = "{title}"\ndescription = "A module for tests."\nrequires = {json.dumps(list(requires))}\n\n'
        f"[points]\nautomatic = {automatic}\nmanual = {manual}\n"
    )


def write_file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def edit(path: Path, old: str, new: str) -> None:
    """Replace text in a file, or in the cells of a notebook, where it must stand."""
    if path.suffix == ".ipynb":
        nb = read_notebook(path)
        assert any(old in cell.source for cell in nb.cells)
        for cell in nb.cells:
            cell.source = cell.source.replace(old, new)
        write_notebook(nb, path)
        return
    text = path.read_text(encoding="utf-8")
    assert old in text
    write_file(path, text.replace(old, new))


def solve(notebook: Path, exercise: str, body: str) -> None:
    """Write a student's answer in place of the stub."""
    edit(notebook, f'raise NotImplementedError("{exercise}: not written yet")', body)


def make_checkout(root: Path) -> Project:
    """A checkout with two lessons, nothing generated yet."""
    for name, text in {
        "pyproject.toml": PYPROJECT,
        "LICENSE": "Apache-2.0\n",
        "README.md": "# A checkout\n",
        "modules/13_kernels/module.toml": module_toml(automatic=85, manual=15),
        "modules/13_kernels/01_first.py": FIRST,
        "modules/13_kernels/02_second.py": SECOND,
        "tests/hidden/13_kernels/test_01_first.py": HIDDEN,
        "tinytorch/__init__.py": '"""Written by hand."""\n\n__version__ = "0.1.0"\n',
        "tinytorch/errors.py": '"""One\n\ntwo\nthree\nfour\nfive lines, which nbdev thinks worth a table."""\n',
        "tinytorch/core/__init__.py": "",
        "tinytorch/core/kernels/__init__.py": '"""Written by hand."""\n',
        "tinytorch/grading/__init__.py": '"""The grader."""\n',
    }.items():
        write_file(root / name, text)
    return find_project(root)


def add_next_module(project: Project) -> Module:
    """A second module of one lesson, which imports the first module's package."""
    for name, text in {
        "modules/14_norms/module.toml": module_toml(automatic=4, manual=0, title="Norms", requires=["13_kernels"]),
        "modules/14_norms/01_half.py": NEXT,
        "tinytorch/core/norms/__init__.py": '"""Written by hand."""\n',
    }.items():
        write_file(project.root / name, text)
    return resolve_module(project, "norms")


def make_release(project: Project, name: str = "kernels") -> Project:
    """Export the package and put the release notebooks in place."""
    module = resolve_module(project, name)
    export_module(project, module)
    for lesson in lessons(project, module):
        write_notebook(release_notebook(project, lesson), project.release_dir(module) / lesson.notebook)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_checkout(tmp_path / "checkout")


@pytest.fixture
def module(project: Project) -> Module:
    return resolve_module(project, "kernels")


@pytest.fixture
def first(project: Project, module: Module) -> Lesson:
    return lessons(project, module)[0]


@pytest.fixture
def second(project: Project, module: Module) -> Lesson:
    return lessons(project, module)[1]


@pytest.fixture
def released(project: Project) -> Project:
    return make_release(project)


@pytest.fixture
def kit(released: Project, module: Module, tmp_path: Path) -> Project:
    """A student's kit, with nothing done yet."""
    return find_project(build_kit(released, module, tmp_path / "out").folder)
