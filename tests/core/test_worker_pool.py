"""Lesson 04's pool of threads: every share is done once, failures are reported, nothing gets stuck, forked or not."""

import os
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch import hardware
from tinytorch.core.kernels import parallelism
from tinytorch.core.kernels.parallelism import Job, parallel_batch_processing, run_shares, slices

WORKERS = (1, 2, 3, 7, 64)


def in_new_process(source: str) -> str:
    """The output of a program that must end by itself, and well."""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@given(length=st.integers(0, 200), parts=st.integers(1, 70))
def test_slices_cover_a_length_in_order(length, parts):
    cuts = slices(length, parts)
    assert [i for cut in cuts for i in range(length)[cut]] == list(range(length))
    sizes = [cut.stop - cut.start for cut in cuts]
    assert max(sizes) - min(sizes) <= 1
    assert len(cuts) == max(1, min(parts, length))


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("shares", [0, 1, 2, 5, 200])
def test_every_share_runs_once(shares, workers):
    seen = []
    run_shares(seen.append, shares, workers)
    assert sorted(seen) == list(range(shares))


def test_no_share_starts_after_a_failure():
    started = []

    def work(share):
        started.append(share)
        raise OSError(f"share {share}")

    with pytest.raises(OSError, match="share 0"):
        run_shares(work, 1000, 1)
    assert started == [0]


def test_the_lowest_failed_share_is_reported():
    both_run = threading.Barrier(2)

    def work(share):
        both_run.wait(timeout=30)
        raise OSError(f"share {share}")

    for _ in range(20):
        with pytest.raises(OSError, match="share 0"):
            run_shares(work, 2, 2)


@pytest.mark.parametrize(("shares", "workers"), [(1, 8), (5, 1)])
def test_one_worker_is_the_caller_alone(monkeypatch, shares, workers):
    monkeypatch.setattr(parallelism, "_pool", None)
    threads = []
    run_shares(lambda share: threads.append(threading.current_thread()), shares, workers)
    assert threads == [threading.current_thread()] * shares


def test_a_job_that_nobody_helps_with_is_done_by_its_caller():
    seen = []
    job = Job(seen.append, 3)
    job.help()
    job.wait()
    assert seen == [0, 1, 2]


FORK = """
import os, sys, threading, time
import numpy as np
from tinytorch.core.kernels import parallelism as p
p.SERIAL_BYTES = p.SHARE_BYTES = 2**20
x = np.random.default_rng(0).standard_normal(3_000_000).astype(np.float32)
p.usable_cores = lambda: 4
expected = np.maximum(x, 0)
assert np.array_equal(p.parallel_relu(x), expected)
stop = threading.Event()
busy = threading.Thread(target=lambda: [p.parallel_batch_processing(x[:99]) for _ in iter(stop.is_set, True)])
busy.start()
for _ in range(5):
    child = os.fork()
    if child == 0:
        fresh = len(p._pool._threads) == 0
        right = np.array_equal(p.parallel_relu(x), expected) and len(p._pool._threads) == 3
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


@pytest.mark.skipif(not hasattr(parallelism.os, "fork"), reason="this system has no fork")
def test_forked_child_makes_its_own_threads():
    assert in_new_process(FORK).split() == ["0"] * 5


def test_a_thread_that_cannot_start_costs_no_result(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(parallelism, "_pool", parallelism.WorkerPool())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    batch = np.random.default_rng(20_04).standard_normal((7, 3))
    np.testing.assert_array_equal(parallel_batch_processing(batch, num_workers=4), np.maximum(batch, 0))


def test_short_relu_starts_no_thread():
    out = in_new_process(
        "import threading, numpy as np\n"
        "from tinytorch.core.kernels.parallelism import parallel_batch_processing, parallel_relu\n"
        "parallel_relu(np.ones(1000, np.float32))\n"
        "parallel_batch_processing(np.ones((10, 100), np.float32))\n"
        "print(threading.active_count())"
    )
    assert out.split() == ["1"]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system doesn't tell where threads may run")
def test_helpers_are_woken_off_the_callers_core_and_work_on_any(monkeypatch):
    barred, seen, both_run, all_run = [], {}, threading.Barrier(2), threading.Barrier(4)
    keep_off = hardware.keep_off_this_core

    def noted(thread_ids):
        keep_off(thread_ids)
        barred.extend(os.sched_getaffinity(thread_id) for thread_id in thread_ids)

    def work(share):
        seen[threading.current_thread()] = os.sched_getaffinity(0)
        both_run.wait(timeout=30)

    monkeypatch.setattr(parallelism, "_pool", parallelism.WorkerPool())
    run_shares(lambda share: all_run.wait(timeout=30), 4, 4)  # any of three threads may take the job below
    monkeypatch.setattr(hardware, "keep_off_this_core", noted)
    run_shares(work, 2, 2)
    every = os.sched_getaffinity(os.getpid())
    assert len(seen) == 2
    assert all(cpus == every for cpus in seen.values()), "a share runs where the process may, in a helper too"
    assert len(barred) == 3
    assert all(len(cpus) == max(1, len(every) - 1) for cpus in barred)


def test_a_waiting_helper_keeps_nothing_of_the_last_call_alive(monkeypatch):
    monkeypatch.setattr(parallelism, "_pool", parallelism.WorkerPool())
    both_run = threading.Barrier(2)

    def work(share):
        both_run.wait(timeout=30)

    run_shares(work, 2, 2)
    alive = weakref.ref(work)
    del work
    deadline = time.monotonic() + 20
    while alive() is not None and time.monotonic() < deadline:  # the helper may still be on its way to the queue
        time.sleep(0.01)
    assert alive() is None
