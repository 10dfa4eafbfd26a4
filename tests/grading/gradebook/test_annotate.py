"""Does nbgrader read our scores, and only ours, out of an annotated notebook?"""

from __future__ import annotations

import copy
import dataclasses

import pytest
from nbformat import NotebookNode, validate
from nbgrader.utils import determine_grade

from tests.courses.toy import make_checkout, released
from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.result import CellRun, CheckResult, ExerciseResult, Outcome, SubmissionResult
from tinytorch.grading.gradebook.annotate import annotate
from tinytorch.notebooks.cells import grade_id

FAILED = CheckResult(
    "t", "01_first", "check_add_first", 1.0, Outcome.FAILED, "Adds <i>two</i>.", "got <script>1</script>"
)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    return released(make_checkout(tmp_path_factory.mktemp("annotate")))["01_first"]


@pytest.fixture
def notebook(release: NotebookNode) -> NotebookNode:
    return copy.deepcopy(release)


def check_cell(notebook: NotebookNode) -> NotebookNode:
    return next(cell for cell in notebook.cells if grade_id(cell) == "check_add_first")


def result(score: float, *outputs: dict, **more: object) -> SubmissionResult:
    exercise = ExerciseResult("01_first", "check_add_first", 10.0, score, (FAILED,))
    return SubmissionResult((exercise,), **more)


def annotated(notebook: NotebookNode, outcome: SubmissionResult) -> NotebookNode:
    annotate(notebook, outcome, "01_first")
    validate(notebook)
    return notebook


@pytest.mark.parametrize("score", [0.0, 3.3333333333333335, 7.5, 10.0])
def test_nbgrader_takes_the_score(notebook: NotebookNode, score: float) -> None:
    assert determine_grade(check_cell(annotated(notebook, result(score)))) == (score, 10.0)


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["boom"]},
        {"output_type": "stream", "name": "stderr", "text": "a warning"},
        {"output_type": "execute_result", "data": {"text/plain": "10.0"}, "execution_count": 1, "metadata": {}},
        {"output_type": "execute_result", "data": {"text/plain": ""}, "execution_count": 1, "metadata": {}},
        {"output_type": "nonsense"},
        {},
    ],
    ids=["error", "stderr", "claims-all", "empty", "unknown-kind", "empty-dict"],
)
def test_nothing_the_student_writes_changes_the_score(notebook: NotebookNode, output: dict) -> None:
    run = CellRun("01_first", check_cell(notebook).id, "ok", (output,))
    assert determine_grade(check_cell(annotated(notebook, result(5.0, cells=(run,))))) == (5.0, 10.0)


def test_the_requirement_and_words_are_shown_escaped(notebook: NotebookNode) -> None:
    words = check_cell(annotated(notebook, result(0.0))).outputs[0].data
    assert "Adds &lt;i&gt;two&lt;/i&gt;." in words["text/html"]
    assert "got &lt;script&gt;1&lt;/script&gt;" in words["text/html"]
    assert "[not passed] Adds <i>two</i>. got <script>1</script>" in words["text/plain"]


def test_what_could_run_in_a_browser_is_dropped(notebook: NotebookNode) -> None:
    data = {"text/html": "<script>1</script>", "application/javascript": "1", "image/svg+xml": "<svg/>"}
    outputs = (
        {"output_type": "display_data", "data": {**data, "text/plain": "table", "image/png": "aGk="}, "metadata": {}},
        {"output_type": "display_data", "data": data, "metadata": {}},
        {"output_type": "display_data", "data": {"image/png": '"><script>'}, "metadata": {}},
    )
    cell = notebook.cells[2]
    run = CellRun("01_first", cell.id, "ok", outputs)
    annotated(notebook, result(0.0, cells=(run,)))
    assert [dict(output.data) for output in cell.outputs] == [{"text/plain": "table", "image/png": "aGk="}]


def test_a_cell_that_ran_out_of_time_says_so(notebook: NotebookNode) -> None:
    cell = notebook.cells[2]
    run = CellRun("01_first", cell.id, "timed_out", words="stopped after 60 s")
    annotated(notebook, result(0.0, cells=(run,)))
    assert cell.outputs[0].text == "stopped after 60 s\n"


def test_repairs_of_this_lesson_stand_at_the_top(notebook: NotebookNode) -> None:
    annotated(notebook, result(0.0, repairs=("01_first: <mended>", "02_second: other")))
    assert "01_first: &lt;mended&gt;" in notebook.cells[0].source
    assert "other" not in notebook.cells[0].source


def test_a_check_cell_without_a_result_is_our_fault(notebook: NotebookNode) -> None:
    with pytest.raises(GraderFaultError, match="no hidden check decides"):
        annotate(notebook, SubmissionResult(exercises=()), "01_first")


def test_points_that_disagree_are_our_fault(notebook: NotebookNode) -> None:
    exercise = dataclasses.replace(result(1.0).exercises[0], points=7.0)
    with pytest.raises(GraderFaultError, match="7 points but the gradebook has 10"):
        annotate(notebook, SubmissionResult((exercise,)), "01_first")


@pytest.mark.parametrize(
    ("outcome", "share", "said"),
    [
        (Outcome.PASSED, 1.0, "[passed]"),
        (Outcome.PARTIAL, 0.6, "[right, and in part fast enough: 60 % of its points]"),
        (Outcome.UNDECIDED, 0.25, "[too noisy to decide: counted for you: 25 % of its points]"),
        (Outcome.FAILED, 0.0, "[not passed]"),
    ],
)
def test_a_part_of_the_points_is_said(notebook: NotebookNode, outcome: Outcome, share: float, said: str) -> None:
    race = dataclasses.replace(FAILED, outcome=outcome, share=share, words="2.3 times the speed")
    graded = SubmissionResult((ExerciseResult("01_first", "check_add_first", 10.0, 10 * share, (race,)),))
    words = check_cell(annotated(notebook, graded)).outputs[0].data
    assert f"{said} Adds <i>two</i>. 2.3 times the speed" in words["text/plain"]
    assert f"<b>{said[1:-1]}</b>" in words["text/html"]
