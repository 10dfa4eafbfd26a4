"""Modules and lessons by the names people give them: `07_name`, `07`, `name`, `name/02`, ..."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from tinytorch.course.project import Project
from tinytorch.errors import UnknownNameError

NAME = re.compile(r"(\d+)_([a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Module:
    """A folder of lessons: `07_name` is number 07, short name name."""

    name: str
    number: str
    short: str

    def __str__(self) -> str:
        return self.name

    @property
    def package(self) -> str:
        """The package that its lessons are exported into."""
        return f"tinytorch.core.{self.short}"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One source and its notebook: `02_matmul` is number 02, short name matmul."""

    module: Module
    name: str
    number: str
    short: str

    def __str__(self) -> str:
        return f"{self.module}/{self.name}"

    @property
    def notebook(self) -> str:
        return f"{self.name}.ipynb"

    @property
    def target(self) -> str:
        """The value of `#| default_exp`: the path in the package that the lesson is exported to."""
        return f"core.{self.module.short}.{self.short}"


_Named = TypeVar("_Named", Module, Lesson)


def modules(project: Project) -> list[Module]:
    """Every module of the project, by number."""
    folder = project.modules_dir if project.kind == "checkout" else project.originals_dir
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [Module(name, *match.groups()) for name in names if (match := NAME.fullmatch(name))]


def lessons(project: Project, module: Module) -> list[Lesson]:
    """Every lesson of a module, in the order of its numbers."""
    folder, suffix = project.modules_dir, "py"
    if project.kind == "kit":
        folder, suffix = project.originals_dir, "ipynb"
    names = sorted(path.stem for path in (folder / module.name).glob(f"*.{suffix}"))
    return [Lesson(module, name, *match.groups()) for name in names if (match := NAME.fullmatch(name))]


def resolve_module(project: Project, text: str) -> Module:
    """The module called `text`: by its full name, number or short name."""
    return _choose("module", text.strip().strip("/"), modules(project))


def only_module(project: Project) -> Module:
    """Returns the only module: the default of commands that are given none."""
    candidates = modules(project)
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise UnknownNameError(f"{project.root} holds no module yet.")
    names = ", ".join(candidate.name for candidate in candidates)
    raise UnknownNameError(f"there are several modules, so say which one: {names}.")


def resolve(project: Project, text: str) -> Module | Lesson:
    """The module or, after a slash, the lesson that `text` names."""
    head, slash, tail = text.strip().strip("/").partition("/")
    module = resolve_module(project, head)
    if not slash:
        return module
    return _choose(f"lesson of {module}", tail.removesuffix(".ipynb").removesuffix(".py"), lessons(project, module))


def _choose(kind: str, text: str, candidates: Sequence[_Named]) -> _Named:
    for candidate in candidates:
        by_number = text.isdecimal() and int(text) == int(candidate.number)
        if by_number or text.lower() in (candidate.name, candidate.short):
            return candidate
    known = {name: candidate.name for candidate in candidates for name in (candidate.name, candidate.short)}
    nearest = difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.5)
    names = ", ".join(candidate.name for candidate in candidates) or "none"
    hint = f"did you mean {known[nearest[0]]}?" if nearest else f"use one of: {names}."
    raise UnknownNameError(f"there is no {kind} called {text!r}; {hint}")
