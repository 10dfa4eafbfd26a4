"""The transformations of a lesson's notebook, each a pure function from notebook to notebook."""

from __future__ import annotations

import copy

from nbformat import NotebookNode

from tinytorch.course import markers
from tinytorch.course.source import regions
from tinytorch.notebooks.cells import grade_id, is_check, is_solution

SCHEMA_VERSION = 3
ANSWER = "*Write your answer here.*"


def complete_metadata(nb: NotebookNode) -> NotebookNode:
    """Fills in the metadata that nbgrader needs and an author need not write."""
    done = copy.deepcopy(nb)
    for cell in done.cells:
        if "nbgrader" not in cell.metadata:
            continue
        written = cell.metadata.nbgrader
        written.setdefault("grade", False)
        written.setdefault("solution", False)
        written.update(
            schema_version=SCHEMA_VERSION,
            cell_type=cell.cell_type,
            task=False,
            locked=is_check(cell),
        )
    return done


def strip_solutions(nb: NotebookNode) -> NotebookNode:
    """Returns the student's version: a stub instead of each solution, room for an answer to each open question."""
    done = copy.deepcopy(nb)
    for cell in done.cells:
        if not is_solution(cell):
            continue
        if cell.cell_type == "code":
            cell.source = _stubbed(cell)
        elif ANSWER not in cell.source:
            cell.source = f"{cell.source.rstrip()}\n\n{ANSWER}"
    return done


def stub(name: str) -> str:
    """Returns the stub that replaces a solution; it compiles under Numba too."""
    return f'raise NotImplementedError("{name}: not written yet")'


def strip_markers(nb: NotebookNode) -> NotebookNode:
    """Removes the solution markers and keeps the solutions."""
    done = copy.deepcopy(nb)
    for cell in done.cells:
        if cell.cell_type == "code":
            cell.source = markers.remove_lines(cell.source)
    return done


def clear_outputs(nb: NotebookNode) -> NotebookNode:
    """Removes outputs, execution counts, and the metadata that Jupyter adds when it runs a cell."""
    done = copy.deepcopy(nb)
    for cell in done.cells:
        for mark in ("execution", "collapsed", "ExecuteTime"):
            cell.metadata.pop(mark, None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return done


def _stubbed(cell: NotebookNode) -> str:
    lines = cell.source.split("\n")
    for region in reversed(regions(cell)):
        lines[region.begin : region.end + 1] = [region.indent + stub(grade_id(cell))]
    return "\n".join(lines)
