"""Runs the visible checks on a notebook as it is on disk."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tinytorch.course.cells import Failure, run_cells
from tinytorch.course.notebooks import read_notebook
from tinytorch.notebooks.cells import grade_id, is_check, numbered
from tinytorch.notebooks.code import MAX_CELL_CHARS, code_cells

LIMIT_S = 60.0

_TOO_LONG = "too long"
_STUB = re.compile(r"(\w+): not written yet")


@dataclass(frozen=True, slots=True)
class VisibleCheck:
    """One check cell, and the line to look at if it failed.

    A cell is named by the number that Jupyter shows in brackets after Restart and Run All; its lines count from 1.
    """

    name: str
    grade_id: str
    passed: bool
    message: str = ""
    cell: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CellError:
    """A cell other than a check that failed; `message` names notebook, cell and line."""

    cell: int
    grade_id: str
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class LessonRun:
    """The result of running one notebook; `passed` if every check of the lesson passed."""

    lesson: str
    checks: tuple[VisibleCheck, ...]
    errors: tuple[CellError, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class _Lesson:
    name: str
    cells: dict[int, NotebookNode]
    failures: dict[int, Failure | None]


def run_checks(
    notebook: Path, *, limit_s: float = LIMIT_S, package_root: Path, original: Path | None = None
) -> LessonRun:
    """Runs every cell of `notebook` in a fresh process, each for at most `limit_s`, and says which checks pass.

    `tinytorch` comes from `package_root`. Measuring cells are left out unless they differ from those of `original`;
    checks are run as `original` has them, and one that is missing from `notebook` has failed.
    """
    start = time.monotonic()
    nb = read_notebook(notebook)
    first = read_notebook(original) if original else nb
    official = {grade_id(cell): cell.source for cell in first.cells if _is_check(cell)}
    cells = dict(numbered(nb))
    measurements = {cell.number for cell in code_cells(notebook.stem, nb, first) if cell.is_measurement}
    sources = {
        number: official.get(grade_id(cell), cell.source) if _is_check(cell) else cell.source
        for number, cell in cells.items()
        if _is_check(cell) or number not in measurements
    }
    failures = _run(sources, limit_s, package_root)
    lesson = _Lesson(notebook.name, cells, failures)
    checks = [_check(lesson, number) for number, cell in cells.items() if _is_check(cell)]
    present = {check.grade_id for check in checks}
    missing = [_missing(name, source) for name, source in official.items() if name not in present]
    errors = [_error(lesson, number, bad) for number, bad in failures.items() if bad and not _is_check(cells[number])]
    return LessonRun(notebook.stem, (*checks, *missing), tuple(errors), time.monotonic() - start)


def _run(sources: dict[int, str], limit_s: float, package_root: Path) -> dict[int, Failure | None]:
    """Returns how each cell ended; a cell too long for grading isn't run here either."""
    fit = [(number, source) for number, source in sources.items() if len(source) <= MAX_CELL_CHARS]
    ended = run_cells(fit, limit_s=limit_s, package_root=package_root)
    return {number: ended[number] if number in ended else _too_long(source) for number, source in sources.items()}


def _too_long(source: str) -> Failure:
    return Failure((_TOO_LONG,), f"not run: it has {len(source)} characters, and at most {MAX_CELL_CHARS} are graded")


def _is_check(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and is_check(cell)


def _check(lesson: _Lesson, number: int) -> VisibleCheck:
    cell = lesson.cells[number]
    name = _test_name(cell.source) or grade_id(cell)
    failure = lesson.failures[number]
    if failure is None:
        return VisibleCheck(name, grade_id(cell), True, cell=number)
    cause = _cause(lesson, failure)
    if cause is not None:
        message = f"a cell it needs did not run: {cause.message}"
        return VisibleCheck(name, grade_id(cell), False, message, cause.cell, cause.line)
    own = grade_id(cell).removeprefix("check_")
    message = _words(failure, own)
    where, line = failure.places[-1] if failure.places else (number, None)
    if where != number and not _is_stub(failure):
        message = f"{message} ({_where(lesson, where, line)})"
    return VisibleCheck(name, grade_id(cell), False, message, where, line)


def _cause(lesson: _Lesson, failure: Failure) -> CellError | None:
    """The cell that should have made a name the check misses, if that cell failed."""
    match = re.search(r"name '(\w+)' is not defined", failure.words) if "NameError" in failure.kinds else None
    for number, bad in lesson.failures.items():
        cell = lesson.cells[number]
        if match and bad and not _is_check(cell) and re.search(rf"\b{match[1]}\b", cell.source):
            return _error(lesson, number, bad)
    return None


def _missing(name: str, source: str) -> VisibleCheck:
    message = (
        f"the cell {name} is missing from the notebook; undo its deletion, or reset the lesson and copy your work back"
    )
    return VisibleCheck(_test_name(source) or name, name, False, message)


def _error(lesson: _Lesson, number: int, failure: Failure) -> CellError:
    where, line = failure.places[-1] if failure.places else (number, None)
    name = grade_id(lesson.cells[number])
    message = f"{_where(lesson, where, line)}: {_words(failure, name)}"
    return CellError(number, name, line if where == number else None, message)


def _where(lesson: _Lesson, number: int, line: int | None) -> str:
    name = grade_id(lesson.cells[number])
    cell = f"{lesson.name}, cell [{number}]" + (f" ({name})" if name else "")
    return f"{cell}, line {line}" if line else cell


def _unwritten(failure: Failure) -> str | None:
    """Returns the name of the function that is not written yet, if that is the cause."""
    stub = _STUB.search(failure.words) if "NotImplementedError" in failure.kinds else None
    return None if stub is None else stub[1]


def _is_stub(failure: Failure) -> bool:
    return _unwritten(failure) is not None


def _words(failure: Failure, exercise: str) -> str:
    """Returns the cause of a failure in a student's terms; `exercise` is the one that is being checked."""
    missing = _unwritten(failure)
    if missing is not None:
        return "not written yet" if missing == exercise else f"it needs {missing}, which is not written yet"
    if failure.kind in ("timed out", "crashed", _TOO_LONG):
        return failure.words
    if "SyntaxError" in failure.kinds:
        return f"syntax error: {failure.words}"
    if "AssertionError" in failure.kinds:
        return failure.words or "the assertion on this line does not hold"
    return f"{failure.kind}: {failure.words}" if failure.words else failure.kind


def _test_name(source: str) -> str:
    match = re.search(r"^def (test_\w+)", source, re.MULTILINE)
    return match[1] if match else ""
