"""The CPUs and the memory that this process may use: those of the machine within affinity and cgroup limits."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection

from tinytorch.hardware import cgroups
from tinytorch.hardware.fact import Fact, detected, unavailable


def allowed_cpus() -> frozenset[int] | None:
    """Returns the CPUs this process may run on; None where the system doesn't restrict processes to CPUs."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    if sys.platform == "win32":
        import psutil

        return frozenset(psutil.Process().cpu_affinity())
    return None


def usable_cores(allowed: Collection[int] | None, logical: Fact[int], limit: tuple[float, str] | None) -> Fact[int]:
    """Returns the smallest of three counts: the machine's CPUs, the allowed CPUs, and the CPUs' worth of time allowed.

    A limit of 2.5 CPUs counts as 2: a third busy thread would be stopped half of the time.
    """
    count = logical.value if allowed is None else len(allowed)
    if count is None:
        return unavailable("", f"the number of CPUs is not known: {logical.how}")
    how = logical.how if allowed is None else f"affinity allows {count} CPUs"
    if limit is None:
        return detected(count, "", f"{how}; no cgroup limit")
    cpus, where = limit
    return detected(min(count, max(int(cpus), 1)), "", f"{how}; {where} allows {cpus:g}")


def memory_bytes() -> Fact[int]:
    """Memory that this process may use."""
    import psutil

    limit = cgroups.memory_limit() if sys.platform == "linux" else None
    return memory_within(psutil.virtual_memory().total, limit)


def memory_within(total_bytes: int, limit: tuple[int, str] | None) -> Fact[int]:
    """The machine's memory, or the cgroup's limit where that is less."""
    if limit is not None and limit[0] < total_bytes:
        return detected(limit[0], "bytes", limit[1])
    return detected(total_bytes, "bytes", "psutil.virtual_memory().total")
