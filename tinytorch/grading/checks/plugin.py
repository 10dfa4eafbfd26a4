"""The pytest plugin that runs hidden checks: gives them `student` and `rng`, and turns how each ended into a result."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import pytest

from tinytorch.bench import Standing
from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.result import CheckResult, Outcome
from tinytorch.grading.base.student_errors import CheckFailed, Crashed, OutOfTime, TimedOut, is_students, student_error
from tinytorch.grading.checks import hints
from tinytorch.grading.checks.check import describe, take_standings
from tinytorch.grading.checks.student import Student
from tinytorch.grading.handed_in.cells import clean_words

# A check that reads an answer of an unforeseen kind ends with one of these. It passes on the reference (the release
# gate sees to that), so the answer is the cause, not the check.
_MISREAD = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)

# A message of the student's own may be in the words; a long one could carry a check's inputs out of the sandbox.
MAX_WORDS = 600


class Lessons(Protocol):
    """What the plugin needs of one submission's lessons."""

    def not_run_reason(self, lesson: str) -> str:
        """Why this lesson's checks cannot run, or nothing."""

    def student(self, lesson: str) -> Student:
        """The fixture for that lesson's checks."""


class HiddenChecks:
    """Collects a CheckResult for each hidden test; `faults` says what the grader itself did wrong."""

    def __init__(self, lessons: Lessons, seed: int, is_wanted: Callable[[str], bool] = lambda check: True) -> None:
        self.results: list[CheckResult] = []
        self.faults: list[str] = []
        self._lessons, self._seed, self._is_wanted = lessons, seed, is_wanted

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "lesson(name): the lesson whose notebook the check calls")
        config.addinivalue_line("markers", "grade(grade_id, weight): the grade cell that the check decides")

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> Student:
        found = self._lessons.student(_lesson(request.node))
        found.last_answer = None
        found.rng_of_check = lambda: getattr(request.node, "rng", None)
        request.node.student = found
        return found

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        digest = hashlib.sha256(check_name(request.node).encode()).digest()
        request.node.rng = np.random.default_rng([self._seed, int.from_bytes(digest[:8], "big")])
        return request.node.rng

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._is_wanted(check_name(item))]
        for item in items:
            grade_id, weight = _grade(item)
            if not _lesson(item) or not grade_id or not weight > 0:
                self.faults.append(f"{check_name(item)}: a hidden check needs marks lesson(name) and grade(id, weight)")
        if self.faults:
            items.clear()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append(f"the hidden checks cannot be collected: {report.longreprtext[-1500:]}")

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        take_standings()
        reason = self._lessons.not_run_reason(_lesson(item))
        if reason:
            self._note(item, Outcome.NOT_RUN, reason, 0.0)
            pytest.skip(reason)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
        report = yield
        if call.excinfo is not None and call.excinfo.errisinstance(pytest.skip.Exception):
            if call.when == "call":
                self._fault(item, call.excinfo.value)
        elif call.excinfo is not None:
            self._ended_badly(item, call.excinfo.value, call.duration)
        elif call.when == "call":
            standings = take_standings()
            outcome = _outcome(standings)
            self._note(item, outcome, " ".join(each.words for each in standings), call.duration, standings)
        return report

    def _ended_badly(self, item: pytest.Item, raised: BaseException, seconds: float) -> None:
        student: Student | None = getattr(item, "student", None)
        found = judge(raised)
        if found is None and isinstance(raised, _MISREAD) and student is not None and student.last_answer is not None:
            name, value = student.last_answer
            found = Outcome.FAILED, f"what {name} returned cannot be used as the task says: {describe(value)}"
        if found is None:
            self._fault(item, raised)
            return
        outcome, words = found
        if isinstance(raised, NameError) and student is not None and student.earlier_failure():
            words = f"{words}; {student.earlier_failure()}"
        inputs = student.last_inputs if student is not None else ()
        self._note(item, outcome, words, seconds, take_standings(), _hint(raised, inputs))

    def _note(
        self,
        item: pytest.Item,
        outcome: Outcome,
        words: str,
        seconds: float,
        standings: Sequence[Standing] = (),
        hint: str = "",
    ) -> None:
        grade_id, weight = _grade(item)
        requirement = inspect.getdoc(item.function) or ""
        name = check_name(item)
        share = min((each.share for each in standings), default=1.0)
        races = tuple(map(_race, standings))
        words = clean_words(words)
        shown = words if len(words) <= MAX_WORDS else words[: MAX_WORDS - 4] + " ..."
        about = (name, _lesson(item), grade_id, weight, outcome, requirement, shown)
        self.results.append(CheckResult(*about, round(seconds, 4), share if outcome.earns else 0.0, races, hint))

    def _fault(self, item: pytest.Item, raised: BaseException) -> None:
        self.faults.append(f"{check_name(item)} ended with {type(raised).__name__}: {raised}"[:1000])
        item.session.shouldstop = "a fault of the grader"


def _hint(raised: BaseException, inputs: Sequence[object]) -> str:
    """The likely mistake behind a failed check, where one is recognised."""
    if not isinstance(raised, CheckFailed):
        return ""
    return raised.hint or (hints.for_array(raised.evidence, inputs) if raised.evidence is not None else "")


def _race(found: Standing) -> dict[str, Any]:
    """The measurement behind a share as plain data: samples, ratio, interval and bands."""
    bands = {f"{edge:g}": share for edge, share in found.bands.items()}
    return {**found.comparison.as_dict(), "bands": bands, "share": found.share}


def _outcome(standings: Sequence[Standing]) -> Outcome:
    """Of a check that ran to its end."""
    if any(each.is_undecided for each in standings):
        return Outcome.UNDECIDED
    return Outcome.PARTIAL if any(each.share < 1 for each in standings) else Outcome.PASSED


def judge(raised: BaseException) -> tuple[Outcome, str] | None:
    """Outcome and words of a check that ended so; None when the student's side is not the cause."""
    if isinstance(raised, GraderFaultError) or not is_students(raised):
        return None
    if isinstance(raised, CheckFailed):
        return Outcome.FAILED, str(raised)
    if isinstance(raised, TimedOut):
        return Outcome.TIMED_OUT, str(raised)
    if isinstance(raised, Crashed):
        return Outcome.CRASHED, str(raised)
    if isinstance(raised, OutOfTime):
        return Outcome.NOT_RUN, str(raised)
    error = student_error(raised)
    if isinstance(raised, NotImplementedError):
        name = error.message.partition(":")[0]
        return Outcome.FAILED, f"{name or 'this function'} is not written yet"
    return Outcome.ERRORED, f"it raised {error.words()}"


def check_name(item: pytest.Item) -> str:
    """`test_02_matmul::test_ragged_edges[7]`: the same wherever the hidden checks lie."""
    inside = item.nodeid.partition("::")[2]
    return f"{item.path.stem}::{inside}"


def _lesson(item: pytest.Item) -> str:
    mark = item.get_closest_marker("lesson")
    return str(mark.args[0]) if mark is not None and mark.args else ""


def _grade(item: pytest.Item) -> tuple[str, float]:
    mark = item.get_closest_marker("grade")
    if mark is None or not mark.args:
        return "", 0.0
    return str(mark.args[0]), float(mark.kwargs.get("weight", mark.args[1] if len(mark.args) > 1 else 1))
