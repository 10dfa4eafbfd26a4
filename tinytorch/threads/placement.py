"""The core that a thread is woken on: it can be set on Linux; other systems decide alone, and nothing is done there.

A thread that sleeps is woken on the core where it last ran or on that of its waker. If the scheduler mistakes an idle
core for a busy one, both threads run on one core while the other idles. This happens on Linux in virtual machines,
whose idle processors are handed back to the host (`available_idle_cpu` in the kernel asks `vcpu_is_preempted`), and a
call of a few milliseconds is over before the scheduler moves one of them.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache


@cache
def _getcpu() -> Callable[[], int] | None:
    """The C library's `sched_getcpu`; None where there is none, or threads can't be placed."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "sched_getcpu", None)


def current_cpu() -> int | None:
    """The number of the CPU that the calling thread runs on just now; None where that isn't known."""
    getcpu = _getcpu()
    cpu = getcpu() if getcpu is not None else -1
    return cpu if cpu >= 0 else None


def _process_cpus() -> set[int]:
    # The main thread's, not the caller's: the caller may itself be a thread that is kept off a core.
    return os.sched_getaffinity(os.getpid())


def keep_off_this_core(thread_ids: Iterable[int]) -> None:
    """Keeps threads, which are about to be woken, off the CPU that the caller runs on until each calls `run_anywhere`.

    thread_ids: as `threading.Thread.native_id`.  Does nothing where the system can't, and where the process may use
    no other CPU.
    """
    cpu = current_cpu()
    if cpu is None:
        return
    # There is no other CPU, a thread has ended, or a sandbox forbids it: they are woken wherever the system likes.
    with suppress(OSError):
        others = _process_cpus() - {cpu}
        for thread_id in thread_ids:
            os.sched_setaffinity(thread_id, others)


def run_anywhere() -> None:
    """Lets the calling thread run on every CPU of the process again."""
    if _getcpu() is not None:
        with suppress(OSError):  # forbidden, and then `keep_off_this_core` was too
            os.sched_setaffinity(0, _process_cpus())
