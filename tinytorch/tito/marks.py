"""`tito grade`, once the scores are there: feedback, report, explanations, status, marking by hand."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tinytorch.tito import render, show_grade
from tinytorch.tito.grade import Again, Students, find
from tinytorch.tito.grade import app as app  # with the commands below, for `tito`
from tinytorch.tito.system import JsonOption
from tinytorch.tito.targets import ModuleName, OnlyModule


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


@app.command()
def feedback(module: ModuleName, student: Students = None, again: Again = False) -> None:
    """Write each graded student's feedback pages."""
    class_folder = find(module)

    from tinytorch.grading.gradebook.feedback import make_feedback

    show_grade.feedback(make_feedback(class_folder, tuple(student or ()), again=again), class_folder.project.root)


@app.command()
def report(
    module: ModuleName,
    kind: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
    to: Annotated[Path | None, typer.Option("--to", help="A file to write instead of printing.")] = None,
) -> None:
    """Show the class: per student, per exercise, statistics, the checks most often failed."""
    class_folder = find(module)

    from tinytorch.grading.report.class_report import build_report

    show_grade.report(build_report(class_folder), kind, to)


@app.command()
def explain(
    module: ModuleName,
    student: Annotated[str, typer.Argument(help="Whose grade.")],
    check: Annotated[str, typer.Argument(help="Only this check, exercise or lesson.")] = "",
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Grade again in a scratch place; exit 1 if it differs.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show what a grade came from: the receipt, check by check, and the gradebook's side of it."""
    class_folder = find(module)

    from tinytorch.grading.report.explain import explain as find_reasons
    from tinytorch.grading.report.rerun import rerun as grade_again
    from tinytorch.tito import show_explain

    explanation = find_reasons(class_folder, student, check)
    again = None
    if rerun:
        show_grade.warn_if_open(explanation.receipt.sandbox)
        render.progress(f"Grading {student} again in a scratch place")
        again = grade_again(class_folder, explanation.receipt, check)
    show_explain.explanation(explanation, again, json)
    if again is not None and not again.is_same:
        raise typer.Exit(1)


@app.command()
def status(module: OnlyModule = None, json: JsonOption = False) -> None:
    """Show what was generated, released, handed in, graded."""
    class_folder = find(module)

    from tinytorch.grading.report.status import module_status

    show_grade.status(module_status(class_folder), json)


@app.command()
def manual(
    module: OnlyModule = None,
    port: Annotated[int, typer.Option(help="The port to serve on.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open nbgrader's formgrader for the open questions; Ctrl-C ends it."""
    class_folder = find(module)

    from tinytorch.grading.gradebook.formgrader import formgrader

    server = formgrader(class_folder, port, open_browser=browser)
    render.plain(f"Serving {server.url} (Ctrl-C ends it)")
    sys.stdout.flush()
    # Jupyter takes this process over: Ctrl-C is then its own, and it asks before it ends.
    os.chdir(server.folder)
    os.execv(server.command[0], server.command)
