"""A lesson's process is given the lessons that its text may import, directly or through others."""

from __future__ import annotations

import pytest

from tinytorch.grading.run.imports import reachable

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
        ("import numpy as np, tinytorch.bench\nfrom tinytorch import simd", []),
        (f"from {PACKAGE}.first import x", ["sums.first"]),
        (f"from {PACKAGE}.second import y", ["sums.first", "sums.second"]),
        (f"import {PACKAGE}.third as t", ["sums.third"]),
        (f"from {PACKAGE} import first", ["sums.first"]),
        (f"from {PACKAGE} import (  # two of them\n    first as f,\n    third,\n)", ["sums.first", "sums.third"]),
        (f"def late():\n    from {OTHER}.first import mean", ["means.first", "means.last"]),
        (f"print('{PACKAGE}.third')", ["sums.third"]),
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
        "from tinytorch.core import sums",
        "import tinytorch\ntinytorch.core.sums.first.x",
    ],
)
def test_a_package_that_is_named_as_a_whole_is_reached_as_a_whole(text: str) -> None:
    assert reached(text) == ALL[:3]


@pytest.mark.parametrize(
    "text", ["import importlib", "__import__('a' + 'b')", "exec(code)", "import sys\nsys.modules", "import pkgutil"]
)
def test_computed_names_may_reach_everything(text: str) -> None:
    assert reached(text) == ALL


def test_a_circle_of_imports_ends() -> None:
    lessons = {(PACKAGE, "a"): [f"import {PACKAGE}.b"], (PACKAGE, "b"): [f"import {PACKAGE}.a"]}
    assert reachable((PACKAGE, "a"), lessons) == ((PACKAGE, "b"),)
