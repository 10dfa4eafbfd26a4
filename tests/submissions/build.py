"""Makes the class to grade: each submission here is stored as what differs from a solved or an untouched notebook.

A submission is a percent file. Its first cell says what it does and, in its metadata, what it starts from:

    # %% [markdown] submission={"base": "reference", "blank": [], "without": []}

`base` is "reference" (every exercise solved) or "release" (untouched); lessons in `blank` stay as released, lessons in
`without` are not handed in. Every further cell changes one cell of one notebook, named by
submission={"lesson": "05_quantization", "grade_id": "quantize"}:

    code      functions and classes take the place of those with the same name, and what else there is goes before them;
              a function called `fill` holds the lines that a student writes in place of the one stub of the cell,
              and one called `fill_NAME` those for the stub in the function NAME
    markdown  the answer to an open question
    raw       the whole text of the cell, for what isn't Python; with "after": true, a new code cell after it

A module's submissions and their expected points lie in a folder of the module's name here; those of the first module,
`13_kernels`, lie in this folder itself.
"""

from __future__ import annotations

import argparse
import copy
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jupytext
from nbformat import NotebookNode

from tests.submissions.edit import Change, apply
from tinytorch.course.names import resolve_module
from tinytorch.course.notebooks import read_notebook, write_notebook
from tinytorch.notebooks.cells import grade_id
from tinytorch.course.project import find_project
from tinytorch.course.steps import strip_markers
from tinytorch.errors import SourceError, TinyTorchError

HERE = Path(__file__).parent
# The class to show: what students typically hand in. The others are each for a check that no one here fails.
CLASS = (
    "reference",
    "different_style",
    "blank",
    "half_done",
    "missing_notebook",
    "edge_blocks_lost",
    "wrong_axis_bias",
    "int8_overflow",
    "wrong_rounding",
    "changes_input_in_place",
    "loses_order_of_batches",
    "python_loops",
    "made_up_figures",
    "returns_nan",
    "syntax_error_in_one_cell",
    "infinite_loop",
    "kills_its_process",
    "prints_passing_marks",
)
BASES = ("reference", "release")
NOT_STORED = ("build", "edit")  # this program


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's work, as stored."""

    name: str
    words: str
    base: str
    blank: frozenset[str]
    without: frozenset[str]
    changes: tuple[Change, ...]

    @property
    def lessons(self) -> frozenset[str]:
        """The lessons that aren't as in the base; later ones that build on these may lose points too."""
        return self.blank | self.without | {change.lesson for change in self.changes}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one grade cell must get; up to `most` where a clock decides, on a busy machine or another processor.

    Checks in `lost` must fail, those in `slow` may earn any part of their weight, all others must earn in full.
    """

    points: float
    most: float
    lost: tuple[str, ...]
    slow: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Expected:
    """The automatic points that a submission must get: those of `cells`, and full or no points in all other cells."""

    total: float
    others: Literal["full", "none"]
    cells: dict[str, Cell]

    @property
    def most(self) -> float:
        """The total if every timed check is left undecided, which counts for the student."""
        return self.total + sum(cell.most - cell.points for cell in self.cells.values())

    def range_of(self, cell: str, full: float) -> tuple[float, float]:
        """The least and the most points that a cell may get; they differ only where timing decides."""
        if cell in self.cells:
            return self.cells[cell].points, self.cells[cell].most
        return (full, full) if self.others == "full" else (0.0, 0.0)


def home(module: str) -> Path:
    """The folder of a module's submissions."""
    own = HERE / module
    return own if (own / "expected.toml").is_file() else HERE


def all_names(folder: Path = HERE) -> list[str]:
    """Every submission's name; those in `correct/`, which have no expected points of their own, are left out."""
    return sorted(path.stem for path in folder.glob("*.py") if path.stem not in NOT_STORED)


def class_names(folder: Path = HERE) -> list[str]:
    """The class to show: every submission where there are few."""
    return list(CLASS) if folder == HERE else all_names(folder)


def correct_names() -> list[str]:
    """The solutions in `correct/`: each does an exercise in another way and keeps all points but those of speed."""
    return sorted(f"correct/{path.stem}" for path in (HERE / "correct").glob("*.py"))


