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


def test_new_says_what_it_wrote_and_what_comes_next(tito: Tito, project: Project) -> None:
    done = tito("module", "new", "14_norms", "--requires", "13", at=project.root)
    assert (done.code, done.err) == (0, "")
    assert "Wrote modules/14_norms/01_first.py\n" in done.out
    assert "tito grade generate 14_norms" in done.out
    again = tito("module", "new", "14_norms", at=project.root)
    assert (again.code, again.out) == (1, "")
    assert "14_norms and 14_norms, which exists, would answer to the same" in again.err
