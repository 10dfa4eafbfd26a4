"""A case, which is two callables and a check; the row of results that comes of one; how much effort is spent."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from .bars import Bar, Standing


class WrongResultError(Exception):
    """A callable's result is not what the oracle says."""


@dataclass(frozen=True, slots=True)
class Race:
    """Two callables on inputs that were made for them, and the oracle's word on what either returns.

    check: raises WrongResultError with a sentence.
    """

    candidate: Callable[[], object]
    reference: Callable[[], object]
    check: Callable[[object], None]


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured: `make` builds the race in the process that runs it.

    setting: a name in settings.py.  needs: packages that must be installed.  quick: also part of a quick run.
    """

    name: str
    group: str
    what: str
    against: str
    make: Callable[[], Race]
    bar: Bar | None = None
    setting: str = "one thread"
    needs: tuple[str, ...] = ()
    quick: bool = True
    needs_dot4: str = ""  # why it is only worth its time where there is an integer dot product


@dataclass(frozen=True, slots=True)
class Effort:
    """How long a comparison may take, how many pairs it takes, and how often a first call is repeated."""

    limit_s: float
    min_pairs: int
    max_pairs: int
    repeats: int
    is_quick: bool = False


FULL = Effort(limit_s=5.0, min_pairs=15, max_pairs=60, repeats=3)
QUICK = Effort(limit_s=0.6, min_pairs=7, max_pairs=15, repeats=1, is_quick=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. value: the median in `unit`, between low and high; None where nothing was measured.

    samples: every sample, in the order taken, microseconds a call unless `unit` says otherwise.
    """

    name: str
    group: str
    what: str
    against: str
    setting: str
    unit: str = "times"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    bar: float | None = None
    standing: Standing = Standing.NO_BAR
    why: str = ""
    samples: dict[str, list[float]] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON; an interval without an end has None there."""
        data = asdict(self)
        data["standing"] = str(self.standing)
        for end in ("low", "high"):
            data[end] = data[end] if data[end] is not None and math.isfinite(data[end]) else None
        return data


def row_of(case: Case, **figures: object) -> Row:
    """A row that names the case."""
    return Row(case.name, case.group, case.what, case.against, case.setting, **figures)
