"""Is a grade explained from what it came from, and does grading again tell what differs and touch nothing?"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.courses.toy import MODULE, Toy, look
from tinytorch.errors import GraderFaultError, GradingError
from tinytorch.grading.base.result import CheckResult, ExerciseResult, Outcome, RaceRecord, SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.report.explain import explain
from tinytorch.grading.report.rerun import Rerun, compare, rerun
from tinytorch.grading.run.receipt import Receipt, receipt


def why(toy: Toy, student: str = "bob", check: str = ""):  # type: ignore[no-untyped-def]
    return explain(toy.class_folder, student, check)


def mark_by_hand(toy: Toy, cell: str, lesson: str, student: str, score: float) -> None:
    with Gradebook(f"sqlite:///{toy.class_folder.gradebook}") as gradebook:
        grade = gradebook.find_grade(cell, lesson, MODULE, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()


def test_receipt_and_gradebook_agree(graded: Toy) -> None:
    found = why(graded)
    assert (found.receipt.score, found.total) == (7.0, 7.0)
    assert (found.changed, found.disagreements) == ((), ())
    assert found.worth["test_0"] == 2.0


@pytest.mark.parametrize("name", ["check_add_first", "01_first"])
def test_an_exercise_or_a_lesson_can_be_asked_for(graded: Toy, name: str) -> None:
    [exercise] = why(graded, check=name).shown.exercises
    assert exercise.grade_id == "check_add_first"


def test_one_check_can_be_asked_for_and_keeps_its_worth(graded: Toy) -> None:
    found = why(graded, check="test_1")
    assert {item.check for exercise in found.shown.exercises for item in exercise.checks} == {"test_1"}
    assert len(found.receipt.exercises[0].checks) == 2


def test_an_unknown_check_is_answered_with_the_nearest(graded: Toy) -> None:
    with pytest.raises(
        GradingError, match="no check, exercise or lesson called 'check_add_frst'; did you mean check_add_f"
    ):
        why(graded, check="check_add_frst")


@pytest.mark.parametrize(
    ("student", "words"), [("dora", "dora: not graded yet; run"), ("zoe", "no submission of 13_kernels from zoe")]
)
def test_who_has_no_grade_is_told_so(graded: Toy, student: str, words: str) -> None:
    with pytest.raises(GradingError, match=words):
        why(graded, student)


def test_a_lost_result_is_a_sentence(graded: Toy) -> None:
    for path in (graded.assignments / "results").glob("*.json"):
        path.unlink()
    with pytest.raises(
        GradingError, match=r"no longer in .*results; run `tito grade autograde 13_kernels --student bob`"
    ):
        why(graded)


def test_what_changed_since_is_named(graded: Toy) -> None:
    checks = graded.project.hidden_dir(graded.module) / "test_01_first.py"
    checks.write_text(checks.read_text() + "\n# changed\n")
    assert why(graded).changed == ("checks",)
    graded.hand_in("bob")
    assert why(graded).changed == ("submission", "checks")


def test_a_score_given_by_hand_is_told(graded: Toy) -> None:
    mark_by_hand(graded, "check_add_first", "01_first", "bob", 9.0)
    found = why(graded)
    assert found.total == 11.0
    assert found.disagreements == ("check_add_first of 01_first: 9 given by hand counts, not 5",)


def test_a_gradebook_that_was_changed_is_told(graded: Toy) -> None:
    with Gradebook(f"sqlite:///{graded.class_folder.gradebook}") as gradebook:
        gradebook.find_grade("check_add_first", "01_first", MODULE, "bob").auto_score = 10.0
        gradebook.db.commit()
    assert why(graded).disagreements == ("check_add_first of 01_first: 10.0 in the gradebook, 5 on the receipt",)


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def again(toy: Toy, grade: Callable[[Path, Setup], SubmissionResult] = look) -> Rerun:
    return rerun(toy.class_folder, why(toy).receipt, grade=grade)


def test_grading_again_gives_the_same_and_touches_nothing(graded: Toy) -> None:
    before = fingerprints(graded.project.root)
    found = again(graded)
    assert (found.differences, found.is_same, found.after.score) == ((), True, 7.0)
    assert fingerprints(graded.project.root) == before


def test_grading_again_uses_seed_and_sandbox_of_the_receipt_and_nothing_that_is_kept(graded: Toy) -> None:
    seen = []

    def grade(folder: Path, setup: Setup) -> SubmissionResult:
        seen.append((setup.seed, setup.sandbox, setup.outcomes_dir, folder.is_relative_to(graded.project.root)))
        return look(folder, setup)

    again(graded, grade)
    full = why(graded).receipt
    assert seen == [(full.seed, full.sandbox, None, False)]


def test_a_new_submission_shows_in_hash_check_and_score(graded: Toy) -> None:
    graded.hand_in("bob")
    found = again(graded)
    told = {item.what: (item.before, item.after) for item in found.differences}
    assert not found.is_same
    assert "hash of the submission" in told
    assert told["test_1"] == ("failed: got 1 & 2", "passed: got 1 & 2")
    assert told["check_add_first of 01_first"] == ("5 of 10 points", "10 of 10 points")


def test_a_fault_while_grading_again_is_a_fault(graded: Toy) -> None:
    with pytest.raises(
        GraderFaultError, match="bob: grading again failed, by a fault of the grader: the grader stumbled"
    ):
        again(graded, lambda folder, setup: SubmissionResult((), fault="the grader stumbled"))


def timed(outcome: Outcome, share: float, low: float | None, high: float | None, **more: object) -> Receipt:
    """A receipt with one race, worth 8 points."""
    races = (RaceRecord(1.2, low, high, 0.95, "above", 1.0, (1.0,), (1.0,), (1.2,), (), {"1": 1.0}, share),)
    check = CheckResult("test_race", "01_first", "check_a", 1.0, outcome, "Fast.", str(low), share=share, races=races)
    changed = dataclasses.replace(check, **more)
    return receipt(
        SubmissionResult((ExerciseResult("01_first", "check_a", 8.0, 8 * share, (changed,)),)), "m", "s", "k"
    )


PARTLY = timed(Outcome.PARTIAL, 0.4, 1.1, 1.3)


@pytest.mark.parametrize(
    ("then", "now", "differs", "is_noise"),
    [
        (PARTLY, timed(Outcome.PARTIAL, 0.4, 1.4, 1.5), False, False),
        (PARTLY, timed(Outcome.UNDECIDED, 1.0, 1.2, 1.6), True, True),
        (timed(Outcome.UNDECIDED, 1.0, 1.2, 1.6), PARTLY, True, True),
        (PARTLY, timed(Outcome.UNDECIDED, 1.0, None, 1.6), True, True),
        (PARTLY, timed(Outcome.UNDECIDED, 1.0, 1.4, 1.6), True, False),
        (PARTLY, timed(Outcome.PASSED, 1.0, 1.2, 1.6), True, False),
        (PARTLY, timed(Outcome.FAILED, 0.0, 0.1, 0.2), True, False),
        (PARTLY, timed(Outcome.UNDECIDED, 1.0, 1.2, 1.6, weight=2.0), True, False),
    ],
    ids=[
        "same band",
        "undecided now",
        "undecided then",
        "no lower end",
        "undecided, but apart",
        "decided both times",
        "slower",
        "another weight",
    ],
)
def test_only_an_undecided_race_may_come_out_either_way(
    then: Receipt, now: Receipt, differs: bool, is_noise: bool
) -> None:
    found = Rerun(now, compare(then, now))
    assert bool(found.differences) is differs
    assert found.is_same is (not differs or is_noise)


def test_another_weight_is_told() -> None:
    told = {
        item.what: (item.before, item.after) for item in compare(PARTLY, timed(Outcome.PARTIAL, 0.4, 1, 2, weight=3.0))
    }
    assert told == {"weight of test_race": ("1", "3")}


def test_a_check_that_came_or_went_is_told() -> None:
    other = timed(Outcome.PARTIAL, 0.4, 1, 2, check="test_new", words="")
    told = {item.what: (item.before, item.after) for item in compare(PARTLY, other)}
    assert told == {
        "test_race": ("partial, 40 %: 1.1", "no such check"),
        "test_new": ("no such check", "partial, 40 %"),
    }


def test_only_the_checks_asked_for_are_compared() -> None:
    assert compare(PARTLY, timed(Outcome.FAILED, 0.0, 0.1, 0.2), "check_b") == ()
