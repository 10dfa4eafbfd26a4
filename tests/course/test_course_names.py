"""Finding the project, and modules and lessons by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch.course.names import Lesson, Module, lessons, modules, only_module, resolve, resolve_module
from tinytorch.course.project import Project, find_project
from tinytorch.errors import ProjectError, UnknownNameError


def test_project_is_found_from_a_folder_below_it(project: Project) -> None:
    assert find_project(project.root / "modules" / "13_kernels") == project


def test_a_kit_is_told_from_a_checkout(kit: Project) -> None:
    assert (kit.kind, find_project(kit.root / "notebooks")) == ("kit", kit)


def test_outside_a_project_the_error_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"tinytorch-kit\.json.*modules/"):
        find_project(tmp_path)


def test_another_projects_modules_folder_is_not_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n')
    with pytest.raises(ProjectError):
        find_project(tmp_path)


def test_modules_have_number_and_short_name(project: Project) -> None:
    assert modules(project) == [Module("13_kernels", "13", "kernels")]


@pytest.mark.parametrize("where", ["project", "kit"])
def test_lessons_come_in_order(where: str, request: pytest.FixtureRequest, module: Module) -> None:
    found = lessons(request.getfixturevalue(where), module)
    assert [lesson.name for lesson in found] == ["01_first", "02_second"]


@pytest.mark.parametrize("text", ["13_kernels", "13", "kernels", "Kernels", " 13_kernels/ "])
def test_a_module_goes_by_three_names(project: Project, module: Module, text: str) -> None:
    assert resolve_module(project, text) == module


@pytest.mark.parametrize(
    "text", ["13_kernels/02_second", "kernels/02", "kernels/2", "13/second", "kernels/02_second.ipynb"]
)
def test_a_lesson_goes_by_its_module_and_three_names(project: Project, second: Lesson, text: str) -> None:
    assert resolve(project, text) == second


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("kernel", "13_kernels"), ("13_kernals", "13_kernels"), ("kernels/secnd", "02_second"), ("kernels/9", "01_first")],
)
def test_an_unknown_name_is_answered_with_what_there_is(project: Project, text: str, nearest: str) -> None:
    with pytest.raises(UnknownNameError, match=nearest):
        resolve(project, text)


def test_the_only_module_is_meant_when_none_is_named(project: Project, module: Module) -> None:
    assert only_module(project) == module


def test_with_several_modules_one_has_to_be_named(project: Project) -> None:
    (project.modules_dir / "14_norms").mkdir()
    with pytest.raises(UnknownNameError, match="several modules, so say which one: 13_kernels, 14_norms"):
        only_module(project)


def test_without_a_module_there_is_none_to_mean(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="holds no module yet"):
        only_module(Project(tmp_path, "checkout"))


def test_a_module_knows_its_package(module: Module) -> None:
    assert module.package == "tinytorch.core.kernels"
