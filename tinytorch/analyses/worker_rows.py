"""Two calls side by side on several worker counts: what lesson 04's `analyze_parallel_scaling` returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

from tinytorch.bench.workers import worker_gains


class ScalingRow(TypedDict):
    """One worker count: microseconds (medians), and speedups over one worker (median ratios of pairs)."""

    workers: int
    relu_time: float
    batch_time: float
    relu_speedup: float
    batch_speedup: float


def scaling_rows(
    relu: Callable[[int], object], batch: Callable[[int], object], counts: Sequence[int], limit_s: float = 1.0
) -> list[ScalingRow]:
    """A row for each worker count, in the order given; each call is timed in turn with itself on one worker."""
    return [
        {
            "workers": one.workers,
            "relu_time": one.time_us,
            "batch_time": other.time_us,
            "relu_speedup": one.ratio,
            "batch_speedup": other.ratio,
        }
        for one, other in zip(
            worker_gains(relu, counts, limit_s=limit_s), worker_gains(batch, counts, limit_s=limit_s), strict=True
        )
    ]
