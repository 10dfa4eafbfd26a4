"""A check runs again when something that its outcome depends on has changed, and otherwise not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.courses.three_lessons import EVERY, LESSONS, RACE, STUBS, TRIPLE, Course
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import CellRun, Finding, Outcome
from tinytorch.grading.base.student_errors import OutOfTime
from tinytorch.grading.run import outcomes
from tinytorch.grading.run.outcomes import CellsOfLesson, KeptLesson
from tinytorch.grading.sandbox.session import Session


def test_the_first_time_every_check_runs_and_the_second_time_none(course: Course) -> None:
    first = course.grade()
    assert (course.ran, course.started) == (EVERY, ["01_first", "02_second", "03_third"])
    second = course.grade()
    assert (course.ran, course.started) == ([], [])
    assert second.exercises == first.exercises
    assert second.cells == first.cells


def test_another_weight_runs_nothing_and_moves_the_points(course: Course) -> None:
    course.hand_in("01_first", "def double(x):\n    return 10 if x else 1")
    assert course.grade().exercises[0].score == 7.5
    course.write_check("01_first", weight=1)
    assert course.grade().exercises[0].score == 5
    assert (course.ran, course.started) == ([], [])


def test_another_requirement_runs_nothing_and_is_shown(course: Course) -> None:
    course.grade()
    course.write_check("01_first", says="Doubles, in other words.")
    result = course.grade()
    assert (course.ran, course.started) == ([], [])
    assert result.exercises[0].checks[0].requirement == "Doubles, in other words."


def test_other_points_in_the_release_run_nothing(course: Course) -> None:
    course.grade()
    for folder in ("release", "submission"):
        path = course.root / folder / "01_first.ipynb"
        path.write_text(path.read_text().replace('"points": 10', '"points": 20'))
    assert course.grade().points == 40
    assert (course.ran, course.started) == ([], [])


def test_a_changed_check_runs_alone(course: Course) -> None:
    course.grade()
    path = course.root / "hidden" / "test_02_second.py"
    path.write_text(path.read_text().replace("student.triple(0), 0", "student.triple(-1), -3"))
    course.grade()
    assert (course.ran, course.started) == (["test_triple_of_zero"], ["02_second"])


def test_a_changed_constant_runs_the_checks_that_use_it(course: Course) -> None:
    course.grade()
    path = course.root / "hidden" / "test_03_third.py"
    path.write_text(path.read_text().replace("FACTOR = 1", "FACTOR = 7"))
    result = course.grade()
    assert course.ran == ["test_alone"]
    assert [check.outcome for check in result.exercises[2].checks] == [Outcome.FAILED, Outcome.PASSED]


def test_a_new_check_runs_alone_and_takes_its_place(course: Course) -> None:
    course.grade()
    course.write_check("03_third", more=RACE.format())
    names = [check.check.partition("::")[2] for check in course.grade().exercises[2].checks]
    assert (course.ran, names) == (["test_speed"], ["test_alone", "test_alone_of_zero", "test_speed"])


@pytest.mark.parametrize(
    ("lesson", "again"),
    [("01_first", EVERY[:4]), ("02_second", EVERY[2:4]), ("03_third", EVERY[4:])],
)
def test_a_lesson_handed_in_again_runs_with_those_that_import_it(course: Course, lesson: str, again: list[str]) -> None:
    course.grade()
    course.hand_in(lesson, STUBS[LESSONS[lesson]] + "\n\nnothing_new = True")
    course.grade()
    assert course.ran == again


def test_an_answer_that_breaks_an_importing_lesson_costs_that_too(course: Course) -> None:
    course.grade()
    course.hand_in("01_first", "def double(x):\n    return 0 * x")
    assert [exercise.score for exercise in course.grade().exercises] == [2.5, 2.5, 10]


def test_prose_and_outputs_run_nothing(course: Course) -> None:
    course.grade()
    path = course.root / "submission" / "01_first.ipynb"
    notebook = json.loads(path.read_text())
    prose = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "What I think."}
    path.write_text(json.dumps({**notebook, "cells": [prose, *notebook["cells"]]}))
    course.grade()
    assert (course.ran, course.started) == ([], [])


@pytest.mark.parametrize("change", [{"seed": 99}, {"limits": Limits(call_s=19.0)}], ids=repr)
def test_another_setting_runs_everything(course: Course, change: dict[str, object]) -> None:
    course.grade()
    course.grade(**change)
    assert course.ran == EVERY


def test_a_file_beside_the_checks_may_concern_every_check(course: Course) -> None:
    course.grade()
    (course.root / "hidden" / "conftest.py").write_text("import pytest\n")
    course.grade()
    assert course.ran == EVERY


def test_a_race_keeps_its_verdict_here_and_is_run_on_another_machine(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.write_check("03_third", more=RACE.format())
    first = course.grade()
    course.write_check("03_third", weight=1, more=RACE.format())
    assert course.grade().exercises[2].checks[2].races == first.exercises[2].checks[2].races
    assert course.ran == []
    monkeypatch.setattr(outcomes, "machine_digest", lambda: "another")
    course.grade()
    assert course.ran == ["test_speed"]


def test_without_a_folder_nothing_is_kept(course: Course) -> None:
    course.grade(outcomes_dir=None)
    course.grade(outcomes_dir=None)
    assert course.ran == EVERY
    assert not (course.root / "kept").exists()


def test_a_stopped_run_goes_on_behind_the_last_check(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Session.ask

    def stopping(self: Session, *arguments: object) -> object:
        if self.notebook.lesson == "02_second":
            raise KeyboardInterrupt
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "ask", stopping)
        with pytest.raises(KeyboardInterrupt):
            course.grade()
    course.grade()
    assert course.ran == EVERY[2:]


def test_a_cell_that_hung_is_left_out_for_importers_whose_first_run_comes_later(course: Course) -> None:
    course.hand_in("01_first", "import time\ntime.sleep(60)\ndef double(x): pass")
    limits = Limits(cell_s=1.0)
    course.grade(limits=limits)
    course.hand_in("02_second", TRIPLE + "\n\nnothing_new = True")
    result = course.grade(limits=limits)
    assert course.started == ["02_second"]
    assert "double is not written yet" in result.exercises[1].checks[0].words


PASSED = Finding(Outcome.PASSED, ran_at="now")


@pytest.fixture
def keep_one(tmp_path: Path) -> Callable[..., Finding | None]:
    """Keeps a finding of one submission and looks for it in another that has the same lesson."""

    def run(finding: Finding, time_is_up: bool = False, submission: str = "other") -> Finding | None:
        KeptLesson(tmp_path, "lesson", "one").keep("check", finding, time_is_up)
        return KeptLesson(tmp_path, "lesson", submission).find("check")

    return run


def test_the_same_notebook_of_two_students_is_graded_once(keep_one: Callable[..., Finding | None]) -> None:
    assert keep_one(PASSED) == PASSED


@pytest.mark.parametrize(("outcome", "time_is_up"), [(Outcome.NOT_RUN, False), (Outcome.TIMED_OUT, True)])
def test_what_the_time_for_everything_ended_counts_for_that_submission_only(
    keep_one: Callable[..., Finding | None], outcome: Outcome, time_is_up: bool
) -> None:
    late = Finding(outcome, str(OutOfTime("late")), share=0.0)
    assert keep_one(late, time_is_up) is None
    assert keep_one(late, time_is_up, submission="one") == late


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-9], lambda text: text.replace("passed", "failed"), lambda _: "{}"]
)
def test_a_damaged_file_counts_as_absent(tmp_path: Path, damage: Callable[[str], str]) -> None:
    KeptLesson(tmp_path, "lesson", "one").keep("check", PASSED, False)
    path = tmp_path / "lesson.json"
    path.write_text(damage(path.read_text()))
    assert KeptLesson(tmp_path, "lesson", "one").find("check") is None


def test_two_workers_on_the_same_notebook_lose_nothing(tmp_path: Path) -> None:
    first, second = KeptLesson(tmp_path, "lesson", "one"), KeptLesson(tmp_path, "lesson", "two")
    first.keep("a", PASSED, False)
    second.keep("b", PASSED, False)
    now = KeptLesson(tmp_path, "lesson", "three")
    assert (now.find("a"), now.find("b")) == (PASSED, PASSED)


def test_what_the_cells_did_comes_back_equal(tmp_path: Path) -> None:
    run = CellRun("01_first", "a", "error", ({"output_type": "stream", "name": "stdout", "text": "x"},), "words")
    cells = CellsOfLesson((run,), frozenset({3}))
    KeptLesson(tmp_path, "lesson", "one").keep_cells(cells)
    assert KeptLesson(tmp_path, "lesson", "one").cells() == cells
