"""`tito grade explain`: what it prints, and that JSON is all there is on stdout when JSON is asked for."""

from __future__ import annotations

import pytest

from tests.courses.toy import MODULE, Toy
from tests.tito.running import Tito


def test_a_grade_is_explained_check_by_check(tito: Tito, graded: Toy) -> None:
    done = tito("grade", "explain", "13", "bob", at=graded.project.root)
    assert (done.code, done.err) == (0, "")
    assert "bob, 13_kernels: 7 of 14 automatic" in done.out
    assert "SHA-256 of 01_first.ipynb" in done.out
    assert "01_first check_add_first: 5 of 10 points" in done.out
    assert "required: It adds <1>." in done.out
    assert "found: got 1 & 2" in done.out
    assert "In the gradebook: 7 of 19 points" in done.out


def test_one_check_is_explained_alone(tito: Tito, graded: Toy) -> None:
    done = tito("grade", "explain", "kernels", "bob", "check_add_second", at=graded.project.root)
    assert done.code == 0
    assert "check_add_second" in done.out
    assert "check_add_first" not in done.out


def test_json_is_the_receipt_and_nothing_else(tito: Tito, graded: Toy) -> None:
    done = tito("grade", "explain", "13", "bob", "--json", at=graded.project.root)
    assert (done.code, done.err) == (0, "")
    assert done.json["receipt"]["student"] == "bob"
    assert set(done.json["receipt"]["hashes"]) == {"submission", "release", "checks", "bands", "grader"}
    assert done.json["total"] == 7.0
    assert "rerun" not in done.json


def test_grading_again_that_gives_the_same_is_exit_0(tito: Tito, graded: Toy, looking: None) -> None:
    done = tito("grade", "explain", "13", "bob", "--rerun", at=graded.project.root)
    assert done.code == 0
    assert "Graded again: 7 of 14 points; nothing differs." in done.out
    assert "Warning: --sandbox none" in done.err


def test_what_differs_is_told_with_exit_1(tito: Tito, graded: Toy, looking: None) -> None:
    graded.hand_in("bob")
    done = tito("grade", "explain", "13", "bob", "--rerun", "--json", at=graded.project.root)
    assert done.code == 1
    assert done.json["changed"] == ["submission"]
    assert not done.json["rerun"]["is_same"]
    assert {"hash of the submission", "test_1"} <= {item["what"] for item in done.json["rerun"]["differences"]}
    assert "what differs:" in tito("grade", "explain", "13", "bob", "--rerun", at=graded.project.root).out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("zoe",), f"no submission of {MODULE} from zoe"),
        (("dora",), "dora: not graded yet"),
        (("bob", "check_add_frist"), "did you mean check_add_first"),
    ],
)
def test_what_is_not_there_is_a_sentence(tito: Tito, graded: Toy, arguments: tuple[str, ...], words: str) -> None:
    done = tito("grade", "explain", "13", *arguments, at=graded.project.root)
    assert (done.code, done.out) == (1, "")
    assert words in done.err
