"""Checks of what a caller asks for and of what an exercise returns: each returns the plain value or raises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np

Item = TypeVar("Item")
Form = TypeVar("Form", bound=Mapping[str, Any])  # a TypedDict


def checked_counts(values: Iterable[int], what: str) -> list[int]:
    """`values` as a list of ints; ValueError if there are none or one is below 1."""
    counts = list(values)
    if not counts or any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in counts):
        raise ValueError(f"{what} must be one or more whole numbers of at least 1; got {counts!r}")
    return [int(n) for n in counts]


def checked_list(values: Sequence[Item], what: str) -> list[Item]:
    """`values` as a list; ValueError for a text or an empty one."""
    if isinstance(values, str) or not values:
        raise ValueError(f"{what} must be a list of at least one; got {values!r}")
    return list(values)


def checked_choice(values: Sequence[Item] | None, known: Sequence[Item], what: str) -> list[Item]:
    """`values` as a list, all of `known` for None; ValueError for an unknown one."""
    chosen = list(known if values is None else values)
    if isinstance(values, str) or not set(chosen) <= set(known):
        raise ValueError(f"{what} must be a list of some of {', '.join(map(str, known))}; got {values!r}")
    return chosen


def checked_shapes(
    shapes: Sequence[Sequence[int] | int] | None, default: Sequence[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """The shapes as tuples, `default` for None; ValueError for none, an empty one, or a size below 1."""
    chosen = list(default) if shapes is None else checked_list(shapes, "data_shapes")
    return [tuple(checked_counts([s] if isinstance(s, int) else s, "each of data_shapes")) for s in chosen]


def checked_figures(figures: object, form: type[Form], function: str) -> Form:
    """The dictionary that an exercise returned; TypeError, naming the function, without all keys of `form`."""
    names = list(form.__annotations__)
    if not isinstance(figures, Mapping):
        raise TypeError(f"{function} must return a dictionary with {', '.join(names)}; it returned {figures!r}")
    missing = [name for name in names if name not in figures]
    if missing:
        raise TypeError(f"the dictionary that {function} returned has no {', '.join(missing)}")
    return cast(Form, figures)
