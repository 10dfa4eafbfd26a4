"""The cost of access order: one loop follows a list of indices, and only the list changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch.hardware import probes
from tinytorch.hardware.card import card
from tinytorch.hardware.fact import Fact, unavailable

LINE_WHERE_UNKNOWN = 64  # bytes
ORDERS: dict[str, Callable[[int], np.ndarray]] = {
    "sequential": np.arange,
    "strided": lambda count: _strided(count, (card().line_bytes.value or LINE_WHERE_UNKNOWN) // 4),
    "random": lambda count: np.random.default_rng(1).permutation(count),
}
PATTERNS = tuple(ORDERS)


def _strided(count: int, line: int) -> np.ndarray:
    """Every `line`-th index, from the first on; then from the second on; and so forth: a new line at every step."""
    return np.concatenate([np.arange(start, count, line) for start in range(line)])


def measure_pattern(pattern: str, count: int, seconds: float = 0.02) -> Fact[float]:
    """GB/s of useful numbers when `count` float32 are summed sequentially, in steps of a line, or at random."""
    if pattern not in ORDERS:
        raise ValueError(f"there is no access pattern {pattern!r}; choose one of {', '.join(PATTERNS)}")
    if probes.interpreted():
        return unavailable("GB/s", probes.INTERPRETED)
    from tinytorch.hardware import loops

    x, order = np.random.default_rng(0).standard_normal(count, dtype=np.float32), ORDERS[pattern](count)

    def run(passes: int) -> None:
        for _ in range(passes):
            loops.sum_in_order(x, order)

    passes, best_s, runs = probes._best_run(run, seconds)
    how = f"one core, {count} float32 summed in {pattern} order, the indices not counted: best of {runs} runs"
    return Fact(x.nbytes * passes / best_s / 1e9, "GB/s", "measured", how)


def pattern_figures(patterns: Sequence[str], count: int) -> dict[str, dict[str, Any]]:
    """`bandwidth_gb_s` of each pattern, with its source, and a reason where it is unavailable."""
    figures: dict[str, dict[str, Any]] = {}
    for pattern in patterns:
        fact = measure_pattern(pattern, count)
        figures[pattern] = {"bandwidth_gb_s": fact.value, "source": "measured"}
        if fact.value is None:
            figures[pattern]["reason"] = fact.how
    return figures
