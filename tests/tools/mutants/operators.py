"""The faults: each rule looks at one node of a solution's syntax tree and says which texts could stand in its place.

They are the slips of people who write kernels: a bound that is off by one, a tail that is dropped, the wrong type, the
wrong index, two arguments swapped, a check or a conversion forgotten.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

ARITHMETIC = {
    "@": "*",
    "+": "-",
    "-": "+",
    "*": "+",
    "/": "*",
    "//": "*",
    "%": "//",
    "**": "*",
    ">>": "<<",
    "&": "|",
    "^": "&",
}
COMPARISON = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is": "is not", "is not": "is"}
NAMES = {
    "min": "max",
    "max": "min",
    "maximum": "minimum",
    "rint": "trunc",
    "isfinite": "isnan",
    "fmean": "median",
    "median": "fmean",
    "float64": "float32",
    "float32": "float64",
    "int64": "int32",
    "int32": "int64",
    "int16": "int8",
    "int8": "int16",
    "perf_counter_ns": "process_time_ns",
    "isqrt": "ceil",
    "subtract": "add",
    "add": "subtract",
    "all": "any",
}
WRAPPERS = {"min", "max", "float", "asarray", "ascontiguousarray", "checked_result", "sqrt", "rint"}
COMMUTATIVE = {"min", "max", "np.multiply", "np.add", "np.maximum"}
CONVERSIONS = {"astype", "reshape"}


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in place of the characters from `start` to `end` of a solution."""

    start: int
    end: int
    text: str
    rule: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


class Places:
    """Where the nodes of a piece of source stand in it."""

    def __init__(self, source: str) -> None:
        self.source = source
        lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))
        self._lines = lines

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._index(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        return self._index(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.expr | ast.stmt) -> str:
        return self.source[self.start(node) : self.end(node)]

    def _index(self, line: int, byte: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:byte].decode())


def edits(source: str) -> list[Edit]:
    """Every fault that can be put into `source`, those that leave it as it was or break its syntax left out."""
    places, tree = Places(source), ast.parse(source)
    loop_names = sorted(
        node.target.id for node in ast.walk(tree) if isinstance(node, ast.For) and isinstance(node.target, ast.Name)
    )
    found: dict[str, Edit] = {}
    for node in ast.walk(tree):
        for rule in RULES:
            for edit in rule(node, places):
                found.setdefault(edit.apply(source), edit)
        for edit in _wrong_index(node, places, loop_names):
            found.setdefault(edit.apply(source), edit)
    plain = ast.dump(tree)
    return [edit for text, edit in found.items() if _is_other_python(text, plain)]


def _is_other_python(text: str, plain: str) -> bool:
    try:
        return ast.dump(ast.parse(text)) != plain
    except SyntaxError:
        return False


def _instead(node: ast.expr | ast.stmt, text: str, rule: str, places: Places) -> Edit:
    return Edit(places.start(node), places.end(node), text, rule)


def _between(left: ast.expr, right: ast.expr, table: dict[str, str], rule: str, places: Places) -> Iterator[Edit]:
    """The operator between two operands, and what `table` has for it."""
    start, end = places.end(left), places.start(right)
    match = re.search(r"is not|is|//|\*\*|>>|[<>=!]=|[-+*/%<>&^@]", places.source[start:end])
    if match and match.group() in table:
        yield Edit(start + match.start(), start + match.end(), table[match.group()], rule)


def arithmetic(node: ast.AST, places: Places) -> Iterator[Edit]:
    """Another operator: `+` for `-`, `//` for `%`."""
    if isinstance(node, ast.BinOp):
        yield from _between(node.left, node.right, ARITHMETIC, "arithmetic", places)
    if isinstance(node, ast.AugAssign):
        start, end = places.end(node.target), places.start(node.value)
        for text in (" = ", " -= "):
            yield Edit(start, end, text, "arithmetic")


def comparison(node: ast.AST, places: Places) -> Iterator[Edit]:
    """A bound that is off by one, or the other way round."""
    if isinstance(node, ast.Compare):
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
            yield from _between(left, right, COMPARISON, "comparison", places)


def logic(node: ast.AST, places: Places) -> Iterator[Edit]:
    """`and` for `or`, and a `not` forgotten."""
    if isinstance(node, ast.BoolOp):
        other = copy.deepcopy(node)
        other.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield _instead(node, f"({ast.unparse(other)})", "logic", places)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _instead(node, f"({ast.unparse(node.operand)})", "logic", places)


