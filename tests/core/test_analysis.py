"""`KernelOptimizationAnalyzer` on workloads whose behaviour is known beforehand."""

from __future__ import annotations

import time
from collections.abc import Callable

import numba
import numpy as np
import pytest

from tinytorch.analyses import KernelRun, Roof, cache_analysis
from tinytorch.core.kernels.analysis import KernelOptimizationAnalyzer
from tinytorch.hardware import HardwareConfig

MACHINE = {"memory_bandwidth": 5.0, "cache_sizes": {"l1_data": 2**14, "l2": 2**16, "l3": 2**18}}

needs_the_jit = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="interpreted loops measure the interpreter, so no roof is known"
)


@pytest.fixture
def analyzer() -> KernelOptimizationAnalyzer:
    return KernelOptimizationAnalyzer(MACHINE)


def slow_copy(x: np.ndarray) -> np.ndarray:
    time.sleep(0.003)
    return x.copy()


def broken(x: np.ndarray) -> np.ndarray:
    raise ZeroDivisionError("no kernel today")


def rounded(x: np.ndarray) -> np.ndarray:
    return x + 0


# hardware_config


def test_every_entry_of_the_config_is_there_and_says_where_it_is_from() -> None:
    found = KernelOptimizationAnalyzer()
    names = set(HardwareConfig.__annotations__)
    assert set(found.hardware_config) == names
    assert set(found.hardware_config["cache_sizes"]) == {"l1_data", "l1_instruction", "l2", "l3"}
    assert names - {"cache_sizes"} <= set(found.hardware_sources)


def test_a_given_config_overrides_only_what_it_names() -> None:
    detected = KernelOptimizationAnalyzer().hardware_config
    given = KernelOptimizationAnalyzer({"cpu_cores": 3, "cache_sizes": {"l2": 12345}}).hardware_config
    assert (given["cpu_cores"], given["cache_sizes"]["l2"]) == (3, 12345)
    assert given["cache_sizes"]["l1_data"] == detected["cache_sizes"]["l1_data"]
    assert given["simd_width"] == detected["simd_width"]


# analyze_cache_efficiency


def test_bandwidth_and_utilization_follow_from_bytes_and_time(analyzer: KernelOptimizationAnalyzer) -> None:
    result = analyzer.analyze_cache_efficiency(slow_copy, [16, 40])
    for n in (16, 40):
        entry, moved = result["cache_efficiency"][n], result["bandwidth_utilization"][n]
        assert entry["execution_time_us"] > 2900
        assert entry["data_size_mb"] == 2 * n * n * 4 / 2**20
        assert moved["bandwidth_gb_s"] == pytest.approx(2 * n * n * 4 / entry["execution_time_us"] / 1000)
        assert moved["utilization_percent"] == pytest.approx(100 * moved["bandwidth_gb_s"] / 5.0)


def test_levels_follow_the_given_caches(analyzer: KernelOptimizationAnalyzer) -> None:
    result = analyzer.analyze_cache_efficiency(np.add, [16, 64, 128, 256], ["sequential"])
    levels = [entry["cache_level"] for entry in result["cache_efficiency"].values()]
    assert levels == ["L1", "L2", "L3", "RAM"]


def test_three_optimal_blocks_fit_a_cache_and_larger_ones_do_not(analyzer: KernelOptimizationAnalyzer) -> None:
    blocks = analyzer.analyze_cache_efficiency(np.add, [8], ["sequential"])["optimal_block_sizes"]
    for level, size_bytes in (("L1", 2**14), ("L2", 2**16), ("L3", 2**18)):
        assert 12 * blocks[level] ** 2 <= size_bytes < 12 * (blocks[level] + 1) ** 2


@needs_the_jit
@pytest.mark.parametrize(("gb_s", "expected"), [(1e-6, "memory"), (1e9, "compute")])
def test_the_larger_floor_is_the_bottleneck(gb_s: float, expected: str) -> None:
    result = KernelOptimizationAnalyzer({"memory_bandwidth": gb_s}).analyze_cache_efficiency(np.matmul, [32])
    assert result["bandwidth_utilization"][32]["bottleneck"] == expected


@needs_the_jit
def test_a_kernel_that_only_moves_is_memory_bound_without_being_told() -> None:
    result = KernelOptimizationAnalyzer().analyze_cache_efficiency(lambda a, b: a + b, [512], ["sequential"])
    assert result["bandwidth_utilization"][512]["bottleneck"] == "memory"


