"""The output of the `tito grade` commands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tinytorch.course import files
from tinytorch.tito import render

if TYPE_CHECKING:
    from tinytorch.course.kit import Kit
    from tinytorch.grading.collect.take_in import Collection
    from tinytorch.grading.gradebook.autograde import Step
    from tinytorch.grading.gradebook.feedback import Pages
    from tinytorch.grading.gradebook.gate import GateReport
    from tinytorch.grading.gradebook.release import Generation
    from tinytorch.grading.report.class_report import Report
    from tinytorch.grading.report.status import ModuleStatus

HARDEST = 10


def warn_if_open(sandbox: str) -> None:
    if sandbox == "none":
        render.problem(
            "Warning: --sandbox none runs student code as you, with your files and your network. "
            "Use it only for code that you trust."
        )


def generated(generation: Generation, root: Path) -> None:
    for path in generation.notebooks:
        state = "changed" if path.stem in generation.changed else "unchanged"
        render.plain(f"Release {state}: {render.relative(path, root)}")


def gate(report: GateReport) -> None:
    """Prints the results of the release gate."""
    render.plain(
        f"Leaks: {len(report.leaks)}. Untouched release: {report.untouched_score:g} of {report.points:g} points. "
        f"Reference: {report.reference_score:g} of {report.points:g}."
    )
    if report.passed:
        render.plain("The release may go out.")


def kit(new_kit: Kit) -> None:
    render.plain(f"Student kit: {new_kit.folder}")
    render.plain(f"The same, to send: {new_kit.archive}")


def collection(collected: Collection, root: Path) -> None:
    """Prints whose work was collected, and the files that could not be assigned."""
    rows = [
        (item.student, item.state, len(item.lessons), item.handed_in, _shown(item.backup, root))
        for item in collected.students
    ]
    render.table(("student", "", "notebooks", "handed in", "what was replaced"), rows, right=(2,))
    for item in collected.students:
        for note in item.notes:
            render.plain(f"{item.student}: {note}")
    for refused in collected.unplaced:
        render.problem(f"Not placed: {refused.name}: {refused.reason}")


def _shown(path: Path | None, root: Path) -> str:
    return render.relative(path, root) if path else ""


def grading(steps: Iterable[Step]) -> int:
    """Prints each step as it happens; returns how many submissions could not be graded."""
    failed = 0
    for step in steps:
        if step.stage == "ungraded":
            failed += 1
            render.problem(f"{step.student}: {step.words}")
            continue
        score = f"{step.score:g} of {step.points:g} automatic points"
        if step.stage == "checked":
            render.progress(f"[{step.done}/{step.total}] {step.student}: {score}")
            for repair in step.repairs:
                render.progress(f"    {repair}")
        else:
            state = "written to the gradebook" if step.stage == "recorded" else "up to date in the gradebook"
            render.plain(f"{step.student}: {score}, {state}" + (f" ({step.words})" if step.words else ""))
    if failed:
        render.problem(f"Not graded: {failed}; nothing was written for them.")
    return failed


def feedback(written: Iterable[Pages], root: Path) -> None:
    for pages in written:
        state = "written" if pages.made else "up to date"
        render.plain(f"{pages.student}: {len(pages.pages)} pages {state} in {render.relative(pages.folder, root)}")


def report(grades: Report, kind: str, to: Path | None) -> None:
    """Prints the report in one of its forms, or writes it to `to`."""
    if kind == "table" and to is None:
        _report_table(grades)
        return
    text = _report_text(grades, kind)
    if to is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    files.write_bytes(to, text.encode("utf-8", "backslashreplace"))
    render.plain(f"Written to {to}")


def _report_text(grades: Report, kind: str) -> str:
    from tinytorch.grading.report import class_report as reports
    from tinytorch.grading.report.page import to_html

    match kind:
        case "csv":
            return reports.to_csv(grades)
        case "json":
            return grades.to_json()
        case "html":
            return to_html(grades)
        case _:
            return "\n".join("\t".join(line) for line in (reports.table(grades)[0], *reports.table(grades)[1]))


def _report_table(grades: Report) -> None:
    """Points by lesson, because one column for each exercise is wider than a terminal; csv and html have them all."""
    names = list(dict.fromkeys(item.lesson for item in grades.exercises))
    machine = [item for item in grades.exercises if not item.manual]
    points = [sum(item.points for item in machine if item.lesson == name) for name in names]
    headings = (
        "student",
        *(f"{name[:2]}\n{most:g}" for name, most in zip(names, points, strict=True)),
        f"automatic\n{sum(points):g}",
        f"by hand\n{grades.points - sum(points):g}",
        f"total\n{grades.points:g}",
        "to mark\n",
    )
    rows = []
    for row in grades.rows:
        scores = dict.fromkeys(names, 0.0)
        for item, score in zip(grades.exercises, row.scores, strict=True):
            scores[item.lesson] += 0.0 if item.manual else score or 0.0
        cells = [f"{scores[name]:.4g}" for name in names]
        sums = (f"{row.automatic:.4g}", f"{row.manual:.4g}", f"{row.total:.4g}")
        rows.append((row.student, *cells, *sums, row.waiting or ""))
    render.table(headings, rows, right=tuple(range(1, len(headings))))
    _statistics(grades)
    _hardest(grades)
    for student in grades.ungraded:
        render.problem(f"{student}: handed in, not graded yet")


def _statistics(grades: Report) -> None:
    if (numbers := grades.statistics) is None:
        render.plain("Nobody is graded yet.")
        return
    render.plain(
        f"\n{numbers.students} students; mean {numbers.mean:.1f}, median {numbers.median:.1f}, "
        f"quartiles {numbers.lower_quartile:.1f} and {numbers.upper_quartile:.1f}, "
        f"from {numbers.lowest:.1f} to {numbers.highest:.1f} of {grades.points:g} points"
    )


def _hardest(grades: Report) -> None:
    if grades.hardest:
        rows = [
            (
                f"{item.failed}/{item.graded}",
                str(item.partly or ""),
                item.grade_id.removeprefix("check_"),
                item.requirement.split("\n\n")[0],
            )
            for item in grades.hardest[:HARDEST]
        ]
        render.plain("")
        render.table(("failed", "in part", "exercise", "requirement"), rows, title="Checks most often failed")


def status(module: ModuleStatus, json: bool) -> None:
    """Prints the state of the module, from the release to the feedback."""
    if json:
        render.as_json(module)
        return
    render.table(("lesson", "release", ""), [(item.lesson, item.release, item.words) for item in module.lessons])
    for record in module.kits:
        age = "of the present release" if record.is_current else "of an older release"
        render.plain(f"Kit {record.archive}, made {record.made}, {age}")
    if not module.students:
        render.plain("Nothing is handed in yet.")
        return
    render.plain("")
    rows = [
        (item.student, item.handed_in, item.notebooks, item.graded, item.waiting or "", item.feedback)
        for item in module.students
    ]
    render.table(("student", "handed in", "notebooks", "graded", "to mark", "feedback"), rows, right=(2, 4))
