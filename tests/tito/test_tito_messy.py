"""Solved modules in every mess that honest work arrives in, taken in and graded by the commands: the points stay."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.courses.toy import MODULE, Toy, answered, as_json, make_checkout, released
from tests.tito.running import ROOT, Done, as_process
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.gradebook.release import generate_release
from tinytorch.grading.sandbox.bubblewrap import check_available

pytestmark = pytest.mark.slow


def _load(path: Path) -> ModuleType:
    """A module that lies outside every package."""
    spec = importlib.util.spec_from_file_location(f"sample_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


messes = _load(ROOT / "tests/submissions/messy/messes.py")
each_mess = pytest.mark.parametrize("mess", messes.MESSES, ids=lambda mess: mess.name)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A toy course in which every mess is a student, collected from a folder and graded in the sandbox."""
    try:
        check_available()
    except SandboxUnavailableError as err:
        pytest.skip(str(err))
    toy = Toy(make_checkout(tmp_path_factory.mktemp("messy")))
    generate_release(toy.class_folder)
    solved = {name: as_json(answered(nb, "    return a + b")) for name, nb in released(toy.project).items()}
    downloads = tmp_path_factory.mktemp("downloads")
    for mess in messes.MESSES:
        folder = downloads / mess.name
        folder.mkdir()
        for name, data in mess.make(solved).items():
            (folder / name).write_bytes(data)
    done = as_process("grade", "collect", MODULE, str(downloads), at=toy.project.root)
    assert done.code == 0, done.err
    return toy


@pytest.fixture(scope="module")
def run(toy: Toy) -> Done:
    return as_process("grade", "autograde", MODULE, at=toy.project.root, timeout_s=900)


@pytest.fixture(scope="module")
def points(toy: Toy, run: Done) -> dict[str, tuple[float, ...]]:
    """What the report says of each student's two lessons."""
    report = as_process("grade", "report", MODULE, "--format", "json", at=toy.project.root).json
    columns = [number for number, item in enumerate(report["exercises"]) if not item["manual"]]
    return {row["student"]: tuple(row["scores"][number] for number in columns) for row in report["rows"]}


def test_the_run_ends_well(run: Done) -> None:
    assert run.code == 0, run.err


@each_mess
def test_honest_work_keeps_its_points(mess: object, points: dict[str, tuple[float, ...]]) -> None:
    assert points[mess.name] == mess.points


@pytest.fixture(scope="module")
def feedback(toy: Toy, run: Done) -> Path:
    """The pages of all students in whose work something is repaired."""
    students = [word for mess in messes.MESSES if mess.repair for word in ("--student", mess.name)]
    done = as_process("grade", "feedback", MODULE, *students, at=toy.project.root, timeout_s=300)
    assert done.code == 0, done.err
    return toy.assignments / "feedback"


@pytest.mark.parametrize("mess", [each for each in messes.MESSES if each.repair], ids=lambda mess: mess.name)
def test_a_repair_is_told_in_the_feedback(mess: object, feedback: Path) -> None:
    pages = (feedback / mess.name / MODULE).glob("*.html")
    assert any(mess.repair in page.read_text(encoding="utf-8") for page in pages)
