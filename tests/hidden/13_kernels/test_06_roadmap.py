"""What the roadmap of lesson 06 is graded on: an order that follows from measured shares, and no promise without."""

import numpy as np
import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("06_analysis")

PUT = """
def put(analyzer, results, times_us):
    analyzer.analysis_results.update(results)
    analyzer.baseline_measurements.update(times_us)
"""


def parallel_figures(one_us: float, best_us: float, workers: int) -> dict:
    """What an analysis of a workload that took these times would have kept."""
    speedup = one_us / best_us
    one = {"execution_time_us": one_us, "speedup": 1.0, "efficiency": 1.0}
    best = {"execution_time_us": best_us, "speedup": speedup, "efficiency": speedup / workers}
    summary = {"max_speedup": speedup, "best_worker_count": workers, "scaling_efficiency": speedup / workers}
    results = {64: {1: one, workers: best}}
    return {"scaling_results": results, "efficiency_analysis": {64: summary}, "recommendations": []}


def cache_figures(time_us: float, share: float) -> dict:
    """What an analysis of a kernel that takes `time_us` at `share` of the roof's speed would have kept."""
    entry = {"cache_level": "L2", "efficiency_estimate": share, "data_size_mb": 0.2, "execution_time_us": time_us}
    moved = {"bandwidth_gb_s": 1.0, "utilization_percent": 10.0, "bottleneck": "compute"}
    return {"cache_efficiency": {128: entry}, "bandwidth_utilization": {128: moved}, "recommendations": []}


@pytest.mark.grade("check_generate_optimization_roadmap", weight=2)
def test_improvements_follow_amdahl(student, rng):
    """Each improvement is Amdahl's law with the measured share of the time and the measured local speedup, the best
    comes first, and all changes together follow from the times that are left."""
    one_us, tuned_us = float(rng.uniform(200, 400)), float(rng.uniform(50, 100))
    figures = {
        "parallel_scaling": parallel_figures(one_us, one_us / 3, 4),
        "cache_efficiency": cache_figures(tuned_us, 0.25),
    }
    times_us = {"parallel_scaling": {"work 64": one_us}, "cache_efficiency": {"kernel 128": tuned_us}}
    analyzer = student.new("KernelOptimizationAnalyzer", {"memory_bandwidth": 5.0})
    student.define(PUT, "put")(analyzer, figures, times_us)
    roadmap = analyzer.call("generate_optimization_roadmap", "cloud", ["performance"])
    found = check.at(roadmap, "optimization_opportunities")
    check.require(isinstance(found, list) and len(found) == 2, "two analyses speak for a change, so two opportunities")
    total = one_us + tuned_us
    expected = [total / (total - one_us * 2 / 3), total / (total - tuned_us * 3 / 4)]
    for item, improvement in zip(found, expected, strict=True):
        check.keys(item, ["type", "impact", "difficulty", "description", "implementation_effort", "evidence"])
        what = "expected_improvement, best first"
        check.number(check.at(item, "expected_improvement"), improvement, rel=1e-6, what=what)
        check.require(len(item["evidence"]) > 0, "evidence must name the measurements")
    combined = total / (one_us / 3 + tuned_us / 4)
    check.number(check.at(roadmap, "expected_outcomes", "combined_improvement"), combined, rel=1e-6, what="combined")


@pytest.mark.grade("check_generate_optimization_roadmap", weight=1)
def test_roadmap_before_any_analysis(student):
    """Before any analysis ran, the roadmap for cloud, edge and mobile has no opportunities and promises nothing;
    another target is a ValueError that names it."""
    analyzer = student.new("KernelOptimizationAnalyzer", {"memory_bandwidth": 5.0})
    for target in ("cloud", "edge", "mobile"):
        roadmap = analyzer.call("generate_optimization_roadmap", target)
        check.exactly(check.at(roadmap, "target_hardware"), target, what="target_hardware")
        check.exactly(check.at(roadmap, "optimization_opportunities"), [], what="optimization_opportunities")
        promised = check.at(roadmap, "expected_outcomes", "combined_improvement")
        check.exactly(promised, None, what="combined_improvement")
    with check.raises(ValueError, mentions=["toaster"]):
        analyzer.call("generate_optimization_roadmap", "toaster")


@pytest.mark.grade("check_generate_optimization_roadmap", weight=1)
def test_the_most_important_metric_decides(student):
    """With "memory" first, a change that saves memory comes before a faster one that doesn't; with "performance"
    first it's the other way round."""
    figures = {"parallel_scaling": parallel_figures(300.0, 60.0, 8)}
    entry = {"execution_time_us": 90.0, "relative_performance": 10 / 9, "relative_error": 0.001, "relative_memory": 4.0}
    advice = {"accuracy_success_rate": 1.0, "avg_performance_gain": 10 / 9, "avg_memory_reduction": 4.0}
    figures["quantization_trade_offs"] = {
        "accuracy_analysis": {"op": {32: {8: entry}}},
        "deployment_recommendations": {8: {**advice, "recommended_for_production": True}},
        "recommendations": [],
    }
    times_us = {"parallel_scaling": {"work 64": 300.0}, "quantization_trade_offs": {"op 32": 100.0}}
    analyzer = student.new("KernelOptimizationAnalyzer", {"memory_bandwidth": 5.0})
    student.define(PUT, "put")(analyzer, figures, times_us)
    orders = {}
    for metric in ("memory", "performance"):
        roadmap = analyzer.call("generate_optimization_roadmap", "edge", [metric])
        orders[metric] = [check.at(item, "type") for item in check.at(roadmap, "optimization_opportunities")]
    check.exactly(orders["memory"], ["quantization", "parallelization"], what="the order for memory")
    check.exactly(orders["performance"], ["parallelization", "quantization"], what="the order for performance")


@pytest.mark.grade("check_generate_optimization_roadmap", weight=1)
def test_the_attributes_of_an_analyzer(student):
    """The roadmap is kept in analysis_results, and hardware_config holds what was given beside what was detected."""
    machine = {"memory_bandwidth": 5.0, "cpu_cores": 3, "cache_sizes": {"l2": 4096}}
    analyzer = student.new("KernelOptimizationAnalyzer", machine)
    analyzer.call("generate_optimization_roadmap", "mobile")
    check.keys(analyzer.get("analysis_results"), ["optimization_roadmap"], what="analysis_results")
    config = analyzer.get("hardware_config")
    check.exactly(check.at(config, "cpu_cores"), 3, what="cpu_cores")
    check.exactly(check.at(config, "cache_sizes", "l2"), 4096, what="the given l2")
    check.keys(config["cache_sizes"], ["l1_data", "l1_instruction", "l3"], what="cache_sizes")
    check.require(isinstance(np.float64(config["memory_bandwidth"]).item(), float), "memory_bandwidth must be a number")
