"""Workloads whose time is a known function of workers, size or block: the analyzer says what they are."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import matplotlib.figure
import numpy as np
import pytest

from tinytorch.analyses import KernelRun, Roof, cache_analysis
from tinytorch.analyses.scaling import optimal_figures
from tinytorch.bench import clock
from tinytorch.core.kernels.analysis import KernelOptimizationAnalyzer
from tinytorch.hardware import card

COUNTS = [1, 2, 3, 4, 6, 8]
Workload = Callable[[np.ndarray, int], None]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock that all samples are taken by; workloads move it."""
    now = SimpleNamespace(ns=0)
    monkeypatch.setattr(clock, "now_ns", lambda: now.ns)
    return now


@pytest.fixture
def workload(now: SimpleNamespace) -> Callable[[Callable[[int], float]], Workload]:
    """A workload that takes so many microseconds on so many workers."""

    def make(time_us: Callable[[int], float]) -> Workload:
        def work(data: np.ndarray, num_workers: int) -> None:
            now.ns += int(time_us(num_workers) * 1000)

        return work

    return make


@pytest.fixture
def analyzer() -> KernelOptimizationAnalyzer:
    caches = {"l1_data": 2**14, "l2": 2**16, "l3": 2**18}
    return KernelOptimizationAnalyzer({"memory_bandwidth": 5.0, "cache_sizes": caches})


KNOWN = {
    # name: (time on p workers over time on one, sigma, kappa, better law, its best worker count, workers to use)
    "perfect": (lambda p: 1 / p, 0.0, 0.0, "Amdahl's law", None, 8),
    "partly serial": (lambda p: 0.2 + 0.8 / p, 0.2, 0.0, "Amdahl's law", None, 8),
    "none": (lambda p: 1.0, 1.0, 0.0, "Amdahl's law", 1, 1),
    "negative": (lambda p: float(p), 1.0, 1.0, "the universal scalability law", 1, 1),
    "falls again": (lambda p: (1 + 0.05 * (p - 1) + 0.06 * p * (p - 1)) / p, 0.05, 0.06, "universal", 4, 3),
}


@pytest.mark.parametrize(("relative", "sigma", "kappa", "law", "best", "use"), KNOWN.values(), ids=list(KNOWN))
def test_scaling_of_known_workloads(
    analyzer: KernelOptimizationAnalyzer,
    workload: Callable[..., Workload],
    relative: Callable[[int], float],
    sigma: float,
    kappa: float,
    law: str,
    best: int | None,
    use: int,
) -> None:
    result = analyzer.analyze_parallel_scaling(workload(lambda p: 2000 * relative(p)), COUNTS, [10])
    laws = result["scaling_laws"][10]
    universal = laws["universal"]
    assert (universal["sigma"], universal["kappa"]) == pytest.approx((sigma, kappa), abs=0.01)
    assert universal["residual"] < 0.01
    assert law in laws["better"]
    better = universal if "universal" in law else laws["amdahl"]
    assert better["best_worker_count"] == best
    assert result["optimal_parallelism"][10]["optimal_workers"] == use
    entries = result["scaling_results"][10]
    assert [entries[p]["speedup"] for p in COUNTS] == pytest.approx([1 / relative(p) for p in COUNTS], rel=1e-3)
    low, high = entries[8]["speedup_interval"]
    assert low <= entries[8]["speedup"] <= high


def test_a_workload_that_raises_is_left_out_of_the_laws(
    analyzer: KernelOptimizationAnalyzer, workload: Callable[..., Workload]
) -> None:
    fine = workload(lambda p: 2000 * (0.5 + 0.5 / p))

    def fragile(data: np.ndarray, num_workers: int) -> None:
        if num_workers == 3:
            raise RuntimeError("three is one too many")
        fine(data, num_workers)

    result = analyzer.analyze_parallel_scaling(fragile, COUNTS, [10])
    assert result["scaling_results"][10][3] == {"error": "RuntimeError: three is one too many", "source": "measured"}
    assert result["scaling_laws"][10]["amdahl"]["points"] == 4
    assert result["scaling_laws"][10]["amdahl"]["sigma"] == pytest.approx(0.5, abs=0.01)


