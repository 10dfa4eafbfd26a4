"""The pytest plugin that runs hidden checks: gives them `student` and `rng`, and turns how each ended into a result.

A check whose outcome is kept from an earlier run is not run again: its result is the kept finding with the weight, the
exercise and the requirement that its author gives it now.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from tinytorch.bench.band_file import Shares
from tinytorch.errors import WorkspaceError
from tinytorch.grading.base.digests import text_digest, tree_digest
from tinytorch.grading.base.result import CheckResult, Finding, Outcome
from tinytorch.grading.checks.code import CheckFile, common_digest
from tinytorch.grading.checks.ending import ending, finding_of, success
from tinytorch.grading.checks.named_bands import NamedBands
from tinytorch.grading.checks.running import About, RunningCheck, current, running
from tinytorch.grading.checks.student import Student


class Lessons(Protocol):
    """The interface to one submission's lessons that the plugin needs."""

    def not_run_reason(self, lesson: str) -> str:
        """Returns the reason why this lesson's checks cannot run, or an empty string."""

    def student(self, lesson: str, check: RunningCheck) -> Student:
        """The fixture for one of that lesson's checks."""

    def earlier_failure(self, lesson: str) -> str:
        """Returns a sentence about the lesson's first cell that failed, or an empty string."""

    def kept(self, about: About, code: str) -> Finding | None:
        """Returns the finding of the check with that code from an earlier run on the same notebook, or None."""

    def keep(self, about: About, code: str, finding: Finding) -> Finding:
        """Keeps a finding for later runs and returns it; if another run has kept one meanwhile, returns that one."""


