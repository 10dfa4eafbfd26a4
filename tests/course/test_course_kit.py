"""The student kit: everything a student needs, and nothing more."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.courses.tiny import edit
from tinytorch.course.build import source_path
from tinytorch.course.kit import build_kit
from tinytorch.course.names import Lesson, Module
from tinytorch.course.notebooks import read_notebook
from tinytorch.course.project import Project
from tinytorch.errors import ExportError, WorkspaceError


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_kit_holds_notebooks_package_and_a_page(kit: Project) -> None:
    assert set(files_of(kit.root)) == {
        "LICENSE", "README.md", "pyproject.toml", "tinytorch-kit.json",
        "notebooks/13_kernels/01_first.ipynb", "notebooks/13_kernels/02_second.ipynb",
        "originals/13_kernels/01_first.ipynb", "originals/13_kernels/02_second.ipynb",
        "tinytorch/__init__.py", "tinytorch/errors.py", "tinytorch/core/__init__.py",
        "tinytorch/core/kernels/__init__.py", "tinytorch/core/kernels/first.py", "tinytorch/core/kernels/second.py",
    }  # fmt: skip


def test_the_package_has_stubs_that_name_their_exercise(kit: Project) -> None:
    command = [sys.executable, "-c", "from tinytorch.core.kernels.second import double; double(2)"]
    run = subprocess.run(command, cwd=kit.root, capture_output=True, text=True, timeout=60)
    assert run.stderr.strip().endswith("NotImplementedError: double: not written yet")


def test_the_stubs_name_the_notebook_they_come_from(kit: Project, module: Module) -> None:
    text = (kit.exported_dir(module) / "first.py").read_text(encoding="utf-8")
    assert "File to edit: ../../../notebooks/13_kernels/01_first.ipynb." in text
    assert ast.get_docstring(ast.parse(text)) == "Sums, the slow way."


@pytest.mark.parametrize(
    "secret",
    ["accumulated_sum", "doubled_by_adding", "SOLUTION", "secret_first", "test_negative_numbers", "student.total"],
)
def test_nothing_in_the_kit_gives_an_answer_away(kit: Project, secret: str) -> None:
    assert [name for name, data in files_of(kit.root).items() if secret.encode() in data] == []


def test_no_path_of_this_machine_is_in_the_kit(kit: Project, released: Project) -> None:
    own = [str(path).encode() for path in (released.root, kit.root, Path.home()) if len(path.parts) > 1]
    assert [name for name, data in files_of(kit.root).items() if any(path in data for path in own)] == []


def test_the_zip_holds_the_same_files(kit: Project) -> None:
    with zipfile.ZipFile(kit.root.with_suffix(".zip")) as archive:
        packed = {name.removeprefix("tinytorch-kernels/"): archive.read(name) for name in archive.namelist()}
    assert packed == files_of(kit.root)


def test_the_zip_is_the_same_bytes_wherever_it_is_made(released: Project, module: Module, tmp_path: Path) -> None:
    archives = [build_kit(released, module, tmp_path / name).archive.read_bytes() for name in ("a", "b")]
    assert archives[0] == archives[1]


def test_the_kit_installs_what_the_base_install_needs(kit: Project) -> None:
    described = tomllib.loads((kit.root / "pyproject.toml").read_text(encoding="utf-8"))
    assert described["project"]["name"] == "tinytorch-kernels"
    assert described["project"]["dependencies"] == ["numpy>=2.1", "nbdev>=3.0"]
    assert described["project"]["scripts"] == {"tito": "tinytorch.tito.app:main"}
    assert described["tool"]["nbdev"]["nbs_path"] == "notebooks"


def test_nbdev_run_by_hand_in_the_kit_changes_nothing(kit: Project) -> None:
    before = files_of(kit.root)
    command = [str(Path(sys.executable).with_name("nbdev-export"))]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(command, cwd=kit.root, env=environment, check=True, capture_output=True, timeout=120)
    after = files_of(kit.root)
    assert after.pop("tinytorch/_modidx.py")
    assert after == before


def test_an_untouched_kit_is_replaced(kit: Project, released: Project, module: Module) -> None:
    (kit.root / "README.md").write_text("old")
    build_kit(released, module, kit.root.parent)
    assert (kit.root / "README.md").read_text() != "old"


def test_a_kit_in_which_somebody_has_worked_is_not_replaced(kit: Project, released: Project, module: Module) -> None:
    edit(kit.notebooks_dir(module) / "01_first.ipynb", "What this", "My notes on what this")
    before = files_of(kit.root)
    with pytest.raises(WorkspaceError, match="somebody has worked in the kit"):
        build_kit(released, module, kit.root.parent)
    assert files_of(kit.root) == before


def test_a_folder_that_is_no_kit_is_not_replaced(released: Project, module: Module, tmp_path: Path) -> None:
    (tmp_path / "out" / "tinytorch-kernels").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match="exists and is no kit"):
        build_kit(released, module, tmp_path / "out")


def test_without_a_release_the_error_says_how_to_make_one(project: Project, module: Module, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"lacks 01_first\.ipynb.*tito grade generate 13_kernels"):
        build_kit(project, module, tmp_path / "out")


def test_a_release_that_leaks_makes_no_kit(released: Project, module: Module, first: Lesson, tmp_path: Path) -> None:
    edit(released.release_dir(module) / first.notebook, "What this", "accumulated_sum = given(a) + given(b)")
    with pytest.raises(ExportError, match="not fit for students"):
        build_kit(released, module, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_kit_is_made_from_the_release_and_not_from_the_sources(
    released: Project, module: Module, first: Lesson, tmp_path: Path
) -> None:
    edit(source_path(released, first), "What this lesson is about.", "Rewritten since.")
    kit = build_kit(released, module, tmp_path / "out")
    notebook = read_notebook(kit.folder / "notebooks" / "13_kernels" / "01_first.ipynb")
    assert "What this lesson is about." in notebook.cells[0].source


def test_the_readme_fits_on_a_page(kit: Project) -> None:
    lines = (kit.root / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 66
    assert max(map(len, lines)) <= 120
