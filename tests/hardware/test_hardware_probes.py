"""The probes: what they visit and count exactly; what they measure only in outline."""

from __future__ import annotations

import json
from itertools import pairwise

import numba
import numpy as np
import pytest

from tinytorch.hardware import (
    Fact,
    Roofline,
    bandwidth_sweep,
    measure_bandwidth,
    measure_latency,
    measure_peak,
    probes,
    roof,
)
from tinytorch.hardware.fact import unavailable

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="the probes' loops need the compiler")


@pytest.mark.parametrize("size", [16, 4096, 100_000])
def test_chase_visits_every_line_once(size: int) -> None:
    following = probes._random_cycle(size, line_bytes=64)
    visited = [0]
    while following[visited[-1]] != 0:
        visited.append(int(following[visited[-1]]))
    assert sorted(visited) == list(range(0, following.size, 8))


@pytest.mark.parametrize("size", [1, 4096, 5000, 1 << 20])
def test_bandwidth_array_is_aligned_and_of_whole_steps(size: int) -> None:
    array = probes._aligned_floats(size, 512)
    assert array.ctypes.data % 512 == 0
    assert array.nbytes % 512 == 0
    assert array.nbytes <= max(size, 512)


def test_kernels_compute_what_they_say() -> None:
    from tinytorch.hardware import kernels

    array = probes._aligned_floats(8192, kernels.UNROLL * kernels.vector_bytes())
    kernels.update(array.ctypes.data, array.size, 3, np.float32(2))
    np.testing.assert_array_equal(array, np.full(array.size, 8, np.float32))
    assert kernels.read(array.ctypes.data, array.size, 2) == 2 * array.sum(dtype=np.float64)


def test_multiply_add_does_every_round_of_every_chain() -> None:
    from tinytorch.hardware import kernels

    lanes = kernels.vector_bytes() // 4
    starts = np.repeat(np.arange(kernels.chains(), dtype=np.float64), lanes)
    assert kernels.multiply_add(2, np.float32(2), np.float32(1)) == (4 * starts + 3).sum()


def test_peak_is_measured_and_plausible() -> None:
    fact = measure_peak(seconds=0.02)
    assert (fact.unit, fact.source) == ("GFLOP/s", "measured")
    assert 0.1 < fact.value < 10_000


def test_bandwidth_says_what_moves() -> None:
    fact = measure_bandwidth(64 << 10, seconds=0.02)
    assert (fact.unit, fact.source) == ("GB/s", "measured")
    assert "64 KiB" in fact.how
    assert "bytes read plus bytes written" in fact.how


def test_latency_grows_from_the_first_cache_to_memory() -> None:
    assert measure_latency(8 << 10, seconds=0.02).value < measure_latency(64 << 20, seconds=0.02).value


def test_sweep_answers_for_each_size_asked() -> None:
    assert [size for size, _ in bandwidth_sweep([8192, 16384])] == [8192, 16384]


def test_default_sizes_are_powers_of_two_past_the_caches() -> None:
    sizes = probes.default_sizes()
    assert sizes[0] == 8192
    assert sizes[-1] >= 64 << 20
    assert all(later == 2 * size for size, later in pairwise(sizes))


@pytest.mark.parametrize("probe", [measure_bandwidth, measure_latency])
def test_working_set_of_nothing_is_refused(probe: object) -> None:
    with pytest.raises(ValueError, match="positive number of bytes"):
        probe(0)


def test_interpreted_loops_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    facts = [measure_peak(), measure_bandwidth(4096), measure_latency(4096)]
    assert {fact.source for fact in facts} == {"unavailable"}
    assert Roofline(facts[0]).bound_gflops(1, 1, 4096).source == "unavailable"


@pytest.fixture
def roofline(monkeypatch: pytest.MonkeyPatch) -> Roofline:
    """100 GFLOP/s, and 50 GB/s at any working set."""
    monkeypatch.setattr(roof, "measure_bandwidth", lambda size: Fact(50.0, "GB/s", "measured", f"at {size}"))
    return Roofline(Fact(100.0, "GFLOP/s", "measured", "made up"))


@pytest.mark.parametrize(("flops", "moved", "bound"), [(1e6, 1e6, 50.0), (4e6, 1e6, 100.0), (1e6, 0, 100.0)])
def test_bound_is_the_lower_of_slope_and_roof(roofline: Roofline, flops: float, moved: float, bound: float) -> None:
    fact = roofline.bound_gflops(flops, moved, 1 << 20)
    assert (fact.value, fact.source) == (bound, "derived")


def test_no_bound_without_a_bandwidth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roof, "measure_bandwidth", lambda size: unavailable("GB/s", "no compiler"))
    fact = Roofline(Fact(100.0, "GFLOP/s", "measured", "made up")).bound_gflops(1e6, 1e6, 1 << 20)
    assert (fact.value, fact.how) == (None, "no compiler")


def test_bound_of_no_work_is_refused(roofline: Roofline) -> None:
    with pytest.raises(ValueError, match="flops > 0"):
        roofline.bound_gflops(0, 10, 4096)


def test_each_working_set_is_measured_once(roofline: Roofline) -> None:
    assert roofline.bandwidth_at(1 << 20) is roofline.bandwidth_at((1 << 20) + 100)
    assert roofline.bandwidth_at(1 << 20) is not roofline.bandwidth_at(1 << 21)


@pytest.mark.parametrize("size", [4096, 5000, 1 << 20, 3_000_000])
def test_rounding_down_loses_at_most_a_fifth(size: int) -> None:
    assert 0.8 * size <= roof.rounded_down(size) <= size


def test_facts_survive_json() -> None:
    assert json.loads(json.dumps(Fact(1.5, "ns", "measured", "x").as_dict()))["value"] == 1.5
