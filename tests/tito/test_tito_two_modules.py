"""The command line where there are two modules: which one is meant, and which are all meant."""

from __future__ import annotations

import pytest

from tests.courses.tiny import add_next_module
from tests.courses.toy import Toy
from tests.tito.running import Tito
from tinytorch.course.project import Project

SEVERAL = "tito: there are several modules, so say which one: 13_kernels, 14_norms.\n"


@pytest.mark.parametrize("command", ["module submit", "grade status", "grade manual --no-browser"])
def test_a_command_about_one_module_asks_which(tito: Tito, toy: Toy, command: str) -> None:
    add_next_module(toy.project)
    done = tito(*command.split(), at=toy.project.root)
    assert (done.code, done.out, done.err) == (1, "", SEVERAL)


def test_status_without_a_name_shows_all_modules(tito: Tito, project: Project) -> None:
    add_next_module(project)
    done = tito("module", "status", "--json", at=project.root)
    expected = ["13_kernels/01_first", "13_kernels/02_second", "14_norms/01_half"]
    assert [item["lesson"] for item in done.json] == expected
    assert tito("module", "list", "--json", at=project.root).json == done.json
