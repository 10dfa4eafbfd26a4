"""Speedups, bits and roadmaps of `KernelOptimizationAnalyzer`, for workloads whose figures are known beforehand."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from tinytorch.analyses import scaling
from tinytorch.analyses.kernel_run import square_operands
from tinytorch.analyses.scaling import Attempt
from tinytorch.core.kernels.analysis import KernelOptimizationAnalyzer
from tinytorch.hardware.vectors import NAMES

ANALYSES = ("cache_efficiency", "vectorization_potential", "parallel_scaling", "quantization_trade_offs")

needs_the_jit = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="about compiled code, or too slow without")


@pytest.fixture
def analyzer() -> KernelOptimizationAnalyzer:
    return KernelOptimizationAnalyzer({"memory_bandwidth": 5.0})


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[int, float | str]], None]:
    """Makes every workload take the given microseconds on so many workers, or end in the given error."""

    def set_times(times: dict[int, float | str]) -> None:
        def attempts(workload: object, data: np.ndarray, counts: list[int]) -> dict[int, Attempt]:
            found = {p: times[p] for p in counts}
            return {p: Attempt(None, t) if isinstance(t, str) else Attempt(t) for p, t in found.items()}

        monkeypatch.setattr(scaling, "try_all", attempts)

    return set_times


def rounded(x: np.ndarray) -> np.ndarray:
    return x + 0


def idle(data: np.ndarray, num_workers: int) -> None:
    """A workload whose time the tests set."""


# analyze_vectorization_potential


def test_speedups_follow_from_the_two_times(analyzer: KernelOptimizationAnalyzer) -> None:
    result = analyzer.analyze_vectorization_potential(["add", "dot", "add"], [(4000,)])
    add, dot = (result["simd_opportunities"][op] for op in ("add", "dot"))
    assert add["speedup"] == pytest.approx(add["scalar_us"] / add["vectorized_us"])
    total = (2 * add["scalar_us"] + dot["scalar_us"]) / (2 * add["vectorized_us"] + dot["vectorized_us"])
    assert result["speedup_estimates"]["overall"] == pytest.approx(total)
    assert result["speedup_estimates"]["best_case"] == max(add["speedup"], dot["speedup"])


@pytest.mark.parametrize("op", NAMES)
def test_every_operation_of_the_table_runs(analyzer: KernelOptimizationAnalyzer, op: str) -> None:
    entry = analyzer.analyze_vectorization_potential([op], [(33, 50)])["simd_opportunities"][op]
    assert entry["speedup"] > 0
    assert entry["potential"] in ("high", "medium", "low")


@pytest.mark.parametrize(("op", "shape"), [("conv2d", (64,)), ("matmul", (64,))])
def test_what_cannot_be_run_is_unknown(analyzer: KernelOptimizationAnalyzer, op: str, shape: tuple[int, ...]) -> None:
    result = analyzer.analyze_vectorization_potential([op], [shape])
    entry = result["simd_opportunities"][op]
    assert (entry["potential"], entry["speedup"]) == ("unknown", None)
    assert op in entry["reason"]
    assert result["speedup_estimates"]["overall"] is None
    assert result["speedup_estimates"]["reason"]


# analyze_parallel_scaling


def test_perfect_scaling(analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]) -> None:
    timed({1: 800.0, 2: 400.0, 4: 200.0, 8: 100.0})
    result = analyzer.analyze_parallel_scaling(idle, [1, 2, 4, 8], [10])
    entries, summary = result["scaling_results"][10], result["efficiency_analysis"][10]
    assert [entry["speedup"] for entry in entries.values()] == [1, 2, 4, 8]
    assert [entry["efficiency"] for entry in entries.values()] == [1, 1, 1, 1]
    assert (summary["max_speedup"], summary["best_worker_count"], summary["scaling_efficiency"]) == (8, 8, 1)
    assert summary["diminishing_returns_threshold"] == 8
    assert result["overhead_analysis"][10]["serial_fraction"] == pytest.approx(0.0)
    assert result["optimal_parallelism"][10]["optimal_workers"] == 8


def test_no_scaling(analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]) -> None:
    timed({1: 800.0, 2: 801.0, 4: 795.0})
    result = analyzer.analyze_parallel_scaling(idle, [1, 2, 4], [10])
    assert result["efficiency_analysis"][10]["max_speedup"] == pytest.approx(1.0, abs=0.01)
    assert result["efficiency_analysis"][10]["diminishing_returns_threshold"] == 1
    assert result["optimal_parallelism"][10]["optimal_workers"] == 1
    assert result["overhead_analysis"][10]["serial_fraction"] == pytest.approx(1.0, abs=0.02)


def test_negative_scaling(analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]) -> None:
    timed({1: 100.0, 2: 200.0, 4: 400.0})
    result = analyzer.analyze_parallel_scaling(idle, [1, 2, 4], [10])
    summary = result["efficiency_analysis"][10]
    assert (summary["max_speedup"], summary["best_worker_count"]) == (1.0, 1)
    assert result["scaling_results"][10][4]["speedup"] == 0.25
    assert "one worker" in result["recommendations"][0]


def test_amdahl_scaling_gives_its_serial_fraction_back(
    analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]
) -> None:
    timed({p: 1000 * (0.2 + 0.8 / p) for p in (1, 2, 4, 8)})
    result = analyzer.analyze_parallel_scaling(idle, [1, 2, 4, 8], [10])
    assert result["overhead_analysis"][10]["serial_fraction"] == pytest.approx(0.2)


def test_one_worker_is_the_baseline_when_not_asked_for(
    analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]
) -> None:
    timed({1: 900.0, 3: 300.0})
    result = analyzer.analyze_parallel_scaling(idle, [3], [10])
    assert list(result["scaling_results"][10]) == [3]
    assert result["scaling_results"][10][3]["speedup"] == 3.0


def test_a_failing_worker_count_is_recorded(analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]) -> None:
    timed({1: 100.0, 2: "RuntimeError: no", 4: 50.0})
    result = analyzer.analyze_parallel_scaling(idle, [1, 2, 4], [10])
    assert result["scaling_results"][10][2] == {"error": "RuntimeError: no", "source": "measured"}
    assert result["efficiency_analysis"][10]["best_worker_count"] == 4


@pytest.mark.parametrize("times", [{1: "no", 2: 50.0}, {1: "no", 2: "no"}], ids=["no baseline", "nothing"])
def test_without_a_baseline_there_is_no_speedup(
    analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None], times: dict[int, float | str]
) -> None:
    timed(times)
    result = analyzer.analyze_parallel_scaling(idle, [1, 2], [10])
    summary = result["efficiency_analysis"][10]
    assert (summary["max_speedup"], summary["best_worker_count"], summary["scaling_efficiency"]) == (None, None, None)
    assert summary["reason"]
    assert result["scaling_results"][10][2].get("speedup") is None
    assert result["overhead_analysis"][10]["serial_fraction"] is None


# analyze_quantization_trade_offs


def test_errors_and_bytes_of_rounding(analyzer: KernelOptimizationAnalyzer) -> None:
    result = analyzer.analyze_quantization_trade_offs([rounded], [8, 16, 32])
    for n, by_bits in result["accuracy_analysis"]["rounded"].items():
        (x,) = square_operands(rounded, n)
        step = np.abs(x).max() / 127
        assert by_bits[8]["accuracy_mse"] == pytest.approx(float(step) ** 2 / 12, rel=0.15)
        assert by_bits[16]["accuracy_mse"] < by_bits[8]["accuracy_mse"] / 10_000
        assert by_bits[32]["accuracy_mse"] == 0.0
        assert [by_bits[bits]["memory_bytes"] for bits in (8, 16, 32)] == [n * n, 2 * n * n, 4 * n * n]
        assert [by_bits[bits]["relative_memory"] for bits in (8, 16, 32)] == [4, 2, 1]


@pytest.mark.parametrize(("threshold", "accepted"), [(0.0, False), (0.5, True)])
def test_the_threshold_decides(analyzer: KernelOptimizationAnalyzer, threshold: float, accepted: bool) -> None:
    result = analyzer.analyze_quantization_trade_offs([rounded], [8], threshold)
    advice = result["deployment_recommendations"][8]
    entries = [by_bits[8] for by_bits in result["accuracy_analysis"]["rounded"].values()]
    assert all(entry["acceptable_accuracy"] is accepted for entry in entries)
    assert advice["accuracy_success_rate"] == float(accepted)
    gain = statistics.fmean(entry["relative_performance"] for entry in entries)
    assert advice["avg_performance_gain"] == pytest.approx(gain)
    assert advice["recommended_for_production"] is (accepted and gain > 1)


def test_a_result_of_zeros_has_no_error(analyzer: KernelOptimizationAnalyzer) -> None:
    result = analyzer.analyze_quantization_trade_offs([lambda x: x * 0], [8], 0.0)
    entries = [by_bits[8] for by_bits in result["accuracy_analysis"]["<lambda>"].values()]
    assert all(entry["relative_error"] == 0.0 and entry["acceptable_accuracy"] for entry in entries)


def test_an_error_relative_to_zero_is_none_with_a_reason(analyzer: KernelOptimizationAnalyzer) -> None:
    def rounding_error(x: np.ndarray) -> np.ndarray:
        return x - square_operands(rounding_error, x.shape[0])[0]

    result = analyzer.analyze_quantization_trade_offs([rounding_error], [8])
    entry = result["accuracy_analysis"]["rounding_error"][32][8]
    assert entry["relative_error"] is None
    assert entry["reason"]
    assert entry["acceptable_accuracy"] is False


def test_operations_of_one_name_are_kept_apart(analyzer: KernelOptimizationAnalyzer) -> None:
    result = analyzer.analyze_quantization_trade_offs([lambda x: x + 1, lambda x: x + 2], [16])
    assert result["operations_analyzed"] == ["<lambda>", "<lambda> (2)"]


# generate_optimization_roadmap


@pytest.mark.parametrize("target", ["cloud", "edge", "mobile"])
def test_roadmap_before_any_analysis_promises_nothing(analyzer: KernelOptimizationAnalyzer, target: str) -> None:
    roadmap = analyzer.generate_optimization_roadmap(target)
    assert roadmap["target_hardware"] == target
    assert roadmap["optimization_opportunities"] == []
    assert roadmap["expected_outcomes"]["combined_improvement"] is None
    assert roadmap["expected_outcomes"]["reason"]
    assert all(name in " ".join(roadmap["recommendations"]) for name in ANALYSES)


def test_improvements_follow_amdahl(analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]) -> None:
    timed({1: 900.0, 4: 300.0})
    analyzer.analyze_parallel_scaling(idle, [1, 4], [10])
    analyzer.baseline_measurements["elsewhere"] = {"other work": 300.0}
    roadmap = analyzer.generate_optimization_roadmap()
    (found,) = roadmap["optimization_opportunities"]
    assert (found["share"], found["local_speedup"]) == (pytest.approx(0.75), pytest.approx(3.0))
    assert found["expected_improvement"] == pytest.approx(2.0)
    assert found["impact"] == "high"
    assert "scaling_results[10][4]" in found["evidence"][0]
    assert roadmap["expected_outcomes"]["combined_improvement"] == pytest.approx(2.0)


def test_a_workload_that_does_not_scale_gives_no_opportunity(
    analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]
) -> None:
    timed({1: 900.0, 4: 890.0})
    analyzer.analyze_parallel_scaling(idle, [1, 4], [10])
    roadmap = analyzer.generate_optimization_roadmap()
    assert roadmap["optimization_opportunities"] == []
    assert roadmap["expected_outcomes"]["combined_improvement"] == 1.0


def test_the_target_that_was_not_measured_has_no_figures(analyzer: KernelOptimizationAnalyzer) -> None:
    here = analyzer.generate_optimization_roadmap("cloud")["resource_requirements"]
    there = analyzer.generate_optimization_roadmap("mobile")["resource_requirements"]
    assert here["cpu_cores"] == analyzer.hardware_config["cpu_cores"]
    assert there["cpu_cores"] is None
    assert "mobile" in there["reason"]


def test_a_metric_that_nothing_measures_is_named(analyzer: KernelOptimizationAnalyzer) -> None:
    roadmap = analyzer.generate_optimization_roadmap("cloud", ["energy"])
    assert "energy" in " ".join(roadmap["recommendations"])


# all together


@needs_the_jit
def test_comprehensive_analysis_runs_all_five_silently(capfd: pytest.CaptureFixture[str]) -> None:
    steps: list[str] = []
    analyzer = KernelOptimizationAnalyzer()
    result = analyzer.comprehensive_kernel_analysis(progress=steps.append)
    keys = ["cache_analysis", "vectorization_analysis", "parallel_analysis", "quantization_analysis"]
    assert list(result) == [*keys, "optimization_roadmap"]
    assert set(analyzer.analysis_results) == {*ANALYSES, "optimization_roadmap"}
    assert set(analyzer.baseline_measurements) == set(ANALYSES)
    assert len(steps) == 5
    assert capfd.readouterr() == ("", "")
    json.dumps(result)


def test_recommendations_of_all_analyses_are_gathered(
    analyzer: KernelOptimizationAnalyzer, timed: Callable[..., None]
) -> None:
    timed({1: 100.0, 2: 50.0})
    scaling = analyzer.analyze_parallel_scaling(idle, [1, 2], [10])
    vectors = analyzer.analyze_vectorization_potential(["add"], [(100,)])
    expected: list[Any] = [*scaling["recommendations"], *vectors["recommendations"]]
    assert analyzer.optimization_recommendations == expected
