"""`tito grade`, until the scores are there: generate, release, collect, autograde. The rest is in `marks.py`."""

from __future__ import annotations

import importlib.util
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinytorch.errors import GradingError
from tinytorch.tito import render, show_grade
from tinytorch.tito.targets import ModuleName, chosen

if TYPE_CHECKING:
    from tinytorch.grading.gradebook.folder import ClassFolder

app = typer.Typer(help="Generate, release, collect, grade, report (instructors).", no_args_is_help=True)


class Sandbox(StrEnum):
    BWRAP = "bwrap"
    NONE = "none"


SandboxOption = Annotated[Sandbox, typer.Option("--sandbox", help="'none' runs student code without isolation.")]
Students = Annotated[list[str] | None, typer.Option("--student", help="Only this student (may be repeated).")]
Again = Annotated[bool, typer.Option("--again", help="Also where it is up to date.")]


def find(text: str | None) -> ClassFolder:
    """The class folder of the module called `text`, or of the only one; TinyTorchError where nothing can be graded."""
    from tinytorch.course.project import find_project

    project = find_project()
    if project.kind != "checkout":
        raise GradingError(f"{project.root} is a student kit; grading commands work in the instructor's checkout.")
    if not importlib.util.find_spec("tinytorch.grading"):
        advice = "run `pip install -e '.[instructor]'` in the checkout"
        raise GradingError(f"this tito came with a student kit and cannot grade {project.root}; {advice}.")
    if not importlib.util.find_spec("nbgrader"):
        raise GradingError("nbgrader is not installed here; run: pip install -e '.[instructor]'")
    from tinytorch.grading.gradebook.folder import ClassFolder

    return ClassFolder(project, chosen(project, text))


@app.command()
def generate(module: ModuleName, sandbox: SandboxOption = Sandbox.BWRAP) -> None:
    """Make nbgrader's source and release notebooks, and put the release through the gate."""
    class_folder = find(module)

    from tinytorch.grading.gradebook.gate import check_release
    from tinytorch.grading.gradebook.release import generate_release

    show_grade.warn_if_open(sandbox)
    show_grade.generated(generate_release(class_folder), class_folder.project.root)
    render.progress("Release gate: looking for leaks, grading the untouched release and the reference")
    report = check_release(class_folder, sandbox=sandbox)
    show_grade.gate(report)
    report.require()


@app.command()
def release(
    module: ModuleName,
    to: Annotated[Path, typer.Option("--to", help="The folder to write the kit into.")],
    sandbox: SandboxOption = Sandbox.BWRAP,
) -> None:
    """Write the student kit, as a folder and as a zip, once the release gate says yes."""
    class_folder = find(module)

    from tinytorch.course.kit import build_kit
    from tinytorch.grading.gradebook.gate import check_release
    from tinytorch.grading.report.status import record_kit

    show_grade.warn_if_open(sandbox)
    check_release(class_folder, sandbox=sandbox).require()
    kit = build_kit(class_folder.project, class_folder.module, to)
    record_kit(class_folder, kit.archive)
    show_grade.kit(kit)


@app.command()
def collect(
    module: ModuleName, source: Annotated[Path, typer.Argument(help="A folder or zip of submissions.")]
) -> None:
    """Take submissions in, as people or learning platforms hand them over."""
    class_folder = find(module)

    from tinytorch.grading.collect.take_in import collect as take_in

    show_grade.collection(take_in(class_folder, source), class_folder.project.root)


@app.command()
def autograde(
    module: ModuleName,
    student: Students = None,
    sandbox: SandboxOption = Sandbox.BWRAP,
    again: Again = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Submissions graded at once (default: the cores).")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler to grade on.")] = None,
    seed: Annotated[int | None, typer.Option(help="Draw the checks' inputs from this seed.")] = None,
) -> None:
    """Grade what was collected, in a sandbox, and write nbgrader's notebooks and gradebook."""
    class_folder = find(module)

    from tinytorch.grading.gradebook.autograde import Plan, autograde_class

    show_grade.warn_if_open(sandbox)
    open_executor = None
    if scheduler:
        from tinytorch.grading.run.cluster import cluster_executor

        open_executor, threads = cluster_executor(scheduler)
        workers = workers or threads
    plan = Plan(sandbox, seed, tuple(student or ()), again, workers, open_executor)
    if show_grade.grading(autograde_class(class_folder, plan)):
        raise typer.Exit(1)
