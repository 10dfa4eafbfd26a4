"""The best block size of a kernel, found by running it at several, and how good the rule of thumb was."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tinytorch.analyses.kernel_run import name_of, square_operands
from tinytorch.analyses.results import Figures
from tinytorch.analyses.words import count
from tinytorch.bench.progress import stage
from tinytorch.bench.turns import CONFIDENCE, Turns, in_turn, ratio_of

PARAMETER = "block_size"
SMALLEST = 8
AS_GOOD = 1.05  # times the best time: a smaller difference is within what two runs differ by


def block_figures(func: Callable[..., Any], size: int, by_rule: Mapping[str, int | None]) -> Figures:
    """Times of `func` on size x size float32 matrices at each block size, run in turn; the best; and the rule's loss.

    by_rule: the largest block of which three fit each cache level. These sizes are tried too, if the matrix is that
    large, beside powers of two. `fastest_in_rounds` counts by how many rounds each size was the fastest; `is_settled`
    is True if one size was the fastest in all but one of them.
    A kernel without a parameter `block_size` has None, with the reason.
    """
    default = _default(func)
    if default is None:
        reason = f"{name_of(func)} has no parameter {PARAMETER}, so there is none to choose"
        return {"best_block_size": None, "times_us": {}, "source": "measured", "reason": reason}
    operands = square_operands(func, size)
    tried = _candidates(size, by_rule)
    with stage(f"{name_of(func)} at {size} x {size} with {count(len(tried), 'block size')}"):
        turns = in_turn({block: partial(func, *operands, block_size=block) for block in tried})
    best = min(turns, key=lambda block: turns[block].median_us)
    fastest = _fastest_in_rounds(turns)
    return {
        "kernel": name_of(func),
        "size": size,
        "default": default.default if isinstance(default.default, int) else None,
        "times_us": {block: run.median_us for block, run in turns.items()},
        "samples_us": {block: list(run.samples_us) for block, run in turns.items()},
        "best_block_size": best,
        "as_good": [block for block, run in turns.items() if _is_as_good(run, turns[best])],
        "fastest_in_rounds": fastest,
        "rounds": sum(fastest.values()),
        "is_settled": fastest.get(best, 0) >= sum(fastest.values()) - 1,
        "by_rule": {level: _against(turns, block, best) for level, block in by_rule.items() if block in turns},
        "confidence": CONFIDENCE,
        "source": "measured",
    }


def _default(func: Callable[..., Any]) -> inspect.Parameter | None:
    """The kernel's parameter `block_size`; None without one, and where Python cannot tell a function's parameters."""
    try:
        return inspect.signature(func).parameters.get(PARAMETER)
    except (TypeError, ValueError):
        return None


def _fastest_in_rounds(turns: Mapping[int, Turns]) -> dict[int, int]:
    """By how many rounds each block size was the fastest; sizes that never were are left out."""
    rounds = zip(*[run.samples_us for run in turns.values()], strict=True)
    blocks = list(turns)
    winners = [blocks[samples.index(min(samples))] for samples in rounds]
    return dict(Counter(winners).most_common())


def _is_as_good(run: Turns, best: Turns) -> bool:
    """True unless it takes longer than the best one by more than two runs of the same differ by."""
    ratio = ratio_of(run.samples_us, best.samples_us)
    return run.median_us <= AS_GOOD * best.median_us or (ratio.low is not None and ratio.low <= 1.0)


def _candidates(size: int, by_rule: Mapping[str, int | None]) -> list[int]:
    """Powers of two up to the size, and the rule's sizes that are not larger than it."""
    powers = [1 << power for power in range(SMALLEST.bit_length() - 1, size.bit_length())]
    return sorted({*powers, *(block for block in by_rule.values() if block and block <= size)} or {size})


def _against(turns: Mapping[int, Turns], block: int, best: int) -> Figures:
    """A block size's time over the best one's."""
    slower = ratio_of(turns[block].samples_us, turns[best].samples_us)
    return {"block_size": block, "times_the_best": slower.ratio, "low": slower.low, "high": slower.high}
