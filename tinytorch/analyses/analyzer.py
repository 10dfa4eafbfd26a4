"""The five analyses together, on one machine: what the analyzer of lesson 06 is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch.analyses.cache_analysis import CacheAnalysis
from tinytorch.analyses.parallel_analysis import ParallelAnalysis
from tinytorch.analyses.precision_analysis import PrecisionAnalysis
from tinytorch.analyses.roadmap_analysis import RoadmapAnalysis
from tinytorch.analyses.vector_analysis import VectorAnalysis
from tinytorch.bench.progress import stage

Progress = Callable[[str], None]
MOST_WORKERS = 16


class Analyzer(CacheAnalysis, VectorAnalysis, ParallelAnalysis, PrecisionAnalysis, RoadmapAnalysis):
    """Five analyses of kernels on one machine: roofline, vectors, threads, bits, and what to do first.

    It measures, checks arguments and writes results down; what the figures mean it asks the functions that a lesson's
    class hands over by `exercise`, and kernels come by `kernel`.
    """

    def comprehensive_kernel_analysis(self, progress: Progress | None = None) -> dict[str, Any]:
        """Runs all five on kernels of the earlier lessons, at sizes that take seconds.

        progress: gets a line for each step. A kernel that is not written gives way to another one, and the first
        recommendation says so.
        """
        with stage("all analyses"):
            return {
                "cache_analysis": self._step(progress, "1 of 5: the product against the roofline", self._cache),
                "vectorization_analysis": self._step(
                    progress, "2 of 5: operations scalar and with vectors", self._vectors
                ),
                "parallel_analysis": self._step(progress, "3 of 5: ReLU on several workers", self._parallel),
                "quantization_analysis": self._step(
                    progress, "4 of 5: the product and ReLU in fewer bits", self._precision
                ),
                "optimization_roadmap": self._step(progress, "5 of 5: the roadmap", self._roadmap),
            }

    def _step(self, progress: Progress | None, line: str, analyze: Callable[[], Any]) -> Any:
        """One analysis, announced."""
        if progress is not None:
            progress(line)
        with stage(line):
            return analyze()

    def _cache(self) -> Any:
        choice = self.written("blocked product")
        return _noted(self.analyze_cache_efficiency(choice.kernel, [64, 128, 256]), choice.note)

    def _vectors(self) -> Any:
        return self.analyze_vectorization_potential(["matmul", "add", "relu", "dot"])

    def _parallel(self) -> Any:
        choice = self.written("parallel relu")
        counts = sorted({1, 2, 3, min(int(self.hardware_config["cpu_cores"] or 1), MOST_WORKERS)})
        return _noted(self.analyze_parallel_scaling(choice.kernel, counts, [10_000, 1_000_000]), choice.note)

    def _precision(self) -> Any:
        return self.analyze_quantization_trade_offs(["matmul", "relu"])

    def _roadmap(self) -> Any:
        return self.generate_optimization_roadmap(self.hardware_config["deployment_target"])


def _noted(result: Any, note: str) -> Any:
    """The result with a note before its recommendations, if there is one."""
    if note:
        result["recommendations"].insert(0, note)
    return result
