"""From percent sources to notebooks, as an ordered list of steps."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from nbformat import NotebookNode

from tinytorch.course import files, steps
from tinytorch.course.bands import fill_in, read_bands
from tinytorch.course.names import Lesson, Module, lessons
from tinytorch.course.notebooks import write_notebook
from tinytorch.course.project import Project
from tinytorch.course.source import read_source
from tinytorch.errors import SourceError
from tinytorch.notebooks.exports import default_exp

Step = Callable[[NotebookNode], NotebookNode]

# Outputs last: nothing after it can bring one back.
SOURCE_STEPS: tuple[Step, ...] = (steps.complete_metadata, steps.clear_outputs)

# The steps from a source notebook to the one that students see.
RELEASE_STEPS: tuple[Step, ...] = (steps.strip_solutions, steps.clear_outputs)


def apply(nb: NotebookNode, chain: tuple[Step, ...]) -> NotebookNode:
    return functools.reduce(lambda done, step: step(done), chain, nb)


def source_path(project: Project, lesson: Lesson) -> Path:
    return project.source_path(lesson)


def source_notebook(project: Project, lesson: Lesson) -> NotebookNode:
    """The instructor's notebook of one lesson, solutions between their markers."""
    path = source_path(project, lesson)
    nb = fill_in(apply(read_source(path), SOURCE_STEPS), read_bands(path.parent), path.name)
    target = default_exp(nb)
    if target and target != lesson.target:
        raise SourceError(
            f"{path.name}: `#| default_exp {target}` should be `#| default_exp {lesson.target}`, after the file's name."
        )
    return nb


def release_notebook(project: Project, lesson: Lesson) -> NotebookNode:
    """The student's notebook of one lesson, as a release must have it."""
    return apply(source_notebook(project, lesson), RELEASE_STEPS)


def build_source(project: Project, module: Module, folder: Path | None = None) -> list[Path]:
    """Writes the module's source notebooks into `folder`, by default nbgrader's, and removes those without a source.

    Files whose bytes would not change are left alone. Returns every notebook, in the order of the lessons.
    """
    folder = folder or project.source_dir(module)
    sources = lessons(project, module)
    if not sources:
        raise SourceError(f"{project.modules_dir / module.name} holds no lesson; sources are called 01_name.py.")
    notebooks = [(folder / lesson.notebook, source_notebook(project, lesson)) for lesson in sources]
    for path, nb in notebooks:
        write_notebook(nb, path)
    written = [path for path, _ in notebooks]
    for path in set(folder.glob("*.ipynb")) - set(written):
        with files.sentences(path):
            path.unlink()
    return written
