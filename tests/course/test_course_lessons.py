"""The real lessons in a real kit: nothing passes before it is written, and the reference completes every lesson."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tinytorch.course import workspace
from tinytorch.course.build import release_notebook, source_notebook
from tinytorch.course.kit import build_kit
from tinytorch.course.names import lessons, resolve_module
from tinytorch.course.notebooks import write_notebook
from tinytorch.course.project import Project, find_project
from tinytorch.course.steps import strip_markers

CHECKOUT = Path(__file__).parents[2]
MODULE = "13_kernels"
NAMES = [path.stem for path in sorted((CHECKOUT / "modules" / MODULE).glob("[0-9]*.py"))]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of this checkout with its release in place."""
    root = tmp_path_factory.mktemp("copy") / "checkout"
    skipped = shutil.ignore_patterns("__pycache__", "_modidx.py")
    for name in ("modules", "tinytorch", "tests/hidden"):
        shutil.copytree(CHECKOUT / name, root / name, ignore=skipped)
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(CHECKOUT / name, root)
    project = find_project(root)
    module = resolve_module(project, MODULE)
    for lesson in lessons(project, module):
        write_notebook(release_notebook(project, lesson), project.release_dir(module) / lesson.notebook)
    return project


def new_kit(checkout: Project, folder: Path) -> Project:
    return find_project(build_kit(checkout, resolve_module(checkout, MODULE), folder).folder)


@pytest.fixture(scope="module")
def untouched(checkout: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return new_kit(checkout, tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="module")
def solved(checkout: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, workspace.Completed]:
    """What `complete` says of each lesson of a student who writes what the reference says."""
    kit = new_kit(checkout, tmp_path_factory.mktemp("solved"))
    module = resolve_module(kit, MODULE)
    for lesson in lessons(checkout, module):
        write_notebook(strip_markers(source_notebook(checkout, lesson)), kit.notebooks_dir(module) / lesson.notebook)
    return {done.lesson.name: done for done in workspace.complete(kit, module)}


@pytest.mark.parametrize("name", NAMES)
def test_no_check_passes_before_its_exercise_is_written(untouched: Project, name: str) -> None:
    (lesson,) = [lesson for lesson in lessons(untouched, resolve_module(untouched, MODULE)) if lesson.name == name]
    (ran,) = workspace.test(untouched, lesson)
    assert ran.checks
    assert [check.name for check in ran.checks if check.passed] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_completes_its_lesson(solved: dict[str, workspace.Completed], name: str) -> None:
    run = solved[name].run
    assert [(check.name, check.message) for check in run.checks if not check.passed] == []
    assert [error.message for error in run.errors] == []
    assert [path.name for path in solved[name].exported] == [f"{name.partition('_')[2]}.py"]
