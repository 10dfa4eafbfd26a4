"""`tito module`: what a student does with a module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinytorch.tito import render, show_module
from tinytorch.tito.system import JsonOption
from tinytorch.tito.targets import EveryTarget, OnlyModule, Target, chosen, find

app = typer.Typer(help="Work through a module: start, test, complete, hand in.", no_args_is_help=True)


@app.command("list")
def list_modules(json: JsonOption = False) -> None:
    """List the modules, their lessons, and how far each is."""
    status(None, json)


@app.command()
def status(target: EveryTarget = None, json: JsonOption = False) -> None:
    """Show how far a module or lesson is. Nothing is run."""
    from tinytorch.course import standing
    from tinytorch.course.names import modules, resolve
    from tinytorch.course.project import find_project

    project = find_project()
    targets = modules(project) if target is None else [resolve(project, target)]
    states = [state for each in targets for state in standing.status(project, each)]
    show_module.lessons(states, project.root, json)


@app.command()
def start(target: Target) -> None:
    """Put the notebooks in place; one that is there is never touched."""
    from tinytorch.course import workspace

    project, named = find(target)
    show_module.started(workspace.start(project, named), project.root)


@app.command()
def test(target: Target, json: JsonOption = False) -> None:
    """Run the visible checks."""
    run_tests(target, json)


def run_tests(target: str, json: bool) -> None:
    """Runs the visible checks for `tito module test` and `tito test`."""
    from tinytorch.course import workspace

    project, named = find(target)
    runs = show_module.runs(workspace.test(project, named), json)
    if not all(run.passed for run in runs):
        raise typer.Exit(1)


@app.command()
def complete(target: Target, json: JsonOption = False) -> None:
    """Run the visible checks and export every lesson that passes into your own package."""
    from tinytorch.course import workspace

    project, named = find(target)
    done = show_module.completions(workspace.complete(project, named), project.root, json)
    if not all(item.at for item in done):
        raise typer.Exit(1)


@app.command()
def reset(
    target: Target,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Put the untouched notebooks back; yours go to backups/ first."""
    from tinytorch.course import workspace

    project, named = find(target)
    if not yes and not typer.confirm(f"Put {named} back as released? Your notebooks are kept in backups/."):
        render.plain("Nothing was changed.")
        raise typer.Exit(1)
    show_module.was_reset(workspace.reset(project, named), project.root)


@app.command()
def submit(
    module: OnlyModule = None,
    to: Annotated[Path | None, typer.Option("--to", help="The folder for the zip (default: this kit).")] = None,
) -> None:
    """Pack your notebooks into one zip to hand in."""
    from tinytorch.course import workspace
    from tinytorch.course.project import find_project

    project = find_project()
    show_module.submission(workspace.submit(project, chosen(project, module), to=to))
