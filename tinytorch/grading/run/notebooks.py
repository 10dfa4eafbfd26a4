"""One submission's notebooks on the release's frame, and the parts of them that each lesson's process is given."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tinytorch.grading.base.digests import notebooks_digest
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.handed_in.frame import take_in
from tinytorch.grading.run.imports import Name, reachable
from tinytorch.grading.sandbox.inside.protocol import CellCode, GivenCell, LessonCode
from tinytorch.notebooks.code import MAX_CELL_CHARS, Cell, code_cells, meant_for_export, short_name
from tinytorch.notebooks.exercises import Exercise, lesson_exercises
from tinytorch.notebooks.exports import default_exp, has_export_line


class Notebooks:
    """Reads a submission folder; `repairs` say what was repaired.

    A lesson whose notebook is missing or unreadable has the reason in `absent`; other lessons that import from it
    get the release's given parts, so that it costs them nothing but what its answers would have added. Of modules that
    are required, lessons get what was released.
    """

    def __init__(self, submission_dir: Path, setup: Setup) -> None:
        self.digest = notebooks_digest(submission_dir)
        self.repairs: list[str] = []
        self.absent: dict[str, str] = {}
        self.cells: dict[str, tuple[Cell, ...]] = {}
        self.exercises: list[Exercise] = []
        self._given: dict[Name, tuple[Cell, ...]] = {}
        self._names: dict[str, Name] = {}
        for path in sorted(setup.release_dir.glob("*.ipynb")):
            release = nbformat.read(path, as_version=4)
            name = self._add_given(path.stem, release)
            self._names[path.stem] = name
            self.exercises += lesson_exercises(path.stem, release)
            self.cells[path.stem] = code_cells(path.stem, self._submitted(submission_dir, path, release), release)
            meant = meant_for_export(self.cells[path.stem], self._given[name])
            self.repairs += [f"{path.stem}: {sentence}" for sentence in meant.values()]
        for required in setup.required:
            self._add_given(required.lesson, nbformat.reads(required.notebook, as_version=4))
        self._imports = {lesson: reachable(name, self._texts()) for lesson, name in self._names.items()}

    def read_by(self, lesson: str) -> object:
        """All that the lesson's process is given, as plain data: what the outcome of its checks depends on."""
        own = {name: lesson for lesson, name in self._names.items()}
        imported = {
            ".".join(name): {
                "cells": _plain(self.cells[own[name]]) if name in own else [],
                "given": _plain(self._given[name]),
            }
            for name in self._imports[lesson]
        }
        return {"lesson": lesson, "cells": _plain(self.cells[lesson]), "imports": imported}

    def packages_for(self, lesson: str, left_out: Callable[[str], frozenset[int]]) -> dict[str, dict[str, LessonCode]]:
        """The packages that the lesson's imports find, made of the lessons that it may reach.

        `left_out` tells the cells of a lesson that are not run for others, since they hung or killed its process.
        All that come from the student are at most `MAX_CELL_CHARS` long together; what is beyond is left out.
        """
        own = {name: lesson for lesson, name in self._names.items()}
        packages: dict[str, dict[str, LessonCode]] = {}
        chars = 0
        for name in self._imports[lesson]:
            released = [cell for cell in self._given[name] if cell.is_exported]
            # Of a required module nothing is the student's: what was released is run whole, its imports too.
            cells = self._exported(own[name], left_out(own[name])) if name in own else released
            exported = []
            for cell in cells:
                chars += len(cell.source) if name in own else 0
                if chars <= MAX_CELL_CHARS:
                    exported.append(CellCode(cell.name, cell.source))
            given = [GivenCell(cell.name, cell.source, cell.defined) for cell in released]
            packages.setdefault(name[0], {})[name[1]] = LessonCode(tuple(exported), tuple(given))
        return packages

    def _exported(self, lesson: str, left_out: frozenset[int]) -> list[Cell]:
        """The cells of a lesson that its importers get; those that are `meant_for_export` too."""
        cells = self.cells[lesson]
        meant = meant_for_export(cells, self._given[self._names[lesson]])
        return [cell for cell in cells if (cell.is_exported or cell in meant) and cell.number not in left_out]

    def _add_given(self, lesson: str, release: NotebookNode) -> Name:
        """The release's own cells under the name that the lesson is imported by."""
        package, _, short = default_exp(release).rpartition(".")
        name = (f"tinytorch.{package}" if package else "", short or short_name(lesson))
        self._given[name] = code_cells(f"{lesson} as released", release, release)
        return name

    def _texts(self) -> dict[Name, list[str]]:
        """The code of every lesson: the student's where there is one, and what was given."""
        texts: dict[Name, list[str]] = {
            name: [cell.source for cell in cells] for name, cells in self._given.items() if name[0]
        }
        for lesson, name in self._names.items():
            texts.setdefault(name, []).extend(cell.source for cell in self.cells[lesson])
        return texts

    def _submitted(self, submission_dir: Path, release_path: Path, release: NotebookNode) -> NotebookNode:
        lesson = release_path.stem
        path = submission_dir / release_path.name
        if not path.is_file():
            self.absent[lesson] = f"the submission has no notebook {path.name}"
            return release
        taken = take_in(path, release)
        self.repairs += taken.repairs
        if taken.unreadable:
            self.absent[lesson] = f"the notebook cannot be read: {taken.unreadable}"
            return release
        return taken.notebook


def _plain(cells: Sequence[Cell]) -> list[dict[str, object]]:
    """Cells as plain data; of a measuring cell, which is not run, only what it would have defined."""
    return [{**dataclasses.asdict(cell), **({"source": cell.defined} if _is_left_out(cell) else {})} for cell in cells]


def _is_left_out(cell: Cell) -> bool:
    """Neither its own lesson's process runs it, nor does one that imports the lesson."""
    return cell.is_measurement and not cell.grade_id and not has_export_line(cell.source)
