"""Lessons of one submission import each other as the student wrote them, and cost each other nothing more."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.courses.samples import ABOUT, EXPORT, code, exercise, write
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.checks.running import RunningCheck
from tinytorch.grading.run.keys import Keys
from tinytorch.grading.run.lessons import Lessons
from tinytorch.grading.run.notebooks import Notebooks
from tinytorch.grading.sandbox.session import Setting

FIRST = "def base(x):\n    raise NotImplementedError('base: not written yet')"
SECOND = "from tinytorch.core.kernels.first import base, given"
USE = "def use(x):\n    return base(x) + given"
EXP = code("#| default_exp core.kernels.first", "exp")
OpenLessons = Callable[..., Lessons]


@pytest.fixture
def open_lessons(tmp_path: Path, sandbox: str) -> Iterator[OpenLessons]:
    """A submission of two lessons; the first lesson's exercise, or its lack, is given."""
    release = tmp_path / "release"
    write(release, "01_first", EXP, code("#| export\ngiven = 1", "given"), exercise(FIRST, "base"))
    write(release, "02_second", code(SECOND, "import"), exercise(USE, "use"))
    made: list[Lessons] = []

    def open_one(
        first: str | None, second: str = SECOND, helper: str = "", mark: str = EXPORT, **limits: float
    ) -> Lessons:
        (tmp_path / "submission").mkdir(exist_ok=True)
        if first is not None:
            answer = exercise(first, "base")
            answer.source = mark + first
            extra = [code(helper, "extra")] if helper else []
            write(tmp_path / "submission", "01_first", EXP, code("#| export\ngiven = 1", "given"), *extra, answer)
        write(tmp_path / "submission", "02_second", code(second, "import"), exercise(USE, "use"))
        setup = Setup(release, tmp_path / "hidden", Limits(**limits), sandbox)
        notebooks = Notebooks(tmp_path / "submission", setup)
        made.append(Lessons(notebooks, Setting(setup.limits, sandbox), Keys(setup), None))
        return made[-1]

    yield open_one
    for lessons in made:
        lessons.close()


def test_a_lesson_imports_the_students_own(open_lessons: OpenLessons) -> None:
    assert open_lessons("def base(x):\n    return 10 * x").student("02_second", RunningCheck(ABOUT)).use(3) == 31


@pytest.mark.parametrize(
    "second",
    [
        "from tinytorch.core.kernels import base, given",
        "import tinytorch.core.kernels.first as first\nbase, given = first.base, first.given",
    ],
)
def test_every_way_to_import_works(open_lessons: OpenLessons, second: str) -> None:
    assert (
        open_lessons("def base(x):\n    return 10 * x", second).student("02_second", RunningCheck(ABOUT)).use(3) == 31
    )


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(None, id="missing notebook"),
        pytest.param("def base(x:", id="syntax error"),
        pytest.param("1 / 0\ndef base(x): pass", id="failing cell"),
        pytest.param("other = 1", id="not defined"),
    ],
)
def test_a_lesson_keeps_what_does_not_use_the_missing_answer(open_lessons: OpenLessons, first: str | None) -> None:
    lessons = open_lessons(first)
    with pytest.raises(NotImplementedError, match="base: not written yet"):
        lessons.student("02_second", RunningCheck(ABOUT)).use(3)


def test_an_imported_cell_has_no_future_but_its_own(open_lessons: OpenLessons) -> None:
    lessons = open_lessons("def base(x: int):\n    return 10 if base.__annotations__['x'] is int else 20")
    assert lessons.student("01_first", RunningCheck(ABOUT)).base(3) == 10
    assert lessons.student("02_second", RunningCheck(ABOUT)).use(3) == 11


def test_a_helper_in_a_cell_that_is_not_exported_goes_with_the_answer(open_lessons: OpenLessons) -> None:
    lessons = open_lessons("def base(x):\n    return ten(x)", helper="import math\n\ndef ten(x):\n    return 10 * x")
    assert lessons.student("02_second", RunningCheck(ABOUT)).use(3) == 31
    assert any("defines ten and is not exported" in words for words in lessons.notebooks.repairs)


def test_a_cell_that_does_more_than_define_stays_behind(open_lessons: OpenLessons) -> None:
    lessons = open_lessons("def base(x):\n    return 10 * x", helper="def draw():\n    pass\n\ndraw()")
    assert lessons.student("02_second", RunningCheck(ABOUT)).use(3) == 31
    assert lessons.notebooks.repairs == []


def test_an_answer_without_its_export_line_is_exported(open_lessons: OpenLessons) -> None:
    lessons = open_lessons("def base(x):\n    return 10 * x", mark="")
    assert lessons.student("02_second", RunningCheck(ABOUT)).use(3) == 31
    assert any("base had lost its line `#| export`" in words for words in lessons.notebooks.repairs)


def test_a_cell_that_hangs_is_not_run_again_for_an_import(open_lessons: OpenLessons) -> None:
    lessons = open_lessons("while True: pass\ndef base(x): pass", cell_s=1.0)
    with pytest.raises(Exception, match="base is not defined"):
        lessons.student("01_first", RunningCheck(ABOUT)).base(1)
    with pytest.raises(NotImplementedError, match="base: not written yet"):
        lessons.student("02_second", RunningCheck(ABOUT)).use(3)


def test_imported_cells_of_all_lessons_together_fit_into_a_message(tmp_path: Path, sandbox: str) -> None:
    """However their characters are escaped, and from however many packages: the rest is as it was released."""
    long = "\ndef base(x):\n    return '" + "\U0001f600" * 350_000 + "'"
    imports = ["from tinytorch.core.one.first import base", "import tinytorch.core.two.first, tinytorch.core.six.first"]
    for folder, answer in (("release", FIRST), ("submission", long)):
        for number, package in enumerate(("one", "two", "six")):
            target = code(f"#| default_exp core.{package}.first", "exp")
            write(tmp_path / folder, f"0{number}_{package}", target, exercise(answer, "base"))
        write(tmp_path / folder, "09_last", code("\n".join(imports), "import"))
    setup = Setup(tmp_path / "release", tmp_path / "hidden", Limits(), sandbox)
    lessons = Lessons(Notebooks(tmp_path / "submission", setup), Setting(setup.limits, sandbox), Keys(setup), None)
    with contextlib.closing(lessons):
        student = lessons.student("09_last", RunningCheck(ABOUT))
        assert len(student.base(1)) == 350_000
    served = lessons.notebooks.packages_for("09_last", lambda lesson: frozenset())
    assert {name: len(package["first"].cells) for name, package in served.items()} == {
        "tinytorch.core.one": 1, "tinytorch.core.two": 0, "tinytorch.core.six": 0,
    }  # fmt: skip


def test_every_lesson_runs_once_in_the_end(open_lessons: OpenLessons) -> None:
    lessons = open_lessons("def base(x):\n    return x")
    assert [(run.lesson, run.status) for run in lessons.cell_runs()] == [
        ("01_first", "ok"), ("01_first", "ok"), ("01_first", "ok"), ("02_second", "ok"), ("02_second", "ok"),
    ]  # fmt: skip


def test_no_reference_can_be_imported(open_lessons: OpenLessons) -> None:
    lessons = open_lessons("import tinytorch.core.kernels.matmul")
    assert "ModuleNotFoundError" in {run.status: run.words for run in lessons.cell_runs()}["error"]
