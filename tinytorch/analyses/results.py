"""The results of the five analyses of lesson 06, and of the functions they are made with, as fixed keys.

Every figure stands beside a `source`, "detected", "measured" or "derived", and a `reason` where it is None. `machine`
is the card of the machine it was measured on, with the source of each fact.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from tinytorch.bench.scaling_laws import Figures as Figures

Bound = Literal["memory", "compute"]


class RoofFigures(TypedDict):
    """What `roofline_figures` says of one run; all but `gb_s` are None without a known bandwidth."""

    gb_s: float  # 10**9 bytes a second
    share: float | None  # of the roof's speed, 0 to 1
    percent: float | None  # gb_s of the roof's bandwidth
    bound: Bound | None


class SpeedupFigures(TypedDict):
    """What `speedup_figures` says of a sequence of operations; the two estimates are None if none ran."""

    speedups: dict[str, float]  # scalar over vectorized time, of each operation that ran
    overall: float | None
    best_case: float | None


class ScalingFigures(TypedDict):
    """What `scaling_figures` says of one workload and size; `best` is None without a speedup."""

    speedups: dict[int, float]  # by worker count
    efficiencies: dict[int, float]
    best: int | None


class PrecisionFigures(TypedDict):
    """What `precision_figures` says of one operation in fewer bits; `relative` is None if it is undefined."""

    relative: float | None
    gain: float
    acceptable: bool


class Decision(TypedDict):
    """What `deployment_decision` says of one number of bits."""

    success: float  # share of the runs that are acceptable
    gain: float
    recommended: bool


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
    notes: list[str]  # kernels that are not written yet, and what ran instead
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
