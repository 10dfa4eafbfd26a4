"""A pool of persistent threads, and calls whose work is divided into numbered shares.

The threads of a call take the next number as long as there is one, so a thread that is slow, or late, takes fewer
shares. The calling thread takes part: one worker is the caller alone, and a call finishes even when every other thread
is busy, because the caller does what nobody else took. So a worker may itself make a parallel call, and many threads
may call at once, without anyone waiting in a circle.

state of a share   who changes it            under the lock of the job
open               -                         its number is `_next` or higher
running            a thread that takes it    `_next` and `_running` go up
done               the same thread           `_running` goes down; at 0 with none open, `_done` is set
failed             the same thread           the same, the exception is kept, and the open shares are dropped
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from operator import itemgetter

from tinytorch.threads import placement

MOST_THREADS = 64  # a job with more workers still finishes: the caller and these threads take all its shares


class Job:
    """The shares of one call. Whoever calls `help` works on them until none is open."""

    def __init__(self, work: Callable[[int], object], shares: int) -> None:
        self._work = work
        self._shares = shares
        self._next = 0
        self._running = 0
        self._failures: list[tuple[int, BaseException]] = []
        self._lock = threading.Lock()
        self._done = threading.Event()

    def help(self) -> None:
        """Takes open shares, one after the other, until there is none."""
        while (share := self._take()) is not None:
            failure = None
            try:
                self._work(share)
            except BaseException as err:  # it belongs to the caller, in another thread: `wait` raises it there
                failure = err
            self._finish(share, failure)

    def wait(self) -> None:
        """Returns when no share is open or running; raises the exception of the failed share with the lowest number."""
        self._done.wait()
        if self._failures:
            raise min(self._failures, key=itemgetter(0))[1]

    def _take(self) -> int | None:
        with self._lock:
            if self._next >= self._shares:
                return None
            self._next += 1
            self._running += 1
            return self._next - 1

    def _finish(self, share: int, failure: BaseException | None) -> None:
        with self._lock:
            self._running -= 1
            if failure is not None:
                self._failures.append((share, failure))
                self._next = self._shares
            if self._running == 0 and self._next >= self._shares:
                self._done.set()


class WorkerPool:
    """Threads that wait for jobs. They start when they are first needed; they are daemons, so a process may end."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def invite(self, job: Job, helpers: int) -> None:
        """Asks `helpers` threads to help with the job as soon as they are free."""
        helpers = min(helpers, MOST_THREADS)
        with self._lock:
            while len(self._threads) < helpers and self._start_thread():
                pass
            threads = list(self._threads)  # all of them: any that waits may take the job
        placement.keep_off_this_core([thread.native_id for thread in threads if thread.native_id is not None])
        for _ in range(helpers):
            self._jobs.put(job)

    def _start_thread(self) -> bool:
        name = f"tinytorch-worker-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system's limit is reached: the caller takes the shares that nobody else takes
            return False
        self._threads.append(thread)
        return True

    def _serve(self) -> None:
        while True:
            job = self._jobs.get()
            placement.run_anywhere()
            job.help()
            del job  # or its arrays would live until the next one comes


_pool = WorkerPool()


def _forget_threads() -> None:
    """Gives a forked child a pool of its own.

    It inherits the memory of its parent but none of the threads, and a lock that another thread held at that moment
    stays locked forever.
    """
    global _pool
    _pool = WorkerPool()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_forget_threads)


def run_shares(work: Callable[[int], object], shares: int, workers: int) -> None:
    """Calls work(0) to work(shares - 1), each once, in up to `workers` threads of which the caller is one.

    Returns when all are done. After an exception no further share is started, and the exception is raised here: of
    several, that of the share with the lowest number.
    """
    helpers = min(workers, shares) - 1
    if helpers < 1:
        for share in range(shares):
            work(share)
        return
    job = Job(work, shares)
    _pool.invite(job, helpers)
    job.help()
    job.wait()
