"""What is kept stays true when a run is killed, when the disk is full, and when others grade the same notebook."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.courses.three_lessons import Course
from tinytorch.course import files
from tinytorch.errors import WorkspaceError
from tinytorch.grading.base.digests import notebooks_digest
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import Finding, Outcome, SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run.keys import Keys
from tinytorch.grading.run.lessons import Lessons
from tinytorch.grading.run.outcomes import KeptLesson
from tinytorch.grading.run.submission import grade_submission
from tinytorch.grading.sandbox.session import Session

HANGS = "import time\ntime.sleep(60)\ndef double(x): pass"
SLOW = "import time\ndef alone(x):\n    if x > 9:\n        time.sleep(60)\n    return x"
THREE_CALLS = """
SIZE = {size}


@pytest.mark.grade("check_alone")
def test_one(student):
    student.alone(SIZE)


@pytest.mark.grade("check_alone")
def test_two(student):
    student.alone(SIZE)


@pytest.mark.grade("check_alone")
def test_three(student):
    student.alone(3)
"""


def outcomes(result: SubmissionResult) -> list[tuple[Outcome, str]]:
    return [(check.outcome, check.words) for exercise in result.exercises for check in exercise.checks]


def test_a_killed_run_goes_on_to_the_same_outcomes(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell of the first lesson hangs and is left out for the second, whose checks the killed run did not reach."""
    course.hand_in("01_first", HANGS)
    limits = Limits(cell_s=1.0)
    whole = course.grade(limits=limits)
    shutil.rmtree(course.root / "kept")
    real = Session.ask

    def killed(self: Session, *arguments: object) -> object:
        if self.notebook.lesson == "02_second":
            patch.setattr(Lessons, "_keep_cells", lambda *_: None)  # nothing is tidied up after SIGKILL
            raise KeyboardInterrupt
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "ask", killed)
        with pytest.raises(KeyboardInterrupt):
            course.grade(limits=limits)
    assert outcomes(course.grade(limits=limits)) == outcomes(whole)


def test_a_check_that_was_refused_for_others_runs_again_when_those_change(course: Course) -> None:
    limits = Limits(call_s=1.0)
    course.hand_in("03_third", SLOW)
    course.write_check("03_third", more=THREE_CALLS.format(size=100))
    before = course.grade(limits=limits).exercises[2].checks[-1]
    assert (before.outcome, before.words[:16]) == (Outcome.TIMED_OUT, "not called again")
    course.write_check("03_third", weight=1, more=THREE_CALLS.format(size=100))
    course.grade(limits=limits)
    assert course.ran == []
    course.write_check("03_third", more=THREE_CALLS.format(size=2))
    after = course.grade(limits=limits).exercises[2].checks
    assert course.ran == ["test_one", "test_two", "test_three"]
    assert {check.outcome for check in after} == {Outcome.PASSED}


def test_of_two_workers_on_the_same_notebook_the_first_verdict_counts(tmp_path: Path) -> None:
    first, second = KeptLesson(tmp_path, "lesson", "one"), KeptLesson(tmp_path, "lesson", "two")
    partial, passed = Finding(Outcome.PARTIAL, share=0.4), Finding(Outcome.PASSED)
    assert first.keep("race", partial, False) == partial
    assert second.keep("race", passed, False) == partial
    assert KeptLesson(tmp_path, "lesson", "three").find("race") == partial


def test_a_result_holds_the_verdict_that_is_kept(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker ends the same check of the same notebook while this one runs it."""
    real = KeptLesson.keep
    late = Finding(Outcome.PARTIAL, share=0.5)

    def overtaken(self: KeptLesson, check_key: str, finding: Finding, time_is_up: bool) -> Finding:
        assert self._path is not None
        real(KeptLesson(self._path.parent, self._path.stem, "other"), check_key, late, False)
        return real(self, check_key, finding, time_is_up)

    monkeypatch.setattr(KeptLesson, "keep", overtaken)
    assert {outcome for outcome, _ in outcomes(course.grade())} == {Outcome.PARTIAL}


def test_a_full_disk_ends_in_a_sentence_and_leaves_no_process(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise WorkspaceError(f"{path.name}: the disk is full")

    closed: list[str] = []
    close = Session.close
    monkeypatch.setattr(Session, "close", lambda self: (closed.append(self.notebook.lesson), close(self)))
    monkeypatch.setattr(files, "write_bytes", full)
    setup = Setup(course.root / "release", course.root / "hidden", sandbox="none", outcomes_dir=course.root / "kept")
    with pytest.raises(WorkspaceError, match="the disk is full"):
        grade_submission(course.root / "submission", setup)
    assert course.started == ["01_first"]
    assert "01_first" in closed


CHANGES_ITSELF = """
import pathlib
path = pathlib.Path(__file__)
path.write_text(path.read_text() + "#")
"""


def test_checks_that_change_while_they_are_read_decide_nothing(course: Course) -> None:
    """Python has the old text, and what is hashed would be the new one."""
    course.write_check("02_second", more=CHANGES_ITSELF)
    setup = Setup(course.root / "release", course.root / "hidden", sandbox="none", outcomes_dir=course.root / "kept")
    result = grade_submission(course.root / "submission", setup)
    assert result.fault == "the hidden checks were changed while they were read; grade it again"
    assert not list((course.root / "kept").glob("*[!s].json"))


def test_a_result_says_which_checks_there_were_when_it_was_done(course: Course) -> None:
    conftest = course.root / "hidden" / "conftest.py"
    conftest.write_text(CHANGES_ITSELF)
    setup = Setup(course.root / "release", course.root / "hidden", sandbox="none")
    keys = Keys(setup)
    key = keys.key(course.root / "submission")
    assert not keys.are_of(key, course.grade().hashes)


def test_a_notebook_may_have_a_name_that_is_no_text(tmp_path: Path) -> None:
    before = notebooks_digest(tmp_path)
    with open(os.fsencode(tmp_path) + b"/\xff.ipynb", "w"):
        pass
    assert notebooks_digest(tmp_path) != before
