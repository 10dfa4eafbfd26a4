"""Cache sizes from latency sweeps: made ones whose edges are known, and recorded ones."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tinytorch.hardware import Fact, measured_cache
from tinytorch.hardware import plateaus as plateaus_of
from tinytorch.hardware.plateaus import latency_sweep, sweep_sizes

SWEEPS = Path(__file__).parent / "sweeps"
HALF_A_DOUBLING = 2**0.5


def staircase(*steps: tuple[int, float], last_ns: float = 100.0) -> list[tuple[int, float]]:
    """Latencies over the default sizes: each step's `ns` up to its `bytes`, then `last_ns`."""
    return [(size, next((ns for edge, ns in steps if size <= edge), last_ns)) for size in sweep_sizes()]


def facts(sweep: list[tuple[int, float]]) -> list[tuple[int, Fact]]:
    return [(size, Fact(ns, "ns", "measured", "made for this test")) for size, ns in sweep]


def test_sizes_are_four_to_a_doubling_in_whole_lines() -> None:
    sizes = sweep_sizes(4096, 65536)
    assert (sizes[0], sizes[4], sizes[-1], len(sizes)) == (4096, 8192, 65536, 17)
    assert all(size % 128 == 0 for size in sizes)
    assert all(1.1 < later / size < 1.3 for size, later in pairwise(sizes))


@pytest.mark.parametrize("l1", [32 << 10, 48 << 10, 128 << 10])
@pytest.mark.parametrize("l2", [512 << 10, 2 << 20])
def test_edges_of_a_staircase_are_its_steps(l1: int, l2: int) -> None:
    found = plateaus_of(staircase((l1, 1.0), (l2, 4.0), (12 << 20, 15.0)))
    assert [plateau.latency_ns for plateau in found] == [1.0, 4.0, 15.0, 100.0][: len(found)]
    assert l1 / 1.19 <= found[0].edge_bytes <= l1 * 1.19
    assert l2 / 1.19 <= found[1].edge_bytes <= l2 * 1.19


def test_upward_spikes_make_no_edge() -> None:
    sweep = staircase((32 << 10, 1.0), (512 << 10, 4.0), last_ns=15.0)
    spiked = [(size, ns * (3 if i % 5 == 2 else 1)) for i, (size, ns) in enumerate(sweep)]
    clean, found = plateaus_of(sweep), plateaus_of(spiked)
    assert [plateau.edge_bytes for plateau in found[:2]] == pytest.approx(
        [plateau.edge_bytes for plateau in clean[:2]], rel=0.2
    )


def test_a_climb_ends_half_of_the_way_up_on_a_log_scale() -> None:
    sizes = sweep_sizes()
    climb = [float(np.exp(np.interp(np.log(s), np.log([256 << 10, 1 << 20]), np.log([4.0, 16.0])))) for s in sizes]
    found = plateaus_of(list(zip(sizes, climb, strict=True)))
    assert found[0].edge_bytes == pytest.approx(512 << 10, rel=0.06)


def test_a_flat_sweep_has_one_plateau_without_an_edge() -> None:
    (only,) = plateaus_of(staircase(last_ns=2.0))
    assert only.edge_bytes is None
    assert measured_cache(facts(staircase(last_ns=2.0)), 1).source == "unavailable"


@pytest.mark.parametrize("name", ["quiet", "noisy_l3", "disturbed"])
def test_recorded_sweeps_show_the_caches_of_their_machine(name: str) -> None:
    """32 KiB and 512 KiB; in the disturbed one a neighbor took part of both."""
    sweep = facts([tuple(point) for point in json.loads((SWEEPS / f"{name}.json").read_text())])
    l1, l2 = measured_cache(sweep, 1), measured_cache(sweep, 2)
    assert l1.source == l2.source == "measured"
    assert 1 / HALF_A_DOUBLING <= l1.value / (32 << 10) <= HALF_A_DOUBLING
    assert (0.6 if name == "disturbed" else 1 / HALF_A_DOUBLING) <= l2.value / (512 << 10) <= HALF_A_DOUBLING
    assert "half of the way" in l2.how


def test_a_level_that_does_not_show_is_unavailable_with_the_reason() -> None:
    fact = measured_cache(facts(staircase((32 << 10, 1.0), last_ns=4.0)), 2)
    assert (fact.source, fact.value) == ("unavailable", None)
    assert "plateau number 2 up to 32 MiB" in fact.how


def test_nothing_measured_is_unavailable_for_the_probe_s_reason() -> None:
    fact = measured_cache([(4096, Fact(None, "ns", "unavailable", "no compiler"))], 1)
    assert (fact.source, fact.how) == ("unavailable", "no compiler")


def test_each_size_keeps_its_least_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([5.0, 9.0, 4.0, 11.0])
    module = sys.modules["tinytorch.hardware.plateaus"]  # the package's attribute of that name is the function
    monkeypatch.setattr(module, "measure_latency", lambda size, seconds: Fact(next(answers), "ns", "measured", "x"))
    assert [(size, fact.value) for size, fact in latency_sweep([4096, 8192], rounds=2)] == [(4096, 4.0), (8192, 9.0)]


def test_a_sweep_of_no_round_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one round"):
        latency_sweep([4096], rounds=0)
