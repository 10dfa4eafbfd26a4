"""The answer to one call of a student's function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its result, and the arguments as they were when it had returned."""

    name: str
    value: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    wall_s: float  # by the grader's clock, hand-over of the arrays included
    result_is: int | str | None  # the argument, by index or name, that the result is the same object as
