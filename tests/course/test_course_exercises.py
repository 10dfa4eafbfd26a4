"""What can be earned, read from the notebooks."""

from __future__ import annotations

from tinytorch.course.build import build_source
from tinytorch.course.names import Module
from tinytorch.course.points import exercises
from tinytorch.course.project import Project
from tinytorch.notebooks.exercises import Exercise


def test_graded_cells_are_found_with_their_headings(project: Project, module: Module) -> None:
    assert exercises(build_source(project, module)) == [
        Exercise("01_first", "total", "check_total", 8, False, "Write the sum"),
        Exercise("02_second", "double", "check_double", 77, False, "Write the double"),
        Exercise("02_second", "why", "question_why", 15, True, "Why"),
    ]