def load_expected(path: Path = HERE / "expected.toml") -> dict[str, Expected]:
    """What each submission must get, by its name."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: Expected(
            float(entry["total"]),
            entry["others"],
            {
                cell: Cell(
                    given["points"],
                    given.get("most", given["points"]),
                    tuple(given.get("lost", ())),
                    tuple(given.get("slow", ())),
                    given["why"],
                )
                for cell, given in entry.get("cells", {}).items()
            },
        )
        for name, entry in entries.items()
    }


def build_class(source_dir: Path, release_dir: Path, to: Path, names: Iterable[str] | None = None) -> list[Path]:
    """Write submissions, the class to show by default, into folders below `to`, one for each name."""
    names = class_names(home(release_dir.name)) if names is None else names
    return [build_submission(name, source_dir, release_dir, to) for name in names]


def build_submission(name: str, source_dir: Path, release_dir: Path, to: Path) -> Path:
    """Write the notebooks of one submission into `to / name`, made from nbgrader's source and release notebooks."""
    submission = load(name, home(release_dir.name))
    releases = sorted(release_dir.glob("*.ipynb"))
    named = {change.lesson for change in submission.changes} | submission.blank | submission.without
    unknown = named - {path.stem for path in releases}
    if unknown:
        lessons, generate = ", ".join(sorted(unknown)), f"tito grade generate {release_dir.name}"
        raise SourceError(f"{name}: the release in {release_dir} has no lesson {lessons}; make it with `{generate}`.")
    folder = to / name
    folder.mkdir(parents=True, exist_ok=True)
    for path in releases:
        if path.stem not in submission.without:
            write_notebook(_made(submission, source_dir / path.name, read_notebook(path)), folder / path.name)
    return folder


def load(name: str, folder: Path = HERE) -> Submission:
    """The stored submission of that name."""
    path = folder / f"{name}.py"
    if not path.is_file():
        raise SourceError(f"there is no submission {name!r}; there are {', '.join(all_names(folder))}.")
    first, *cells = jupytext.read(path, fmt="py:percent").cells
    marks = first.metadata.get("submission", {})
    if first.cell_type != "markdown" or marks.get("base") not in BASES:
        raise SourceError(f"{path.name}: the first cell must be markdown with a base, one of {', '.join(BASES)}.")
    blank, without = (frozenset(marks.get(key, ())) for key in ("blank", "without"))
    return Submission(name, first.source, marks["base"], blank, without, tuple(_change(path, cell) for cell in cells))


def _change(path: Path, cell: NotebookNode) -> Change:
    marks = cell.metadata.get("submission", {})
    if not {"lesson", "grade_id"} <= marks.keys():
        raise SourceError(f"{path.name}: the cell {cell.source[:40]!r} doesn't say which lesson and grade_id it is.")
    return Change(marks["lesson"], marks["grade_id"], cell.cell_type, cell.source, bool(marks.get("after")))


def _made(submission: Submission, source_path: Path, release: NotebookNode) -> NotebookNode:
    """One lesson's notebook as handed in."""
    lesson = source_path.stem
    is_solved = submission.base == "reference" and lesson not in submission.blank
    solved = {grade_id(cell): cell.source for cell in strip_markers(read_notebook(source_path)).cells if is_solved}
    handed_in = copy.deepcopy(release)
    for cell in handed_in.cells:
        if cell.cell_type == "code" and grade_id(cell):
            cell.source = solved.get(grade_id(cell), cell.source)
    for change in submission.changes:
        if change.lesson == lesson:
            apply(f"{submission.name}: {lesson}: {change.grade_id}", change, handed_in, release)
    return handed_in


def main(arguments: list[str] | None = None) -> int:
    """Write a module's class, or the submissions named, from what is generated."""
    parser = argparse.ArgumentParser(prog="python -m tests.submissions.build", description=main.__doc__)
    parser.add_argument("to", type=Path, help="the folder to write into")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a submission; the class to show when left out")
    parser.add_argument("--module", default="13_kernels", help="whose submissions (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        project = find_project()
        module = resolve_module(project, options.module)
        folders = project.source_dir(module), project.release_dir(module)
        written = build_class(*folders, options.to, options.names or None)
    except TinyTorchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(written)} submissions written to {options.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
