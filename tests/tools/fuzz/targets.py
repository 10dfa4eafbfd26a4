"""What is fuzzed: each target takes bytes from outside, and raises only when the grader would have been harmed.

A refusal in words (WireError, CheckFailed, UnreadableNotebook, Refused) is an answer; any other exception, and any
broken promise about what is let in, is a finding.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tinytorch.course.names import Lesson, Module
from tinytorch.grading.base.student_errors import to_exception
from tinytorch.grading.checks import check, hints
from tinytorch.grading.checks.failed import CheckFailed
from tinytorch.grading.collect.archives import MAX_FILE_BYTES, Incoming, _zip
from tinytorch.grading.collect.owners import Contents, Names, safe_id
from tinytorch.grading.gradebook.safe_markdown import clean
from tinytorch.grading.handed_in.frame import _empty_like, _Frame
from tinytorch.grading.handed_in.notebook import UnreadableNotebook, pieces_of
from tinytorch.grading.report.class_report import Report, Row, to_csv
from tinytorch.grading.report.page import to_html
from tinytorch.grading.sandbox.arena import Arena
from tinytorch.grading.sandbox.inside.messages import read_reply
from tinytorch.grading.sandbox.inside.protocol import Called, CellRan, Failed, Reply, Timed, Value
from tinytorch.grading.sandbox.inside.values import Tree, Unpacker
from tinytorch.grading.sandbox.inside.wire import PREFIX, Message, WireError, decode, read_prefix
from tinytorch.grading.sandbox.outputs import clean_outputs
from tinytorch.grading.sandbox.session import described
from tinytorch.notebooks.cells import grade_id, is_fixed
from tinytorch.notebooks.code import code_cells
from tinytorch.notebooks.exercises import Exercise
from tinytorch.text import clean_words

HEADER_LIMIT, PAYLOAD_LIMIT = 1 << 16, 1 << 20
REQUEST = 1  # the number of the request that every reply answers
_MODULE = Module("13_kernels", "13", "kernels")
_LESSONS = (Lesson(_MODULE, "01_first", "01", "first"), Lesson(_MODULE, "02_second", "02", "second"))
_ARENA = Arena()
_ARRAYS = (np.arange(3.0), np.zeros((2, 0), np.int8), np.array(np.nan, np.float32))
_UNSAFE = set("/\\\0:*?[]<>\"'=+@,;|&$`\n\r\t ")
_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
_WANTED = (np.arange(3.0), np.ones((2, 2), np.int8), 3, 2.5, "text", None, [1, 2], (1.0, "x"), {"key": 1})


def message(data: bytes) -> None:
    """Bytes as they come from a student process: prefix, header, payload."""
    try:
        header_bytes, payload_bytes = read_prefix(data[: PREFIX.size], HEADER_LIMIT, PAYLOAD_LIMIT)
        rest = data[PREFIX.size :]
        _use(read_reply(decode(rest[:header_bytes], rest[header_bytes : header_bytes + payload_bytes]), REQUEST))
    except WireError:
        return


def reply(data: bytes) -> None:
    """The header of a message alone, without the prefix and the arrays that a fuzzer seldom gets right."""
    try:
        header = decode(data, b"").header
        arrays = _ARRAYS if header.get("kind") in ("value", "called") else ()
        _use(read_reply(Message(header, arrays), REQUEST))
    except WireError:
        return


def _use(reply: Reply) -> None:
    """Everything the grader does with a reply, by its kind; a WireError where it refuses."""
    match reply:
        case CellRan():
            json.dumps(clean_outputs(list(reply.outputs), 1 << 16)).encode()
            clean_words(reply.words).encode()
        case Failed():
            error = described(reply)
            clean_words(error.words()).encode()
            to_exception(error)
        case Value():
            _judge_all(reply.value, reply.arrays)
        case Called():
            for part in (reply.args, reply.kwargs, reply.value):
                _judge_all(part, reply.arrays)
        case Timed():
            _judge_all(reply.value, _ARENA.read(reply.places))


def _judge_all(tree: Tree, arrays: tuple[np.ndarray, ...]) -> None:
    value = Unpacker(arrays, lambda number: number).unpack(tree)
    check.describe(value).encode()
    for wanted in _WANTED:
        _judge(value, wanted)


def _judge(value: object, wanted: object) -> None:
    array = np.asarray(wanted) if isinstance(wanted, np.ndarray) else np.arange(3.0)
    for judge in (
        lambda: check.exactly(value, wanted),
        lambda: check.close(value, array, dtype=array.dtype, terms=3),
        lambda: check.number(value, 2.5, low=0, high=3, what="it"),
        lambda: check.keys(value, ["key"]),
    ):
        try:
            judge()
        except CheckFailed as failed:
            clean_words(str(failed)).encode()
            if failed.evidence is not None:
                hints.for_array(failed.evidence, (array, value)).encode()


def notebook(data: bytes) -> None:
    """A file handed in as a notebook: what comes out is the release's frame, whatever it says."""
    release = _release()
    try:
        pieces, _ = pieces_of(data)
    except UnreadableNotebook:
        return
    cells, repairs = _Frame(release, pieces).assemble()
    taken = _empty_like(release)
    taken.cells = cells
    nbformat.validate(taken)
    nbformat.writes(taken).encode()
    "".join(map(clean_words, repairs)).encode()
    marks = {grade_id(cell): cell for cell in release.cells if grade_id(cell)}
    seen = [grade_id(cell) for cell in taken.cells if grade_id(cell)]
    _promise(sorted(seen) == sorted(marks), "each graded cell is there once")
    for cell in taken.cells:
        if grade_id(cell):
            _promise(cell.metadata == marks[grade_id(cell)].metadata, "a cell's marks are the release's")
            _promise(not is_fixed(cell) or cell.source == marks[grade_id(cell)].source, "a check is as released")
    code_cells("01_first", taken, release)
    Contents([(_LESSONS[0], release)]).lesson(data)
    for cell in taken.cells:
        if cell.cell_type == "markdown":
            _promise(not _active(clean(cell.source)), "markdown runs nothing")


