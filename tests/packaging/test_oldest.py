"""The lower bounds of pyproject.toml are versions with which a student's and an instructor's way can be gone.

Run by `make oldest`: it installs two environments.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.declared import INSTRUCTOR_BOUNDS, STUDENT_BOUNDS
from tests.packaging.environments import MODULE, Environment, copy_checkout, make_environment, make_kit, solve
from tinytorch.course.project import Project

pytestmark = [pytest.mark.oldest, pytest.mark.slow]

RUNS_A_CELL = """
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="python3")
reply = client.execute_interactive("print(6 * 7)", timeout=60)
client.stop_channels()
manager.shutdown_kernel(now=True)
assert reply["content"]["status"] == "ok", reply
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return make_environment(tmp_path_factory.mktemp("student"), STUDENT_BOUNDS)


@pytest.fixture(scope="module")
def instructor(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return make_environment(tmp_path_factory.mktemp("instructor"), INSTRUCTOR_BOUNDS)


@pytest.fixture
def kit(checkout: Project, tmp_path: Path) -> Path:
    return make_kit(checkout, tmp_path)


def test_the_kit_can_be_installed(student: Environment, kit: Path) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
    student.run(kit, "-m", "pip", "install", *options, "-e", ".")
    assert "No broken requirements" in student.run(kit, "-m", "pip", "check")


def test_a_student_starts_completes_and_hands_in(student: Environment, kit: Path, checkout: Project) -> None:
    assert "01" in student.tito(kit, "module", "list")
    student.tito(kit, "module", "start", MODULE)
    student.tito(kit, "module", "test", f"{MODULE}/01", expect=1)
    for notebook in ("01_timing.ipynb", "02_matmul.ipynb"):
        solve(checkout, kit, notebook)
        student.tito(kit, "module", "complete", f"{MODULE}/{notebook[:2]}")
    student.run(kit, "-c", "from tinytorch.core.kernels import matmul_simd")
    student.tito(kit, "module", "submit", MODULE)
    assert list(kit.rglob("*.zip"))


def test_the_doctor_misses_nothing(student: Environment, kit: Path) -> None:
    student.tito(kit, "system", "doctor")


def test_the_export_gives_the_same_bytes(student: Environment, checkout: Project) -> None:
    student.tito(checkout.root, "export", "--check")


def test_jupyter_runs_a_cell(student: Environment, kit: Path) -> None:
    student.run(kit, "-c", RUNS_A_CELL)
    assert student.run(kit, "-m", "jupyterlab", "--version").startswith("3.")


def test_vectors_and_figures(instructor: Environment, checkout: Project) -> None:
    instructor.run(checkout.root, "-m", "pytest", "-q", "-m", "not slow", "tests/simd", "tests/plots", timeout_s=1800)


def test_the_release_passes_its_gate(instructor: Environment, checkout: Project) -> None:
    """The gate grades the reference: every hidden check and race runs, in the sandbox and with nbgrader's gradebook."""
    printed = instructor.tito(checkout.root, "grade", "generate", MODULE)
    assert "The release may go out." in printed
