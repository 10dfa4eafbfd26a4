"""Everything the command line prints: results on stdout, diagnostics on stderr; the only file that knows Rich.

Text that a student wrote goes through `_text`, so that markup and control characters in it are shown and not obeyed.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tinytorch.text import visible

if TYPE_CHECKING:
    from tinytorch.course.doctor import Finding
    from tinytorch.hardware import MachineCard
    from tinytorch.hardware.fact import Facts

_out = Console(soft_wrap=True, highlight=False)
_err = Console(stderr=True, soft_wrap=True, highlight=False)


def _text(text: str, style: str = "") -> Text:
    return Text(visible(text), style=style)


def plain(text: str) -> None:
    """Prints one line of a result."""
    _out.print(_text(text))


def problem(text: str) -> None:
    """Prints one line about an error, on stderr."""
    _err.print(_text(text))


def progress(text: str) -> None:
    """Prints one line of progress, on stderr so that results can be piped."""
    _err.print(_text(text, "dim"))


def as_json(value: Any) -> None:
    """Prints `value` (dataclasses allowed) as JSON and nothing else."""
    print(json.dumps(value, default=_jsonable, indent=2))


def _jsonable(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (set, tuple)):
        return list(value)
    return str(value)


def table(
    headings: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[int] = (), title: str = ""
) -> None:
    """Prints a table; the columns numbered in `right` are aligned to the right. Cells may be str or `Text`."""
    grid = Table(box=None, pad_edge=False, title=title or None, title_justify="left", header_style="bold")
    for index, heading in enumerate(headings):
        grid.add_column(heading, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else _text(str(cell)) for cell in row))
    # A pipe has no width of its own: never fold a table there.
    console = _out if _out.is_terminal else Console(width=200, highlight=False, file=sys.stdout)
    console.print(grid)


def written(verb: str, paths: Sequence[Path], root: Path) -> None:
    """Prints what was written and where."""
    if not paths:
        plain("Nothing to write: everything is up to date.")
    for path in paths:
        plain(f"{verb} {relative(path, root)}")


def relative(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _mark(finding: Finding) -> Text:
    if finding.ok:
        return Text("ok", style="green")
    return Text("missing", style="bold red") if finding.blocks else Text("not here", style="yellow")


def findings(results: Sequence[Finding], wants_json: bool) -> None:
    """Prints the doctor's findings, and below them how to fix what is missing."""
    if wants_json:
        as_json([{**dataclasses.asdict(finding), "ok": finding.ok} for finding in results])
        return
    table(("role", "", "need", "found"), [(f.role, _mark(f), f.need, f.found) for f in results])
    for finding in results:
        if not finding.ok:
            problem(f"{finding.need} ({finding.role}): {finding.fix}")
    if not any(finding.blocks for finding in results):
        plain("Nothing that is needed is missing.")


def machine_card(card: MachineCard, measured: Facts, wants_json: bool) -> None:
    """Prints the facts detected and measured on this machine, with the source of each."""
    if wants_json:
        as_json(card.as_dict() | {name: fact.as_dict() for name, fact in measured.items()})
        return
    rows: list[tuple[str, ...]] = [(name, str(fact), fact.source, fact.how) for name, fact in measured.items()]
    table(("fact", "value", "source", "how"), [*card.rows(), *rows])


def verdict(passed: bool, name: str, message: str) -> None:
    """Prints the line of one check."""
    sign = Text("  pass  ", style="green") if passed else Text("  fail  ", style="bold red")
    _out.print(sign + _text(f"{name}: {message}" if message else name))
