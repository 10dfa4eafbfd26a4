"""Generates the release: sources to notebooks, notebooks through nbgrader; also finds releases that are out of date."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tinytorch.course import files
from tinytorch.course.build import build_source, release_notebook
from tinytorch.course.names import Lesson, lessons
from tinytorch.course.notebooks import read_notebook
from tinytorch.errors import ReleaseError, SourceError
from tinytorch.grading.gradebook.converters import generate_notebooks
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.marks import check_gradebook
from tinytorch.notebooks.cells import nbgrader_marks


@dataclass(frozen=True, slots=True)
class Generation:
    """The notebooks of a release, and the lessons that it changed against the one before."""

    notebooks: tuple[Path, ...]
    changed: tuple[str, ...]


def generate_release(class_folder: ClassFolder) -> Generation:
    """Builds source and release notebooks and enters the assignment in the gradebook; the gate comes after."""
    before = {lesson.name for lesson, _ in stale_lessons(class_folder)}
    check_gradebook(class_folder)
    build_source(class_folder.project, class_folder.module)
    with _restored_on_failure(class_folder):
        generate_notebooks(class_folder)
    require_fresh_release(class_folder)
    notebooks = tuple(
        class_folder.release / lesson.notebook for lesson in lessons(class_folder.project, class_folder.module)
    )
    return Generation(notebooks, tuple(sorted(before)))


def stale_lessons(class_folder: ClassFolder) -> tuple[tuple[Lesson, str], ...]:
    """Lessons whose release notebook doesn't say what their source says now, each with the reason."""
    reasons = (
        (lesson, _why_stale(class_folder, lesson)) for lesson in lessons(class_folder.project, class_folder.module)
    )
    return tuple((lesson, reason) for lesson, reason in reasons if reason)


def require_fresh_release(class_folder: ClassFolder) -> None:
    """Raises ReleaseError when a release notebook is missing, stale, or has no source any more."""
    advice = f"run `tito grade generate {class_folder.module}`"
    folder = class_folder.release
    for lesson, reason in stale_lessons(class_folder):
        raise ReleaseError(f"{folder / lesson.notebook}: {reason}; {advice}.")
    known = {lesson.notebook for lesson in lessons(class_folder.project, class_folder.module)}
    if not known:
        sources = class_folder.project.modules_dir / class_folder.module.name
        raise ReleaseError(f"{sources}: there are no lessons; restore the sources.")
    for path in sorted(folder.glob("*.ipynb")):
        if path.name not in known:
            raise ReleaseError(f"{path}: there is no lesson of that name any more; {advice}.")


def _why_stale(class_folder: ClassFolder, lesson: Lesson) -> str:
    path = class_folder.release / lesson.notebook
    if not path.is_file():
        return "the release notebook is missing"
    try:
        released = read_notebook(path)
    except SourceError as err:
        return f"the release notebook cannot be read ({err})"
    if _content(released) != _content(release_notebook(class_folder.project, lesson)):
        return "the release is older than its source"
    return ""


def _content(notebook: NotebookNode) -> list[tuple[object, ...]]:
    """Returns the part of a notebook that students and grading see, without the checksums and locks of nbgrader."""
    cells: list[tuple[object, ...]] = []
    for cell in notebook.cells:
        marks = nbgrader_marks(cell)
        grading_marks = tuple(marks.get(name) for name in ("grade_id", "grade", "solution", "points"))
        cells.append((cell.get("id"), cell.cell_type, cell.source, cell.metadata.get("tags", []), grading_marks))
    return cells


@contextmanager
def _restored_on_failure(class_folder: ClassFolder) -> Iterator[None]:
    """nbgrader removes the old release before it makes the new one; this puts it back if that fails."""
    folder, backup = class_folder.release, class_folder.release_before
    shutil.rmtree(backup, ignore_errors=True)
    try:
        if folder.is_dir():
            files.copy_tree(folder, backup)
        try:
            yield
        except BaseException:
            if backup.is_dir():
                shutil.rmtree(folder, ignore_errors=True)
                folder.parent.mkdir(parents=True, exist_ok=True)
                backup.rename(folder)
            raise
    finally:
        shutil.rmtree(backup, ignore_errors=True)
