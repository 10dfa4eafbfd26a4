"""The sweep over block sizes: the best one, what cannot be told from it, and whether the order is settled."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch.analyses import blocks
from tinytorch.analyses.blocks import block_figures
from tinytorch.bench.turns import Turns


def blocked(a: np.ndarray, b: np.ndarray, block_size: int = 64) -> np.ndarray:
    return a


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[float, ...]]:
    """Samples by block size that the sweep finds; every other size takes a hundred microseconds."""
    samples: dict[int, tuple[float, ...]] = {}
    monkeypatch.setattr(
        blocks, "in_turn", lambda calls: {block: Turns(samples.get(block, (100.0,) * 9)) for block in calls}
    )
    return samples


def test_a_size_that_wins_every_round_is_settled(timed: dict[int, tuple[float, ...]]) -> None:
    timed[16] = (50.0,) * 9
    figures = block_figures(blocked, 32, {"L1": 12, "L2": 100})
    assert list(figures["times_us"]) == [8, 12, 16, 32]
    assert (figures["best_block_size"], figures["is_settled"]) == (16, True)
    assert figures["fastest_in_rounds"] == {16: 9}
    assert figures["as_good"] == [16]
    assert figures["by_rule"] == {"L1": {"block_size": 12, "times_the_best": 2.0, "low": 2.0, "high": 2.0}}


def test_sizes_that_take_turns_to_win_are_not_settled(timed: dict[int, tuple[float, ...]]) -> None:
    timed[16] = (50.0, 70.0, 50.0, 70.0, 50.0, 70.0, 50.0, 70.0, 50.0)
    timed[32] = (70.0, 50.0, 70.0, 50.0, 70.0, 50.0, 70.0, 50.0, 70.0)
    figures = block_figures(blocked, 32, {})
    assert (figures["best_block_size"], figures["is_settled"]) == (16, False)
    assert figures["fastest_in_rounds"] == {16: 5, 32: 4}
    assert figures["as_good"] == [16, 32]


@pytest.mark.parametrize("kernel", [np.matmul, lambda a, b: a])
def test_a_kernel_without_a_block_size_has_nothing_to_choose(kernel: object) -> None:
    figures = block_figures(kernel, 32, {"L1": 12})
    assert figures["best_block_size"] is None
    assert "no parameter block_size" in figures["reason"]