class HiddenChecks:
    """Collects a CheckResult for each hidden test; `faults` lists errors of the grader itself."""

    def __init__(
        self,
        lessons: Lessons,
        seed: int,
        grader_rooms: frozenset[str],
        is_wanted: Callable[[str], bool] = lambda check: True,
        bands: Mapping[str, Shares] | None = None,
    ) -> None:
        self.faults: list[str] = []
        self._lessons, self._seed, self._is_wanted = lessons, seed, is_wanted
        self._grader_rooms, self._bands = grader_rooms, bands or {}
        self._codes: dict[str, str] = {}
        self._named: dict[str, NamedBands] = {}
        self._together: dict[str, str] = {}
        self._files = ""  # digest of the checks before they were read
        self._order: list[str] = []
        self._results: dict[str, CheckResult] = {}

    @property
    def results(self) -> list[CheckResult]:
        """In the order of the checks in their files."""
        return [self._results[name] for name in self._order if name in self._results]

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "lesson(name): the lesson whose notebook the check calls")
        config.addinivalue_line("markers", "grade(grade_id, weight): the grade cell that the check decides")

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._files = tree_digest(session.config.rootpath, "*")

    @pytest.fixture
    def student(self) -> Student:
        check = current()
        return self._lessons.student(check.about.lesson, check)

    @pytest.fixture
    def rng(self) -> np.random.Generator:
        check = current()
        digest = hashlib.sha256(check.about.name.encode()).digest()
        check.rng = np.random.default_rng([self._seed, int.from_bytes(digest[:8], "big")])
        return check.rng

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        selected = [item for item in items if self._is_wanted(check_name(item))]
        for item in selected:
            about = _about(item)
            if not about.lesson or not about.grade_id or not about.weight > 0:
                self.faults.append(f"{about.name}: a hidden check needs marks lesson(name) and grade(id, weight)")
        if selected and tree_digest(selected[0].config.rootpath, "*") != self._files:
            self.faults.append("the hidden checks were changed while they were read; grade it again")
        items[:] = [] if self.faults else self._to_run(selected)

    def _to_run(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """The checks whose outcome isn't known already."""
        if not items:
            return []
        common = common_digest(items[0].config.rootpath, self._grader_rooms)
        files = {path: CheckFile(path, common, self._bands) for path in {item.path for item in items}}
        abouts = [_about(item) for item in items]
        self._order += [about.name for about in abouts]
        for about, item in zip(abouts, items, strict=True):
            self._codes[about.name] = self._code_of(item, files)
            self._named[about.name] = NamedBands(self._bands, files[item.path].bands_of(_top_level_name(item)))
        for lesson in {about.lesson for about in abouts}:
            self._together[lesson] = text_digest(
                [self._codes[about.name] for about in abouts if about.lesson == lesson]
            )
        unknown = []
        for about, item in zip(abouts, items, strict=True):
            reason = self._lessons.not_run_reason(about.lesson)
            known = Finding(Outcome.NOT_RUN, reason, share=0.0) if reason else self._kept(about)
            if known is None:
                unknown.append(item)
            else:
                self._results[about.name] = _result(about, known)
        return unknown

    def _code_of(self, item: pytest.Item, files: dict[Path, CheckFile]) -> str:
        return files[item.path].digest(_top_level_name(item), check_name(item), self._grader_rooms)

    def _kept(self, about: About) -> Finding | None:
        code = self._codes[about.name]
        return self._lessons.kept(about, code) or self._lessons.kept(about, self._code_among_others(about))

    def _code_among_others(self, about: About) -> str:
        """Returns the digest of a check and all checks of its lesson: after a call has hung, all of them matter."""
        return f"{self._codes[about.name]} among {self._together[about.lesson]}"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append(f"the hidden checks cannot be collected: {report.longreprtext[-1500:]}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        about = _about(item)
        with running(RunningCheck(about, self._named[about.name])):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
        report = yield
        check = current()
        if call.excinfo is None:
            if call.when == "call":
                self._note(item, check, success(check, call.duration))
            return report
        raised = call.excinfo.value
        end = None if isinstance(raised, pytest.skip.Exception) else ending(check, raised)
        if end is None:
            self.faults.append(f"{check.about.name} ended with {type(raised).__name__}: {raised}"[:1000])
            item.session.shouldstop = "a fault of the grader"
            return report
        if isinstance(raised, NameError):
            end = end.followed_by(self._lessons.earlier_failure(check.about.lesson))
        self._note(item, check, finding_of(check, end, call.duration))
        return report

    def _note(self, item: pytest.Item, check: RunningCheck, finding: Finding) -> None:
        about, code = check.about, self._codes[check.about.name]
        if check.is_after_strikes and not finding.outcome.earns:
            code = self._code_among_others(about)
        try:
            self._results[about.name] = _result(about, self._lessons.keep(about, code, finding))
        except WorkspaceError as err:  # a full disk, for one
            self.faults.append(str(err))
            item.session.shouldstop = "a fault of the grader"


def check_name(item: pytest.Item) -> str:
    """`test_02_matmul::test_ragged_edges[7]`: the same wherever the hidden checks lie."""
    inside = item.nodeid.partition("::")[2]
    return f"{item.path.stem}::{inside}"


def _top_level_name(item: pytest.Item) -> str:
    """The function or class at the top of its file that the check is, or is in."""
    return item.nodeid.partition("::")[2].partition("::")[0].partition("[")[0]


def _about(item: pytest.Item) -> About:
    lesson, grade = item.get_closest_marker("lesson"), item.get_closest_marker("grade")
    grade_id, weight = "", 0.0
    if grade is not None and grade.args:
        grade_id = str(grade.args[0])
        weight = float(grade.kwargs.get("weight", grade.args[1] if len(grade.args) > 1 else 1))
    return About(
        name=check_name(item),
        lesson=str(lesson.args[0]) if lesson is not None and lesson.args else "",
        grade_id=grade_id,
        weight=weight,
        requirement=inspect.getdoc(getattr(item, "function", None)) or "",
    )


def _result(about: About, finding: Finding) -> CheckResult:
    return CheckResult(
        check=about.name,
        lesson=about.lesson,
        grade_id=about.grade_id,
        weight=about.weight,
        outcome=finding.outcome,
        requirement=about.requirement,
        words=finding.words,
        seconds=finding.seconds,
        share=finding.share,
        races=finding.races,
        hint=finding.hint,
        ran_at=finding.ran_at,
    )
