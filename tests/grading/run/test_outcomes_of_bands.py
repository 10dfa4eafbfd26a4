"""What runs again when bands change: the races that name them, and nothing else."""

from __future__ import annotations

import nbformat
import pytest

from tests.courses.samples import code
from tests.courses.three_lessons import EVERY, STUBS, Course
from tinytorch.grading.base.result import Outcome
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run.submission import grade_submission

STUB = "def double(x):\n    raise NotImplementedError('double: not written yet')"
RACES = """
def races(student, rng, bands):
    race = student.speed("alone", lambda: (rng.random(9),), "def reference(x):\\n    return x", bounds=bands)
    check.bands(race, bands)


@pytest.mark.grade("check_alone", weight=1)
def test_speed(student, rng):
    '''Fast.'''
    races(student, rng, bands="near")


@pytest.mark.grade("check_alone", weight=1)
def test_speed_elsewhere(student, rng):
    '''Fast elsewhere.'''
    races(student, rng, bands="far")
"""
BANDS = {"near": ((0.001, 1.0),), "far": ((0.002, 0.5), (0.003, 1.0)), "unused": ((0.5, 1.0),)}


@pytest.fixture
def raced(course: Course) -> Course:
    """A course with two races, graded once."""
    course.write_check("03_third", more=RACES)
    course.grade(bands=BANDS)
    assert course.ran == [*EVERY, "test_speed", "test_speed_elsewhere"]
    return course


def test_the_same_bands_run_nothing(raced: Course) -> None:
    raced.grade(bands=dict(reversed(BANDS.items())))
    assert (raced.ran, raced.started) == ([], [])


@pytest.mark.parametrize(("name", "again"), [("near", ["test_speed"]), ("far", ["test_speed_elsewhere"])])
def test_a_changed_band_runs_the_race_that_names_it(raced: Course, name: str, again: list[str]) -> None:
    result = raced.grade(bands={**BANDS, name: ((0.004, 1.0),)})
    assert raced.ran == again
    race = next(check for check in result.exercises[2].checks if check.check.endswith(again[0]))
    assert race.races[0].bands == {"0.004": 1.0}


@pytest.mark.parametrize("other", [{**BANDS, "unused": ((0.9, 1.0),)}, {**BANDS, "new": ((0.9, 1.0),)}], ids=str)
def test_a_band_that_no_race_names_runs_nothing(raced: Course, other: dict) -> None:
    raced.grade(bands=other)
    assert (raced.ran, raced.started) == ([], [])


def with_race_cell(course: Course, folder: str, bands: dict) -> None:
    """Lesson 01, from which 02 imports, with a measuring cell that holds bands."""
    race = code(f"print(in_bands(lambda: double(2), lambda: 4, {bands}))", "race", tags=["measure"])
    course.write_lesson(folder, "01_first", STUBS["double"] if folder == "submission" else STUB)
    path = course.root / folder / "01_first.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(race)
    nbformat.write(notebook, path)


def test_a_release_with_other_bands_runs_nothing_of_notebooks_released_before(course: Course) -> None:
    for folder in ("release", "submission"):
        with_race_cell(course, folder, {0.5: 1.0})
    before = course.grade()
    assert course.ran == EVERY
    with_race_cell(course, "release", {0.25: 0.5, 0.75: 1.0})
    after = course.grade()
    assert (course.ran, course.started) == ([], [])
    assert (after.exercises, after.cells, after.repairs) == (before.exercises, before.cells, before.repairs)


def test_a_notebook_released_with_other_bands_runs_nothing(course: Course) -> None:
    for bands in ({0.5: 1.0}, {0.25: 1.0}):
        for folder in ("release", "submission"):
            with_race_cell(course, folder, bands)
        course.grade()
    assert (course.ran, course.started) == ([], [])


def test_a_band_out_of_reach_fails_its_race_alone(raced: Course) -> None:
    result = raced.grade(bands={**BANDS, "near": ((1e9, 1.0),)})
    assert [check.outcome for check in result.exercises[2].checks[2:]] == [Outcome.FAILED, Outcome.PASSED]


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        ({"near": BANDS["near"]}, "asks for the bands 'far', and bands.toml has near"),
        ({}, "asks for the bands 'near', and no bands are given here; add them to the module's bands.toml"),
    ],
    ids=["another", "none"],
)
def test_a_name_that_there_is_not_is_our_fault(course: Course, bands: dict, words: str) -> None:
    course.write_check("03_third", more=RACES)
    setup = Setup(course.root / "release", course.root / "hidden", sandbox="none", bands=bands)
    result = grade_submission(course.root / "submission", setup)
    assert words in result.fault
    assert result.exercises == ()


def test_a_name_put_together_as_the_check_runs_is_our_fault(course: Course) -> None:
    course.write_check("03_third", more=RACES.replace('bands="near"', 'bands="ne" + "ar"'))
    setup = Setup(course.root / "release", course.root / "hidden", sandbox="none", bands=BANDS)
    assert "write the name as a string in its code" in grade_submission(course.root / "submission", setup).fault
