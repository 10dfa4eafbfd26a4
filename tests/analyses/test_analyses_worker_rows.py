"""Two calls on several worker counts, as rows of plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from tinytorch.analyses import worker_rows
from tinytorch.analyses.worker_rows import scaling_rows
from tinytorch.bench import Gain


def test_rows_hold_times_and_ratios_of_both_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    def gains(call: Callable[[int], object], counts: Iterable[int], limit_s: float) -> list[Gain]:
        return [Gain(p, 120 / p, float(p), p - 0.1, p + 0.1, p, 1.0) for p in counts if call(p) or True]

    called: list[str] = []
    monkeypatch.setattr(worker_rows, "worker_gains", gains)
    rows = scaling_rows(lambda p: called.append(f"relu {p}"), lambda p: called.append(f"batch {p}"), (4, 2))
    assert rows == [
        {"workers": n, "relu_time": 120 / n, "batch_time": 120 / n, "relu_speedup": n, "batch_speedup": n}
        for n in (4, 2)
    ]
    assert called == ["relu 4", "relu 2", "batch 4", "batch 2"]


def test_a_call_that_refuses_its_workers_is_heard() -> None:
    def refuse(workers: int) -> None:
        raise ValueError(f"num_workers must be at least 1, got {workers}")

    with pytest.raises(ValueError, match="got 0"):
        scaling_rows(refuse, refuse, (0,))
