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
    """Fill in what nbgrader wants to find and an author need not write."""
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
    """The student's version: each solution gives way to a stub, each open question gets room for an answer."""
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
    """What stands in place of a solution; it compiles under Numba too."""
    return f'raise NotImplementedError("{name}: not written yet")'


def strip_markers(nb: NotebookNode) -> NotebookNode:
    """The solution markers go, the solutions stay."""
    done = copy.deepcopy(nb)
    for cell in done.cells:
        if cell.cell_type == "code":
            cell.source = markers.remove_lines(cell.source)
    return done


def clear_outputs(nb: NotebookNode) -> NotebookNode:
    """No outputs, no execution counts, and none of the marks that Jupyter leaves when it runs a cell."""
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
