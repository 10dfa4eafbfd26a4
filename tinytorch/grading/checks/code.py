"""The part of its file that a hidden check's outcome depends on: its code and what that uses, not weight or docstring.

Read from the syntax tree without docstrings and without `grade` and `lesson` marks, so comments, layout and weights
don't count. In the digest are, in the order of the file, the check itself, every definition that it uses directly or
indirectly (fixtures by their names too), statements that define nothing or change what others defined, and what
pytest runs for every check. With them go what they import, see `tinytorch.grading.checks.imported`, and the ratios and
shares of the bands whose names are strings in them. Code that looks names up as it runs (`globals`, `eval`, ...)
depends on the whole file and on all bands, code that imports from a file beside it on all bands.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tinytorch.bench.band_file import Shares
from tinytorch.grading.base.digests import file_digest, text_digest
from tinytorch.grading.checks.imported import imported, modules_named

_MARKS = ("grade", "lesson")
_BY_NAME = frozenset(
    {"globals", "locals", "vars", "eval", "exec", "__import__", "importlib", "inspect", "open", "Path"}
)
_BY_ATTRIBUTE = _BY_NAME | {"__globals__", "__dict__", "__doc__", "modules", "module", "getfixturevalue"}
# Functions that pytest calls before or after every check of a file, by their names.
_AROUND = frozenset({"setup_module", "teardown_module", "setup_function", "teardown_function"})

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class CheckFile:
    """The syntax of one file of checks; `common` is the digest of what they all may depend on, see `common_digest`.

    `bands` are the module's, by name.
    """

    def __init__(self, path: Path, common: str, bands: Mapping[str, Shares] | None = None) -> None:
        self._path, self._common, self._bands = path, common, bands or {}
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        self._statements = [_bare(statement) for statement in tree.body if not _is_text(statement)]
        self._uses = [_uses(statement) for statement in self._statements]
        self._defining: dict[str, list[int]] = {}
        for number, statement in enumerate(self._statements):
            for name in _defined(statement):
                self._defining.setdefault(name, []).append(number)
        self._always = {number for number in range(len(self._statements)) if self._is_for_all(number)}

    def digest(self, name: str, check: str, hashed_rooms: frozenset[str]) -> str:
        """Digest of what a check depends on, by its full name, in the function or class `name` of this file."""
        used = self._used_by(name)
        code: object = [ast.unparse(statement) for statement in used]
        if any(_looks_up_names(statement) for statement in used):
            used, code = self._statements, file_digest(self._path)
        imports = imported(modules_named(used), self._path.parent, hashed_rooms)
        bands = {band: self._bands[band] for band in self.bands_of(name)}
        parts = {"check": check, "common": self._common, "code": code, "imports": imports, "bands": bands}
        return text_digest(parts)

    def bands_of(self, name: str) -> frozenset[str]:
        """The bands that the check in the function or class `name` may ask for."""
        used = self._used_by(name)
        if any(map(_looks_up_names, used)) or any(map(self._is_beside, modules_named(used))):
            return frozenset(self._bands)
        return frozenset(_strings(used) & self._bands.keys())

    def bands_raced(self) -> frozenset[str]:
        """Returns the bands named in the code of a check that judges a race."""
        tests = [name for name in self._defining if name.lower().startswith("test")]
        races = [name for name in tests if any(map(_judges_a_race, self._used_by(name)))]
        return frozenset().union(*map(self.bands_of, races))

    def bands_asked(self) -> frozenset[str]:
        """The names, known or not, by which the file plainly asks for bands."""
        return frozenset(name for statement in self._statements for name in _bands_asked(statement))

    def _used_by(self, name: str) -> list[ast.stmt]:
        return self._closure({*self._always, *self._defining.get(name, [])})

    def _is_beside(self, module: str) -> bool:
        return (self._path.parent / f"{module.partition('.')[0]}.py").is_file()

    def _closure(self, roots: set[int]) -> list[ast.stmt]:
        """The statements of these numbers and all that they use, in the order of the file."""
        used, waiting = set(roots), list(roots)
        while waiting:
            names = self._uses[waiting.pop()] & self._defining.keys()
            new = {number for name in names for number in self._defining[name]} - used
            used |= new
            waiting += new
        return [self._statements[number] for number in sorted(used)]

    def _is_for_all(self, number: int) -> bool:
        """Returns whether a statement may affect a check that uses none of its names."""
        statement = self._statements[number]
        names = set(_defined(statement))
        if not names or "pytestmark" in names or names & _AROUND or any(name.startswith("pytest_") for name in names):
            return True
        match statement:
            case ast.ImportFrom():
                return "*" in names
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return any(self._says_autouse(decorator) for decorator in statement.decorator_list)
            case ast.AugAssign():
                return True  # the object may have another name
            case ast.Assign() | ast.AnnAssign():
                return _changes_an_object(statement) or self._is_for_its_effect(number, names)
        return False

    def _says_autouse(self, decorator: ast.expr) -> bool:
        """Returns whether a statement defines an autouse fixture, directly or by an alias of the decorator."""
        numbers = (number for name in _uses(decorator) for number in self._defining.get(name, []))
        return any("autouse" in ast.unparse(node) for node in (decorator, *map(self._statements.__getitem__, numbers)))

    def _is_for_its_effect(self, number: int, names: set[str]) -> bool:
        """Returns whether a statement calls something whose result nothing uses: `before = np.seterr(all="raise")`."""
        if not any(isinstance(node, ast.Call) for node in ast.walk(self._statements[number])):
            return False
        return not any(names & uses for other, uses in enumerate(self._uses) if other != number) and not any(
            name.startswith("test") for name in names
        )


def common_digest(folder: Path, hashed_rooms: frozenset[str] = frozenset()) -> str:
    """Digest of what every check of a folder may depend on: all files but those of checks, `conftest.py` among them.

    With it goes what those files import.
    """
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    others = {str(path.relative_to(folder)): path for path in paths if not path.match("test_*.py")}
    beside = {path.stem for path in others.values() if path.suffix == ".py"}
    imports = {name: imported([name], folder, hashed_rooms) for name in sorted(beside)}
    return text_digest({"files": {name: file_digest(path) for name, path in others.items()}, "imports": imports})


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a file binds, or rebinds when it is called."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield statement.name
            yield from (name for node in ast.walk(statement) if isinstance(node, ast.Global) for name in node.names)
            yield from _fixture_names(statement)
        case ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _fixture_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """`data`, of `@pytest.fixture(name="data")`."""
    for node in (node for decorator in function.decorator_list for node in ast.walk(decorator)):
        match node:
            case ast.keyword(arg="name", value=ast.Constant(value=str() as name)):
                yield name


def _changes_an_object(statement: ast.Assign | ast.AnnAssign) -> bool:
    """Returns whether a statement assigns to a part of an object, which may have further names."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return any(isinstance(node, ast.Attribute | ast.Subscript) for target in targets for node in ast.walk(target))


