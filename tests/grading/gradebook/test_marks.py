"""Are the marks that others read those that nbgrader holds?"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from nbgrader.api import Grade, Gradebook

from tests.courses.toy import MODULE, Toy, class_folder_of
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.gradebook.marks import (
    Mark,
    StudentMarks,
    is_in_gradebook,
    marks_of,
    marks_of_class,
    require_assignment,
    waiting_by_student,
)

if TYPE_CHECKING:
    from tinytorch.grading.gradebook.folder import ClassFolder


def by_hand(toy: Toy, change: Callable[[Grade], None]) -> None:
    """What someone does to ada's answer to the open question."""
    with Gradebook(f"sqlite:///{toy.class_folder.gradebook}") as gradebook:
        change(gradebook.find_grade("question_why", "02_second", MODULE, "ada"))
        gradebook.db.commit()


def mark_with_a_bonus(grade: Grade) -> None:
    grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 4.5, 0.25, False


def forget(grade: Grade) -> None:
    grade.auto_score, grade.manual_score, grade.needs_manual_grade = None, None, False


def test_a_students_marks_are_the_gradebooks(graded: Toy) -> None:
    by_hand(graded, mark_with_a_bonus)
    held = marks_of(graded.class_folder, "ada")
    first, second, question = sorted(held.marks, key=lambda mark: mark.grade_id)
    assert first == Mark("01_first", "check_add_first", 10.0, 10.0, None, 0.0, 10.0, waiting=False)
    assert second == Mark("02_second", "check_add_second", 4.0, 4.0, None, 0.0, 4.0, waiting=False)
    assert question == Mark("02_second", "question_why", 5.0, None, 4.5, 0.25, 4.75, waiting=False)
    assert (held.student, held.late_penalty, held.handed_in) == ("ada", 0.0, datetime(2026, 11, 20, 10, 0))


def test_a_mark_nobody_has_given_is_open(graded: Toy) -> None:
    is_open = {mark.grade_id: mark.is_open for mark in marks_of(graded.class_folder, "ada").marks}
    assert is_open == {"check_add_first": False, "check_add_second": False, "question_why": True}


def test_the_class_is_everyone_graded_by_name(graded: Toy) -> None:
    held = marks_of_class(graded.class_folder)
    assert [item.student for item in held] == ["ada", "bob", "cem"]
    assert all(item == marks_of(graded.class_folder, item.student) for item in held)


def test_marks_outlive_the_gradebook(graded: Toy) -> None:
    """They are plain data: no column is fetched later, when the database may be gone."""
    held = marks_of_class(graded.class_folder)
    graded.class_folder.gradebook.unlink()
    assert sum(mark.points for mark in held[0].marks) == 19.0
    assert dataclasses.asdict(held[0])["marks"][0]["lesson"] == "01_first"
    assert isinstance(held[0], StudentMarks)


def test_who_waits_is_counted_until_someone_marks(graded: Toy) -> None:
    assert waiting_by_student(graded.class_folder) == {"ada": 1, "bob": 0, "cem": 0}
    by_hand(graded, mark_with_a_bonus)
    assert waiting_by_student(graded.class_folder)["ada"] == 0


def test_nobody_waits_before_there_is_a_gradebook(checkout: Project) -> None:
    assert waiting_by_student(class_folder_of(checkout)) == {}


def test_in_the_gradebook_is_who_has_or_waits_for_every_mark(graded: Toy) -> None:
    class_folder: ClassFolder = graded.class_folder
    assert [is_in_gradebook(class_folder, name) for name in ("ada", "dora")] == [True, False]
    by_hand(graded, forget)
    assert not is_in_gradebook(class_folder, "ada")


def test_who_is_not_in_the_gradebook_is_a_sentence(graded: Toy) -> None:
    with pytest.raises(GradingError, match="dora is not in the gradebook; run `tito grade autograde 13_kernels"):
        marks_of(graded.class_folder, "dora")


@pytest.mark.parametrize("read", [require_assignment, marks_of_class])
def test_no_gradebook_is_a_sentence(checkout: Project, read: Callable[[ClassFolder], object]) -> None:
    with pytest.raises(GradingError, match="there is no gradebook yet; run `tito grade generate 13_kernels`"):
        read(class_folder_of(checkout))


@pytest.mark.parametrize("read", [require_assignment, marks_of_class])
def test_a_gradebook_without_the_module_is_a_sentence(toy: Toy, read: Callable[[ClassFolder], object]) -> None:
    other = dataclasses.replace(toy.class_folder, module=dataclasses.replace(toy.module, name="14_other"))
    with pytest.raises(GradingError, match="14_other is not in the gradebook; run `tito grade generate 14_other`"):
        read(other)
    read(toy.class_folder)
