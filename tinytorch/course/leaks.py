"""Leaks that must not reach students: solutions, hidden checks, outputs, markers, paths of the instructor's machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tinytorch.course.build import source_path
from tinytorch.course.names import Module, lessons
from tinytorch.course.notebooks import read_notebook
from tinytorch.course.project import Project
from tinytorch.course.source import read_source, regions
from tinytorch.errors import SourceError
from tinytorch.notebooks.cells import grade_id

# Shorter lines (`return out`, `i += 1`) give nothing away.
_TELLING = 12
_TELLING_ALONE = 25

_PATH = re.compile(
    r"(?<![\w./:~-])/(?:home|Users|root|work|mnt|tmp|private|srv|scratch)/[\w.@+-]+"
    r"|(?<!\w)[A-Za-z]:\\+Users\\+\w+"
)
_HIDDEN_WORDS = re.compile(r"\bstudent\.\w+\(|\bpytest\.mark\.(grade|lesson)\b|\btinytorch\.grading\b")
_MARKER = re.compile(r"\b(BEGIN|END)\s+(SOLUTION|HIDDEN TESTS?|MARK SCHEME|AUTOTEST)\b", re.IGNORECASE)


class LeakKind(StrEnum):
    SOLUTION = "solution line"
    HIDDEN_CHECK = "hidden check"
    OUTPUT = "output"
    PATH = "absolute path"
    MARKER = "marker"


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing found in a release notebook: `cell` is its grade_id, else its number among all cells."""

    notebook: str
    cell: str
    kind: LeakKind
    text: str

    def __str__(self) -> str:
        return f"{self.notebook}, cell {self.cell}: {self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class _Secrets:
    solutions: frozenset[str]
    hidden: tuple[frozenset[str], ...]  # one set of lines for each hidden check
    own_paths: tuple[str, ...]


def find_leaks(release_dir: Path, project: Project, module: Module) -> list[Leak]:
    """Returns everything in the release notebooks of `module` that students must not see; an empty list if none."""
    notebooks = sorted(release_dir.glob("*.ipynb"))
    if not notebooks:
        raise SourceError(f"{release_dir} holds no notebook; generate the release first.")
    secrets = _Secrets(
        solutions=_solution_lines(project, module),
        hidden=tuple(_hidden_checks(project.hidden_dir(module))),
        own_paths=tuple(str(path) for path in {project.root, Path.home()} if len(path.parts) > 2),
    )
    return [leak for path in notebooks for leak in _notebook_leaks(path.name, read_notebook(path), secrets)]


def _notebook_leaks(name: str, nb: NotebookNode, secrets: _Secrets) -> Iterator[Leak]:
    for number, cell in enumerate(nb.cells, start=1):
        for kind, text in _cell_leaks(cell, secrets):
            yield Leak(name, grade_id(cell) or str(number), kind, text[:120])
    for text in _strings(nb.metadata):
        for path in _paths(text, secrets.own_paths):
            yield Leak(name, "metadata", LeakKind.PATH, path)


def _cell_leaks(cell: NotebookNode, secrets: _Secrets) -> Iterator[tuple[LeakKind, str]]:
    everything = list(_strings(cell))
    lines = [_squeezed(line) for text in everything for line in text.split("\n")]
    for secret in sorted(secrets.solutions):
        if any(secret in line for line in lines):
            yield LeakKind.SOLUTION, secret
    for shown in _shown_checks(lines, secrets.hidden):
        yield LeakKind.HIDDEN_CHECK, shown
    if cell.get("outputs") or cell.get("execution_count") is not None:
        yield LeakKind.OUTPUT, _first_output(cell)
    for text in everything:
        for line in text.split("\n"):
            if _MARKER.search(line):
                yield LeakKind.MARKER, line.strip()
        for path in _paths(text, secrets.own_paths):
            yield LeakKind.PATH, path


def _shown_checks(lines: list[str], hidden: Iterable[frozenset[str]]) -> Iterator[str]:
    """Yields lines that name hidden checks, or two lines of one check: one shared line may be a coincidence."""
    yield from (line for line in lines if _HIDDEN_WORDS.search(line))
    for check in hidden:
        shown = sorted(check & set(lines))
        if len(shown) > 1:
            yield "; ".join(shown)


def _solution_lines(project: Project, module: Module) -> frozenset[str]:
    """Returns revealing lines of solution regions that occur nowhere outside a region."""
    inside: set[str] = set()
    outside: list[str] = []
    for lesson in lessons(project, module):
        for cell in read_source(source_path(project, lesson)).cells:
            lines = [_squeezed(line) for line in cell.source.split("\n")]
            for region in reversed(regions(cell)):
                inside.update(lines[region.begin + 1 : region.end])
                del lines[region.begin : region.end + 1]
            outside += lines
    public = "\n".join(outside)
    return frozenset(line for line in inside if _is_telling(line) and line not in public)


def _is_telling(line: str) -> bool:
    return len(line) >= _TELLING and any(char.isalpha() for char in line)


def _hidden_checks(folder: Path) -> Iterator[frozenset[str]]:
    """For each function in the hidden checks, the lines that would give its inputs or its verdict away."""
    for path in sorted(folder.glob("*.py")):
        try:
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
        except (SyntaxError, UnicodeDecodeError) as error:
            raise SourceError(f"{path} cannot be read as Python: {error}; fix the hidden checks first.") from error
        lines = text.split("\n")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                body = (_squeezed(line) for line in lines[node.lineno : node.end_lineno])
                yield frozenset(line for line in body if len(line) >= _TELLING_ALONE and any(map(str.isalpha, line)))


def _squeezed(line: str) -> str:
    """The line without indentation or comment sign, its inner white space made single."""
    return " ".join(line.split()).lstrip("# ")


def _first_output(cell: NotebookNode) -> str:
    outputs = cell.get("outputs") or []
    return str(outputs[0].get("output_type", "?")) if outputs else f"execution count {cell.execution_count}"


def _paths(text: str, own: Iterable[str]) -> Iterator[str]:
    yield from (match[0] for match in _PATH.finditer(text))
    yield from (path for path in own if path in text and not _PATH.search(path))


def _strings(value: Any) -> Iterator[str]:
    """Every string inside nested lists and dicts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