def archive(data: bytes) -> None:
    """A zip of one student: every file has a path below the student's, and a size within the limit."""
    for depth in (0, 1):
        for item in _zip(io.BytesIO(data), ("ada",), datetime(2026, 1, 1, tzinfo=UTC), depth):
            item.name.encode("utf-8", "surrogatepass")
            if isinstance(item, Incoming):
                is_below = item.parts[0] == "ada" and not {"..", "", "/"} & set(item.parts)
                _promise(is_below and len(item.data) <= MAX_FILE_BYTES, "a file lies below its student's folder")
                _promise("/" not in "".join(item.parts) and "\0" not in item.name, "a part of a path is a name")
                Names(_MODULE, _LESSONS).owner_of_file(item.parts[-1])


def name(data: bytes) -> None:
    """A name of a file, folder or student: in a path, in a table for a spreadsheet, and on a page."""
    text = data[:255].decode("utf-8", "surrogateescape")
    names = Names(_MODULE, _LESSONS)
    for owner in (names.owner_of_file(text), names.owner_of_folder(text)):
        student = safe_id(owner.student or "")
        _promise(student == safe_id(student), "a safe name stays as it is")
        _promise(not set(student) & _UNSAFE and not student.startswith((".", "-")), "a safe name is a plain one")
    names.lesson(text)
    told = text.encode("utf-8", "replace").decode()
    report = _report(told)
    cells = [cell for line in csv.reader(io.StringIO(to_csv(report))) for cell in line]
    formulas = [cell for cell in cells if (cell.lstrip() or "x")[0] in _FORMULA or cell[:1] in ("\t", "\r", "\n")]
    _promise(not [cell for cell in formulas if not _is_number(cell)], "no cell of a table is a formula")
    _promise(_tags(to_html(report)) == _tags(to_html(_report("ada"))), "a name adds no tag to the page")


def _promise(holds: bool, words: str) -> None:
    if not holds:
        raise AssertionError(f"broken: {words}")


def _report(student: str) -> Report:
    row = Row(student, (1.0,), 1.0, 0.0, 0.0, 1.0, 0, student)
    exercise = Exercise("01_first", student, "check_x", 1.0, False, student)
    return Report("13_kernels", 1.0, (exercise,), (1.0,), (row,), None, (), (student,), "now")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def _tags(page: str) -> list[tuple[str, tuple[str, ...]]]:
    parser = _Tags()
    parser.feed(page)
    return parser.found


def _active(page: str) -> bool:
    return any(
        tag in ("script", "iframe", "object", "embed", "style", "form", "svg") or any(n.startswith("on") for n in names)
        for tag, names in _tags(page)
    )


def _release() -> nbformat.NotebookNode:
    def marks(name: str, grade: bool) -> dict[str, object]:
        own = {"grade": grade, "grade_id": name, "locked": grade, "solution": not grade, "schema_version": 3}
        return {"nbgrader": {**own, "task": False, **({"points": 8} if grade else {})}}

    stub = "#| export\ndef total(a, b):\n    raise NotImplementedError('total: not written yet')"
    cells = [
        new_markdown_cell("# First", id="title"),
        new_code_cell("#| default_exp core.kernels.first", id="target"),
        new_code_cell(stub, id="total", metadata=marks("total", grade=False)),
        new_code_cell("assert total(1, 2) == 3", id="check", metadata=marks("check_total", grade=True)),
    ]
    return new_notebook(cells=cells)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "message": message,
    "reply": reply,
    "notebook": notebook,
    "archive": archive,
    "name": name,
}
