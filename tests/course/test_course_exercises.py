"""What can be earned, read from the notebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.courses.tiny import edit
from tinytorch.course.build import build_source, source_path
from tinytorch.course.exercises import Exercise, check_totals, exercises
from tinytorch.course.names import Lesson, Module, resolve_module
from tinytorch.course.project import Project, find_project
from tinytorch.errors import SourceError

CHECKOUT = Path(__file__).parents[2]


def test_graded_cells_are_found_with_their_headings(project: Project, module: Module) -> None:
    assert exercises(build_source(project, module)) == [
        Exercise("01_first", "total", "check_total", 8, False, "Write the sum"),
        Exercise("02_second", "double", "check_double", 77, False, "Write the double"),
        Exercise("02_second", "why", "question_why", 15, True, "Why"),
    ]


def test_points_that_add_up_are_accepted(project: Project, module: Module) -> None:
    check_totals(exercises(build_source(project, module)))


def test_points_that_do_not_add_up_are_refused(project: Project, module: Module, first: Lesson) -> None:
    edit(source_path(project, first), '"points": 8', '"points": 9')
    with pytest.raises(SourceError, match="automatic points add up to 86, not 85"):
        check_totals(exercises(build_source(project, module)))


def test_the_real_module_is_worth_a_hundred_points(tmp_path: Path) -> None:
    project = find_project(CHECKOUT)
    found = exercises(build_source(project, resolve_module(project, "13_kernels"), tmp_path))
    check_totals(found)
    assert sum(exercise.points for exercise in found) == 100
