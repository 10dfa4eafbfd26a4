"""Reads a submitted notebook forgivingly and sets it on the release notebook's frame.

For any submission, the resulting notebook has the release's check cells, locked cells, metadata and points, the
student's answers in their places, and the student's further cells between them, in their order.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from tinytorch.grading.handed_in.notebook import Piece, UnreadableNotebook, read_pieces
from tinytorch.notebooks.cells import grade_id, is_fixed, is_measure, is_solution
from tinytorch.notebooks.exports import functions

NOTICE_ID = "notice-unreadable"
_VALID_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NEW_CELL: dict[str, Callable[..., NotebookNode]] = {
    "code": new_code_cell,
    "markdown": new_markdown_cell,
    "raw": new_raw_cell,
}


@dataclass(frozen=True, slots=True)
class Intake:
    """The notebook to grade, a sentence for each repair, and the reason if the file could not be read."""

    notebook: NotebookNode
    repairs: tuple[str, ...]
    unreadable: str | None


def take_in(path: Path, release_notebook: NotebookNode) -> Intake:
    """Reads `path` as a submission of `release_notebook`; an unreadable file yields the release with a notice."""
    name = path.stem
    try:
        pieces, notes = read_pieces(path)
    except UnreadableNotebook as err:
        reason = f"{name}: {err}"
        return Intake(_with_notice(release_notebook, str(err)), (reason,), reason)
    frame = _Frame(release_notebook, pieces)
    cells, repairs = frame.assemble()
    notebook = _empty_like(release_notebook)
    notebook.cells = cells
    return Intake(notebook, tuple(f"{name}: {note}" for note in [*notes, *repairs]), None)


class _Frame:
    """Pairs the release's cells with submitted pieces and lays both out as one notebook."""

    def __init__(self, release: NotebookNode, pieces: list[Piece]) -> None:
        self.release = list(release.cells)
        self.pieces = pieces
        self.defined = [functions(piece.source) if piece.kind == "code" else frozenset() for piece in pieces]
        self.texts = [piece.source.strip() for piece in pieces]
        self.repairs: list[str] = []
        self.piece_of: dict[int, int] = {}  # release index -> piece index
        self.taken: set[int] = set()

    def assemble(self) -> tuple[list[NotebookNode], list[str]]:
        self._pair_by_grade_id()
        self._pair_by_cell_id()
        self._pair_by_content()
        return self._lay_out(), self.repairs

    def _pair_by_grade_id(self) -> None:
        for index, cell in enumerate(self.release):
            name = grade_id(cell)
            if not name:
                continue
            candidates = [at for at, piece in enumerate(self.pieces) if piece.grade_id == name]
            if len(candidates) > 1:
                self.repairs.append(f"cell {name} was there {len(candidates)} times; the last one is graded")
            if candidates:
                self._pair(index, self._best(cell, candidates))

    def _best(self, cell: NotebookNode, candidates: list[int]) -> int:
        """Returns the last of several copies, as Jupyter runs it last; copies that define the exercise come first."""
        names = functions(cell.source)
        defining = [at for at in candidates if names & self.defined[at]]
        return (defining or candidates)[-1]

    def _pair_by_cell_id(self) -> None:
        by_id = {piece.cell_id: at for at, piece in enumerate(self.pieces) if piece.cell_id}
        for index, cell in enumerate(self.release):
            at = by_id.get(cell.get("id"))
            # A piece that carries another cell's grade_id is a copy of that cell, whatever its id says.
            if at is not None and self.pieces[at].grade_id in (None, grade_id(cell)):
                self._pair(index, at)

    def _pair_by_content(self) -> None:
        """Finds cells without name and id, which old formats and copying into a new notebook drop."""
        for index, cell in enumerate(self.release):
            if index in self.piece_of:
                continue
            free = [at for at in range(len(self.pieces)) if at not in self.taken]
            text = cell.source.strip()
            same = [at for at in free if text and self.texts[at] == text]
            names = functions(cell.source) if is_solution(cell) and cell.cell_type == "code" else frozenset()
            defining = [at for at in free if names & self.defined[at]]
            if same or defining:
                self._pair(index, same[0] if same else defining[-1])
                if grade_id(cell) and is_solution(cell):
                    self.repairs.append(f"cell {grade_id(cell)} had lost its name and was found by its content")

    def _pair(self, index: int, at: int) -> None:
        if index not in self.piece_of and at not in self.taken:
            self.piece_of[index] = at
            self.taken.add(at)

    def _lay_out(self) -> list[NotebookNode]:
        """Returns the cells in the submission's order, each missing one after its predecessor in the release."""
        release_of = {at: index for index, at in self.piece_of.items()}
        following: dict[int | None, list[int]] = {}
        before: int | None = None
        for index, cell in enumerate(self.release):
            if index in self.piece_of:
                before = index
            elif _must_be_there(cell):
                following.setdefault(before, []).append(index)
        ids = _Ids(self.release)
        cells = [self._restored(index) for index in following.get(None, [])]
        for at, piece in enumerate(self.pieces):
            if at in release_of:
                index = release_of[at]
                cells.append(self._filled(self.release[index], piece))
                cells.extend(self._restored(missing) for missing in following.get(index, []))
            else:
                cells.append(_extra(piece, ids.fresh(piece)))
        return cells

    def _restored(self, index: int) -> NotebookNode:
        cell: NotebookNode = copy.deepcopy(self.release[index])
        self.repairs.append(f"{_called(cell)} was missing and was put back as released")
        return cell

    def _filled(self, released: NotebookNode, piece: Piece) -> NotebookNode:
        cell = copy.deepcopy(released)
        if is_fixed(released):
            if piece.source.strip() != released.source.strip():
                self.repairs.append(f"{_called(cell)} was edited; it is graded with the text that was released")
            return cell
        if piece.kind != released.cell_type and grade_id(cell):
            self.repairs.append(f"{_called(cell)} was turned into a {piece.kind} cell; it is taken as {cell.cell_type}")
        cell.source = piece.source
        if cell.cell_type == "markdown" and piece.attachments:
            cell["attachments"] = NotebookNode(copy.deepcopy(piece.attachments))
        return cell


