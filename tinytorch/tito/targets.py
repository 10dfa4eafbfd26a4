"""The module or lesson that a command is about: by its name, or because it is the only one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tinytorch.course.names import Lesson, Module
    from tinytorch.course.project import Project

# A module goes by its folder's name, by its number, or by the name without the number.
Target = Annotated[str, typer.Argument(help="A module (07_name, 07, name) or a lesson (name/02).")]
ModuleName = Annotated[str, typer.Argument(help="A module: its folder's name (07_name), its number or its short name.")]
OnlyModule = Annotated[str | None, typer.Argument(help="A module; may be left out where there is only one.")]
EveryTarget = Annotated[str | None, typer.Argument(help="A module or lesson; all modules when left out.")]


def find(text: str) -> tuple[Project, Module | Lesson]:
    """The project here, and the module or lesson in it that `text` names."""
    from tinytorch.course.names import resolve
    from tinytorch.course.project import find_project

    project = find_project()
    return project, resolve(project, text)


def chosen(project: Project, text: str | None) -> Module:
    """The module called `text`, or the only one there is."""
    from tinytorch.course.names import only_module, resolve_module

    return only_module(project) if text is None else resolve_module(project, text)


def every(project: Project, text: str | None) -> list[Module]:
    """The module called `text`, or all of them."""
    from tinytorch.course.names import modules, resolve_module

    return modules(project) if text is None else [resolve_module(project, text)]
