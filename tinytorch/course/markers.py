"""Solution regions in a cell: found by comment, strictly, so that prose can never open or close one."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

_MENTION = re.compile(r"\b(BEGIN|END)\s+SOLUTION\b", re.IGNORECASE)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Region:
    """Lines `begin` to `end` of a cell (counted from 0, both markers included), in the body of `function`."""

    begin: int
    end: int
    indent: str
    function: str
    function_line: int


class MarkerError(Exception):
    """An invalid marker; `line` counts from 0 in the cell."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def mentions(text: str) -> Iterator[int]:
    """The lines of `text`, counted from 0, that name a marker, rightly or wrongly."""
    return (number for number, line in enumerate(text.split("\n")) if _MENTION.search(line))


def find_regions(source: str) -> tuple[Region, ...]:
    """Every region of a code cell; raises `MarkerError` unless each is one run of whole statements of one function."""
    if not any(True for _ in mentions(source)):
        return ()
    pairs = _pairs(source.split("\n"))
    try:
        tree = ast.parse(source)
        comments = _comment_lines(source)
    except (SyntaxError, tokenize.TokenError) as error:
        line = (getattr(error, "lineno", None) or 1) - 1
        raise MarkerError(line, f"a solution cell must be plain Python: {error.args[0]}") from error
    for line in mentions(source):
        if line not in comments:
            raise MarkerError(line, "a solution marker inside a string; a marker is a comment on a line of its own.")
    regions = tuple(_region(source, tree, begin, end) for begin, end in pairs)
    for number, region in enumerate(regions):
        if any(region.function_line == other.function_line for other in regions[:number]):
            raise MarkerError(region.begin, f"a second solution in {region.function}; one for each function.")
    return regions


def remove_lines(source: str) -> str:
    """`source` without its marker lines; the solution between them stays."""
    return "\n".join(line for line in source.split("\n") if line.strip() not in (BEGIN, END))


def _pairs(lines: list[str]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    begin: int | None = None
    for number, line in enumerate(lines):
        if not _MENTION.search(line):
            continue
        if line.strip() not in (BEGIN, END):
            raise MarkerError(number, f"a marker in prose or misspelled; write `{BEGIN}` or `{END}` alone on its line.")
        if line.strip() == BEGIN:
            if begin is not None:
                raise MarkerError(number, "BEGIN SOLUTION inside a solution; end the first one before it.")
            begin = number
        elif begin is None:
            raise MarkerError(number, "END SOLUTION without BEGIN; remove it or add the opening marker.")
        else:
            pairs.append((begin, number))
            begin = None
    if begin is not None:
        raise MarkerError(begin, "BEGIN SOLUTION without END; add the closing marker.")
    return pairs


def _comment_lines(source: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0] - 1 for token in tokens if token.type == tokenize.COMMENT}


def _region(source: str, tree: ast.Module, begin: int, end: int) -> Region:
    lines = source.split("\n")
    indent = lines[begin][: len(lines[begin]) - len(lines[begin].lstrip())]
    inside = [
        (statement, parents)
        for statement, parents in _statements(tree, ())
        if begin + 1 < statement.lineno <= end and not any(begin + 1 < parent.lineno for parent in parents)
    ]
    if not inside:
        raise MarkerError(begin, "an empty solution; put the statements to be removed between the markers.")
    owners = {_function(parents) for _, parents in inside}
    if len(owners) > 1 or len({parents for _, parents in inside}) > 1:
        raise MarkerError(begin, "a solution that spans two functions or blocks; give each function its own markers.")
    owner = owners.pop()
    if owner is None:
        raise MarkerError(begin, "a solution outside a function; put the markers inside the body of one function.")
    for statement, _ in inside:
        if (statement.end_lineno or 0) > end:
            raise MarkerError(end, "END SOLUTION cuts a statement in two; move it behind the statement.")
    if inside[0][0].col_offset != len(indent):
        raise MarkerError(begin, "BEGIN SOLUTION is not indented as its first statement; align the two.")
    return Region(begin, end, indent, owner.name, owner.lineno)


def _statements(node: ast.AST, parents: tuple[ast.stmt, ...]) -> Iterator[tuple[ast.stmt, tuple[ast.stmt, ...]]]:
    """Every statement below `node`, in the order of the text, with the statements it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child, parents
            yield from _statements(child, (*parents, child))
        else:
            yield from _statements(child, parents)


def _function(parents: tuple[ast.stmt, ...]) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    return next((parent for parent in reversed(parents) if isinstance(parent, _FUNCTIONS)), None)
