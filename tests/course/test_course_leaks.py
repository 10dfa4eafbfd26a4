"""What must never be in a release, each kind put into one that is clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat.v4 import new_output

from tests.courses.tiny import edit
from tinytorch.course.build import build_source, release_notebook
from tinytorch.course.leaks import Leak, LeakKind, find_leaks
from tinytorch.course.names import Lesson, Module, lessons, resolve_module
from tinytorch.course.notebooks import read_notebook, write_notebook
from tinytorch.course.project import Project, find_project
from tinytorch.errors import SourceError

CHECKOUT = Path(__file__).parents[2]


def leaks(project: Project, module: Module) -> list[Leak]:
    return find_leaks(project.release_dir(module), project, module)


def release(project: Project, lesson: Lesson) -> Path:
    return project.release_dir(lesson.module) / lesson.notebook


def test_a_clean_release_has_no_leak(released: Project, module: Module) -> None:
    assert leaks(released, module) == []


def test_the_instructors_notebook_is_full_of_leaks(released: Project, module: Module) -> None:
    build_source(released, module)
    found = find_leaks(released.source_dir(module), released, module)
    assert {leak.kind for leak in found} == {LeakKind.SOLUTION, LeakKind.MARKER}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("accumulated_sum = given(a) + given(b)", LeakKind.SOLUTION),
        ("#   accumulated_sum  =  given(a) + given(b)", LeakKind.SOLUTION),
        ("doubled_by_adding = total(a, a)  # of the other lesson", LeakKind.SOLUTION),
        ("check.exactly(student.total(1, 2), 3)", LeakKind.HIDDEN_CHECK),
        ("from tinytorch.grading import check", LeakKind.HIDDEN_CHECK),
        (
            "secret_first, secret_second = -1234567, -7654321\nexpected_answer = secret_first + secret_second",
            LeakKind.HIDDEN_CHECK,
        ),
        ("see /home/teacher/solutions.txt", LeakKind.PATH),
        ("see C:\\Users\\teacher\\solutions.txt", LeakKind.PATH),
        ("# ### BEGIN SOLUTION", LeakKind.MARKER),
        ("### BEGIN HIDDEN TESTS", LeakKind.MARKER),
    ],
    ids=[
        "solution", "solution-as-comment", "solution-of-another-lesson", "student-call", "grader-import", "recipe",
        "path", "windows-path", "marker", "nbgrader-marker",
    ],
)  # fmt: skip
def test_a_leak_in_a_cell_is_found(released: Project, module: Module, first: Lesson, text: str, kind: LeakKind) -> None:
    edit(release(released, first), "What this lesson is about.", text)
    (leak,) = leaks(released, module)
    assert (leak.notebook, leak.cell, leak.kind) == ("01_first.ipynb", "1", kind)


def test_the_project_folder_itself_is_a_path(released: Project, module: Module, first: Lesson) -> None:
    edit(release(released, first), "What this lesson is about.", f"{released.root}/modules")
    assert LeakKind.PATH in {leak.kind for leak in leaks(released, module)}


def test_system_files_that_every_linux_has_are_no_leak(released: Project, module: Module, first: Lesson) -> None:
    edit(release(released, first), "What this lesson is about.", "Linux says so in /sys/devices/system/cpu and /proc.")
    assert leaks(released, module) == []


@pytest.mark.parametrize("mark", ["outputs", "execution_count"])
def test_an_output_or_its_count_is_found(released: Project, module: Module, first: Lesson, mark: str) -> None:
    nb = read_notebook(release(released, first))
    nb.cells[1][mark] = {"outputs": [new_output("stream", text="5\n")], "execution_count": 1}[mark]
    write_notebook(nb, release(released, first))
    assert [leak.kind for leak in leaks(released, module)] == [LeakKind.OUTPUT]


def test_one_line_shared_with_a_hidden_check_may_be_chance(released: Project, module: Module, first: Lesson) -> None:
    edit(release(released, first), "What this lesson is about.", "expected_answer = secret_first + secret_second")
    assert leaks(released, module) == []


def test_a_path_in_the_metadata_is_found(released: Project, module: Module, first: Lesson) -> None:
    nb = read_notebook(release(released, first))
    nb.metadata["origin"] = "/home/teacher/01.ipynb"
    write_notebook(nb, release(released, first))
    assert [(leak.cell, leak.kind) for leak in leaks(released, module)] == [("metadata", LeakKind.PATH)]


def test_an_empty_release_is_an_error_and_not_clean(project: Project, module: Module) -> None:
    with pytest.raises(SourceError, match="holds no notebook"):
        leaks(project, module)


def test_the_real_lessons_release_without_a_leak(tmp_path: Path) -> None:
    project = find_project(CHECKOUT)
    module = resolve_module(project, "13_kernels")
    for lesson in lessons(project, module):
        write_notebook(release_notebook(project, lesson), tmp_path / lesson.notebook)
    assert [str(leak) for leak in find_leaks(tmp_path, project, module)] == []
