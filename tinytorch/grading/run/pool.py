"""Grades many submissions through any `concurrent.futures` executor, results as they finish.

A worker that dies takes its whole process pool with it; which submission did it is then found by running those that
were under way once more, each alone, so that one submission's death costs no other its result.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path

from tinytorch.errors import SandboxUnavailableError, TinyTorchError
from tinytorch.grading.base.result import SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.base.submission import Submission
from tinytorch.grading.run.keys import Keys
from tinytorch.grading.run.store import Store

Grade = Callable[[Path, Setup], SubmissionResult]

_DIED = (
    "the process that graded this submission ended by itself, perhaps for lack of memory; "
    "nothing was scored, grade it again with fewer workers"
)
_CHANGED = "the submission, the release or the checks changed while this was being graded; grade it again"


@dataclass(frozen=True, slots=True)
class Graded:
    """One submission's result; `kept` when it came from the store. `trace` is for the log, never for a student."""

    submission: Submission
    key: str
    result: SubmissionResult
    kept: bool = False
    trace: str = ""


def grade_folder(folder: Path, setup: Setup) -> SubmissionResult:
    """Grades one submission in this process; the function that executors run."""
    from tinytorch.grading.run.submission import grade_submission

    return grade_submission(folder, setup)


def usable_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class GradingPool(ProcessPoolExecutor):
    """Fresh worker processes that leave Ctrl-C to the parent and tidy up when it tells them to stop."""

    def __init__(self, workers: int | None = None) -> None:
        self._others = {child.pid for child in multiprocessing.active_children()}
        super().__init__(workers or usable_cores(), multiprocessing.get_context("spawn"), _start_worker)

    def stop(self) -> None:
        """Ends the workers now: what they were doing is given up."""
        self.shutdown(wait=False, cancel_futures=True)
        workers = [child for child in multiprocessing.active_children() if child.pid not in self._others]
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join(timeout=10)
            if worker.is_alive():
                worker.kill()


def grade_many(
    submissions: Iterable[Submission],
    setup: Setup,
    store: Store,
    *,
    open_executor: Callable[[], Executor] = GradingPool,
    in_flight: int | None = None,
    grade: Grade | None = None,
) -> Iterator[Graded]:
    """Yields each submission's result as it is known, stored ones first; closing the iterator stops the workers."""
    keys = Keys(setup)
    waiting: deque[tuple[Submission, str]] = deque()
    for submission in submissions:
        key = keys.key(submission.folder)
        earlier = store.get(key)
        if earlier is not None:
            yield Graded(submission, key, earlier, kept=True)
        else:
            waiting.append((submission, key))
    if not waiting:
        return
    for graded in _Run(waiting, setup, open_executor, in_flight or usable_cores(), grade or grade_folder).results():
        if not graded.result.fault and not keys.are_of(graded.key, graded.result.hashes):
            graded = Graded(graded.submission, graded.key, SubmissionResult(exercises=(), fault=_CHANGED))
        if not graded.result.fault:
            store.put(graded.key, graded.result)
        yield graded


class _Run:
    """Keeps a bounded number of submissions with the executor, so that few are suspect when it breaks."""

    def __init__(
        self,
        waiting: deque[tuple[Submission, str]],
        setup: Setup,
        open_executor: Callable[[], Executor],
        in_flight: int,
        grade: Grade,
    ) -> None:
        self.waiting = waiting
        self.setup = setup
        self.open_executor = open_executor
        self.in_flight = in_flight
        self.grade = grade
        self.running: dict[Future[SubmissionResult], tuple[Submission, str]] = {}
        self.suspects: list[tuple[Submission, str]] = []

    def results(self) -> Iterator[Graded]:
        while self.waiting:
            yield from self._until_broken(self.in_flight)
            suspects, self.suspects = self.suspects, []
            for suspect in suspects:
                yield from self._alone(suspect)

    def _until_broken(self, in_flight: int) -> Iterator[Graded]:
        executor = self.open_executor()
        finished = False
        try:
            while (self.waiting or self.running) and not self.suspects:
                self._hand_out(executor, in_flight)
                yield from self._collect()
            while self.running:
                yield from self._collect()
            finished = True
        finally:
            for future in self.running:
                future.cancel()
            _close(executor, finished)

    def _hand_out(self, executor: Executor, in_flight: int) -> None:
        while self.waiting and len(self.running) < in_flight:
            item = self.waiting.popleft()
            try:
                future = executor.submit(self.grade, item[0].folder, self.setup)
            except BrokenExecutor:
                self.suspects.append(item)
                return
            self.running[future] = item

    def _collect(self) -> Iterator[Graded]:
        for future in wait(self.running, return_when=FIRST_COMPLETED).done:
            item = self.running.pop(future)
            if isinstance(future.exception(), BrokenExecutor):
                self.suspects.append(item)
            else:
                yield _outcome(future, *item)

    def _alone(self, item: tuple[Submission, str]) -> Iterator[Graded]:
        """Runs one suspect by itself; if that breaks the executor too, it was the one."""
        alone = _Run(deque([item]), self.setup, self.open_executor, 1, self.grade)
        yield from alone._until_broken(1)
        for submission, key in alone.suspects:
            yield Graded(submission, key, SubmissionResult(exercises=(), fault=_DIED))


def _outcome(future: Future[SubmissionResult], submission: Submission, key: str) -> Graded:
    error = future.exception()
    if error is None:
        return Graded(submission, key, future.result())
    if isinstance(error, SandboxUnavailableError | KeyboardInterrupt):
        raise error  # not one submission's trouble but everyone's
    message = str(error) if isinstance(error, TinyTorchError) else f"{type(error).__name__}: {error}"
    trace = "".join(traceback.format_exception(error))
    return Graded(submission, key, SubmissionResult(exercises=(), fault=message), trace=trace)


def _close(executor: Executor, finished: bool) -> None:
    if not finished and isinstance(executor, GradingPool):
        executor.stop()
    else:
        executor.shutdown(wait=finished)  # Dask's executor knows no other argument


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A parent that was killed tells nobody to stop: its workers would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        for _ in range(2):  # the first ends what is being graded, the second the wait for more
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(3)
        os._exit(1)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)
