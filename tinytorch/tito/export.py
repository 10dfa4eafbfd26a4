"""`tito export`: the lessons' exported cells into the package."""

from __future__ import annotations

from typing import Annotated

import typer

from tinytorch.tito import render


def export(
    module: Annotated[str, typer.Argument(help="The module to export.")] = "13_kernels",
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the package is stale.")] = False,
) -> None:
    """Export the lessons into tinytorch/core/ through nbdev."""
    from tinytorch.course import export as exporting
    from tinytorch.course.names import resolve_module
    from tinytorch.course.project import find_project

    project = find_project()
    target = resolve_module(project, module)
    if not check:
        render.written("Exported", exporting.export_module(project, target), project.root)
        return
    diffs = exporting.stale(project, target)
    for diff in diffs:
        render.plain(diff)
    if diffs:
        render.problem(f"Stale in the package: {len(diffs)}. Run `tito export` and commit the result.")
        raise typer.Exit(1)
    render.plain("The exported package is up to date.")
