"""What the outcome of a hidden check depends on in its own file: its code and what that uses, not its weight or words.

Read from the syntax tree, so comments and layout don't count. In the digest are the check itself without its docstring
and without its `grade` and `lesson` marks, every definition of its file that it uses directly or indirectly (fixtures
by their names too), the imports behind those, statements of the file that define nothing, and what the imports stand
for: another file of the folder by its bytes, a room of `tinytorch` that the grader's digest leaves out by its tree, a
library by its version. Code that looks names up as it runs (`globals`, `eval`, ...) depends on the whole file.
"""

from __future__ import annotations

import ast
import copy
import functools
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path

import tinytorch
from tinytorch.grading.base.digests import file_digest, text_digest, tree_digest

_MARKS = ("grade", "lesson")
_BY_NAME = frozenset(
    {"globals", "locals", "vars", "eval", "exec", "__import__", "importlib", "inspect", "open", "Path"}
)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class CheckFile:
    """The syntax of one file of checks; `common` is the digest of what they all may depend on, see `common_digest`."""

    def __init__(self, path: Path, common: str) -> None:
        self._path, self._common = path, common
        self._defining: dict[str, list[ast.stmt]] = {}
        self._always: list[ast.stmt] = []
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for number, statement in enumerate(tree.body):
            if number == 0 and _is_text(statement):
                continue
            names = list(_defined(statement))
            for name in names:
                self._defining.setdefault(name, []).append(statement)
            if not names or "pytestmark" in names or _is_for_all(statement):
                self._always.append(statement)

    def digest(self, name: str, check: str, hashed_rooms: frozenset[str]) -> str:
        """Digest of what a check depends on, by its full name, in the function or class `name` of this file."""
        own = [_without_docstrings(statement) for statement in self._defining.get(name, [])]
        used = self._closure([*own, *self._always], name)
        if any(_uses(statement) & _BY_NAME for statement in used):
            return text_digest({"check": check, "common": self._common, "file": file_digest(self._path)})
        code = [ast.unparse(_without_marks(statement)) for statement in used]
        imports = {module: self._module(module, hashed_rooms) for module in _modules(used)}
        return text_digest({"check": check, "common": self._common, "code": code, "imports": imports})

    def _closure(self, statements: list[ast.stmt], root: str) -> list[ast.stmt]:
        """The statements and all that they use, in an order that depends on nothing but the code."""
        waiting, found, names = list(statements), [], {root}
        while waiting:
            statement = waiting.pop(0)
            found.append(statement)
            for name in sorted((_uses(statement) & self._defining.keys()) - names):
                names.add(name)
                waiting += [used for used in self._defining[name] if used not in found and used not in waiting]
        return found

    def _module(self, module: str, hashed_rooms: frozenset[str]) -> str:
        """What an imported module is, as far as neither the grader's digest nor Python's version says it."""
        top, _, rest = module.partition(".")
        beside = self._path.parent / f"{top}.py"
        if beside.is_file():
            return file_digest(beside)
        if top == "tinytorch":
            rooms = (room.removesuffix(".py").replace("/", ".") for room in hashed_rooms)
            return "" if any(f"{rest}.".startswith(f"{room}.") for room in rooms) else _package_digest()
        return "" if top in sys.stdlib_module_names else _version_of(top)


@functools.cache
def _package_digest() -> str:
    return tree_digest(Path(tinytorch.__file__).parent, "*.py")


@functools.cache
def _version_of(top: str) -> str:
    return ",".join(f"{name} {version(name)}" for name in sorted(set(packages_distributions().get(top, [top]))))


def common_digest(folder: Path) -> str:
    """Digest of what every check of a folder may depend on: all files but those of checks, `conftest.py` among them."""
    others = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    named = {str(path.relative_to(folder)): file_digest(path) for path in others if not path.match("test_*.py")}
    return text_digest(named)


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a file binds."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _uses(statement: ast.stmt) -> set[str]:
    """Every name that a statement may look up: those it reads, its arguments (fixtures) and strings that are names."""
    found: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name():
                found.add(node.id)
            case ast.arg():
                found.add(node.arg)
            case ast.Constant(value=str() as text) if text.isidentifier():
                found.add(text)
    return found


def _modules(statements: Iterable[ast.stmt]) -> list[str]:
    found: set[str] = set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        match node:
            case ast.Import():
                found.update(alias.name for alias in node.names)
            case ast.ImportFrom():
                found.update(f"{node.module or ''}.{alias.name}".lstrip(".") for alias in node.names)
    return sorted(found)


def _is_for_all(statement: ast.stmt) -> bool:
    """A fixture that every check gets without naming it, a hook of pytest, or a star import."""
    if isinstance(statement, ast.ImportFrom):
        return any(alias.name == "*" for alias in statement.names)
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    decorators = [ast.unparse(decorator) for decorator in statement.decorator_list]
    return statement.name.startswith("pytest_") or any("autouse" in text for text in decorators)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _without_docstrings(statement: ast.stmt) -> ast.stmt:
    """A copy in which the check, or each check of a class, says nothing to students."""
    done = copy.deepcopy(statement)
    for node in ast.walk(done):
        if isinstance(node, Definition) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return done


class _Unmark(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node.func:
            case ast.Attribute(attr=name, value=ast.Attribute(attr="mark") | ast.Name(id="mark")) if name in _MARKS:
                return ast.copy_location(ast.Constant(name), node)
        return self.generic_visit(node)


def _without_marks(statement: ast.stmt) -> ast.AST:
    unmarked: ast.AST = _Unmark().visit(copy.deepcopy(statement))
    return unmarked
