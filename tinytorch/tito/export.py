"""`tito export`: the lessons' exported cells into the package."""

from __future__ import annotations

from typing import Annotated

import typer

from tinytorch.tito import render
from tinytorch.tito.targets import every


def export(
    module: Annotated[str | None, typer.Argument(help="The module to export; all of them when left out.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the package is stale.")] = False,
) -> None:
    """Export the lessons into tinytorch/core/ through nbdev."""
    from tinytorch.course import export as exporting
    from tinytorch.course.project import find_project

    project = find_project()
    targets = every(project, module)
    if not check:
        changed = [path for target in targets for path in exporting.export_module(project, target)]
        render.written("Exported", changed, project.root)
        return
    diffs = [diff for target in targets for diff in exporting.stale(project, target)]
    for diff in diffs:
        render.plain(diff)
    if diffs:
        render.problem(f"Stale in the package: {len(diffs)}. Run `tito export` and commit the result.")
        raise typer.Exit(1)
    render.plain("The exported package is up to date.")
