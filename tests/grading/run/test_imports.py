"""A lesson's process is given the lessons that its text may import, directly or through others."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tinytorch.course.build import release_notebook
from tinytorch.course.names import lessons, modules
from tinytorch.course.project import find_project
from tinytorch.grading.run.imports import reachable
from tinytorch.notebooks.code import code_cells

ROOT = Path(__file__).parents[3]
PACKAGE = "tinytorch.core.sums"
OTHER = "tinytorch.core.means"
LESSONS = {
    (PACKAGE, "first"): ["x = 1"],
    (PACKAGE, "second"): [f"from {PACKAGE}.first import x"],
    (PACKAGE, "third"): ["z = 3"],
    (OTHER, "first"): [f"import {OTHER}.last"],
    (OTHER, "last"): [""],
}
ALL = ["sums.first", "sums.second", "sums.third", "means.first", "means.last"]


def reached(text: str) -> list[str]:
    lessons = {**LESSONS, (PACKAGE, "mine"): [text]}
    return [f"{package.rpartition('.')[2]}.{short}" for package, short in reachable((PACKAGE, "mine"), lessons)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("'''it says where they are from.\n    from ./data we import'''", []),
        ("import numpy as np, tinytorch.bench\nfrom tinytorch import simd  # for sums", []),
        ("import tinytorch.bench\nname = f'tinytorch-{number} sums of the core'", []),
        ("import tinytorch.core.sums.first\ntinytorch.core.sums.first.x", ["sums.first"]),
        (f"from {PACKAGE}.first import x", ["sums.first"]),
        (f"from {PACKAGE}.second import y", ["sums.first", "sums.second"]),
        (f"import {PACKAGE}.third as t", ["sums.third"]),
        (f"from {PACKAGE} import first", ["sums.first"]),
        (f"from {PACKAGE} import (  # two of them\n    first as f,\n    third,\n)", ["sums.first", "sums.third"]),
        (f"def late():\n    from {OTHER}.first import mean", ["means.first", "means.last"]),
        (f"print('{PACKAGE}.third')", ["sums.third"]),
        (f"from {PACKAGE} import first, \\\n    third", ["sums.first", "sums.third"]),
        (f"from {PACKAGE} import (first,  # a) of two\n    third)", ["sums.first", "sums.third"]),
        (f"from {PACKAGE} \\\n    import first", ["sums.first"]),
        (f"from {PACKAGE} import first  # and third", ["sums.first"]),
        (f"from {PACKAGE} import first; third = 1", ["sums.first"]),
        ("from tinytorch . core.sums . first import x", ["sums.first"]),
        ("import tinytorch.core.\\\n    sums.third", ["sums.third"]),
        (f"import {PACKAGE}.first, {PACKAGE}.third", ["sums.first", "sums.third"]),
    ],
)
def test_what_is_named_is_reached(text: str, expected: list[str]) -> None:
    assert reached(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"import {PACKAGE}",
        f"import {PACKAGE} as k\nk.first.x",
        f"from {PACKAGE} import x",
        f"from {PACKAGE} import first, x",
        f"from {PACKAGE} import *",
        f"name = '{PACKAGE}'",
        f"from {PACKAGE} import (first, third",
        "from tinytorch.core import sums",
        "from tinytorch.core import (\n    means,\n    sums as s,\n)",
        "from tinytorch import core",
        "from tinytorch.core import *",
        "import tinytorch as t\nt.core.sums.first.x",
        "import numpy, tinytorch as t\nt.core.sums.first.x",
        "import tinytorch\ngetattr(tinytorch, 'co' + 're')",
        "import tinytorch\nroot = tinytorch\n",
        "import tinytorch\ntinytorch.__dict__['core']",
        "from tinytorch . core import sums",
    ],
)
def test_a_package_that_is_named_as_a_whole_is_reached_as_a_whole(text: str) -> None:
    assert [name for name in reached(text) if name.startswith("sums")] == ALL[:3]


@pytest.mark.parametrize(
    "text",
    [
        "import importlib",
        "from . import first",
        "from .first import x",
        "from .. means.first \\\n import x",
        "__import__('a' + 'b')",
        "exec(code)",
        "import sys\nsys.modules",
        "import pkgutil",
    ],
)
def test_computed_names_may_reach_everything(text: str) -> None:
    assert reached(text) == ALL


def test_a_circle_of_imports_ends() -> None:
    lessons = {(PACKAGE, "a"): [f"import {PACKAGE}.b"], (PACKAGE, "b"): [f"import {PACKAGE}.a"]}
    assert reachable((PACKAGE, "a"), lessons) == ((PACKAGE, "b"),)


@pytest.mark.parametrize(
    "text",
    [
        f"from {PACKAGE} import first\n" * 20_000,
        f"(\nfrom {PACKAGE} import first\n" * 20_000,
        f"from {PACKAGE} import (first  # (\n" * 20_000,
        "from a b " * 20_000 + "(\n" + f"from {PACKAGE} import first\n" * 2_000,
        "from" + " \\\n" * 200_000,
        "tinytorch" + " " * 400_000 + ".",
        "from ." * 100_000,
        "from .a" + ".a" * 200_000,
    ],
    ids=range(8),
)
def test_no_wording_keeps_the_grader_busy(text: str) -> None:
    began = time.process_time()
    reached(text)
    assert time.process_time() - began < 5


def test_the_real_lessons_are_given_what_they_import() -> None:
    project = find_project(ROOT)
    [module] = [module for module in modules(project) if module.short == "kernels"]
    sources = {}
    for lesson in lessons(project, module):
        notebook = release_notebook(project, lesson)
        sources[(module.package, lesson.short)] = [cell.source for cell in code_cells(lesson.name, notebook, notebook)]
    assert {name[1]: [short for _, short in reachable(name, sources)] for name in sources} == {
        "timing": [],
        "matmul": ["timing"],
        "vectorization": ["timing"],
        "parallelism": ["timing", "matmul", "vectorization"],
        "quantization": ["timing"],
        "analysis": ["timing", "matmul", "vectorization", "parallelism", "quantization"],
    }
