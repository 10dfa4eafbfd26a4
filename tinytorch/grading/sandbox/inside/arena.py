"""The student's side of the memory in which inputs and results of timed calls lie."""

from __future__ import annotations

import mmap
from collections.abc import Sequence

import numpy as np

from .protocol import Input, Placed

PAGE_BYTES = 4096


class Arena:
    """Views of what the grader put in, and copies of results behind them."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, 0)

    def views(self, inputs: Sequence[Input]) -> tuple[np.ndarray, ...]:
        """The inputs, without copying."""
        views = tuple(self._view(each.placed) for each in inputs)
        for view, each in zip(views, inputs, strict=True):
            view.flags.writeable = each.writeable
        return views

    def put(
        self, results: Sequence[np.ndarray], views: Sequence[np.ndarray], inputs: Sequence[Input]
    ) -> tuple[Placed, ...] | None:
        """Copies results into the arena, except inputs, and returns their positions; None if they don't fit."""
        known = {id(array): each.placed for array, each in zip(views, inputs, strict=True)}
        at = _next_page(
            max((each.placed.at + array.nbytes for array, each in zip(views, inputs, strict=True)), default=0)
        )
        places = []
        for array in results:
            placed = known.get(id(array))
            if placed is None:
                placed = Placed(array.dtype.str, array.shape, at)
                if at + array.nbytes > len(self._memory):
                    return None
                np.copyto(self._view(placed), array)
                at = _next_page(at + array.nbytes)
            places.append(placed)
        return tuple(places)

    def _view(self, placed: Placed) -> np.ndarray:
        if 0 in placed.shape:
            return np.empty(placed.shape, placed.dtype)
        return np.ndarray(placed.shape, placed.dtype, self._memory, offset=placed.at)


def _next_page(at: int) -> int:
    return -(-at // PAGE_BYTES) * PAGE_BYTES
