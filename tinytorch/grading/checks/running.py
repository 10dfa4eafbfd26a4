"""The running hidden check: its declaration, and what has happened in it so far.

The plugin makes one for each check and begins it; the `student` fixture notes in it what was asked and answered, and
`check.bands` how its races stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinytorch.bench import Standing
from tinytorch.errors import GraderFaultError
from tinytorch.grading.checks.named_bands import NamedBands


@dataclass(frozen=True, slots=True)
class About:
    """A check as its author wrote it. `requirement` is its docstring, which students read; `weight` its share."""

    name: str  # "test_02_matmul::test_ragged_edges[7]"
    lesson: str
    grade_id: str
    weight: float
    requirement: str


@dataclass(slots=True)
class RunningCheck:
    """`last_answer` is the name and value that came back last, `last_inputs` what that call was given."""

    about: About
    bands: NamedBands = field(default_factory=NamedBands)
    rng: np.random.Generator | None = None
    standings: list[Standing] = field(default_factory=list)
    last_answer: tuple[str, Any] | None = None
    last_inputs: tuple[Any, ...] = ()
    is_after_strikes: bool = False  # a call of an earlier check hung or died, which may have cost this one its own


_current: ContextVar[RunningCheck] = ContextVar("running_check")


@contextmanager
def running(check: RunningCheck) -> Iterator[RunningCheck]:
    """Makes `check` the one that runs now, until the block ends."""
    token = _current.set(check)
    try:
        yield check
    finally:
        _current.reset(token)


def current() -> RunningCheck:
    """The check that runs now; GraderFaultError where none does."""
    try:
        return _current.get()
    except LookupError:
        raise GraderFaultError("check.bands judges a race of a hidden check, and none is running") from None
