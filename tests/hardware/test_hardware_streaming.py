"""From which size on stores past the caches pay: half the last cache, or the assumption."""

from __future__ import annotations

import dataclasses

import pytest

from tinytorch import hardware
from tinytorch.hardware import streaming


@pytest.mark.parametrize(
    ("last_level", "threshold"),
    [(8 << 20, 4 << 20), (32 << 20, 16 << 20), (300 << 20, 32 << 20), (None, 32 << 20)],
    ids=["8 MiB", "32 MiB", "300 MiB", "unknown"],
)
def test_streaming_starts_at_half_the_last_cache_or_at_the_assumption(
    monkeypatch: pytest.MonkeyPatch, last_level: int | None, threshold: int
) -> None:
    fact = hardware.Fact(last_level, "bytes", "unavailable" if last_level is None else "detected", "of this test")
    card = dataclasses.replace(hardware.card(), l3_bytes=fact)
    monkeypatch.setattr(streaming, "card", lambda: card)
    assert hardware.streaming_pays_from.__wrapped__() == threshold
