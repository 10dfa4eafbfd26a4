"""Reads the cells of a notebook file that may be of any format version, damaged, or not a notebook at all.

It is parsed here instead of by nbformat: only cell types, text, ids and pasted pictures are needed, and a hostile
structure then has little to attack.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinytorch.notebooks.cells import nbgrader_marks, plain_source

MAX_BYTES = 50_000_000
MAX_CELLS = 5_000
MAX_PARTS = 4_000_000  # brackets and commas: a list of nothing but empty lists would use up memory
_PICTURES = ("image/png", "image/jpeg", "image/gif")


class UnreadableNotebook(ValueError):
    """The file holds no notebook; the message says why, in a sentence for student and instructor."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One submitted cell; ids are the file's claims and only good for matching."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    cell_id: str | None
    grade_id: str | None
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


def read_pieces(path: Path) -> tuple[list[Piece], list[str]]:
    """The cells of a notebook file and a sentence for each repair; raises UnreadableNotebook."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableNotebook(f"the file is larger than {MAX_BYTES // 1_000_000} MB; clear its outputs")
        data = path.read_bytes()
    except OSError as err:
        raise UnreadableNotebook(f"the file could not be opened ({err.strerror})") from err
    return pieces_of(data)


def pieces_of(data: bytes) -> tuple[list[Piece], list[str]]:
    """As `read_pieces`, from the file's bytes."""
    notes: list[str] = []
    raw = _notebook(_text(data, notes))
    cells = _raw_cells(raw, notes)
    if len(cells) > MAX_CELLS:
        raise UnreadableNotebook(f"the notebook has {len(cells)} cells; more than {MAX_CELLS} are not read")
    pieces = [piece for piece in map(_piece, cells) if piece is not None]
    if len(pieces) < len(cells):
        notes.append(f"{len(cells) - len(pieces)} of {len(cells)} entries were not cells and were left out")
    if any("\r" in piece.source for piece in pieces):
        notes.append("Windows line endings inside cells were changed to plain ones")
    if any(_surrogates(piece.source) for piece in pieces):
        notes.append("characters that are no text (half of a surrogate pair) were replaced by question marks")
    return [_cleaned(piece) for piece in pieces], notes


def _text(data: bytes, notes: list[str]) -> str:
    if not data.strip():
        raise UnreadableNotebook("the file is empty")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, note = "utf-16", "the file was saved as UTF-16; it was read as that"
    elif data.startswith(codecs.BOM_UTF8):
        encoding, note = "utf-8-sig", "a byte order mark at the start of the file was removed"
    else:
        encoding, note = "utf-8", ""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as err:
        raise UnreadableNotebook(
            f"the file is not UTF-8 text (byte {data[err.start]:#04x} at {err.start}); save it again from Jupyter"
        ) from err
    if note:
        notes.append(note)
    return text


def _notebook(text: str) -> dict[str, Any]:
    if sum(map(text.count, "[{,")) > MAX_PARTS:
        raise UnreadableNotebook(f"the file has more than {MAX_PARTS // 1_000_000} million parts; clear its outputs")
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as err:
        raise UnreadableNotebook(
            f"the file is not a notebook: no valid JSON at line {err.lineno}, column {err.colno} ({err.msg})"
        ) from err
    except (RecursionError, ValueError) as err:
        raise UnreadableNotebook("the file is not a notebook: its JSON is nested too deeply") from err
    if not isinstance(raw, dict) or not isinstance(raw.get("cells", raw.get("worksheets")), list):
        raise UnreadableNotebook("the file is JSON but not a notebook: it has no list of cells")
    return raw


def _raw_cells(raw: dict[str, Any], notes: list[str]) -> list[object]:
    """The entries of the cell list; formats 2 and 3 kept them in worksheets."""
    version = raw.get("nbformat", 4)
    if not isinstance(version, int) or not 2 <= version <= 4:
        raise UnreadableNotebook(f"notebook format {str(version)[:20]} is not known here; save it as format 4")
    if "cells" in raw:
        cells: list[object] = raw["cells"]
        return cells
    notes.append(f"the notebook had the old format {version} and was read as format 4")
    sheets = [sheet.get("cells") for sheet in raw["worksheets"] if isinstance(sheet, dict)]
    return [cell for cells in sheets if isinstance(cells, list) for cell in cells]


def _piece(raw: object) -> Piece | None:
    if not isinstance(raw, dict):
        return None
    kind = raw.get("cell_type")
    source = _joined(raw.get("source", raw.get("input")))
    if not isinstance(kind, str) or source is None:
        return None
    if kind == "heading":
        level = raw.get("level", 1)
        kind, source = "markdown", "#" * (level if level in range(1, 7) else 1) + " " + source
    return Piece(
        kind={"code": "code", "raw": "raw"}.get(kind, "markdown"),
        source=source,
        cell_id=_string(raw.get("id")),
        grade_id=_string(nbgrader_marks(raw).get("grade_id")),
        attachments=_attachments(raw.get("attachments")),
    )


def _joined(value: object) -> str | None:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value if isinstance(value, str) else None


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _attachments(raw: object) -> dict[str, dict[str, str]]:
    """Pictures pasted into an answer; anything else that could run in a browser is dropped."""
    if not isinstance(raw, dict):
        return {}
    attachments: dict[str, dict[str, str]] = {}
    for name, bundle in raw.items():
        if isinstance(bundle, dict) and not _surrogates(name):
            texts = {kind: _joined(bundle.get(kind)) for kind in _PICTURES}
            pictures = {kind: data for kind, data in texts.items() if data is not None and data.isascii()}
            if pictures:
                attachments[name] = pictures
    return attachments


def _surrogates(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _cleaned(piece: Piece) -> Piece:
    return Piece(piece.kind, plain_source(piece.source), piece.cell_id, piece.grade_id, piece.attachments)
