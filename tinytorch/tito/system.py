"""`tito system`: what this machine is, and what is missing on it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from tinytorch.errors import ProjectError
from tinytorch.tito import render

app = typer.Typer(help="Look at this machine.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

MeasureOption = Annotated[
    bool, typer.Option("--measure", help="Measure peak, bandwidth, latency and cache edges too: about ten seconds.")
]


@app.command()
def doctor(json: JsonOption = False) -> None:
    """Check what each role needs here, and say how to fix what is missing."""
    from tinytorch.course import doctor as student
    from tinytorch.course.project import find_project

    findings = student.check_student(Path.cwd())
    try:
        project = find_project()
    except ProjectError:  # the machine can be looked at from anywhere; a grader needs its checkout
        project = None
    if project and project.kind == "checkout" and importlib.util.find_spec("tinytorch.grading"):
        from tinytorch.grading.report import doctor as instructor

        findings += instructor.check_instructor(project.root) + instructor.check_cluster()
    render.findings(findings, json)
    if any(finding.blocks for finding in findings):
        raise typer.Exit(1)


@app.command()
def info(json: JsonOption = False, measure: MeasureOption = False) -> None:
    """Print the machine card: what was detected here, and where each fact comes from."""
    from tinytorch import hardware

    render.machine_card(hardware.card(), hardware.measured_facts() if measure else {}, json)