def test_a_gain_within_chance_is_no_reason_for_more_workers(analyzer: KernelOptimizationAnalyzer) -> None:
    entries = {
        1: {"execution_time_us": 100.0, "speedup": 1.0, "efficiency": 1.0, "speedup_interval": [1.0, 1.0]},
        2: {"execution_time_us": 80.0, "speedup": 1.25, "efficiency": 0.6, "speedup_interval": [0.7, 1.6]},
    }
    assert optimal_figures(entries)["optimal_workers"] == 1
    entries[2]["speedup_interval"] = [1.1, 1.4]
    assert optimal_figures(entries)["optimal_workers"] == 2


def test_memory_bound_sizes_are_those_whose_bytes_take_longer_than_their_operations(
    analyzer: KernelOptimizationAnalyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One GB/s and one GFLOP/s: 12 n^2 bytes take longer than 2 n^3 operations below a side of 6."""
    monkeypatch.setattr(KernelOptimizationAnalyzer, "roof", lambda self, run: Roof(1.0, 1.0, "made for this test"))
    monkeypatch.setattr(
        cache_analysis, "run_kernel", lambda func, n: KernelRun(1000.0, 12 * n * n, 2 * n**3, 1.0, 1.0, ("a doubt",))
    )
    result = analyzer.analyze_cache_efficiency(np.matmul, [2, 4, 5, 7, 16], ["sequential"])
    assert result["memory_bound_sizes"] == [2, 4, 5]
    assert result["bandwidth_utilization"][16]["bottleneck"] == "compute"
    assert result["cache_efficiency"][16]["notes"] == ["a doubt"]
    assert result["sources"]["memory_bound_sizes"] == "derived"


def test_the_best_block_size_is_found_by_running_them(
    analyzer: KernelOptimizationAnalyzer, now: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blocked(a: np.ndarray, b: np.ndarray, block_size: int = 64) -> np.ndarray:
        now.ns += int(1e6 * max(block_size / 16, 16 / block_size))
        return a

    run = KernelRun(4000.0, 12 * 64 * 64, 64, 1.0, 1.0)
    monkeypatch.setattr(cache_analysis, "run_kernel", lambda func, size: run)
    result = analyzer.analyze_cache_efficiency(blocked, [64], ["sequential"])
    assert result["block_sweep"]["best_block_size"] == 16
    assert result["optimal_block_sizes"]["L1"] == 36
    assert result["block_sweep"]["by_rule"]["L1"]["times_the_best"] == pytest.approx(36 / 16)
    assert "block size 16 was the fastest" in result["recommendations"][-1]
    (tuning,) = analyzer.generate_optimization_roadmap()["optimization_opportunities"]
    assert "block size 16 is 4.00 times as fast as 64" in tuning["evidence"][0]


def test_every_result_carries_the_machine_card(
    analyzer: KernelOptimizationAnalyzer, workload: Callable[..., Workload]
) -> None:
    analyzer.analyze_parallel_scaling(workload(lambda p: 900.0), [1, 2], [10])
    analyzer.generate_optimization_roadmap()
    for result in analyzer.analysis_results.values():
        assert result["machine"] == card().as_dict()
        assert all(fact["source"] for fact in result["machine"].values())


def test_what_was_analysed_can_be_drawn(
    analyzer: KernelOptimizationAnalyzer, workload: Callable[..., Workload]
) -> None:
    analyzer.analyze_parallel_scaling(workload(lambda p: 900.0 / p), [1, 2, 4], [10])
    assert isinstance(analyzer.plot("parallel_scaling"), matplotlib.figure.Figure)


def test_what_was_not_analysed_cannot_be_drawn(analyzer: KernelOptimizationAnalyzer) -> None:
    with pytest.raises(ValueError, match="no result 'parallel_scaling' is kept; there is none yet"):
        analyzer.plot("parallel_scaling")
