"""The clock that all measurements read; tests replace `now_ns` by a fake clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from itertools import repeat

now_ns = time.perf_counter_ns


class ClockError(RuntimeError):
    """The clock returned an impossible duration."""


@cache
def tick_ns() -> int:
    """Smallest step seen between two readings of the clock, in nanoseconds; measured once, in about a millisecond."""
    steps = []
    for _ in range(200):
        start = now_ns()
        stop = now_ns()
        while stop == start:
            stop = now_ns()
        steps.append(stop - start)
    return min(steps)


def elapsed_ns(call: Callable[[], object], loops: int) -> int:
    """Nanoseconds that `loops` calls took together; the loop itself costs some 10 ns a call and is included."""
    start = now_ns()
    for _ in repeat(None, loops):
        call()
    return now_ns() - start


def loops_for(call: Callable[[], object], min_sample_ns: float, max_loops: int = 1 << 24) -> int:
    """Returns how many calls make one sample at least `min_sample_ns` long: a power of two, found by doubling."""
    loops = 1
    while (took_ns := elapsed_ns(call, loops)) < max(min_sample_ns, 1):
        if loops >= max_loops:
            raise ClockError(
                f"{loops} calls took {took_ns} ns by the clock, less than the {min_sample_ns:.0f} ns asked for one "
                "sample; give the function more work, or ask for a shorter sample."
            )
        loops *= 2
    return loops
