"""A second module from its sources to the report: beside the first, with the first not generated, and quite alone.

The real one imports the first module's package; the one that `tito module new` makes is graded in a checkout that has
no other.
"""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tinytorch.course.build import source_notebook
from tinytorch.course.names import Module, lessons, resolve_module
from tinytorch.course.notebooks import write_notebook
from tinytorch.course.project import Project, find_project
from tinytorch.course.steps import strip_markers
from tinytorch.grading.base.result import CheckResult
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.receipts import read_receipt

from .conftest import Checkout, copy_checkout, is_named

pytestmark = pytest.mark.slow

FROM_THE_KIT = "from_the_kit"


@dataclass(frozen=True)
class Loop:
    """A checkout in which a module has gone all the way, and the kit in which one student worked."""

    checkout: Checkout
    module: str
    kit: Checkout

    @property
    def project(self) -> Project:
        return find_project(self.checkout.root)

    @property
    def expected(self) -> dict[str, Any]:
        """What each submission must get, as stored beside it."""
        path = self.checkout.root / "tests/submissions" / self.module / "expected.toml"
        return tomllib.loads(path.read_text(encoding="utf-8"))

    def checks(self, student: str) -> list[CheckResult]:
        receipt = read_receipt(ClassFolder(self.project, resolve_module(self.project, self.module)), student)
        assert receipt is not None, f"{student} was not graded"
        return [check for exercise in receipt.exercises for check in exercise.checks]


def go_all_the_way(checkout: Checkout, name: str) -> Loop:
    """Generate, release, work in the kit, collect, autograde."""
    checkout.tito("grade", "generate", name)
    checkout.tito("grade", "release", name, "--to", "out")
    project = find_project(checkout.root)
    module = resolve_module(project, name)
    kit = Checkout(checkout.root / "out" / f"tinytorch-{module.short}")
    work_in_the_kit(kit, project, module)
    checkout.run(sys.executable, "-m", "tests.submissions.build", "class_of_the_second", "--module", name)
    [archive] = kit.root.glob("*.zip")
    shutil.unpack_archive(archive, checkout.root / "class_of_the_second" / FROM_THE_KIT)
    checkout.tito("grade", "collect", name, "class_of_the_second")
    checkout.tito("grade", "autograde", name)
    return Loop(checkout, name, kit)


def work_in_the_kit(kit: Checkout, project: Project, module: Module) -> None:
    """A student starts, fails every check, writes what the reference says, completes, and hands in."""
    kit.tito("module", "start", module.name)
    untouched = json.loads(kit.tito("module", "test", module.name, "--json", expect=1).stdout)
    assert {check["message"] for run in untouched for check in run["checks"]} == {"not written yet"}
    for lesson in lessons(project, module):
        solved = strip_markers(source_notebook(project, lesson))
        write_notebook(solved, kit.root / "notebooks" / module.name / lesson.notebook)
    kit.tito("module", "complete", module.name)
    kit.tito("module", "submit")


def beside(request: pytest.FixtureRequest, folder: Path) -> Loop:
    """The real module, in a checkout whose first module is generated."""
    shutil.copytree(request.getfixturevalue("released").root, folder)
    return go_all_the_way(Checkout(folder), "14_stability")


def not_generated(request: pytest.FixtureRequest, folder: Path) -> Loop:
    """The real module, where of the first there are the sources only."""
    return go_all_the_way(copy_checkout(folder), "14_stability")


def alone(request: pytest.FixtureRequest, folder: Path) -> Loop:
    """A module just made, in a checkout that has no other."""
    checkout = copy_checkout(folder)
    for name in ("modules", "tinytorch/core", "tests/hidden"):
        for path in (folder / name).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
    checkout.tito("module", "new", "20_spreads")
    checkout.tito("export")
    checkout.tito("export", "--check")
    return go_all_the_way(checkout, "20_spreads")


@pytest.fixture(scope="module", params=[alone, not_generated, beside], ids=lambda made: made.__name__)
def loop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loop:
    return request.param(request, tmp_path_factory.mktemp("loop") / "checkout")


def test_every_submission_gets_the_points_written_down(loop: Loop) -> None:
    report = json.loads(loop.checkout.tito("grade", "report", loop.module, "--format", "json").stdout)
    automatic = [not item["manual"] for item in report["exercises"]]
    totals = {
        row["student"]: sum(score for score, counts in zip(row["scores"], automatic, strict=True) if counts)
        for row in report["rows"]
    }
    expected = {name: entry["total"] for name, entry in loop.expected.items()}
    assert totals == pytest.approx({**expected, FROM_THE_KIT: expected["reference"]})


def test_every_submission_fails_the_checks_written_down_and_no_others(loop: Loop) -> None:
    for name, entry in loop.expected.items():
        lost = [check for cell in entry.get("cells", {}).values() for check in cell["lost"] if check != "all"]
        everything_of = [cell for cell, given in entry.get("cells", {}).items() if "all" in given["lost"]]
        wrong = {
            check.check: check.words
            for check in loop.checks(name)
            if entry["others"] == "full"
            and (check.share == 0) != (is_named(check.check, tuple(lost)) or check.grade_id in everything_of)
        }
        assert (name, wrong) == (name, {})


def test_every_hidden_check_rejects_a_submission_that_is_written(loop: Loop) -> None:
    checks = [check for name in loop.expected for check in loop.checks(name)]
    rejecting = {check.check for check in checks if check.share == 0 and "not written yet" not in check.words}
    assert sorted({check.check for check in checks} - rejecting) == []


def test_feedback_is_written_and_says_what_is_required(loop: Loop) -> None:
    loop.checkout.tito("grade", "feedback", loop.module, "--student", "blank")
    [page] = (loop.checkout.root / "assignments/feedback/blank" / loop.module).glob("*.html")
    assert "<th>Requirement</th>" in page.read_text(encoding="utf-8")


def test_grading_again_grades_nothing_anew(loop: Loop) -> None:
    again = loop.checkout.tito("grade", "autograde", loop.module, timeout_s=120)
    assert again.stdout.count("up to date in the gradebook") == len(loop.expected) + 1


def test_the_package_is_up_to_date_and_the_other_module_is_untouched(loop: Loop) -> None:
    assert loop.checkout.tito("export", "--check").stdout == "The exported package is up to date.\n"
    generated = {path.name for path in (loop.checkout.root / "assignments/release").iterdir()}
    assert generated - {"13_kernels"} == {loop.module}
