"""Grading a class again writes what has changed, and nothing else."""

from __future__ import annotations

import pytest

from tests.courses.toy import Toy
from tinytorch.grading.run import pool


def test_a_second_run_leaves_everything_as_it_is(toy: Toy) -> None:
    toy.hand_in("ada")
    assert [step.stage for step in toy.grade()] == ["checked", "recorded"]
    assert [step.stage for step in toy.grade()] == ["checked", "current"]


def test_other_words_are_written_anew_and_nothing_is_graded(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.hand_in("ada")
    toy.grade()
    monkeypatch.setattr(pool, "grade_folder", lambda *_: pytest.fail("graded again"))
    monkeypatch.setattr("tinytorch.grading.gradebook.folder.writer_digest", lambda: "another")
    assert [step.stage for step in toy.grade()] == ["checked", "recorded"]


def test_a_new_submission_is_graded_anew(toy: Toy) -> None:
    toy.hand_in("ada", "    return a + b  # half")
    assert [step.score for step in toy.grade()] == [7.0, 7.0]
    toy.hand_in("ada")
    assert [(step.stage, step.score) for step in toy.grade()] == [("checked", 14.0), ("recorded", 14.0)]
