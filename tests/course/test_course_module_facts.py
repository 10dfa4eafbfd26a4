"""What a module declares, and whether its notebooks keep to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.courses.tiny import edit
from tinytorch.course.build import build_source, source_path
from tinytorch.course.module_facts import ModuleFacts, facts_path, module_facts
from tinytorch.course.names import Lesson, Module, modules, resolve_module
from tinytorch.course.points import exercises, points_problems
from tinytorch.course.project import Project, find_project
from tinytorch.errors import SourceError

CHECKOUT = find_project(Path(__file__).parents[2])
GOOD = 'title = "T"\ndescription = "D"\n[points]\nautomatic = 8\nmanual = 2.5\n'


def test_a_declaration_is_read(project: Project, module: Module) -> None:
    facts_path(project, module).write_text('requires = ["11_before"]\n' + GOOD)
    assert module_facts(project, module) == ModuleFacts("T", "D", 8, 2.5, ("11_before",))


def test_a_missing_declaration_says_what_to_write(project: Project, module: Module) -> None:
    facts_path(project, module).unlink()
    with pytest.raises(SourceError, match=r"module\.toml does not exist; write one with title"):
        module_facts(project, module)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "cannot be read"),
        (GOOD.replace('"T"', '" "'), "title is ' '; it must be one line"),
        (GOOD.replace('"D"', '"a\\nb"'), r"description is 'a\\nb'; it must be one line"),
        (GOOD.replace('title = "T"\n', ""), "title is None"),
        (GOOD.replace("[points]\n", ""), r"the table \[points\] is missing"),
        (GOOD.replace("automatic = 8", "automatic = true"), "automatic points are True"),
        (GOOD.replace("manual = 2.5", "manual = -1"), "manual points are -1"),
        (GOOD.replace("manual = 2.5", "manual = nan"), "manual points are nan"),
        (GOOD + "bonus = 3\n", "bonus means nothing here; the names are automatic, manual"),
        ('needs = ["11_before"]\n' + GOOD, "needs means nothing here"),
        ('requires = "11_before"\n' + GOOD, "must be a list of modules' names"),
    ],
)
def test_a_bad_declaration_is_a_sentence(project: Project, module: Module, text: str, message: str) -> None:
    facts_path(project, module).write_text(text)
    with pytest.raises(SourceError, match=rf"module\.toml.*{message}"):
        module_facts(project, module)


def test_points_that_add_up_are_no_problem(project: Project, module: Module) -> None:
    assert points_problems(exercises(build_source(project, module)), module_facts(project, module)) == []


def test_points_that_do_not_add_up_are_told_with_both_numbers(project: Project, module: Module, first: Lesson) -> None:
    edit(source_path(project, first), '"points": 8', '"points": 9')
    [problem] = points_problems(exercises(build_source(project, module)), module_facts(project, module))
    assert "automatic points add up to 86, and module.toml declares 85" in problem


@pytest.mark.parametrize("name", [module.name for module in modules(CHECKOUT)])
def test_every_real_module_is_worth_what_it_declares(name: str, tmp_path: Path) -> None:
    module = resolve_module(CHECKOUT, name)
    assert points_problems(exercises(build_source(CHECKOUT, module, tmp_path)), module_facts(CHECKOUT, module)) == []
