"""Directives are read as nbdev reads them; what a text defines is found without running it."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tinytorch.notebooks.exports import (
    default_exp,
    defined,
    directives,
    exports,
    functions,
    has_export_line,
    only_defines,
)


@pytest.mark.parametrize(
    ("source", "nbdev_exports", "has_line"),
    [
        ("#| export\nx = 1", True, True),
        ("#|export\nx = 1", True, True),
        ("#| hide\n#| exporti\nx = 1", True, True),
        ("#| exports", True, True),
        ("# mine\n#| export\nx = 1", False, True),
        ("%%time\n#| export\nx = 1", False, True),
        ("x = 1  #| export", False, False),
        ("#| exported", False, False),
        ("print('#| export')", False, False),
        ("", False, False),
    ],
)
def test_where_an_export_line_counts(source: str, nbdev_exports: bool, has_line: bool) -> None:
    assert (exports(source), has_export_line(source)) == (nbdev_exports, has_line)


def test_directives_end_with_the_first_other_line() -> None:
    assert list(directives("#| default_exp core.first\n#| hide\nx = 1\n#| export")) == [
        ("default_exp", "core.first"),
        ("hide", ""),
    ]


def test_where_a_notebook_is_exported_to() -> None:
    nb = new_notebook(cells=[new_markdown_cell("#| default_exp no"), new_code_cell("#| default_exp core.sums.first")])
    assert default_exp(nb) == "core.sums.first"
    assert default_exp(new_notebook()) == ""


SOURCE = "LIMIT = 3\nasync def a(): pass\nclass B:\n    def inside(self): pass\nx: int = 1\nif x == 2: y = 3\n"


def test_names_at_the_top_level_and_at_any_depth() -> None:
    assert defined(SOURCE) == ("LIMIT", "a", "B", "x")
    assert functions(SOURCE) == {"a", "B", "inside"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import math\n\n\ndef f(x):\n    return x\n", True),
        ("LIMIT = 3", True),
        ("def f(x):\n    return x\nf(1)", False),
        ("", False),
    ],
)
def test_a_text_that_only_defines(source: str, expected: bool) -> None:
    assert only_defines(source) is expected
