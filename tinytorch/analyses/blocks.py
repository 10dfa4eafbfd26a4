"""The best block size of a kernel, found by running it at several, and how good the rule of thumb was."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tinytorch.analyses.kernel_run import name_of, square_operands
from tinytorch.analyses.results import Figures
from tinytorch.bench.progress import stage
from tinytorch.bench.turns import CONFIDENCE, Turns, in_turn, ratio_of

PARAMETER = "block_size"
SMALLEST = 8
AS_GOOD = 1.05  # times the best time: a smaller difference is within what two runs differ by


def block_figures(func: Callable[..., Any], size: int, by_rule: Mapping[str, int | None]) -> Figures:
    """Times of `func` on size x size float32 matrices at each block size, run in turn; the best; and the rule's loss.

    by_rule: what a formula says for each cache level. These sizes are tried too, if the matrix is that large, beside
    powers of two. A kernel without a parameter `block_size` has None, with the reason.
    """
    names = inspect.signature(func).parameters if callable(func) and not _opaque(func) else {}
    if PARAMETER not in names:
        reason = f"{name_of(func)} has no parameter {PARAMETER}, so there is none to choose"
        return {"best_block_size": None, "times_us": {}, "source": "measured", "reason": reason}
    operands = square_operands(func, size)
    tried = _candidates(size, by_rule)
    with stage(f"{name_of(func)} at {size} x {size} with {len(tried)} block sizes"):
        turns = in_turn({block: partial(func, *operands, block_size=block) for block in tried})
    best = min(turns, key=lambda block: turns[block].median_us)
    return {
        "kernel": name_of(func),
        "size": size,
        "default": names[PARAMETER].default if isinstance(names[PARAMETER].default, int) else None,
        "times_us": {block: run.median_us for block, run in turns.items()},
        "samples_us": {block: list(run.samples_us) for block, run in turns.items()},
        "best_block_size": best,
        "as_good": [block for block, run in turns.items() if run.median_us <= AS_GOOD * turns[best].median_us],
        "by_rule": {level: _against(turns, block, best) for level, block in by_rule.items() if block in turns},
        "confidence": CONFIDENCE,
        "source": "measured",
    }


def _opaque(func: Callable[..., Any]) -> bool:
    """True where Python cannot tell a function's parameters."""
    try:
        inspect.signature(func)
    except (TypeError, ValueError):
        return True
    return False


def _candidates(size: int, by_rule: Mapping[str, int | None]) -> list[int]:
    """Powers of two up to the size, and the rule's sizes that are not larger than it."""
    powers = [1 << power for power in range(SMALLEST.bit_length() - 1, size.bit_length())]
    return sorted({*powers, *(block for block in by_rule.values() if block and block <= size)} or {size})


def _against(turns: Mapping[int, Turns], block: int, best: int) -> Figures:
    """A block size's time over the best one's."""
    slower = ratio_of(turns[block].samples_us, turns[best].samples_us)
    return {"block_size": block, "times_the_best": slower.ratio, "low": slower.low, "high": slower.high}
