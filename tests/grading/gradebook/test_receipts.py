"""Is a student's receipt that of their recorded result, and does it reach them with nothing that must stay here?"""

from __future__ import annotations

import json

from tests.courses.toy import Toy
from tinytorch.grading.gradebook.feedback import make_feedback
from tinytorch.grading.gradebook.receipts import read_receipt


def test_the_receipt_is_that_of_the_recorded_result(graded: Toy) -> None:
    full = read_receipt(graded.class_folder, "bob")
    assert full is not None
    kept = json.loads((graded.assignments / "results" / f"{full.key}.json").read_text())["result"]
    assert (full.score, full.hashes, full.seed) == (7.0, kept["hashes"], kept["seed"])
    assert set(full.circumstances.notebooks) == {"01_first.ipynb", "02_second.ipynb"}


def test_who_is_not_graded_has_no_receipt(graded: Toy) -> None:
    assert read_receipt(graded.class_folder, "dora") is None


def test_the_students_receipt_lies_beside_the_pages(graded: Toy) -> None:
    [pages] = make_feedback(graded.class_folder, ("bob",))
    assert pages.receipt == pages.folder / "receipt.json"
    told = json.loads(pages.receipt.read_text())
    assert (told["student"], told["score"], told["points"]) == ("bob", 7.0, 14.0)
    assert "How this lesson was graded" in pages.pages[0].read_text()


def test_a_receipt_handed_in_by_a_student_is_not_handed_back(graded: Toy) -> None:
    """nbgrader copies what lies beside notebooks all the way into the feedback."""
    graded.hand_in("mallory")
    (graded.submitted("mallory") / "receipt.json").write_text('{"score": 1000}')
    graded.grade("mallory")
    for path in (graded.assignments / "results").glob("*.json"):
        path.unlink()
    [pages] = make_feedback(graded.class_folder, ("mallory",))
    assert pages.receipt is None
    assert not (pages.folder / "receipt.json").exists()


def test_nothing_in_a_feedback_folder_tells_seed_key_or_check(graded: Toy) -> None:
    full = read_receipt(graded.class_folder, "bob")
    [pages] = make_feedback(graded.class_folder, ("bob",))
    everything = "".join(path.read_text() for path in pages.folder.iterdir())
    assert full is not None
    assert full.key not in everything
    assert "test_0" not in everything
    assert '"seed"' not in everything
