"""Workloads of known scaling, to try an analysis on. They sleep, so the number of cores doesn't matter."""

from __future__ import annotations

import time


def perfect(data: object, num_workers: int) -> None:
    """Takes t / p on p workers."""
    time.sleep(0.024 / num_workers)


def stubborn(data: object, num_workers: int) -> None:
    """Takes t on any number of workers."""
    time.sleep(0.012)


def crowded(data: object, num_workers: int) -> None:
    """Takes t * p on p workers."""
    time.sleep(0.006 * num_workers)
