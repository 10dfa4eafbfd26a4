"""A module's declaration in its `module.toml`: title, description, points, and the modules it requires."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinytorch.course.names import Module
from tinytorch.course.project import Project
from tinytorch.errors import SourceError

FACTS_FILE = "module.toml"

_KEYS = {"title", "description", "requires", "points"}
_POINTS = {"automatic", "manual"}


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """One module's declaration; `requires` names the modules whose package its lessons import."""

    title: str
    description: str
    automatic_points: float
    manual_points: float
    requires: tuple[str, ...] = ()


def facts_path(project: Project, module: Module) -> Path:
    return project.modules_dir / module.name / FACTS_FILE


def module_facts(project: Project, module: Module) -> ModuleFacts:
    """Returns the module's declaration; raises `SourceError` if the file or an entry is missing."""
    path = facts_path(project, module)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        example = "title, description, requires and [points] with automatic and manual"
        raise SourceError(f"{path} does not exist; write one with {example}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read: {error}; correct it or restore it.") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; check its permissions.") from error
    points = raw.get("points")
    if not isinstance(points, dict):
        raise SourceError(f"{path}: the table [points] is missing; add it, with automatic and manual.")
    _known(path, raw, _KEYS)
    _known(path, points, _POINTS)
    return ModuleFacts(
        _line(path, raw, "title"),
        _line(path, raw, "description"),
        _number(path, points, "automatic"),
        _number(path, points, "manual"),
        _names(path, raw, "requires"),
    )


def _known(path: Path, table: Mapping[str, object], names: set[str]) -> None:
    unknown = ", ".join(sorted(table.keys() - names))
    if unknown:
        raise SourceError(f"{path}: {unknown} means nothing here; the names are {', '.join(sorted(names))}.")


def _line(path: Path, table: Mapping[str, object], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise SourceError(f"{path}: {name} is {value!r}; it must be one line of text.")
    return value.strip()


def _number(path: Path, table: Mapping[str, object], name: str) -> float:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise SourceError(f"{path}: {name} points are {value!r}; they must be a number, 0 or more.")
    return float(value)


def _names(path: Path, table: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SourceError(f"{path}: {name} is {value!r}; it must be a list of modules' names.")
    return tuple(value)
