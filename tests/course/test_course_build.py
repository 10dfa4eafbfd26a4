"""From sources to notebooks: what the instructor's and the student's versions hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from tests.courses.tiny import edit
from tinytorch.course.build import build_source, release_notebook, source_notebook, source_path
from tinytorch.course.names import Lesson, Module
from tinytorch.course.notebooks import notebook_bytes
from tinytorch.course.project import Project
from tinytorch.errors import SourceError, WorkspaceError
from tinytorch.notebooks.cells import grade_id

Make = Callable[[Project, Lesson], nbformat.NotebookNode]


def cell(nb: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(cell for cell in nb.cells if grade_id(cell) == name)


def test_every_lesson_becomes_a_valid_notebook(project: Project, module: Module) -> None:
    paths = build_source(project, module)
    assert [path.name for path in paths] == ["01_first.ipynb", "02_second.ipynb"]
    for path in paths:
        nbformat.validate(nbformat.read(path, as_version=4))


def test_a_second_build_writes_nothing(project: Project, module: Module) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in build_source(project, module)}
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in build_source(project, module)} == before


def test_a_notebook_without_a_source_is_removed(project: Project, module: Module, second: Lesson) -> None:
    build_source(project, module)
    source_path(project, second).unlink()
    build_source(project, module)
    assert [path.name for path in project.source_dir(module).iterdir()] == ["01_first.ipynb"]


def test_a_malformed_lesson_leaves_the_notebooks_as_they_were(project: Project, module: Module, first: Lesson) -> None:
    before = {path: path.read_bytes() for path in build_source(project, module)}
    edit(source_path(project, first), "    ### END SOLUTION\n", "")
    with pytest.raises(SourceError):
        build_source(project, module)
    assert {path: path.read_bytes() for path in before} == before


def test_missing_nbgrader_keys_are_filled_in(project: Project, first: Lesson, second: Lesson) -> None:
    check = cell(source_notebook(project, first), "check_total").metadata.nbgrader
    assert check == {
        "cell_type": "code", "grade": True, "grade_id": "check_total", "locked": True, "points": 8,
        "schema_version": 3, "solution": False, "task": False,
    }  # fmt: skip
    assert not cell(source_notebook(project, first), "total").metadata.nbgrader.locked
    assert not cell(source_notebook(project, second), "question_why").metadata.nbgrader.locked


def test_the_student_gets_a_stub_at_the_markers_indentation(project: Project, first: Lesson) -> None:
    source = cell(release_notebook(project, first), "total").source
    assert source.endswith('    """a + b."""\n    raise NotImplementedError("total: not written yet")')


def test_an_open_question_keeps_its_text_and_gets_room_for_an_answer(project: Project, second: Lesson) -> None:
    source = cell(release_notebook(project, second), "question_why").source
    assert source == "## Why\nWhy would anyone double a number?\n\n*Write your answer here.*"


def test_everything_else_is_the_same_for_both(project: Project, first: Lesson) -> None:
    ours, theirs = source_notebook(project, first), release_notebook(project, first)
    assert [a.id for a, b in zip(ours.cells, theirs.cells, strict=True) if a != b] == [cell(ours, "total").id]


def test_a_lesson_that_exports_elsewhere_is_refused(project: Project, first: Lesson) -> None:
    edit(source_path(project, first), "default_exp core.kernels.first", "default_exp core.kernels.second")
    with pytest.raises(SourceError, match=r"should be `#\| default_exp core\.kernels\.first`"):
        source_notebook(project, first)


def test_a_module_without_lessons_is_refused(project: Project, module: Module) -> None:
    for path in (project.modules_dir / module.name).iterdir():
        path.unlink()
    with pytest.raises(SourceError, match="holds no lesson"):
        build_source(project, module)


def test_a_notebook_ends_with_one_newline_and_sorts_its_keys(project: Project, first: Lesson) -> None:
    text = notebook_bytes(source_notebook(project, first)).decode()
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["cells", "metadata", "nbformat", "nbformat_minor"]


def test_a_folder_that_cannot_be_made_is_a_sentence(project: Project, module: Module, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="could not be used"):
        build_source(project, module, tmp_path / "file" / "below")


@pytest.mark.parametrize("make", [source_notebook, release_notebook], ids=["source", "release"])
def test_nbgrader_accepts_the_metadata(project: Project, first: Lesson, second: Lesson, make: Make) -> None:
    for lesson in (first, second):
        MetadataValidator().validate_nb(make(project, lesson))