class _Ids:
    """Gives the student's further cells ids that no release cell has, the same on every reading."""

    def __init__(self, release: Iterable[NotebookNode]) -> None:
        self.used = {cell.get("id") for cell in release} | {NOTICE_ID}

    def fresh(self, piece: Piece) -> str:
        cell_id = piece.cell_id or ""
        count = 0
        while cell_id in self.used or not _VALID_ID.fullmatch(cell_id):
            cell_id = hashlib.sha256(f"{count}\0{piece.kind}\0{piece.source}".encode()).hexdigest()[:12]
            count += 1
        self.used.add(cell_id)
        return cell_id


def _must_be_there(cell: NotebookNode) -> bool:
    """True for graded and locked cells and for given code that others use; prose and measurements may be deleted."""
    if grade_id(cell):
        return True
    return cell.cell_type == "code" and not is_measure(cell)


def _called(cell: NotebookNode) -> str:
    name = grade_id(cell)
    if name:
        return f"cell {name}"
    first = next((line for line in cell.source.splitlines() if line.strip()), "")
    return f"the given cell that starts with {first.strip()[:60]!r}"


def _extra(piece: Piece, cell_id: str) -> NotebookNode:
    cell: NotebookNode = _NEW_CELL[piece.kind](source=piece.source)
    cell["id"] = cell_id
    if piece.kind == "markdown" and piece.attachments:
        cell["attachments"] = NotebookNode(copy.deepcopy(piece.attachments))
    return cell


def _empty_like(release: NotebookNode) -> NotebookNode:
    return NotebookNode(
        cells=[], metadata=copy.deepcopy(release.metadata), nbformat=4, nbformat_minor=max(5, release.nbformat_minor)
    )


def _with_notice(release: NotebookNode, reason: str) -> NotebookNode:
    notebook = _empty_like(release)
    text = f"**This notebook could not be read:** {reason}\n\nThe notebook as it was released stands in its place."
    notice = new_markdown_cell(source=text)
    notice["id"] = NOTICE_ID
    notebook.cells = [notice, *copy.deepcopy(list(release.cells))]
    return notebook
