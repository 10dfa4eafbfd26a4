"""A workload's time on several workers: attempts, speedups, and what they say about its serial part.

Source of the serial fraction: A. Karp, H. Flatt, Measuring parallel processor performance, CACM 33(5), 1990.
"""

from __future__ import annotations

import inspect
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from tinytorch.analyses.kernel_run import name_of
from tinytorch.analyses.results import Figures
from tinytorch.analyses.words import count, listed
from tinytorch.bench.progress import stage
from tinytorch.bench.scaling_laws import NOISE, law_figures
from tinytorch.bench.turns import in_turn, ratio_of

NEARLY = 1.05  # times the best time: a smaller difference is noise, and workers aren't free


@dataclass(frozen=True, slots=True)
class Attempt:
    """A workload on some workers: median microseconds and the samples, round by round, or the text of its error."""

    time_us: float | None
    error: str = ""
    samples_us: tuple[float, ...] = ()


def bound_call(workload: Callable[..., Any], data: Any, workers: int) -> Callable[[], Any]:
    """`workload(data, workers)` as a call; a parameter called `num_workers` or `workers` is passed by its name."""
    try:
        names = set(inspect.signature(workload).parameters)
    except (TypeError, ValueError):
        names = set()
    keyword = next((name for name in ("num_workers", "workers") if name in names), None)
    return partial(workload, data, workers) if keyword is None else partial(workload, data, **{keyword: workers})


def try_all(workload: Callable[..., Any], data: Any, counts: Iterable[int]) -> dict[int, Attempt]:
    """Time `workload(data, workers)` on every count, in turn, round by round.

    The workload is the caller's: whatever exception it raises is a finding about it.
    """
    turns = in_turn({p: bound_call(workload, data, p) for p in counts}, caught=Exception)
    return {
        p: Attempt(run.time_us, f"{type(run.error).__name__}: {run.error}" if run.error else "", run.samples_us)
        for p, run in turns.items()
    }


def try_worker_counts(
    workload: Callable[..., Any], data: Any, counts: Iterable[int]
) -> tuple[Attempt, dict[int, Attempt]]:
    """The attempt on one worker, made in any case, and those on each of `counts`, in ascending order."""
    asked = sorted({1, *counts})
    workers = "1 worker" if asked == [1] else f"{listed(asked)} workers"
    with stage(f"{name_of(workload)} on {workers}, {count(np.size(data), 'number')}"):
        attempts = try_all(workload, data, asked)
    return attempts[1], {p: attempts[p] for p in sorted(counts)}


def serial_fraction(speedup: float, workers: int) -> float:
    """The serial share that would explain, by Amdahl's law, this speedup on so many (at least 2) workers."""
    if not (speedup > 0 and workers > 1):
        raise ValueError(f"need a speedup above 0 and at least 2 workers, got {speedup} and {workers}")
    return (1 / speedup - 1 / workers) / (1 - 1 / workers)


def diminishing_returns(speedups: Mapping[int, float]) -> int:
    """The count beyond which the next one measured brings less than half a worker's speed for each added worker."""
    counts = sorted(speedups)
    for fewer, more in pairwise(counts):
        if speedups[more] - speedups[fewer] < 0.5 * (more - fewer):
            return fewer
    return counts[-1]


def attempt_figures(
    attempts: Mapping[int, Attempt], speedups: Mapping[int, float], efficiencies: Mapping[int, float], one: Attempt
) -> dict[int, Figures]:
    """For each worker count, its figures or its error; without a time on one worker there is no speedup."""
    figures: dict[int, Figures] = {}
    for p, attempt in attempts.items():
        if attempt.time_us is None:
            figures[p] = {"error": attempt.error, "source": "measured"}
            continue
        figures[p] = {
            "execution_time_us": attempt.time_us,
            "speedup": speedups.get(p),
            "efficiency": efficiencies.get(p),
            "samples_us": list(attempt.samples_us),
            "source": "measured",
        }
        interval = _interval(one, attempt)
        if interval is not None:
            figures[p]["speedup_interval"] = list(interval)
        if p not in speedups:
            figures[p]["reason"] = f"there is no time on one worker to compare with: {one.error}"
    return figures


def _interval(one: Attempt, attempt: Attempt) -> tuple[float, float] | None:
    """What holds the true median speedup with 95 percent confidence; None with too few rounds."""
    if not one.samples_us or len(one.samples_us) != len(attempt.samples_us):
        return None
    ratio = ratio_of(one.samples_us, attempt.samples_us)
    return None if ratio.low is None or ratio.high is None else (ratio.low, ratio.high)


def scaling_laws(one: Attempt, attempts: Mapping[int, Attempt]) -> Figures:
    """Amdahl's and the universal scalability law, fitted to the times; see `tinytorch.bench.scaling_laws`."""
    times_us = {p: attempt.time_us for p, attempt in {1: one, **attempts}.items() if attempt.time_us is not None}
    intervals = [_interval(one, attempt) for p, attempt in attempts.items() if p > 1]
    halves = [(high - low) / (high + low) for low, high in filter(None, intervals)]
    return law_figures(times_us, statistics.median(halves) if halves else NOISE)


def summary_figures(speedups: Mapping[int, float], best: int | None) -> Figures:
    """The largest speedup and where the gain ends; four times None, with a reason, if `best` is."""
    if best is None:
        names = ("max_speedup", "best_worker_count", "scaling_efficiency", "diminishing_returns_threshold")
        why = "no speedup is known: one worker, or every count asked for, ended in an error"
        return dict.fromkeys(names) | {"source": "derived", "reason": why}
    return {
        "max_speedup": speedups[best],
        "best_worker_count": best,
        "scaling_efficiency": speedups[best] / best,
        "diminishing_returns_threshold": diminishing_returns(speedups),
        "source": "derived",
    }


def overhead_figures(entries: Mapping[int, Figures]) -> Figures:
    """At the most workers that ran: worker time beyond the time of one worker, and the serial fraction."""
    ran = {p: entry for p, entry in entries.items() if entry.get("speedup") is not None and p > 1}
    if not ran:
        reason = "there is no time on more than one worker, or none on one, to compare"
        return {"workers": None, "overhead_us": None, "serial_fraction": None, "source": "derived", "reason": reason}
    p = max(ran)
    speedup = ran[p]["speedup"]
    overhead_us = ran[p]["execution_time_us"] * (p - speedup)
    return {
        "workers": p,
        "overhead_us": overhead_us,
        "serial_fraction": serial_fraction(speedup, p),
        "source": "derived",
    }


def optimal_figures(entries: Mapping[int, Figures]) -> Figures:
    """The fewest workers whose time is nearly the best; one, unless the gain over it is beyond chance."""
    times_us = {p: entry["execution_time_us"] for p, entry in entries.items() if "error" not in entry}
    if not times_us:
        return {"optimal_workers": None, "source": "derived", "reason": "every worker count ended in an error"}
    best = min(p for p, time_us in times_us.items() if time_us <= NEARLY * min(times_us.values()))
    gain = entries[best].get("speedup_interval")
    if gain and gain[0] <= 1.0 and 1 in times_us:
        best = 1
    return {
        "optimal_workers": best,
        "speedup_at_optimal": entries[best]["speedup"],
        "efficiency_at_optimal": entries[best]["efficiency"],
        "source": "derived",
    }
