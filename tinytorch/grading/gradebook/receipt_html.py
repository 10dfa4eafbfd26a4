"""The student's receipt as part of a feedback page: how one lesson was graded, with every timed sample."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from tinytorch.grading.base.result import RaceRecord
from tinytorch.grading.run.receipt import SpeedLine, StudentReceipt
from tinytorch.hardware import format_bytes

_LIMITS = {
    "cell_s": "{:g} s for a cell",
    "call_s": "{:g} s for a call",
    "lesson_s": "{:g} s for all cells of a lesson",
    "submission_s": "{:g} s for everything",
    "cpu_s": "{:g} s of CPU time for a process",
    "processes": "{:g} processes and threads",
    "threads": "{:g} threads for Numba, one for BLAS",
}
_HEADINGS = ("Requirement", "Times as fast", "Pairs", "Yours, microseconds", "The reference, microseconds")


def lesson_section(given: StudentReceipt, lesson: str) -> str:
    """One lesson's part of a receipt as HTML; every text in it is escaped."""
    facts = _rows((name, value) for name, value in _facts(given, lesson) if value)
    section = f'<h2>How this lesson was graded</h2><table class="table">{facts}</table>'
    races = _rows(_races(given, lesson))
    if races:
        titles = "".join(f"<th>{title}</th>" for title in _HEADINGS)
        section += f'<p><b>Timed in turn</b></p><table class="table"><tr>{titles}</tr>{races}</table>'
    return section


def machine_words(machine: dict[str, Any]) -> str:
    """`cpu_name AMD ..., l2_bytes 512 KiB, ...`: what is known."""
    known = {name: value for name, value in machine.items() if value is not None}
    return ", ".join(
        f"{name.removesuffix('_bytes').replace('_', ' ')} {format_bytes(value) if name.endswith('_bytes') else value}"
        for name, value in known.items()
    )


def limits_words(limits: dict[str, float]) -> str:
    clauses = [template.format(limits[name]) for name, template in _LIMITS.items() if name in limits]
    if "memory_bytes" in limits:
        clauses.append(f"{format_bytes(int(limits['memory_bytes']))} of memory for a process")
    return ", ".join(clauses)


def interval_words(race: RaceRecord | SpeedLine) -> str:
    """`1.31 (1.28 to 1.35)`; an end that no number of pairs could settle is left open."""
    low, high = ("any" if end is None else f"{end:.3g}" for end in (race.low, race.high))
    return f"{race.ratio:.3g} ({low} to {high})"


def _facts(given: StudentReceipt, lesson: str) -> Iterable[tuple[str, str]]:
    name = f"{lesson}.ipynb"
    yield "graded", f"{given.graded_at}, sandbox {given.sandbox}"
    yield f"SHA-256 of {name}", given.notebooks.get(name, "not handed in")
    for part, value in given.hashes.items():
        yield f"hash of the {part}", value
    yield "versions", ", ".join(f"{package} {version}" for package, version in given.versions.items())
    yield "machine", machine_words(given.machine)
    yield "limits", limits_words(given.limits)


def _races(given: StudentReceipt, lesson: str) -> Iterable[tuple[str, ...]]:
    for exercise in given.exercises:
        for check in exercise.checks if exercise.lesson == lesson else ():
            for race in check.speed:
                samples = (_samples(race.candidate_us), _samples(race.reference_us))
                yield check.requirement, interval_words(race), str(race.pairs), *samples


def _samples(microseconds: tuple[float, ...]) -> str:
    return " ".join(f"{value:.4g}" for value in microseconds)


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)


def _text(text: str) -> str:
    """Escaped, and without line ends: an empty line would end the HTML inside a markdown cell."""
    return html.escape(" ".join(text.split()))
