"""Which mutants there are, and which of them a run takes."""

from __future__ import annotations

import difflib
import functools
import hashlib
import random
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tests.tools.mutants.operators import edits
from tinytorch.course.build import source_notebook
from tinytorch.course.markers import Region, find_regions
from tinytorch.course.names import lessons, resolve_module
from tinytorch.course.project import Project, find_project
from tinytorch.notebooks.cells import grade_id, is_solution

ROOT = Path(__file__).parents[3]
MODULE = "13_kernels"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault in the solution of one exercise. `source` is the whole solution cell with the fault in it."""

    key: str
    lesson: str
    exercise: str
    function: str
    rule: str
    diff: str
    source: str


def project() -> Project:
    return find_project(ROOT)


@functools.cache
def reference_notebooks() -> dict[str, NotebookNode]:
    """The instructor's notebook of each lesson, by the lesson's name."""
    found = project()
    return {lesson.name: source_notebook(found, lesson) for lesson in lessons(found, resolve_module(found, MODULE))}


def all_mutants(notebooks: dict[str, NotebookNode]) -> list[Mutant]:
    """Every fault that the rules find in the solutions, in the order of the lessons."""
    return [
        mutant
        for lesson, notebook in notebooks.items()
        for cell in notebook.cells
        if cell.cell_type == "code" and is_solution(cell)
        for region in find_regions(cell.source)
        for mutant in _of_region(lesson, grade_id(cell), cell.source, region)
    ]


def _of_region(lesson: str, exercise: str, cell: str, region: Region) -> list[Mutant]:
    """Its mutants. Where the same line stands twice, the first with a fault in it speaks for both."""
    lines = cell.split("\n")
    solution = textwrap.dedent("\n".join(lines[region.begin + 1 : region.end]))
    found: dict[str, Mutant] = {}
    for edit in edits(solution):
        changed = edit.apply(solution)
        body = textwrap.indent(changed, region.indent).split("\n")
        source = "\n".join([*lines[: region.begin + 1], *body, *lines[region.end :]])
        diff = _diff(solution, changed)
        key = hashlib.sha256("\0".join((lesson, exercise, region.function, diff)).encode()).hexdigest()[:10]
        found.setdefault(key, Mutant(key, lesson, exercise, region.function, edit.rule, diff, source))
    return list(found.values())


def _diff(before: str, after: str) -> str:
    """The lines that differ, without the numbers of lines, so that a mutant's name outlives a change elsewhere."""
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0)
    return "\n".join(line for line in lines if line[:3] not in ("---", "+++") and not line.startswith("@@"))


def chosen(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """`count` of them, drawn so that every exercise has its share, and within one every rule; the same for a seed."""
    draw = random.Random(seed)
    waiting = {exercise: _mixed(group, draw) for exercise, group in _grouped(mutants, "exercise").items()}
    found: list[Mutant] = []
    while any(waiting.values()) and len(found) < count:
        for group in waiting.values():
            if group and len(found) < count:
                found.append(group.pop(0))
    return found


def _mixed(mutants: Iterable[Mutant], draw: random.Random) -> list[Mutant]:
    """In an order in which the rules take turns; a function's mutants of one rule come in a random order."""
    groups = list(_grouped(mutants, "rule").values())
    for group in groups:
        draw.shuffle(group)
    draw.shuffle(groups)
    return [group[turn] for turn in range(max(map(len, groups))) for group in groups if turn < len(group)]


def _grouped(mutants: Iterable[Mutant], attribute: str) -> dict[str, list[Mutant]]:
    groups: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        groups[getattr(mutant, attribute)].append(mutant)
    return groups
