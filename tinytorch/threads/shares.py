"""Helpers of a parallel kernel: the number of workers, the slices of its work, and checks of arguments and results."""

from __future__ import annotations

import itertools
from functools import cache
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinytorch import hardware

Array = NDArray[Any]


def slices(length: int, parts: int) -> list[slice]:
    """At most `parts` slices that cover range(length) in order, none empty, their lengths differing by 1 at most.

    A length of 0 has one slice, the empty one.
    """
    parts = max(1, min(parts, length))
    edges = [length * part // parts for part in range(parts + 1)]
    return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def panels(length: int, unit: int, parts: int) -> list[slice]:
    """At most `parts` slices that cover range(length) in order; all edges but the last are multiples of `unit`."""
    edges = [part.start * unit for part in slices(length // unit or 1, parts)]
    return [slice(start, stop) for start, stop in itertools.pairwise([*edges, length])]


def checked_workers(num_workers: int) -> int:
    """`num_workers` as an int. Raises ValueError if it is below 1, TypeError if it isn't a whole number."""
    workers = index(num_workers)
    if workers < 1:
        raise ValueError(f"num_workers must be at least 1, got {workers}")
    return workers


@cache
def usable_cores() -> int:
    """Cores that this process may run on, as detected at the first call; 1 where that isn't known."""
    return hardware.card().usable_cores.value or 1


def core_workers(num_workers: int | None) -> int:
    """Workers for a call that only computes: as many as asked, but at most one for each usable core.

    None asks for one for each physical core. Raises as `checked_workers` does.
    """
    if num_workers is None:
        num_workers = hardware.card().physical_cores.value or usable_cores()
    return min(checked_workers(num_workers), usable_cores())


def read_only(batch: Array) -> Array:
    """A view of the batch that can't be written to."""
    view = batch.view()
    view.flags.writeable = False
    return view


def checked_result(result: Any, samples: int) -> Array:
    """The result of an operation on a slice, as an array. Raises ValueError unless it has one entry for each sample."""
    array = np.asarray(result)
    if array.ndim == 0 or array.shape[0] != samples:
        raise ValueError(
            f"operation returned shape {array.shape} for a slice of {samples} samples; "
            f"it must return one entry for each sample along axis 0"
        )
    return array
