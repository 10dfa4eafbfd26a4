"""The results of the five analyses of lesson 06, as dictionaries with fixed keys.

Every figure stands beside a `source`, "detected", "measured" or "derived", and a `reason` where it is None. `machine`
is the card of the machine it was measured on, with the source of each fact.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from tinytorch.bench.scaling_laws import Figures


class CacheResult(TypedDict):
    """The result of `analyze_cache_efficiency`."""

    data_sizes_tested: list[int]
    access_patterns: list[str]
    access_pattern_bandwidth: dict[str, Figures]
    cache_efficiency: dict[int, Figures]
    bandwidth_utilization: dict[int, Figures]
    optimal_block_sizes: dict[str, int | None]
    block_sweep: Figures  # the best block size as measured, and the loss of the rule above
    memory_bound_sizes: list[int]
    recommendations: list[str]
    sources: dict[str, str]
    machine: NotRequired[Figures]


class VectorizationResult(TypedDict):
    """The result of `analyze_vectorization_potential`."""

    operations_analyzed: list[str]
    simd_opportunities: dict[str, Figures]
    data_layout_requirements: dict[str, Figures]
    speedup_estimates: Figures
    algorithm_modifications: list[str]
    recommendations: list[str]
    machine: NotRequired[Figures]


class ParallelResult(TypedDict):
    """The result of `analyze_parallel_scaling`."""

    worker_counts_tested: list[int]
    data_sizes_tested: list[int]
    scaling_results: dict[int, dict[int, Figures]]
    efficiency_analysis: dict[int, Figures]
    overhead_analysis: dict[int, Figures]
    optimal_parallelism: dict[int, Figures]
    scaling_laws: dict[int, Figures]  # Amdahl's and the universal scalability law, fitted; which is the better
    recommendations: list[str]
    machine: NotRequired[Figures]


class QuantizationResult(TypedDict):
    """The result of `analyze_quantization_trade_offs`; ratios are float32 over quantized, so that more is better."""

    precision_levels_tested: list[int]
    operations_analyzed: list[str]
    accuracy_threshold: float
    accuracy_analysis: dict[str, dict[int, dict[int, Figures]]]  # operation, size, bits
    performance_analysis: dict[str, dict[int, float]]
    memory_analysis: dict[str, dict[int, float]]
    deployment_recommendations: dict[int, Figures]
    recommendations: list[str]
    machine: NotRequired[Figures]


class RoadmapResult(TypedDict):
    """The result of `generate_optimization_roadmap`."""

    target_hardware: str
    priority_metrics: list[str]
    optimization_opportunities: list[Figures]
    implementation_plan: list[Figures]
    resource_requirements: Figures
    expected_outcomes: Figures
    recommendations: list[str]
    machine: NotRequired[Figures]
