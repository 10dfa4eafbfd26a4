"""Does each student get pages with the checks' words, and only when something changed?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.courses.toy import MODULE, Toy
from tinytorch.errors import GradingError
from tinytorch.grading.gradebook.feedback import Pages, make_feedback


def feedback(toy: Toy, *students: str) -> list[Pages]:
    return list(make_feedback(toy.class_folder, students))


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_lesson_has_a_page_with_score_and_words(graded: Toy) -> None:
    [pages] = feedback(graded, "bob")
    assert [page.name for page in pages.pages] == ["01_first.html", "02_second.html"]
    page = text(pages.pages[0])
    assert "Score: 5.0 / 10.0" in page
    assert "It adds &lt;1&gt;." in page
    assert "got 1 &amp; 2" in page


def test_no_hidden_check_is_shown(graded: Toy) -> None:
    assert "student.add_first" not in "".join(text(page) for page in feedback(graded, "bob")[0].pages)


def test_what_a_student_wrote_does_not_run(graded: Toy) -> None:
    page = text(feedback(graded, "ada")[0].pages[1])
    assert "<script>alert(1)" not in page
    assert "onerror" not in page


def test_pages_are_made_once(graded: Toy) -> None:
    assert [pages.made for pages in feedback(graded)] == [True, True, True]
    assert [pages.made for pages in feedback(graded)] == [False, False, False]


def test_a_mark_given_by_hand_renews_the_pages(graded: Toy) -> None:
    [pages] = feedback(graded, "ada")
    with Gradebook(f"sqlite:///{graded.class_folder.gradebook}") as gradebook:
        grade = gradebook.find_grade("question_why", "02_second", MODULE, "ada")
        grade.manual_score, grade.needs_manual_grade = 4.5, False
        gradebook.db.commit()
    later = max(page.stat().st_mtime for page in pages.pages) + 1
    os.utime(graded.class_folder.gradebook, (later, later))
    [pages] = feedback(graded, "ada")
    assert pages.made
    assert "4.5" in text(pages.pages[1])


def test_who_is_not_graded_has_no_feedback(graded: Toy) -> None:
    with pytest.raises(GradingError, match="dora: not graded yet"):
        feedback(graded, "dora")


def test_nobody_graded_is_a_sentence(toy: Toy) -> None:
    with pytest.raises(GradingError, match="nobody is graded yet"):
        feedback(toy)
