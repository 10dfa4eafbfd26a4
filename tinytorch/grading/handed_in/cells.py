"""Which cells of a submitted notebook run, under what names, and what ran: plain data for a session."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

_EXPORT = re.compile(r"^#\s*\|\s*exports?i?\b", re.MULTILINE)
_DEFINED = re.compile(r"^(?:(?:async\s+def|def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]+)?=(?!=))", re.MULTILINE)
_ONLY_DEFINES = re.compile(r"(?:(?:(?:async\s+def|def|class|import|from)\b|[@#)\]} \t]).*|[A-Z_]+ = .*)?")
_KEPT_TYPES = frozenset({"text/plain", "image/png", "image/jpeg"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_MAX_OUTPUTS = 500

MAX_CELL_CHARS = 400_000  # a message that carries it, however its characters are escaped, stays below its limit


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell. `name` is how tracebacks call it: its number is what Jupyter shows after "run all"."""

    number: int
    cell_id: str
    grade_id: str
    name: str
    source: str
    is_measurement: bool  # an unchanged measuring cell, which the grader leaves out

    @property
    def is_exported(self) -> bool:
        return _EXPORT.search(self.source) is not None

    @property
    def only_defines(self) -> bool:
        """Functions, classes, imports and constants in capitals, and nothing at the top level that does work."""
        return bool(self.defined) and all(map(_ONLY_DEFINES.fullmatch, self.source.splitlines()))

    @property
    def is_too_long(self) -> bool:
        return len(self.source) > MAX_CELL_CHARS

    @property
    def defined(self) -> tuple[str, ...]:
        """The functions, classes and constants that its text defines at the top level."""
        return tuple(dict.fromkeys(first or second for first, second in _DEFINED.findall(self.source)))


def code_cells(lesson: str, notebook: NotebookNode, release: NotebookNode | None) -> tuple[Cell, ...]:
    """The notebook's code cells in order. A cell whose text is that of a measuring cell of the release is one too."""
    measuring = set() if release is None else {_text(cell) for cell in release.cells if _is_measuring(cell)}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return tuple(
        Cell(
            number=number,
            cell_id=str(cell.get("id", "")),
            grade_id=str(cell.metadata.get("nbgrader", {}).get("grade_id", "")),
            name=f"{lesson}, cell {number}",
            source=str(cell.source),
            is_measurement=bool(_text(cell)) and _text(cell) in measuring,
        )
        for number, cell in enumerate(code, start=1)
    )


def short_name(lesson: str) -> str:
    """`02_matmul` is the module `matmul`."""
    return lesson.partition("_")[2] or lesson


def meant_for_export(cells: Sequence[Cell], given: Sequence[Cell]) -> dict[Cell, str]:
    """Cells without `#| export` that other lessons need all the same, each with a sentence for its student.

    These are answers that lost the line, and cells of the student's own with nothing but definitions in them.
    """
    exported = {cell.grade_id for cell in given if cell.is_exported and cell.grade_id}
    texts = {cell.source.strip() for cell in given}
    found = {}
    for cell in cells:
        if cell.is_exported or cell.is_too_long:
            continue
        if cell.grade_id in exported:
            found[cell] = f"cell {cell.grade_id} had lost its line `#| export`; it counts as exported"
        elif not cell.grade_id and cell.source.strip() not in texts and cell.only_defines:
            names = ", ".join(cell.defined)[:100]
            found[cell] = f"cell {cell.number} defines {names} and is not exported; other lessons got it all the same"
    return found


def clean_outputs(outputs: object, limit_chars: int) -> tuple[dict[str, Any], ...]:
    """The outputs that a student process reported, rebuilt from the fields an nbformat output may have.

    Those beyond the limit are dropped: a process that kept to its own limits stays well below it.
    """
    if not isinstance(outputs, list):
        return ()
    kept: list[dict[str, Any]] = []
    for output in outputs[:_MAX_OUTPUTS]:
        made = _clean(output) if isinstance(output, dict) else None
        limit_chars -= len(json.dumps(made))
        if made is not None and limit_chars >= 0:
            kept.append(made)
    return tuple(kept)


def clean_text(value: object, limit: int = 4000) -> str:
    """A text of the student's process, shortened, and safe to be written as UTF-8."""
    text = value if isinstance(value, str) else ""
    return text[:limit].encode("utf-8", "replace").decode("utf-8")


def clean_words(value: object, limit: int = 2000) -> str:
    """A sentence with something of the student's in it: as `clean_text`, control characters written out."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], clean_text(value, limit))


def _clean(output: dict[str, Any]) -> dict[str, Any] | None:
    match output:
        case {"output_type": "stream", "text": str() as text}:
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": clean_text(text, len(text))}
        case {"output_type": "error", "traceback": list() as lines}:
            return {
                "output_type": "error",
                "ename": clean_text(output.get("ename"), 200),
                "evalue": clean_text(output.get("evalue"), 2000),
                "traceback": [clean_text(line, 20_000) for line in lines[:500]],
            }
        case {"output_type": "display_data" | "execute_result" as kind, "data": dict() as data}:
            kept = {mime: clean_text(text, len(text)) for mime, text in data.items() if _is_shown(mime, text)}
            made: dict[str, Any] = {"output_type": kind, "data": kept, "metadata": {}}
            if kind == "execute_result":
                count = output.get("execution_count")
                made["execution_count"] = count if type(count) is int else None
            return made
    return None


def _is_shown(mime: object, text: object) -> bool:
    return mime in _KEPT_TYPES and isinstance(text, str)


def _is_measuring(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and "measure" in cell.metadata.get("tags", [])


def _text(cell: NotebookNode) -> str:
    return str(cell.source).strip()