def constant(node: ast.AST, places: Places) -> Iterator[Edit]:
    """A number one too large or one too small, a float halved or doubled, True for False."""
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, bool):
        yield _instead(node, str(not node.value), "constant", places)
    elif isinstance(node.value, int):
        for value in (node.value + 1, node.value - 1):
            yield _instead(node, str(value) if value >= 0 else f"({value})", "constant", places)
    elif isinstance(node.value, float):
        for value in (node.value * 2, node.value / 2) if node.value else (1.0,):
            yield _instead(node, repr(value), "constant", places)


def condition(node: ast.AST, places: Places) -> Iterator[Edit]:
    """A case that is always or never taken: validation forgotten, a tail dropped."""
    if isinstance(node, ast.If):
        for text in ("True", "False"):
            yield _instead(node.test, text, "condition", places)
    if isinstance(node, ast.IfExp):
        for branch in (node.body, node.orelse):
            yield _instead(node, f"({ast.unparse(branch)})", "condition", places)


def statement(node: ast.AST, places: Places) -> Iterator[Edit]:
    """A line forgotten."""
    is_store = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Raise) or is_store:
        yield _instead(node, "pass", "statement", places)


def loop(node: ast.AST, places: Places) -> Iterator[Edit]:
    """A range that begins one later, ends one earlier, or takes steps that are too long."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "range"):
        return
    given = [ast.unparse(argument) for argument in node.args]
    start, stop = given[:2] if len(given) > 1 else ("0", given[0])
    step = given[2:]
    yield _instead(node, f"range({', '.join([start, f'{stop} - 1', *step])})", "loop", places)
    yield _instead(node, f"range({', '.join([f'{start} + 1', stop, *step])})", "loop", places)
    yield _instead(node, f"range({start}, {stop}, 2 * {step[0] if step else 1})", "loop", places)


def name(node: ast.AST, places: Places) -> Iterator[Edit]:
    """Another type, or a function's twin: float32 for float64, min for max."""
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield Edit(places.end(node) - len(node.attr), places.end(node), NAMES[node.attr], "name")
    if isinstance(node, ast.Name) and node.id in ("min", "max", "all"):
        yield _instead(node, NAMES[node.id], "name", places)


def wrapper(node: ast.AST, places: Places) -> Iterator[Edit]:
    """A conversion, a clip or a check forgotten: the first argument in place of the call."""
    if not isinstance(node, ast.Call):
        return
    called = ast.unparse(node.func).rpartition(".")[2]
    if called in WRAPPERS and node.args:
        yield _instead(node, f"({ast.unparse(node.args[0])})", "wrapper", places)
    if called in CONVERSIONS and isinstance(node.func, ast.Attribute):
        yield _instead(node, places.text(node.func.value), "wrapper", places)
    for keyword in node.keywords:
        if keyword.arg is not None:
            other = copy.deepcopy(node)
            other.keywords = [kept for kept in other.keywords if kept.arg != keyword.arg]
            yield _instead(node, ast.unparse(other), "keyword", places)


def order(node: ast.AST, places: Places) -> Iterator[Edit]:
    """Two neighbors swapped: arguments of a call, indices, items of a tuple that is returned,
    operands."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) not in COMMUTATIVE:
        items = node.args
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        items = node.slice.elts
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        items = node.value.elts
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
        items = [node.left, node.right]
    else:
        return
    for left, right in itertools.pairwise(items):
        gap = places.source[places.end(left) : places.start(right)]
        text = places.text(right) + gap + places.text(left)
        yield Edit(places.start(left), places.end(right), text, "order")


def piece(node: ast.AST, places: Places) -> Iterator[Edit]:
    """A slice without one of its ends, or one element short."""
    if not (isinstance(node, ast.Slice) and node.step is None):
        return
    lower = ast.unparse(node.lower) if node.lower else ""
    upper = ast.unparse(node.upper) if node.upper else ""
    for text in (f"{lower}:", f":{upper}", f"{lower}:{upper} - 1" if upper else f"{lower}:-1"):
        yield _instead(node, text, "piece", places)


def _wrong_index(node: ast.AST, places: Places, loop_names: list[str]) -> Iterator[Edit]:
    """One loop's variable in place of another's."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in loop_names:
        for other in loop_names:
            if other != node.id:
                yield _instead(node, other, "index", places)


RULES = (arithmetic, comparison, logic, constant, condition, statement, loop, name, wrapper, order, piece)
