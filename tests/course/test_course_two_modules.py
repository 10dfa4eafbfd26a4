"""A module that imports another's package: what its kit gives, and that two kits fit into one folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.courses.tiny import add_next_module, edit, make_release, module_toml, solve, write_file
from tinytorch.course import standing, workspace
from tinytorch.course.kit import build_kit
from tinytorch.course.kit_card import read_card
from tinytorch.course.module_facts import facts_path
from tinytorch.course.names import Module, lessons, modules, resolve_module
from tinytorch.course.project import Project, find_project
from tinytorch.course.required import released_notebooks, required_modules
from tinytorch.errors import SourceError, WorkspaceError


@pytest.fixture
def norms(project: Project) -> Module:
    return add_next_module(project)


@pytest.fixture
def next_kit(project: Project, norms: Module, tmp_path: Path) -> Project:
    """The second module's kit, made in a checkout in which the first was never generated."""
    make_release(project, "norms")
    return find_project(build_kit(project, norms, tmp_path / "next").folder)


@pytest.fixture
def both(project: Project, next_kit: Project, tmp_path: Path) -> Project:
    """A kit of the first module in which its first lesson was done, with the second module's kit copied over it."""
    make_release(project)
    kernels = resolve_module(project, "kernels")
    kit = find_project(build_kit(project, kernels, tmp_path / "out").folder)
    solve(kit.notebooks_dir(kernels) / "01_first.ipynb", "total", "return a + b")
    assert [done.run.passed for done in workspace.complete(kit, lessons(kit, kernels)[0])] == [True]
    shutil.copytree(next_kit.root, kit.root, dirs_exist_ok=True)
    return kit


def test_requirements_come_in_the_order_in_which_they_build_on_each_other(project: Project, norms: Module) -> None:
    last = Module("15_last", "15", "last")
    write_file(facts_path(project, last), module_toml(automatic=1, manual=0, requires=["14_norms", "13_kernels"]))
    assert [module.name for module in required_modules(project, last)] == ["13_kernels", "14_norms"]
    assert required_modules(project, resolve_module(project, "kernels")) == []


def test_the_required_lessons_are_as_students_get_them(project: Project, norms: Module) -> None:
    [(package, found)] = released_notebooks(project, norms).items()
    assert package == "tinytorch.core.kernels"
    assert [lesson.name for lesson, _ in found] == ["01_first", "02_second"]
    text = "\n".join(cell.source for _, notebook in found for cell in notebook.cells)
    assert "total: not written yet" in text
    assert "accumulated_sum" not in text


def test_a_missing_requirement_is_a_sentence(project: Project, norms: Module) -> None:
    shutil.rmtree(project.modules_dir / "13_kernels")
    with pytest.raises(
        SourceError, match=r"14_norms/module\.toml requires 13_kernels, and .*modules has no such module"
    ):
        released_notebooks(project, norms)


def test_modules_that_require_each_other_are_refused(project: Project, norms: Module) -> None:
    facts = facts_path(project, resolve_module(project, "kernels"))
    edit(facts, "requires = []", 'requires = ["14_norms"]')
    with pytest.raises(SourceError, match="14_norms requires 13_kernels requires 14_norms"):
        required_modules(project, norms)


def test_the_kit_gives_the_required_package_as_released(
    project: Project, norms: Module, next_kit: Project, tmp_path: Path
) -> None:
    make_release(project)
    own = find_project(build_kit(project, resolve_module(project, "kernels"), tmp_path / "own").folder)
    given = {path.name: path.read_bytes() for path in (next_kit.given_dir / "tinytorch/core/kernels").iterdir()}
    assert given == {path.name: path.read_bytes() for path in (own.package_dir / "core/kernels").iterdir()}
    assert b"total: not written yet" in given["first.py"]


def test_the_kits_hold_no_other_package(project: Project, next_kit: Project, norms: Module, tmp_path: Path) -> None:
    make_release(project)
    own = find_project(build_kit(project, resolve_module(project, "kernels"), tmp_path / "own").folder)
    assert not (own.package_dir / "core/norms").exists()
    assert not (next_kit.package_dir / "core/kernels").exists()


@pytest.mark.parametrize("secret", ["accumulated_sum", "doubled_by_adding", "half_of_the_given", "SOLUTION"])
def test_nothing_in_the_kit_gives_an_answer_away(next_kit: Project, secret: str) -> None:
    files = [path for path in next_kit.root.rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


def test_start_puts_the_required_package_in_place_once(next_kit: Project, norms: Module) -> None:
    placed = [str(path.relative_to(next_kit.root)) for path in workspace.start(next_kit, norms).placed]
    assert placed == [f"tinytorch/core/kernels/{name}.py" for name in ("__init__", "first", "second")]
    assert workspace.start(next_kit, norms).placed == ()
    command = [
        sys.executable,
        "-c",
        "from tinytorch.core.kernels.first import given, total; print(given(3)); total(1, 2)",
    ]
    run = subprocess.run(command, cwd=next_kit.root, capture_output=True, text=True, timeout=60)
    assert run.stdout == "3\n"
    assert run.stderr.strip().endswith("NotImplementedError: total: not written yet")


def test_a_lesson_of_the_second_module_is_tested_and_completed_in_its_own_kit(next_kit: Project, norms: Module) -> None:
    solve(next_kit.notebooks_dir(norms) / "01_half.ipynb", "half", "return given(a) / 2")
    [done] = workspace.complete(next_kit, norms)
    assert (done.run.passed, [path.name for path in done.exported]) == (True, ["half.py"])


def test_a_second_kit_copied_over_the_first_keeps_what_was_exported(both: Project, norms: Module) -> None:
    exported = both.package_dir / "core/kernels/first.py"
    before = exported.read_bytes()
    assert b"return a + b" in before
    assert workspace.start(both, norms).placed == ()
    assert exported.read_bytes() == before


def test_one_folder_holds_both_modules(both: Project, norms: Module) -> None:
    assert [module.name for module in modules(both)] == ["13_kernels", "14_norms"]
    states = [str(each.state) for module in modules(both) for each in standing.status(both, module)]
    assert states == ["complete", "not started", "not started"]
    workspace.start(both, norms)
    card = read_card(both.root)
    assert sorted(card.modules) == ["13_kernels", "14_norms"]
    assert sorted(card.modules["13_kernels"]) == ["01_first.ipynb", "02_second.ipynb"]


def test_a_lesson_of_the_second_module_sees_what_the_student_wrote_in_the_first(both: Project, norms: Module) -> None:
    notebook = both.notebooks_dir(norms) / "01_half.ipynb"
    edit(notebook, "import given", "import given, total")
    solve(notebook, "half", "return total(a, 0) / 2")
    [run] = workspace.test(both, norms)
    assert [check.message for check in run.checks if not check.passed] == []


def test_a_kit_with_work_on_another_module_is_not_replaced(
    project: Project, both: Project, norms: Module, next_kit: Project
) -> None:
    shutil.rmtree(next_kit.root)
    shutil.copytree(both.root, next_kit.root)
    (next_kit.root / "progress.json").unlink()
    with pytest.raises(WorkspaceError, match="somebody has worked in the kit"):
        build_kit(project, norms, next_kit.root.parent)


def test_the_readme_says_what_the_lessons_import_and_fits_on_a_page(next_kit: Project) -> None:
    text = (next_kit.root / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# Norms: the student kit\n\nA module for tests.\n\nOne lesson, ")
    assert "import `tinytorch.core.kernels`, which you write in 13_kernels" in text
    assert len(text.splitlines()) <= 72
