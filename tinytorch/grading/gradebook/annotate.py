"""Writes a result into the notebook that nbgrader will score and show: outputs, the checks' words, the scores."""

from __future__ import annotations

import html
import re

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.result import CellRun, CheckResult, ExerciseResult, Outcome, SubmissionResult
from tinytorch.grading.gradebook.receipt_html import lesson_section
from tinytorch.grading.run.receipt import for_student, receipt
from tinytorch.notebooks.cells import grade_id, is_check, points

REPAIRS_ID = "notice-repairs"
RECEIPT_ID = "notice-receipt"

# Output types shown in an instructor's browser: text and pictures, nothing that can run there.
_SAFE = ("text/plain", "image/png", "image/jpeg")

_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")

_SAID = {
    Outcome.PASSED: "passed",
    Outcome.PARTIAL: "right, and in part fast enough",
    Outcome.FAILED: "not passed",
    Outcome.ERRORED: "your code raised an exception",
    Outcome.TIMED_OUT: "ran out of time",
    Outcome.CRASHED: "your code ended the process",
    Outcome.UNDECIDED: "too noisy to decide: counted for you",
    Outcome.NOT_RUN: "not run",
}


def annotate(notebook: NotebookNode, result: SubmissionResult, lesson: str) -> None:
    """Fills in the lesson's outputs, feedback and scores; raises GraderFaultError rather than guess a score."""
    runs = {run.cell_id: run for run in result.cells if run.lesson == lesson}
    exercises = {item.grade_id: item for item in result.exercises if item.lesson == lesson}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        run = runs.get(cell.get("id"))
        outputs = student_outputs(run)
        cell.execution_count = None
        if is_check(cell):
            exercise = _exercise_for(cell, exercises, lesson)
            outputs = [*map(_harmless, outputs), words_output(exercise), score_output(exercise)]
            cell.execution_count = 1
        cell.outputs = outputs
    # A student's own cell with one of these ids would pass for a cell of the grader.
    notebook.cells = [cell for cell in notebook.cells if cell.get("id") not in (REPAIRS_ID, RECEIPT_ID)]
    _tell_repairs(notebook, result, lesson)
    _tell_receipt(notebook, result, lesson)


def _output(kind: str, **fields: object) -> NotebookNode:
    output: NotebookNode = new_output(kind, **fields)
    return output


def student_outputs(run: CellRun | None) -> list[NotebookNode]:
    """Returns the cell's outputs that are safe to show, and a line on how it ended if they don't show that."""
    if run is None:
        return []
    outputs = [output for raw in run.outputs if (output := _safe(raw)) is not None]
    if run.words and not any(output.output_type == "error" for output in outputs):
        outputs.append(_output("stream", name="stdout", text=run.words + "\n"))
    return outputs


def words_output(exercise: ExerciseResult) -> NotebookNode:
    """Each check's requirement and outcome, as text and as HTML with everything escaped."""
    plain = [_plain(check) for check in exercise.checks]
    rows = "".join(_row(check) for check in exercise.checks)
    head = f"{_number(exercise.score)} of {_number(exercise.points)} points"
    titles = "<tr><th>Requirement</th><th>Outcome</th></tr>"
    table = f'<p><b>{head}</b></p><table class="table">{titles}{rows}</table>'
    return _output("display_data", data={"text/plain": "\n".join([head, *plain]), "text/html": table})


def score_output(exercise: ExerciseResult) -> NotebookNode:
    """The one execute_result of a grade cell: nbgrader's partial credit reads the score from it."""
    score = min(max(exercise.score, 0.0), exercise.points)
    return _output("execute_result", data={"text/plain": repr(float(score))}, execution_count=1)


def _exercise_for(cell: NotebookNode, exercises: dict[str, ExerciseResult], lesson: str) -> ExerciseResult:
    name = grade_id(cell)
    exercise = exercises.get(name)
    if exercise is None:
        raise GraderFaultError(
            f"{lesson}, cell {name}: no hidden check decides its points; add one marked grade({name!r}) or regrade."
        )
    worth = points(cell)
    if worth is None or abs(exercise.points - worth) > 1e-9:
        raise GraderFaultError(
            f"{lesson}, cell {name}: graded for {_number(exercise.points)} points but the gradebook has "
            f"{'none' if worth is None else _number(worth)}; run `tito grade generate`, then grade again."
        )
    return exercise


def _safe(raw: dict[str, object]) -> NotebookNode | None:
    """An output as nbformat has it, or None for a kind that is not shown."""
    kind = raw.get("output_type")
    if kind == "stream":
        name = "stderr" if raw.get("name") == "stderr" else "stdout"
        return _output("stream", name=name, text=_text(raw.get("text")))
    if kind == "error":
        lines = raw.get("traceback")
        traceback = [_text(line) for line in lines] if isinstance(lines, list | tuple) else []
        return _output("error", ename=_text(raw.get("ename")), evalue=_text(raw.get("evalue")), traceback=traceback)
    if kind in ("execute_result", "display_data"):
        bundle = raw.get("data")
        bundle = bundle if isinstance(bundle, dict) else {}
        texts = {mime: _text(bundle[mime]) for mime in _SAFE if mime in bundle}
        data = {mime: text for mime, text in texts.items() if mime == "text/plain" or _BASE64.fullmatch(text)}
        return _output("display_data", data=data) if data else None
    return None


def _text(value: object) -> str:
    text = "".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
    return text.encode("utf-8", "replace").decode("utf-8")


def _harmless(output: NotebookNode) -> NotebookNode:
    """An output that nbgrader will not read as a verdict: for it, an error or stderr in a grade cell is a zero."""
    if output.output_type == "error":
        text = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
        return _output("stream", name="stdout", text=text + "\n")
    if output.output_type == "stream":
        return _output("stream", name="stdout", text=output.text)
    return output


def _plain(check: CheckResult) -> str:
    message = f" {check.words}" if check.words else ""
    hint = f" Hint: {check.hint}" if check.hint else ""
    return f"[{_said(check)}] {check.requirement}{message}{hint}"


def _row(check: CheckResult) -> str:
    message = f"<br>{_lines(check.words)}" if check.words else ""
    hint = f"<br><i>Hint: {_lines(check.hint)}</i>" if check.hint else ""
    return f"<tr><td>{_lines(check.requirement)}</td><td><b>{_said(check)}</b>{message}{hint}</td></tr>"


def _said(check: CheckResult) -> str:
    """Returns the outcome, with the share it earns unless that is all or nothing."""
    earns = f": {100 * check.share:.3g} % of its points" if check.outcome.earns and check.share < 1 else ""
    return f"{_SAID[check.outcome]}{earns}"


def _lines(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _tell_repairs(notebook: NotebookNode, result: SubmissionResult, lesson: str) -> None:
    own = [repair for repair in result.repairs if repair.startswith(lesson)]
    if own:
        items = "".join(f"<li>{html.escape(repair)}</li>" for repair in own)
        notice = new_markdown_cell(source=f"<p><b>Repaired before grading:</b></p><ul>{items}</ul>")
        notice["id"] = REPAIRS_ID
        notebook.cells.insert(0, notice)


def _tell_receipt(notebook: NotebookNode, result: SubmissionResult, lesson: str) -> None:
    """Appends the lesson's receipt below all other cells."""
    if not result.hashes:
        return
    section = lesson_section(for_student(receipt(result, "", "", "")), lesson)
    notice = new_markdown_cell(source=section)
    notice["id"] = RECEIPT_ID
    notebook.cells.append(notice)
