"""How a workload's time changes with the number of workers: the engine of `analyze_parallel_scaling`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch.analyses.advice import scaling_advice
from tinytorch.analyses.arguments import checked_counts, checked_figures
from tinytorch.analyses.kernel_run import name_of
from tinytorch.analyses.results import Figures, ParallelResult, ScalingFigures
from tinytorch.analyses.scaling import (
    Attempt,
    attempt_figures,
    optimal_figures,
    overhead_figures,
    scaling_laws,
    summary_figures,
    try_worker_counts,
)
from tinytorch.analyses.state import AnalysisState

Times = Mapping[int, float | None]  # microseconds by worker count; None for a call that raised
SIZES = (10_000, 100_000)  # elements, where the caller names none


class ParallelAnalysis(AnalysisState):
    """How a workload's time changes with the number of workers."""

    def scaling_figures(self, one_us: float | None, times_us: Times) -> ScalingFigures:
        """What the times on several workers and on one mean, by the lesson's function of this name."""
        return checked_figures(self.ask("scaling_figures", one_us, times_us), ScalingFigures, "scaling_figures")

    def analyze_parallel_scaling(
        self, workload_func: Callable[..., Any], worker_counts: Sequence[int], data_sizes: Sequence[int] | None = None
    ) -> ParallelResult:
        """Times `workload_func(data, workers)` on vectors of random float32, for every size and worker count.

        data_sizes: (10000, 100000) elements if None. speedup: time on one worker over time. efficiency: that / workers.
        scaling_laws: Amdahl's and the universal scalability law, fitted to each size, with residuals.
        A worker count whose call raises has an `error` in place of its figures; the others go on.
        Raises ValueError for counts or sizes below 1, or none.
        """
        counts = checked_counts(worker_counts, "worker_counts")
        sizes = checked_counts(SIZES if data_sizes is None else data_sizes, "data_sizes")
        results: dict[int, dict[int, Figures]] = {}
        summary: dict[int, Figures] = {}
        laws: dict[int, Figures] = {}
        times_us: dict[str, float] = {}
        for size in sizes:
            data = np.random.default_rng(size).standard_normal(size, dtype=np.float32)
            one, attempts = try_worker_counts(workload_func, data, counts)
            results[size], summary[size] = self._entries_and_summary(one, attempts)
            laws[size] = scaling_laws(one, attempts)
            if one.time_us is not None:
                times_us[f"{name_of(workload_func)} {size}"] = one.time_us
        optimal = {size: optimal_figures(entries) for size, entries in results.items()}
        result = ParallelResult(
            worker_counts_tested=counts,
            data_sizes_tested=sizes,
            scaling_results=results,
            efficiency_analysis=summary,
            overhead_analysis={size: overhead_figures(entries) for size, entries in results.items()},
            optimal_parallelism=optimal,
            scaling_laws=laws,
            recommendations=scaling_advice(optimal, laws, self.hardware_config["cpu_cores"]),
        )
        return self.keep("parallel_scaling", result, times_us)

    def _entries_and_summary(self, one: Attempt, attempts: Mapping[int, Attempt]) -> tuple[dict[int, Figures], Figures]:
        """The entries of one size by worker count, and their summary."""
        times_us = {workers: attempt.time_us for workers, attempt in attempts.items()}
        judged = self.scaling_figures(one.time_us, times_us)
        entries = attempt_figures(attempts, judged["speedups"], judged["efficiencies"], one)
        return entries, summary_figures(judged["speedups"], judged["best"])
