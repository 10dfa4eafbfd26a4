"""Work shared between persistent threads: jobs, their workers, and the cores that the workers are woken on."""

from tinytorch.threads.placement import keep_off_this_core, run_anywhere
from tinytorch.threads.pool import Job, WorkerPool, run_shares
from tinytorch.threads.record import Taken, recorded, wake_timing
from tinytorch.threads.shares import (
    checked_result,
    checked_workers,
    core_workers,
    panels,
    read_only,
    slices,
    usable_cores,
)

__all__ = [
    "Job",
    "Taken",
    "WorkerPool",
    "checked_result",
    "checked_workers",
    "core_workers",
    "keep_off_this_core",
    "panels",
    "read_only",
    "recorded",
    "run_anywhere",
    "run_shares",
    "slices",
    "usable_cores",
    "wake_timing",
]
