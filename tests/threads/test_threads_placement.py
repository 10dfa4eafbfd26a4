"""Sleeping threads are kept off the caller's core, and only until they run."""

import os
import queue
import sys
import threading

import pytest

from tinytorch.threads import placement

needs_two_cpus = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="only Linux places threads, and needs two CPUs"
)


@pytest.fixture
def sleeper():
    """A thread that answers each request with what the request returns, called in that thread."""
    requests, answers = queue.SimpleQueue(), queue.SimpleQueue()

    def serve():
        while (request := requests.get()) is not None:
            answers.put(request())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def ask(request):
        requests.put(request)
        return answers.get(timeout=20)

    yield thread, ask
    requests.put(None)
    thread.join(20)


@pytest.fixture
def here():
    """The CPU that the test is held to: another may not be current by the time it's looked at."""
    allowed = os.sched_getaffinity(0)
    cpu = min(allowed)
    os.sched_setaffinity(0, {cpu})
    yield cpu
    os.sched_setaffinity(0, allowed)


@needs_two_cpus
def test_the_current_cpu_is_the_one_this_thread_is_held_to(here):
    assert placement.current_cpu() == here


@needs_two_cpus
def test_a_sleeping_thread_is_woken_on_another_core_and_then_runs_anywhere(sleeper, here, monkeypatch):
    thread, ask = sleeper
    every = ask(lambda: os.sched_getaffinity(0))
    monkeypatch.setattr(placement, "_process_cpus", lambda: set(every))
    placement.keep_off_this_core([thread.native_id])
    assert ask(placement.current_cpu) != here
    assert ask(lambda: os.sched_getaffinity(0)) == every - {here}
    ask(placement.run_anywhere)
    assert ask(lambda: os.sched_getaffinity(0)) == every


@needs_two_cpus
def test_a_process_with_one_cpu_bars_nobody(sleeper, here, monkeypatch):
    thread, ask = sleeper
    before = ask(lambda: os.sched_getaffinity(0))
    monkeypatch.setattr(placement, "_process_cpus", lambda: {here})
    placement.keep_off_this_core([thread.native_id])
    assert ask(lambda: os.sched_getaffinity(0)) == before


@needs_two_cpus
def test_a_thread_that_has_ended_is_passed_over():
    ended = threading.Thread(target=lambda: None)
    ended.start()
    ended.join()
    placement.keep_off_this_core([ended.native_id])


def test_where_threads_cannot_be_placed_nothing_happens(sleeper, monkeypatch):
    thread, ask = sleeper
    monkeypatch.setattr(placement, "_getcpu", lambda: None)
    monkeypatch.setattr(os, "sched_setaffinity", lambda *args: pytest.fail("a thread was placed"), raising=False)
    placement.keep_off_this_core([thread.native_id])
    ask(placement.run_anywhere)
    assert placement.current_cpu() is None
