"""What measuring adds to the card: every fact is there, measured or unavailable with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tinytorch.hardware import Fact, measured, measured_facts


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The working sets that were measured; the probes answer at once."""
    sizes: list[int] = []

    def probe(unit: str) -> object:
        return lambda size: sizes.append(size) or Fact(1.0, unit, "measured", f"{size} bytes")

    monkeypatch.setattr(measured, "measure_bandwidth", probe("GB/s"))
    monkeypatch.setattr(measured, "measure_latency", probe("ns"))
    monkeypatch.setattr(measured, "latency_sweep", list)
    measured_facts.cache_clear()
    yield sizes
    measured_facts.cache_clear()


def test_every_level_has_a_bandwidth_and_a_latency(probed: list[int]) -> None:
    facts = measured_facts()
    names = {f"{level}_{probe}" for level in ("l1", "l2", "l3", "memory") for probe in ("bandwidth", "latency")}
    assert set(facts) == names | {"peak_one_core", "l1_edge", "l2_edge"}
    assert {fact.source for fact in facts.values()} <= {"measured", "unavailable"}
    assert facts["l1_edge"].how == "no latency was measured"


def test_a_level_is_measured_within_half_of_its_cache(probed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    caches = {"l1d_bytes": 32 << 10, "l2_bytes": 1 << 20, "l3_bytes": None}
    monkeypatch.setattr(measured, "card", lambda: made_card(**caches))
    facts = measured_facts()
    assert probed == [16 << 10, 512 << 10, 4 << 20] * 2
    assert (facts["l3_bandwidth"].source, facts["l3_latency"].source) == ("unavailable", "unavailable")
    assert "not known" in facts["l3_latency"].how


def made_card(**caches: int | None) -> SimpleNamespace:
    """A card with these caches and nothing else."""
    facts = {
        name: Fact(size, "bytes", "detected", "made") if size else Fact(None, "bytes", "unavailable", "made")
        for name, size in caches.items()
    }
    return SimpleNamespace(**facts)
