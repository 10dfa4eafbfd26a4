"""Receipts, hints and changed checks with the real grader, the real nbgrader and its gradebook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from nbgrader.api import Gradebook

from tests.courses.toy import MODULE, Toy, make_checkout, module_of
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.base.result import Outcome
from tinytorch.grading.gradebook.autograde import Plan, autograde_class
from tinytorch.grading.gradebook.feedback import make_feedback
from tinytorch.grading.gradebook.release import generate_release
from tinytorch.grading.report.explain import explain
from tinytorch.grading.report.rerun import rerun
from tinytorch.grading.sandbox.bubblewrap import check_available

pytestmark = pytest.mark.slow

# Beside the two checks that are there: one of an array, one that takes its inputs from the seed.
ARRAYS = '''

@pytest.mark.grade("check_{name}", weight=1)
def test_tables(student, rng):
    """The sum of two tables is right, in float32, and the tables stay as they are."""
    hidden_left, hidden_right = rng.standard_normal((2, 5, 5)).astype("float32")
    call = student.call("{name}", hidden_left, hidden_right)
    check.close(call.value, hidden_left + hidden_right, dtype="float32")
    check.unchanged(call, hidden_left, hidden_right)
'''

TURNED = "    return (a + b).T if hasattr(a, 'T') else a + b"
IN_PLACE = "    a += b\n    return a"
WHOLE_ONLY = "    return int(a) + int(b) if not hasattr(a, 'shape') else a + b"


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A class graded once, before anything is changed."""
    try:
        check_available()
    except SandboxUnavailableError as err:
        pytest.skip(str(err))
    toy = Toy(make_checkout(tmp_path_factory.mktemp("explained")))
    for lesson, name in (("01_first", "add_first"), ("02_second", "add_second")):
        path = toy.project.hidden_dir(module_of(toy.project)) / f"test_{lesson}.py"
        path.write_text(path.read_text() + ARRAYS.format(name=name))
    generate_release(toy.class_folder)
    toy.hand_in("ada")
    toy.hand_in("bob", WHOLE_ONLY)
    toy.hand_in("cem", TURNED, lessons=("01_first",))
    toy.hand_in("cem", IN_PLACE, lessons=("02_second",))
    answer = toy.submitted("bob") / "02_second.ipynb"
    answer.write_text(answer.read_text().replace("*Write your answer here.*", "Because."))
    list(autograde_class(toy.class_folder, Plan(workers=2)))
    return toy


@contextmanager
def book(toy: Toy) -> Iterator[Gradebook]:
    with Gradebook(f"sqlite:///{toy.class_folder.gradebook}") as gradebook:
        yield gradebook


def pages(toy: Toy, student: str) -> list[str]:
    [made] = make_feedback(toy.class_folder, (student,))
    return [page.read_text() for page in made.pages]


@pytest.mark.parametrize(
    ("lesson", "words"),
    [
        (0, "Hint: The result is transposed."),
        (1, "Hint: +=, out= and assignment to x[...] write into the array itself"),
    ],
    ids=["transposed", "in place"],
)
def test_a_page_names_the_likely_mistake(toy: Toy, lesson: int, words: str) -> None:
    page = pages(toy, "cem")[lesson]
    assert words in page
    assert "The sum of two tables is right, in float32" in page


def test_a_page_tells_what_came_back_and_not_what_was_expected(toy: Toy) -> None:
    page = pages(toy, "cem")[0]
    assert "of 25 elements (shape (5, 5), dtype float32), first at index" in page
    assert "the largest error is" in page
    for secret in ("hidden_left", "hidden_right", "standard_normal", "test_tables", "check.close", "rng"):
        assert secret not in page


def test_a_right_answer_gets_no_hint(toy: Toy) -> None:
    assert "Hint:" not in "".join(pages(toy, "ada"))


def test_the_receipt_is_whole(toy: Toy) -> None:
    full = explain(toy.class_folder, "bob").receipt
    assert (full.score, full.sandbox, full.seed) == (11.2, "bwrap", 13)
    assert set(full.hashes) == {"submission", "release", "checks", "bands", "grader"}
    assert all(len(value) == 64 for value in full.hashes.values())
    assert full.circumstances.machine["usable_cores"]["value"] >= 1
    [failed] = [item for item in full.exercises[0].checks if item.outcome is Outcome.FAILED]
    assert (failed.check, failed.requirement) == ("test_01_first::test_fractions", "The sum of two fractions is right.")


def test_grading_again_gives_the_same(toy: Toy) -> None:
    found = rerun(toy.class_folder, explain(toy.class_folder, "cem").receipt)
    assert found.differences == ()


def test_a_changed_check_and_weight_change_the_scores_and_no_mark_given_by_hand(toy: Toy) -> None:
    with book(toy) as gradebook:
        answer = gradebook.find_grade("question_why", "02_second", MODULE, "bob")
        answer.manual_score, answer.needs_manual_grade = 4.0, False
        override = gradebook.find_grade("check_add_second", "02_second", MODULE, "bob")
        override.manual_score, override.needs_manual_grade = 3.75, False
        gradebook.db.commit()
    before = scores(toy)
    assert before["bob"] == {
        "check_add_first": (8.0, None),
        "check_add_second": (3.2, 3.75),
        "question_why": (None, 4.0),
    }
    checks = toy.project.hidden_dir(toy.module)
    change(checks / "test_01_first.py", "weight=3", "weight=0.5")
    change(checks / "test_02_second.py", "0.25), 0.75", "0.25), 0")
    list(autograde_class(toy.class_folder, Plan(workers=2, students=("ada", "bob"))))
    after = scores(toy)
    assert after["bob"] == {
        "check_add_first": (6.0, None),
        "check_add_second": (4.0, 3.75),
        "question_why": (None, 4.0),
    }
    assert after["ada"]["check_add_second"] == (3.2, None)
    receipt = json.loads(next(iter(make_feedback(toy.class_folder, ("bob",)))).receipt.read_text())
    assert receipt["score"] == 10.0


def change(path, old: str, new: str) -> None:  # type: ignore[no-untyped-def]
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def scores(toy: Toy) -> dict[str, dict[str, tuple[float | None, float | None]]]:
    """(by machine, by hand) of every cell, out of the gradebook."""
    with book(toy) as gradebook:
        return {
            item.student.id: {
                grade.name: (grade.auto_score, grade.manual_score) for nb in item.notebooks for grade in nb.grades
            }
            for item in gradebook.assignment_submissions(MODULE)
        }
