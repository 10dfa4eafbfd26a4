"""Vectors without the compiler: small NumPy arrays, with bounds checked and traffic counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tinytorch.simd.cpu import BYTES


class Lanes(np.ndarray):
    """One vector as an array. A value, like the register it stands for: `v += w` makes a new one."""

    if TYPE_CHECKING:  # NumPy's operators keep a subclass, but are not annotated so; vectors have these three only

        def __add__(self, other: Lanes) -> Lanes: ...  # type: ignore[override]
        def __sub__(self, other: Lanes) -> Lanes: ...  # type: ignore[override]
        def __mul__(self, other: Lanes) -> Lanes: ...  # type: ignore[override]

    def __iadd__(self, other: Lanes) -> Lanes:  # type: ignore[override]
        return self + other

    def __isub__(self, other: Lanes) -> Lanes:  # type: ignore[override]
        return self - other

    def __imul__(self, other: Lanes) -> Lanes:  # type: ignore[override]
        return self * other


@dataclass(slots=True)
class Counts:
    """The traffic of a kernel, in vectors: full and partial ones count alike; a broadcast reads one element."""

    loads: int = 0
    stores: int = 0
    broadcasts: int = 0
    multiply_adds: int = 0


_active: list[Counts] = []


@contextmanager
def counting() -> Iterator[Counts]:
    """Counts the vectors that plain Python kernels move inside the `with` block (compiled kernels count nothing).

    Meant for one thread: the vectors of other threads are counted too.
    """
    counts = Counts()
    _active.append(counts)
    try:
        yield counts
    finally:
        _active.remove(counts)


def count(what: str) -> None:
    """Adds one to a field of every open `counting()` block."""
    for counts in _active:
        setattr(counts, what, getattr(counts, what) + 1)


def lanes_of(dtype: np.dtype) -> int:
    """Returns the number of values of a dtype in one vector."""
    return BYTES // np.dtype(dtype).itemsize


def as_lanes(values: np.ndarray) -> Lanes:
    """The same memory, seen as a vector."""
    return values.view(Lanes)


def span(a: np.ndarray, i: int, n: int) -> slice:
    """The slice a[i : i + n], or an error where compiled code would touch memory beyond the array."""
    if a.ndim != 1 or not a.flags.c_contiguous:
        raise TypeError(f"a vector is loaded from a 1-D contiguous array; this one has shape {a.shape}")
    if i < 0 or i + n > a.size:
        raise IndexError(f"elements {i} to {i + n - 1} were asked for, the array has {a.size}")
    return slice(i, i + n)
