"""A record of which thread took which share and when, and the time it takes to wake a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from tinytorch.bench import Timing
from tinytorch.threads.pool import run_shares

REST_S = 0.001  # until the pool's threads are asleep


class Taken(NamedTuple):
    """One share of a call: its thread, and when it began and ended, in milliseconds since the call."""

    thread: str
    share: int
    start_ms: float
    stop_ms: float


def recorded(work: Callable[[int], object], shares: int, workers: int) -> list[Taken]:
    """Runs a call as `run_shares` does; returns its shares in the order in which they ended."""
    taken: list[Taken] = []
    asked = time.perf_counter()

    def noted(share: int) -> None:
        start = time.perf_counter()
        work(share)
        stop = time.perf_counter()
        thread = threading.current_thread().name
        taken.append(Taken(thread, share, 1000 * (start - asked), 1000 * (stop - asked)))

    run_shares(noted, shares, workers)
    return taken


def wake_timing(work: Callable[[int], object], shares: int = 4, calls: int = 50) -> Timing | None:
    """Microseconds from a call with two workers until the second one begins its first share, a sample for each call.

    Before each call the threads get time to fall asleep. A call that the caller finished alone gives no sample; None
    if all of them were.
    """
    caller = threading.current_thread().name
    delays_us = []
    for _ in range(calls):
        time.sleep(REST_S)
        starts_ms = [taken.start_ms for taken in recorded(work, shares, 2) if taken.thread != caller]
        if starts_ms:
            delays_us.append(1000 * min(starts_ms))
    return Timing(tuple(delays_us), loops=1, warmups=0) if delays_us else None
