"""What is asked of a figure, of which machine, and whether it is met."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from enum import StrEnum

WIDE_BLAS = frozenset({"SkylakeX", "Cooperlake", "SapphireRapids"})  # OpenBLAS's names for its AVX-512 kernels


class Standing(StrEnum):
    """Where a figure stands beside its bar."""

    MET = "met"
    SHORT = "short"
    UNSURE = "unsure"  # the interval lies across the bar
    NO_BAR = "no bar"
    NOT_HERE = "does not apply here"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class World:
    """What a benchmark process is: the vectors that kernels use in it, and the BLAS that it compares with."""

    vector_bytes: int
    has_dot4: bool
    blas: str = ""
    blas_threads: int = 1
    versions: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Bar:
    """The figure asked for; None asks nothing.

    wide: with 64-byte vectors, `against_wide` if the BLAS runs its AVX-512 kernels too.  narrow: with shorter ones.
    dot4: `wide` also needs the integer dot product of four.  at_most: the figure is a time, not a ratio.
    """

    wide: float | None
    narrow: float | None
    against_wide: float | None = None
    blas: bool = False
    dot4: bool = False
    at_most: bool = False

    def here(self, world: World) -> tuple[float | None, str]:
        """The bar in this world; None with the reason if it is set for another kind of machine."""
        if self.blas and world.vector_bytes == 64 and world.blas in WIDE_BLAS:
            why = f"set for a BLAS without AVX-512 kernels; here it runs those for {world.blas}"
            return self.against_wide, "" if self.against_wide is not None else why
        if world.vector_bytes == 64 and (world.has_dot4 or not self.dot4):
            return self.wide, ""
        if self.narrow is None and self.wide is not None:
            lacking = "the integer dot product (AVX-512 VNNI)" if self.dot4 else "64-byte vectors (AVX-512)"
            return None, f"the bar, {self.wide:g}, is set for {lacking}, which this run doesn't have"
        return self.narrow, ""


def same_everywhere(bar: float) -> Bar:
    """A ratio asked of every machine."""
    return Bar(bar, bar)


def at_most(bar: float) -> Bar:
    """A time asked of every machine."""
    return Bar(bar, bar, at_most=True)


def judge(low: float, high: float, bar: float, is_time: bool = False) -> Standing:
    """Whether the interval (low, high) lies on the side of the bar that was asked for, on the other, or across."""
    if math.isnan(low) or math.isnan(high) or math.isnan(bar):
        raise ValueError(f"cannot judge the interval ({low}, {high}) against {bar}: not a number")
    if is_time:
        if high <= bar:
            return Standing.MET
        return Standing.SHORT if low > bar else Standing.UNSURE
    if low >= bar:
        return Standing.MET
    return Standing.SHORT if high < bar else Standing.UNSURE