@needs_the_jit
def test_a_kernel_that_only_computes_is_compute_bound_without_being_told() -> None:
    def powers(x: np.ndarray) -> np.ndarray:
        return sum((np.sin(x) for _ in range(30)), start=x)

    result = KernelOptimizationAnalyzer().analyze_cache_efficiency(powers, [64], ["sequential"])
    assert result["bandwidth_utilization"][64]["bottleneck"] == "compute"


@needs_the_jit
def test_efficiency_is_between_0_and_1() -> None:
    for kernel in (np.matmul, np.add, slow_copy):
        result = KernelOptimizationAnalyzer().analyze_cache_efficiency(kernel, [64, 200], ["sequential"])
        assert all(0 <= entry["efficiency_estimate"] <= 1 for entry in result["cache_efficiency"].values())


def test_efficiency_is_the_floor_over_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    run = KernelRun(time_us=100.0, moved_bytes=12_000, flops=40_000, streaming_us=1.0, cores_busy=1.0)
    monkeypatch.setattr(cache_analysis, "run_kernel", lambda func, size: run)
    monkeypatch.setattr(KernelOptimizationAnalyzer, "roof", lambda self, run: Roof(1.0, 1.0, "made for this test"))
    result = KernelOptimizationAnalyzer(MACHINE).analyze_cache_efficiency(np.add, [32], ["sequential"])
    assert result["cache_efficiency"][32]["efficiency_estimate"] == pytest.approx(0.4)
    assert result["bandwidth_utilization"][32]["bottleneck"] == "compute"


def test_an_unknown_bandwidth_leaves_none_with_a_reason() -> None:
    result = KernelOptimizationAnalyzer({"memory_bandwidth": None}).analyze_cache_efficiency(np.add, [16])
    moved, entry = result["bandwidth_utilization"][16], result["cache_efficiency"][16]
    assert moved["utilization_percent"] is None
    assert moved["bottleneck"] is None
    assert entry["efficiency_estimate"] is None
    assert moved["reason"]
    assert entry["reason"]


def test_an_unknown_cache_leaves_its_level_and_block_none() -> None:
    config = {"memory_bandwidth": 5.0, "cache_sizes": {"l1_data": 1024, "l2": None}}
    result = KernelOptimizationAnalyzer(config).analyze_cache_efficiency(np.add, [64], ["sequential"])
    assert result["cache_efficiency"][64]["cache_level"] is None
    assert result["cache_efficiency"][64]["reason"]
    assert result["optimal_block_sizes"]["L2"] is None


@needs_the_jit
def test_access_patterns_are_measured(analyzer: KernelOptimizationAnalyzer) -> None:
    result = analyzer.analyze_cache_efficiency(np.add, [64], ["random", "sequential"])
    assert result["access_patterns"] == ["random", "sequential"]
    assert all(result["access_pattern_bandwidth"][name]["bandwidth_gb_s"] > 0 for name in ("random", "sequential"))


def test_a_kernel_that_raises_says_where(analyzer: KernelOptimizationAnalyzer) -> None:
    with pytest.raises(ZeroDivisionError, match="no kernel today") as caught:
        analyzer.analyze_cache_efficiency(broken, [16])
    assert "broken" in caught.value.__notes__[0]
    assert "cache_efficiency" not in analyzer.analysis_results


@pytest.mark.parametrize(
    "call",
    [
        lambda a: a.analyze_cache_efficiency(np.add, []),
        lambda a: a.analyze_cache_efficiency(np.add, [0]),
        lambda a: a.analyze_cache_efficiency(np.add, [8], ["diagonal"]),
        lambda a: a.analyze_cache_efficiency(lambda a, b, c: a, [8]),
        lambda a: a.analyze_vectorization_potential([]),
        lambda a: a.analyze_vectorization_potential("add"),
        lambda a: a.analyze_vectorization_potential(["add"], [(0,)]),
        lambda a: a.analyze_vectorization_potential(["add"], []),
        lambda a: a.analyze_parallel_scaling(slow_copy, []),
        lambda a: a.analyze_parallel_scaling(slow_copy, [0]),
        lambda a: a.analyze_parallel_scaling(slow_copy, [1], [1.5]),
        lambda a: a.analyze_quantization_trade_offs([]),
        lambda a: a.analyze_quantization_trade_offs(["conv2d"]),
        lambda a: a.analyze_quantization_trade_offs([rounded], [4]),
        lambda a: a.analyze_quantization_trade_offs([rounded], [8], -0.1),
        lambda a: a.generate_optimization_roadmap("toaster"),
        lambda a: a.generate_optimization_roadmap("cloud", []),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    analyzer: KernelOptimizationAnalyzer, call: Callable[[KernelOptimizationAnalyzer], object]
) -> None:
    with pytest.raises(ValueError, match=r"got|not known|wrap it"):
        call(analyzer)
