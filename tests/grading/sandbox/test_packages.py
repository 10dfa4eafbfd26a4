"""What the imports of a student process find: packages made of the cells of their own notebooks, and no others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tinytorch.grading.checks.student import Student
from tinytorch.grading.sandbox.inside.protocol import CellCode, GivenCell, LessonCode
from tinytorch.grading.sandbox.session import Session

OpenSession = Callable[..., Session]
OpenStudent = Callable[..., Student]


def lesson(*sources: str) -> LessonCode:
    return LessonCode(tuple(CellCode(f"cell {n}", source) for n, source in enumerate(sources, 1)), ())


def test_several_packages_are_served_and_import_each_other(open_student: OpenStudent) -> None:
    student = open_student(
        "from tinytorch.core.norms import scaled\nimport tinytorch.core.sums.first as sums",
        "def both(x):\n    return scaled(x), sums.double(x)",
    )
    packages = {
        "tinytorch.core.sums": {"first": lesson("def double(x):\n    return 2 * x")},
        "tinytorch.core.norms": {
            "first": lesson("other = 1"),
            "second": lesson("from tinytorch.core.sums.first import double\ndef scaled(x):\n    return 10 * double(x)"),
        },
    }
    student._session.notebook = dataclasses.replace(student._session.notebook, packages=packages)
    assert student.both(3) == (60, 6)


def test_a_lesson_of_one_package_is_not_in_another(open_session: OpenSession) -> None:
    session = open_session("import tinytorch.core.sums.first", "import tinytorch.core.norms.first")
    packages = {"tinytorch.core.sums": {"first": lesson("x = 1")}, "tinytorch.core.norms": {"second": lesson("x = 1")}}
    session.notebook = dataclasses.replace(session.notebook, packages=packages)
    session.ensure_started()
    assert [run.status for run in session.cell_runs] == ["ok", "error"]
    assert "No module named 'tinytorch.core.norms.first'" in session.cell_runs[1].words


def test_a_failing_cell_costs_what_it_defines_and_the_release_fills_in(open_session: OpenSession) -> None:
    given = GivenCell("released", "def f():\n    return 'given'\ndef g():\n    return 'given'", ("f", "g"))
    own = CellCode("cell 1", "def f():\n    return 'own'\n1 / 0\ndef g():\n    return 'own'")
    session = open_session("from tinytorch.core.sums.first import f, g\nprint(f(), g())")
    packages = {"tinytorch.core.sums": {"first": LessonCode((own,), (given,))}}
    session.notebook = dataclasses.replace(session.notebook, packages=packages)
    session.ensure_started()
    texts = {output["name"]: output["text"] for output in session.cell_runs[0].outputs}
    assert texts["stdout"] == "own given\n"
    assert "cell 1 failed with ZeroDivisionError" in texts["stderr"]
