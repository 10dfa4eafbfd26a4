"""Reads submitted notebooks for `nbgrader autograde` as the grader reads them, however they were saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode

from tinytorch.errors import ReleaseError
from tinytorch.grading.handed_in.frame import take_in


class ForgivingExporter(NotebookExporter):
    """nbconvert's notebook exporter, except that a submission goes through `intake.take_in`."""

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: object
    ) -> tuple[NotebookNode, dict[str, Any]]:
        assert self.parent is not None  # the converter that made it
        course = self.parent.coursedir
        path = Path(filename)
        submitted = Path(course.root, course.submitted_directory)
        if not path.is_relative_to(submitted):
            return super().from_filename(filename, resources=resources, **kw)
        resources = {} if resources is None else resources
        marks = resources["nbgrader"]
        released = Path(course.format_path(course.release_directory, ".", marks["assignment"]), path.name)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        node = take_in(path, read_release(released)).notebook
        written: tuple[NotebookNode, dict[str, Any]]
        written = self.from_notebook_node(node, resources=resources, **kw)  # type: ignore[no-untyped-call]
        return written


def read_release(path: Path) -> NotebookNode:
    """A release notebook; raises ReleaseError when it isn't there."""
    try:
        released: NotebookNode = nbformat.read(path, as_version=4)
    except FileNotFoundError as err:
        raise ReleaseError(f"{path}: the release notebook is missing; run `tito grade generate`.") from err
    return released
