"""What a stored cell does to the cell of the notebook that it names; `build` says what kinds there are."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tinytorch.notebooks.cells import grade_id
from tinytorch.course.steps import ANSWER, stub
from tinytorch.errors import SourceError

FILL = "fill"


@dataclass(frozen=True, slots=True)
class Change:
    """One cell of one notebook, and what stands there in this submission."""

    lesson: str
    grade_id: str
    kind: str
    text: str
    is_new: bool


def apply(where: str, change: Change, handed_in: NotebookNode, release: NotebookNode) -> None:
    cells = {grade_id(cell): (index, cell) for index, cell in enumerate(handed_in.cells) if grade_id(cell)}
    if change.grade_id not in cells:
        raise SourceError(f"{where}: the lesson has no such cell; it has {', '.join(cells)}.")
    index, cell = cells[change.grade_id]
    released = next(cell.source for cell in release.cells if grade_id(cell) == change.grade_id)
    if change.is_new:
        extra = new_code_cell(change.text)
        extra["id"] = f"extra-{index}"
        handed_in.cells.insert(index + 1, extra)
    elif change.kind == "raw":
        cell.source = change.text
    elif change.kind == "markdown":
        cell.source = _put(where, released, re.escape(ANSWER), change.text)
    elif all(name.split("_")[0] == FILL for name in _definitions(where, change.text)):
        cell.source = _filled(where, released, change)
    else:
        cell.source = _replaced(where, cell.source, change.text)


def _filled(where: str, text: str, change: Change) -> str:
    """The released cell with the bodies of the `fill` functions in place of its stubs."""
    lines = change.text.split("\n")
    for name, (first, last) in _definitions(where, change.text).items():
        start, end = 1, text.count("\n") + 1
        if name != FILL:
            start, end = _span(where, text, name.removeprefix(f"{FILL}_"))
        before, part, after = text.split("\n")[: start - 1], text.split("\n")[start - 1 : end], text.split("\n")[end:]
        stubs = [line for line in part if line.strip() == stub(change.grade_id)]
        indent = stubs[0].removesuffix(stub(change.grade_id)) if stubs else ""
        body = textwrap.indent(textwrap.dedent("\n".join(lines[first:last])), indent)
        pattern = rf"(?m)^ *{re.escape(stub(change.grade_id))}$"
        text = "\n".join([*before, _put(where, "\n".join(part), pattern, body), *after])
    return text


def _span(where: str, text: str, name: str) -> tuple[int, int]:
    """First and last line of the function or method called `name`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node.lineno, node.end_lineno or node.lineno
    raise SourceError(f"{where}: there is no function {name} in the cell.")


def _replaced(where: str, base: str, text: str) -> str:
    """`base` with the definitions of `text` in place of its own; the rest of `text` goes before the first of them."""
    old, new = _definitions(where, base), _definitions(where, text)
    shared = sorted(new.keys() & old.keys(), key=lambda name: old[name])
    if not shared:
        raise SourceError(f"{where}: the cell defines {', '.join(old)}, and none of {', '.join(new) or 'nothing'}.")
    lines, given = base.split("\n"), text.split("\n")
    parts = {name: given[new[name][0] - 1 : new[name][1]] for name in shared}
    taken = {number for name in shared for number in range(new[name][0] - 1, new[name][1])}
    rest = [line for number, line in enumerate(given) if number not in taken]
    for name in reversed(shared):
        lines[old[name][0] - 1 : old[name][1]] = parts[name]
    start = old[shared[0]][0] - 1
    lines[start:start] = rest
    return "\n".join(lines)


def _put(where: str, text: str, pattern: str, words: str) -> str:
    done, count = re.subn(pattern, lambda _: words, text)
    if count != 1:
        raise SourceError(f"{where}: expected one place to fill in, found {count}.")
    return done


def _definitions(where: str, text: str) -> dict[str, tuple[int, int]]:
    """First line (of a decorator, if any) and last line of each function and class."""
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise SourceError(f"{where}: line {error.lineno} is not Python: {error.msg}.") from error
    kinds = (ast.FunctionDef, ast.ClassDef)
    found = [node for node in body if isinstance(node, kinds)]
    return {
        node.name: (min([node.lineno, *(mark.lineno for mark in node.decorator_list)]), node.end_lineno or node.lineno)
        for node in found
    }
