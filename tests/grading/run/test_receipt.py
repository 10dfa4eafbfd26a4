"""Does a receipt tell what a grade came from, and the student's nothing that a hidden input could be had from?"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from nbformat import NotebookNode

from tests.courses.toy import MODULE, make_checkout, released
from tinytorch.bench import compare_timed, standing
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import CheckResult, ExerciseResult, Outcome, RaceRecord, SubmissionResult
from tinytorch.grading.checks.ending import race_record
from tinytorch.grading.gradebook.annotate import RECEIPT_ID, annotate
from tinytorch.grading.run.provenance import circumstances
from tinytorch.grading.run.receipt import for_student, receipt

SEED = 918273645
KEY = "c0ffee" * 10
SECRETS = (str(SEED), KEY, "test_with_a_telling_name", "0.4321")

# Adding a field here lets students see it: think first about what could be worked out from it.
SHOWN = "module student graded_at score points notebooks hashes versions machine limits sandbox exercises repairs"
SHOWN_OF_A_CHECK = "requirement outcome points earned words hint speed"
SHOWN_OF_A_RACE = "ratio low high confidence pairs bands share candidate_us reference_us notes"


def race(ratio: float) -> RaceRecord:
    bands = {0.5: 0.4, 2.0: 1.0}
    return race_record(standing(compare_timed(lambda: 1.0, lambda: ratio, bound=tuple(bands)), bands))


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    folder = tmp_path / "handed-in"
    folder.mkdir()
    (folder / "01_first.ipynb").write_bytes(b"what was handed in")
    return folder


@pytest.fixture
def result(handed_in: Path) -> SubmissionResult:
    """A failed check with a hint, and a race that earns a part."""
    about = ("01_first", "check_add_first")
    failed = CheckResult(
        "test_01::test_with_a_telling_name", *about, 0.4321, Outcome.FAILED, "It <adds>.", "got <3>", hint="Add & see."
    )
    timed = CheckResult("test_01::test_race", *about, 1, Outcome.PARTIAL, "Fast.", "0.7", share=0.4, races=(race(0.7),))
    exercise = ExerciseResult(*about, 10.0, 2.8, (failed, timed))
    noted = circumstances(handed_in, Limits())
    hashes = {"submission": "aa", "release": "bb", "checks": "cc", "bands": "ff", "grader": "dd", "more": "ee"}
    return SubmissionResult((exercise,), repairs=("01_first: mended",), seed=SEED, hashes=hashes, circumstances=noted)


def student_json(result: SubmissionResult) -> str:
    return for_student(receipt(result, MODULE, "ada", KEY)).to_json()


def test_a_result_with_its_circumstances_comes_back_equal(result: SubmissionResult) -> None:
    assert SubmissionResult.from_json(result.to_json()) == result


def test_the_sum_of_a_notebook_is_that_of_its_bytes(result: SubmissionResult) -> None:
    assert result.circumstances.notebooks == {"01_first.ipynb": hashlib.sha256(b"what was handed in").hexdigest()}


def test_machine_and_versions_are_those_of_here(result: SubmissionResult) -> None:
    noted = result.circumstances
    assert noted.versions["numpy"] == np.__version__
    assert noted.machine["usable_cores"]["value"] >= 1
    assert noted.limits["call_s"] == Limits().call_s


@pytest.mark.parametrize("secret", SECRETS)
def test_the_students_receipt_and_page_keep_what_must_stay_here(result: SubmissionResult, secret: str) -> None:
    assert secret in json.dumps(dataclasses.asdict(receipt(result, MODULE, "ada", KEY)))
    assert secret not in student_json(result)
    assert secret not in notebook_with(result).cells[-1].source


def test_the_students_receipt_has_these_fields_and_no_others(result: SubmissionResult) -> None:
    told = json.loads(student_json(result))
    [exercise] = told["exercises"]
    assert set(told) == set(SHOWN.split())
    assert set(told["hashes"]) == {"submission", "release", "checks", "bands", "grader"}
    assert set(exercise["checks"][0]) == set(SHOWN_OF_A_CHECK.split())
    assert set(exercise["checks"][1]["speed"][0]) == set(SHOWN_OF_A_RACE.split())


def test_points_of_a_check_are_its_part_by_weight(result: SubmissionResult) -> None:
    [exercise] = json.loads(student_json(result))["exercises"]
    assert [line["points"] for line in exercise["checks"]] == pytest.approx([10 * 0.4321 / 1.4321, 10 / 1.4321])
    assert [line["earned"] for line in exercise["checks"]] == pytest.approx([0, 4 / 1.4321])


def test_speed_comes_with_every_sample(result: SubmissionResult) -> None:
    [exercise] = json.loads(student_json(result))["exercises"]
    [timed] = exercise["checks"][1]["speed"]
    assert timed["ratio"] == pytest.approx(0.7)
    assert timed["low"] <= timed["ratio"] <= timed["high"]
    assert len(timed["candidate_us"]) == len(timed["reference_us"]) == timed["pairs"]


def notebook_with(result: SubmissionResult, *, planted: bool = False) -> NotebookNode:
    notebook = RELEASE["01_first"].copy()
    notebook.cells = list(notebook.cells)
    if planted:
        notebook.cells.append(NotebookNode(cell_type="markdown", id=RECEIPT_ID, source="100 points", metadata={}))
    annotate(notebook, result, "01_first")
    return notebook


RELEASE: dict[str, NotebookNode] = {}


@pytest.fixture(autouse=True, scope="module")
def _release(tmp_path_factory: pytest.TempPathFactory) -> None:
    RELEASE.update(released(make_checkout(tmp_path_factory.mktemp("receipt"))))


def test_the_page_tells_how_the_lesson_was_graded(result: SubmissionResult) -> None:
    source = notebook_with(result).cells[-1].source
    assert hashlib.sha256(b"what was handed in").hexdigest() in source
    assert "0.7 (0.7 to 0.7)" in source
    assert result.circumstances.graded_at in source
    assert "4 GiB of memory" in source
    assert "\n" not in source


def test_a_cell_that_poses_as_a_receipt_is_gone(result: SubmissionResult) -> None:
    receipts = [cell for cell in notebook_with(result, planted=True).cells if cell.get("id") == RECEIPT_ID]
    assert len(receipts) == 1
    assert "100 points" not in receipts[0].source


def test_the_hint_stands_beside_the_words_escaped(result: SubmissionResult) -> None:
    [words] = [
        output.data
        for cell in notebook_with(result).cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    assert "<i>Hint: Add &amp; see.</i>" in words["text/html"]
    assert "got <3> Hint: Add & see." in words["text/plain"]
