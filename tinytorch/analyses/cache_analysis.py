"""How near a kernel comes to its roof, and what holds it back: the engine of `analyze_cache_efficiency`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinytorch import hardware
from tinytorch.analyses.advice import cache_advice
from tinytorch.analyses.arguments import checked_choice, checked_counts, checked_figures
from tinytorch.analyses.blocks import block_figures
from tinytorch.analyses.judgment import LEVELS, Roof, run_figures
from tinytorch.analyses.kernel_run import KernelRun, name_of, run_kernel
from tinytorch.analyses.results import CacheResult, RoofFigures
from tinytorch.analyses.state import AnalysisState

FLOAT32_BYTES = 4
SOURCES = {
    "execution_time_us": "measured",
    "data_size_mb": "measured",
    "optimal_block_sizes": "derived",
    "block_sweep": "measured",
    "memory_bound_sizes": "derived",
    "machine": "detected",
}


class CacheAnalysis(AnalysisState):
    """How near a kernel comes to its roof, and what holds it back."""

    def roofline_figures(self, run: KernelRun, roof: Roof) -> RoofFigures:
        """What one run means, by the lesson's function of this name."""
        return checked_figures(self.ask("roofline_figures", run, roof), RoofFigures, "roofline_figures")

    def largest_block(self, capacity_bytes: int | None) -> int | None:
        """The side of the largest float32 block of which three fit, by the lesson's function of this name."""
        block: int | None = self.ask("largest_block", capacity_bytes, FLOAT32_BYTES)
        return block

    def analyze_cache_efficiency(
        self, kernel_func: Callable[..., Any], data_sizes: Sequence[int], access_patterns: Sequence[str] | None = None
    ) -> CacheResult:
        """Runs `kernel_func` on one or two size x size float32 matrices, as it takes, and holds it against the roof.

        access_patterns: of "sequential", "strided", "random"; their bandwidth is measured at the largest size.
        `block_sweep`: the best block size as measured at the largest size, if the kernel has a parameter `block_size`.
        Unavailable values are None, with a reason.
        Raises ValueError for sizes below 1 and unknown patterns; an exception of the kernel passes through.
        """
        sizes = checked_counts(data_sizes, "data_sizes")
        patterns = checked_choice(access_patterns, hardware.PATTERNS, "access_patterns")
        caches = self.hardware_config["cache_sizes"]
        runs = {n: run_kernel(kernel_func, n) for n in sizes}
        pairs = {n: self._entries(run, caches) for n, run in runs.items()}
        efficiency = {n: pair[0] for n, pair in pairs.items()}
        bandwidth = {n: pair[1] for n, pair in pairs.items()}
        blocks = self.block_rule(caches)
        sweep = block_figures(kernel_func, max(sizes), blocks)
        result = CacheResult(
            data_sizes_tested=sizes,
            access_patterns=patterns,
            access_pattern_bandwidth=hardware.pattern_figures(patterns, max(sizes) ** 2),
            cache_efficiency=efficiency,
            bandwidth_utilization=bandwidth,
            optimal_block_sizes=blocks,
            block_sweep=sweep,
            memory_bound_sizes=[n for n, entry in bandwidth.items() if entry["bottleneck"] == "memory"],
            recommendations=cache_advice(efficiency, bandwidth, sweep),
            sources=SOURCES,
        )
        times_us = {f"{name_of(kernel_func)} {n}": run.time_us for n, run in runs.items()}
        return self.keep("cache_efficiency", result, times_us)

    def known_caches(self) -> dict[str, int]:
        """Bytes of L1, L2 and L3, without those whose size is unknown."""
        sizes = {level: self.hardware_config["cache_sizes"].get(name) for level, name in LEVELS.items()}
        return {level: size for level, size in sizes.items() if size is not None}

    def block_rule(self, caches: Mapping[str, int | None]) -> dict[str, int | None]:
        """For each cache level, the side of the largest float32 block of which three fit it."""
        capacities = {level: caches.get(name) for level, name in LEVELS.items()}
        return {
            level: self.largest_block(None if capacity is None else int(capacity))
            for level, capacity in capacities.items()
        }

    def _entries(self, run: KernelRun, caches: Mapping[str, int | None]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The two entries of one run."""
        roof = self.roof(run)
        return run_figures(run, roof, caches, self.roofline_figures(run, roof))
