"""The pool of threads: every share is done once, failures are reported, nothing gets stuck, forked or not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterable

import pytest

from tinytorch.threads import Job, WorkerPool, placement, pool, run_shares

WORKERS = (1, 2, 3, 7, 64)


def in_new_process(source: str) -> str:
    """The output of a program that must end by itself, and well."""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("shares", [0, 1, 2, 5, 200])
def test_every_share_runs_once(shares: int, workers: int) -> None:
    seen: list[int] = []
    run_shares(seen.append, shares, workers)
    assert sorted(seen) == list(range(shares))


def test_no_share_starts_after_a_failure() -> None:
    started = []

    def work(share: int) -> None:
        started.append(share)
        raise OSError(f"share {share}")

    with pytest.raises(OSError, match="share 0"):
        run_shares(work, 1000, 1)
    assert started == [0]


def test_the_lowest_failed_share_is_reported() -> None:
    both_run = threading.Barrier(2)

    def work(share: int) -> None:
        both_run.wait(timeout=30)
        raise OSError(f"share {share}")

    for _ in range(20):
        with pytest.raises(OSError, match="share 0"):
            run_shares(work, 2, 2)


@pytest.mark.parametrize(("shares", "workers"), [(1, 8), (5, 1)])
def test_one_worker_is_the_caller_alone(monkeypatch: pytest.MonkeyPatch, shares: int, workers: int) -> None:
    monkeypatch.setattr(pool, "_pool", None)
    threads = []
    run_shares(lambda share: threads.append(threading.current_thread()), shares, workers)
    assert threads == [threading.current_thread()] * shares


def test_a_job_that_nobody_helps_with_is_done_by_its_caller() -> None:
    seen: list[int] = []
    job = Job(seen.append, 3)
    job.help()
    job.wait()
    assert seen == [0, 1, 2]


def test_no_more_threads_are_started_than_a_job_has_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    own = WorkerPool()
    monkeypatch.setattr(pool, "_pool", own)
    monkeypatch.setattr(pool, "MOST_THREADS", 3)
    for workers, expected in ((2, 1), (3, 2), (2, 2), (50, 3)):
        run_shares(lambda share: None, 100, workers)
        assert len(own._threads) == expected


FORK = """
import os, threading, time
from tinytorch.threads import pool, run_shares


def seen_by(workers):
    seen = []
    run_shares(seen.append, 200, workers)
    return sorted(seen)


everything = list(range(200))
assert seen_by(4) == everything
stop = threading.Event()
busy = threading.Thread(target=lambda: [seen_by(4) for _ in iter(stop.is_set, True)])
busy.start()
for _ in range(5):
    child = os.fork()
    if child == 0:
        fresh = len(pool._pool._threads) == 0
        right = seen_by(4) == everything and len(pool._pool._threads) == 3
        os._exit(0 if fresh and right else 1)
    for _ in range(600):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.1)
    else:
        os.kill(child, 9)
        status = "stuck"
    print(status)
stop.set()
busy.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_makes_its_own_threads() -> None:
    assert in_new_process(FORK).split() == ["0"] * 5


def test_importing_the_room_starts_no_thread() -> None:
    assert in_new_process("import threading, tinytorch.threads; print(threading.active_count())").split() == ["1"]


def test_a_thread_that_cannot_start_costs_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(pool, "_pool", WorkerPool())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    seen: list[int] = []
    run_shares(seen.append, 7, 4)
    assert seen == list(range(7))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system doesn't tell where threads may run")
def test_helpers_are_woken_off_the_callers_core_and_work_on_any(monkeypatch: pytest.MonkeyPatch) -> None:
    barred: list[set[int]] = []
    seen: dict[threading.Thread, set[int]] = {}
    both_run, all_run = threading.Barrier(2), threading.Barrier(4)
    keep_off = placement.keep_off_this_core

    def noted(thread_ids: Iterable[int]) -> None:
        keep_off(thread_ids)
        barred.extend(os.sched_getaffinity(thread_id) for thread_id in thread_ids)

    def work(share: int) -> None:
        seen[threading.current_thread()] = os.sched_getaffinity(0)
        both_run.wait(timeout=30)

    monkeypatch.setattr(pool, "_pool", WorkerPool())
    run_shares(lambda share: all_run.wait(timeout=30), 4, 4)  # any of three threads may take the job below
    monkeypatch.setattr(placement, "keep_off_this_core", noted)
    run_shares(work, 2, 2)
    every = os.sched_getaffinity(os.getpid())
    assert len(seen) == 2
    assert all(cpus == every for cpus in seen.values()), "a share runs where the process may, in a helper too"
    assert len(barred) == 3
    assert all(len(cpus) == max(1, len(every) - 1) for cpus in barred)


def test_a_waiting_helper_keeps_nothing_of_the_last_call_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_pool", WorkerPool())
    both_run = threading.Barrier(2)

    def work(share: int) -> None:
        both_run.wait(timeout=30)

    run_shares(work, 2, 2)
    alive = weakref.ref(work)
    del work
    deadline = time.monotonic() + 20
    while alive() is not None and time.monotonic() < deadline:  # the helper may still be on its way to the queue
        time.sleep(0.01)
    assert alive() is None


def test_calls_from_inside_a_worker_finish() -> None:
    seen: list[tuple[int, int]] = []

    def outer(share: int) -> None:
        run_shares(lambda inner: seen.append((share, inner)), 5, 3)

    run_shares(outer, 6, 3)
    assert sorted(seen) == [(share, inner) for share in range(6) for inner in range(5)]
