"""`tito module new`: a module to be written over."""

from __future__ import annotations

from typing import Annotated

import typer

from tinytorch.tito import show_module


def new(
    name: Annotated[
        str, typer.Argument(help="Its folder's name: two digits, an underscore, small letters (20_norms).")
    ],
    title: Annotated[str | None, typer.Option("--title", help="Its title (default: from the name).")] = None,
    requires: Annotated[
        list[str] | None, typer.Option("--requires", help="A module whose package it imports (may be repeated).")
    ] = None,
) -> None:
    """Make a small module that works as it is, to be written over (instructors)."""
    from tinytorch.course.new import create_module
    from tinytorch.course.project import find_project

    project = find_project()
    show_module.created(create_module(project, name, title=title, requires=requires or ()), project.root)
