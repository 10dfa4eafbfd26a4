"""A lesson imports the package of a module that is required, as that module is released."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook

from tests.courses.samples import check_cell, code, exercise, write, write_checks
from tinytorch.grading.base.result import Outcome, SubmissionResult
from tinytorch.grading.base.setup import Required, Setup
from tinytorch.grading.run.submission import grade_submission, main

IMPORT = code("#| export\nimport numpy as np", "import")
GIVEN = code("#| export\ndef halves(x):\n    return np.asarray(x) / 2", "given")
STUB = "def whole(x):\n    raise NotImplementedError('whole: not written yet')"
USE = "from tinytorch.core.parts.first import halves, whole\ndef double(x):\n    return {body}"
CHECK = """
@pytest.mark.grade('check_double')
def test_double(student):
    '''Doubles.'''
    check.number(float(student.double(3)), 6, what="the double")
"""


def required(stub: str = STUB) -> Required:
    target = code("#| default_exp core.parts.first", "target")
    return Required("01_first", nbformat.writes(new_notebook(cells=[target, IMPORT, GIVEN, exercise(stub, "whole")])))


@pytest.fixture
def grade(tmp_path: Path):
    """Grades a module of one lesson whose solution has the given body."""
    target = code("#| default_exp core.sums.first", "target")

    def run(body: str, lesson: Required) -> SubmissionResult:
        for folder in ("release", "submission"):
            answer = exercise(USE.format(body=body), "double")
            write(tmp_path / folder, "01_first", target, answer, check_cell("pass", "double", 10))
        write_checks(tmp_path / "hidden", CHECK)
        setup = Setup(tmp_path / "release", tmp_path / "hidden", sandbox="none", required=(lesson,))
        return grade_submission(tmp_path / "submission", setup)

    return run


def test_what_it_gives_works_with_its_own_imports(grade) -> None:
    assert grade("4 * halves(x)", required()).score == 10


def test_what_its_students_write_is_a_stub(grade) -> None:
    [check] = grade("whole(x)", required()).exercises[0].checks
    assert (check.outcome, "whole is not written yet" in check.words) == (Outcome.FAILED, True)


def test_authors_name_the_release_of_a_required_module(
    grade, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grade("4 * halves(x)", required())
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "01_first.ipynb").write_text(required().notebook)
    folders = [
        str(tmp_path / "submission"),
        "--release",
        str(tmp_path / "release"),
        "--hidden",
        str(tmp_path / "hidden"),
    ]
    assert main([*folders, "--sandbox", "none", "--required", str(tmp_path / "parts")]) == 0
    assert "10.00 of 10" in capsys.readouterr().out


def test_a_required_module_that_is_not_there_is_the_lesson_s_error(grade) -> None:
    other = Required("01_other", required().notebook.replace("core.parts.first", "core.others.first"))
    [check] = grade("4 * halves(x)", other).exercises[0].checks
    assert "No module named 'tinytorch.core.parts'" in check.words