def _uses(statement: ast.AST) -> set[str]:
    """Every name that a statement may look up: those it reads, its arguments (fixtures) and strings that are names."""
    names: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name():
                names.add(node.id)
            case ast.arg():
                names.add(node.arg)
            case ast.Constant(value=str() as text) if text.isidentifier():
                names.add(text)
    return names


def _strings(statements: Iterable[ast.AST]) -> set[str]:
    nodes = (node for statement in statements for node in ast.walk(statement))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _judges_a_race(statement: ast.stmt) -> bool:
    nodes = ast.walk(statement)
    return any(isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "bands" for node in nodes)


def _bands_asked(statement: ast.stmt) -> Iterator[str]:
    """`"blocks"`, of `check.bands(race, "blocks")`, `student.speed(..., bounds="blocks")`, `helper(bands="blocks")`."""
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Attribute(attr="bands"), args=[_, ast.Constant(value=str() as name)]):
                yield name
            case ast.keyword(arg="bands" | "bounds", value=ast.Constant(value=str() as name)):
                yield name


def _looks_up_names(statement: ast.stmt) -> bool:
    """Returns whether a statement may use names that do not occur in its text."""
    parts: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Attribute():
                parts.add(node.attr)
            case ast.alias():
                parts.update(node.name.split("."))
            case ast.ImportFrom(module=str() as module):
                parts.update(module.split("."))
    return bool(_uses(statement) & _BY_NAME or parts & _BY_ATTRIBUTE)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _bare(statement: ast.stmt) -> ast.stmt:
    """Returns a copy without docstrings and marks, which don't change an outcome."""
    bare: ast.stmt = _Unmark().visit(copy.deepcopy(statement))
    for node in ast.walk(bare):
        if isinstance(node, Definition) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return bare


class _Unmark(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node.func:
            case ast.Attribute(attr=name, value=ast.Attribute(attr="mark") | ast.Name(id="mark")) if name in _MARKS:
                return ast.copy_location(ast.Constant(name), node)
        return self.generic_visit(node)
