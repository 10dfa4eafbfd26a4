"""A run held against the roofline, for runs and roofs whose judgment is known."""

from __future__ import annotations

import numba
import pytest

from tinytorch.analyses.judgment import Roof, bound_by_experiment, cache_level, roof_over, run_figures
from tinytorch.analyses.kernel_run import KernelRun
from tinytorch.analyses.results import RoofFigures
from tinytorch.hardware import configure

CACHES = {"l1_data": 1000, "l2": 10_000, "l3": 100_000}

needs_the_jit = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="no roof is measured without compiled loops")


def run(streaming_us: float = 1.0, cores_busy: float = 1.0) -> KernelRun:
    return KernelRun(100.0, 5000, None, streaming_us, cores_busy, ("busy",))


def judged(**figures: object) -> RoofFigures:
    return {"gb_s": 0.05, "share": None, "percent": None, "bound": None, **figures}  # type: ignore[typeddict-item]


def test_floors_are_bytes_and_operations_over_the_roofs() -> None:
    roof = Roof(2.0, 4.0, "made for this test")
    assert (roof.memory_us(12_000), roof.compute_us(40_000)) == (6.0, 10.0)


def test_a_floor_that_is_not_known_is_none() -> None:
    assert Roof(None, 4.0, "no bandwidth").memory_us(12_000) is None
    assert Roof(2.0, None, "no peak").compute_us(40_000) is None
    assert Roof(2.0, 4.0, "made for this test").compute_us(None) is None


@pytest.mark.parametrize(
    ("memory_us", "streaming_us", "expected"), [(60, 1, "memory"), (1, 60, "memory"), (10, 20, "compute")]
)
def test_moving_alone_decides_when_operations_are_not_known(
    memory_us: float, streaming_us: float, expected: str
) -> None:
    assert bound_by_experiment(run(streaming_us=streaming_us), memory_us) == expected


@pytest.mark.parametrize(
    ("size", "level"), [(1000, "L1"), (1001, "L2"), (10_001, "L3"), (100_000, "L3"), (100_001, "RAM")]
)
def test_the_smallest_level_that_holds_the_bytes(size: int, level: str) -> None:
    assert cache_level(size, CACHES) == level


def test_a_cache_of_unknown_size_might_hold_them() -> None:
    assert cache_level(500, {**CACHES, "l2": None}) == "L1"
    assert cache_level(5000, {**CACHES, "l2": None}) is None


@needs_the_jit
def test_a_given_bandwidth_is_the_roof_as_it_is() -> None:
    roof = roof_over(run(cores_busy=2.0), configure({"memory_bandwidth": 5.0}))
    assert (roof.bandwidth_gb_s, roof.how) == (5.0, "given in hardware_config")


@needs_the_jit
def test_two_busy_cores_have_twice_the_roof_of_one() -> None:
    machine = configure()
    one, two, idle = (roof_over(run(cores_busy=busy), machine) for busy in (1.0, 2.0, 0.3))
    assert two.peak_gflops == pytest.approx(2 * one.peak_gflops)
    assert two.bandwidth_gb_s == pytest.approx(2 * one.bandwidth_gb_s)
    assert idle.peak_gflops == one.peak_gflops


def test_figures_hold_the_judgment_beside_the_measurement() -> None:
    roof = Roof(2.0, 4.0, "made for this test")
    efficiency, bandwidth = run_figures(run(), roof, CACHES, judged(share=0.25, percent=2.5, bound="memory"))
    assert (efficiency["cache_level"], efficiency["efficiency_estimate"]) == ("L2", 0.25)
    assert (efficiency["data_size_mb"], efficiency["execution_time_us"]) == (5000 / 2**20, 100.0)
    assert (bandwidth["bandwidth_gb_s"], bandwidth["peak_bandwidth_gb_s"]) == (0.05, 2.0)
    assert (bandwidth["utilization_percent"], bandwidth["bottleneck"]) == (2.5, "memory")
    assert efficiency["notes"] == ["busy"]
    assert "reason" not in efficiency | bandwidth


@pytest.mark.parametrize(
    ("bandwidth", "caches", "words"),
    [(None, CACHES, "nobody knows"), (2.0, {**CACHES, "l2": None}, "size of a cache")],
    ids=["bandwidth", "cache"],
)
def test_what_is_not_known_has_a_reason(bandwidth: float | None, caches: dict[str, int | None], words: str) -> None:
    roof = Roof(bandwidth, 4.0, "nobody knows")
    efficiency, _ = run_figures(run(), roof, caches, judged())
    assert words in efficiency["reason"]
