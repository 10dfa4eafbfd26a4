"""Does a class get all its results, whatever one submission does to its worker?"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.courses.toy import AtOnce
from tinytorch.errors import GraderFaultError, SandboxUnavailableError
from tinytorch.grading.base.result import CheckResult, ExerciseResult, Outcome, SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.base.submission import Submission
from tinytorch.grading.run.keys import Keys
from tinytorch.grading.run.pool import Graded, GradingPool, grade_many
from tinytorch.grading.run.store import Store


def grade_what_changes(folder: Path, setup: Setup) -> SubmissionResult:
    """The notebook is handed in anew between the moment its key was made and the moment it was read."""
    (folder / "01_first.ipynb").write_text("handed in anew")
    return SubmissionResult((), hashes=Keys(setup).hashes(folder))


def grade_by_text(folder: Path, setup: Setup) -> SubmissionResult:
    """Does what the submission's text says."""
    text = (folder / "01_first.ipynb").read_text()
    if text == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if text == "raise":
        raise RuntimeError("a bug of ours")
    if text == "fault":
        raise GraderFaultError("the grader stumbled")
    if text == "no sandbox":
        raise SandboxUnavailableError("install bubblewrap")
    if text == "interrupt":
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(30)
    if text == "wait":
        time.sleep(30)
    check = CheckResult("t", "01_first", "check_a", 1.0, Outcome.PASSED, "It adds.")
    return SubmissionResult((ExerciseResult("01_first", "check_a", float(text), float(text), (check,)),))


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path / "release", tmp_path / "hidden")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


def class_of(tmp_path: Path, **texts: str) -> list[Submission]:
    found = []
    for student, text in texts.items():
        folder = tmp_path / student
        folder.mkdir(exist_ok=True)
        (folder / "01_first.ipynb").write_text(text)
        found.append(Submission(student, folder))
    return found


def grade(
    students: list[Submission], setup: Setup, store: Store, make: Callable[[], Executor] = AtOnce, in_flight: int = 2
) -> dict[str, Graded]:
    graded = grade_many(students, setup, store, open_executor=make, in_flight=in_flight, grade=grade_by_text)
    return {item.submission.student: item for item in graded}


@pytest.mark.parametrize("make", [AtOnce, lambda: ThreadPoolExecutor(2)], ids=["at-once", "threads"])
def test_any_executor_grades_everyone(tmp_path: Path, setup: Setup, store: Store, make: Callable[[], Executor]) -> None:
    graded = grade(class_of(tmp_path, ada="1", bob="2", cem="3"), setup, store, make)
    assert {name: item.result.score for name, item in graded.items()} == {"ada": 1.0, "bob": 2.0, "cem": 3.0}


def test_a_second_run_computes_nothing(tmp_path: Path, setup: Setup, store: Store) -> None:
    students = class_of(tmp_path, ada="1", bob="2")
    grade(students, setup, store)
    again = grade(students, setup, store, make=lambda: pytest.fail("an executor was opened"))
    assert all(item.kept for item in again.values())


def test_equal_submissions_are_each_graded(tmp_path: Path, setup: Setup, store: Store) -> None:
    assert set(grade(class_of(tmp_path, ada="1", bob="1"), setup, store)) == {"ada", "bob"}


@pytest.mark.parametrize(
    ("text", "words"), [("raise", "RuntimeError: a bug of ours"), ("fault", "the grader stumbled")]
)
def test_our_own_failure_is_a_fault_of_that_submission(
    tmp_path: Path, setup: Setup, store: Store, text: str, words: str
) -> None:
    graded = grade(class_of(tmp_path, ada=text, bob="2"), setup, store)
    assert graded["ada"].result.fault == words
    assert graded["ada"].trace.startswith("Traceback")
    assert graded["bob"].result.score == 2.0


def test_a_fault_is_tried_again_the_next_time(tmp_path: Path, setup: Setup, store: Store) -> None:
    grade(class_of(tmp_path, ada="fault"), setup, store)
    assert not list(store.folder.glob("*"))


def test_a_missing_sandbox_ends_the_run(tmp_path: Path, setup: Setup, store: Store) -> None:
    with pytest.raises(SandboxUnavailableError, match="bubblewrap"):
        grade(class_of(tmp_path, ada="no sandbox"), setup, store)


@pytest.mark.slow
def test_a_killed_worker_costs_only_its_own_submission(tmp_path: Path, setup: Setup, store: Store) -> None:
    students = class_of(tmp_path, ada="1", bob="die", cem="3", dora="4")
    graded = grade(students, setup, store, make=lambda: GradingPool(2))
    assert "ended by itself" in graded["bob"].result.fault
    assert {n: g.result.score for n, g in graded.items() if n != "bob"} == {"ada": 1.0, "cem": 3.0, "dora": 4.0}


@pytest.fixture
def as_in_a_terminal() -> Iterator[None]:
    """A shell that starts the tests in the background has them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("as_in_a_terminal")
def test_an_interrupt_keeps_what_is_finished_and_ends_the_workers(tmp_path: Path, setup: Setup, store: Store) -> None:
    students = class_of(tmp_path, ada="1", bob="interrupt", cem="wait")
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        grade(students, setup, store, make=lambda: GradingPool(1), in_flight=1)
    assert time.monotonic() - begun < 25
    assert len(list(store.folder.glob("*.json"))) == 1


def test_closing_the_iterator_shuts_the_executor_down(tmp_path: Path, setup: Setup, store: Store) -> None:
    pool = ThreadPoolExecutor(1)
    graded = grade_many(
        class_of(tmp_path, ada="1", bob="2"), setup, store, open_executor=lambda: pool, in_flight=1, grade=grade_by_text
    )
    next(graded)
    graded.close()
    with pytest.raises(RuntimeError, match="shutdown"):
        pool.submit(threading.active_count)


def test_a_submission_that_changes_meanwhile_is_not_kept_as_what_it_was(
    tmp_path: Path, setup: Setup, store: Store
) -> None:
    students = class_of(tmp_path, ada="1")
    [graded] = grade_many(students, setup, store, open_executor=AtOnce, grade=grade_what_changes)
    assert "changed while this was being graded" in graded.result.fault
    assert not store.folder.exists()
