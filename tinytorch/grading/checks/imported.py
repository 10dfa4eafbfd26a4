"""The identity of modules that hidden checks import, unless the grader's digest or Python's version covers them."""

from __future__ import annotations

import ast
import functools
import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import packages_distributions, version
from pathlib import Path

import tinytorch
from tinytorch.grading.base.digests import file_digest, text_digest, tree_digest


def modules_named(statements: Iterable[ast.AST]) -> list[str]:
    """The modules that statements import, wherever in them: `numpy`, `tinytorch.bench.compare`."""
    modules: set[str] = set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        match node:
            case ast.Import():
                modules.update(alias.name for alias in node.names)
            case ast.ImportFrom():
                modules.update(f"{node.module or ''}.{alias.name}".lstrip(".") for alias in node.names)
            case ast.Call(func=ast.Attribute(attr="importorskip"), args=[ast.Constant(value=str() as name), *_]):
                modules.add(name)
    return sorted(modules)


def imported(modules: Sequence[str], folder: Path, hashed_rooms: frozenset[str]) -> dict[str, str]:
    """Returns the identity of these modules and of those that they import, if they are files of `folder`."""
    identities: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in identities:
            continue
        beside = folder / f"{module.partition('.')[0]}.py"
        if beside.is_file():
            identities[module] = file_digest(beside)
            waiting += _modules_in(beside)
        else:
            identities[module] = what_it_is(module, hashed_rooms)
    return identities


def what_it_is(module: str, hashed_rooms: frozenset[str]) -> str:
    """Returns the digest of a room of `tinytorch` that the grader's digest leaves out, or a library's version."""
    top, _, rest = module.partition(".")
    if top == "tinytorch":
        rooms = (room.removesuffix(".py").replace("/", ".") for room in hashed_rooms)
        return "" if any(f"{rest}.".startswith(f"{room}.") for room in rooms) else _package_digest()
    return "" if top in sys.stdlib_module_names else library(top)


@functools.cache
def library(top: str) -> str:
    """A library by its version; code that was never installed, but is found, by its files."""
    names = sorted(set(_distributions().get(top, ())))
    return ",".join(f"{name} {version(name)}" for name in names) if names else _loose(top)


def _loose(top: str) -> str:
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return "absent"
    folders = list(spec.submodule_search_locations or ())
    if folders:
        return text_digest([tree_digest(Path(folder), "*.py") for folder in folders])
    return file_digest(Path(spec.origin)) if spec.origin and Path(spec.origin).is_file() else "built in"


def _modules_in(path: Path) -> list[str]:
    try:
        return modules_named([ast.parse(path.read_text(encoding="utf-8"), str(path))])
    except (SyntaxError, ValueError):
        return []  # no Python can import it


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


@functools.cache
def _package_digest() -> str:
    return tree_digest(Path(tinytorch.__file__).parent, "*.py")
