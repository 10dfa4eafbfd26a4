"""The rows as tables: in color for a terminal, and in Markdown. The only file that knows Rich."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .bars import Standing
from .case import Row

HEADS = ("what", "against", "median", "interval", "bar", "standing")
STYLES = {Standing.MET: "green", Standing.SHORT: "yellow", Standing.FAILED: "bold red", Standing.UNSURE: "yellow"}
UNITS = {"times": "x", "s": " s", "us": " µs"}


def number(value: float | None, unit: str) -> str:
    """Three digits and the unit; empty for what was not measured."""
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:.3g}{UNITS.get(unit, ' ' + unit)}"


def cells(row: Row) -> tuple[str, ...]:
    """A line of the table as text."""
    low, high = number(row.low, row.unit).rstrip("x"), number(row.high, row.unit)
    bar = "" if row.bar is None else f"{'>=' if row.unit == 'times' else '<='} {number(row.bar, row.unit)}"
    standing = f"{row.standing}: {row.why}" if row.why else str(row.standing)
    interval = f"{low} to {high}" if low and high else ""
    return row.what, row.against, number(row.value, row.unit), interval, bar, standing


def groups(rows: Sequence[Row]) -> Iterable[tuple[str, list[Row]]]:
    """The rows by group, in the order of each group's first; a group of which nothing was measured, for one reason,
    becomes a single row."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    for name, members in found.items():
        reasons = {row.why for row in members}
        skipped = all(row.standing is Standing.NOT_HERE and row.value is None for row in members)
        if skipped and len(reasons) == 1 and len(members) > 1:
            first = members[0]
            what = f"all {len(members)} comparisons"
            members = [Row(first.name, name, what, "", first.setting, standing=first.standing, why=first.why)]
        yield name, members


def table(rows: Sequence[Row]) -> Table:
    """The table for a terminal."""
    shown = Table(title="The kernels beside their bars", title_justify="left", show_lines=False)
    for head in HEADS:
        shown.add_column(head, justify="right" if head in ("median", "interval", "bar") else "left", overflow="fold")
    for name, members in groups(rows):
        shown.add_section()
        shown.add_row(Text(name, style="bold"))
        for row in members:
            shown.add_row(*(Text(cell, style=STYLES.get(row.standing, "")) for cell in cells(row)))
    return shown


def markdown(rows: Sequence[Row], data: dict[str, Any]) -> str:
    """The same table in Markdown, with the machine above it."""
    machine = {name: fact["value"] for name, fact in data["machine"].items()}
    features = " ".join(machine.get("simd_features") or ())
    system = str(machine["os"]).split()  # name, release, processor family: the release says nothing about speed
    lines = [
        f"Measured {data['started']} on {machine['cpu_name']} ({features}), {machine['usable_cores']} usable cores, "
        f"{system[0]} {system[-1]}; " + ", ".join(f"{name} {text}" for name, text in data["versions"].items()) + ".",
        "",
    ]
    if "machine" in data["sweeps"]:
        peak = data["sweeps"]["machine"]["peak"]["value"]
        lines[0] += f" Measured peak of one core: {peak:.3g} GFLOP/s in float32."
    if data["is_quick"]:
        lines[0] += " A quick run: few samples."
    for name, members in groups(rows):
        lines += [f"**{name}**", "", "| " + " | ".join(HEADS) + " |", "| --- | --- | ---: | ---: | ---: | --- |"]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells(row)) + " |" for row in members]
        lines.append("")
    return "\n".join([*lines, summary(rows)])


def summary(rows: Sequence[Row]) -> str:
    """How many rows stand where."""
    counts = {standing: sum(row.standing is standing for row in rows) for standing in Standing}
    return ", ".join(f"{count} {standing}" for standing, count in counts.items() if count)


def show(rows: Sequence[Row]) -> None:
    """Print the table; as wide as the terminal, and 150 columns where there is none."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=150)
    console.print(table(rows))
    console.print(summary(rows))
