"""Samples of a callable's time: warms up, makes each sample long enough to trust, and keeps them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tinytorch.bench import clock
from tinytorch.bench.notes import doubts
from tinytorch.bench.statistics import median, quantile


@dataclass(frozen=True, slots=True)
class Timing:
    """Samples of one callable: microseconds per call, in the order taken, `loops` calls to a sample."""

    samples_us: tuple[float, ...]
    loops: int
    warmups: int
    notes: tuple[str, ...] = ()

    @property
    def median_us(self) -> float:
        """The median: half of the samples were shorter."""
        return median(self.samples_us)

    @property
    def low_us(self) -> float:
        """The lower quartile."""
        return quantile(self.samples_us, 0.25)

    @property
    def high_us(self) -> float:
        """The upper quartile."""
        return quantile(self.samples_us, 0.75)

    def as_dict(self, machine: Mapping[str, object] | None = None) -> dict[str, object]:
        """Plain data for JSON, raw samples included.

        machine: the card of the machine that this was measured on, `hardware.card().as_dict()`; kept under that name.
        """
        data: dict[str, object] = {
            "samples_us": list(self.samples_us),
            "loops": self.loops,
            "warmups": self.warmups,
            "median_us": self.median_us,
            "low_us": self.low_us,
            "high_us": self.high_us,
            "notes": list(self.notes),
        }
        return data if machine is None else data | {"machine": dict(machine)}

    def __str__(self) -> str:
        middle_half = f"middle half {self.low_us:.4g} to {self.high_us:.4g}"
        line = f"{self.median_us:.4g} us ({middle_half}, {len(self.samples_us)} samples)"
        return "\n".join([line, *(f"  note: {note}" for note in self.notes)])


def measure(
    func: Callable[..., object],
    *args: Any,
    samples: int = 15,
    min_sample_s: float = 0.001,
    warmups: int = 1,
    **kwargs: Any,
) -> Timing:
    """Times `func(*args, **kwargs)`: `warmups` untimed calls, then `samples` samples of `min_sample_s` seconds or more.

    The number of calls per sample is doubled until a sample is long enough, so those calls warm up too.
    Exceptions of `func` pass through unchanged.
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
    if warmups < 0:
        raise ValueError(f"warmups must not be negative, got {warmups}")
    call = partial(func, *args, **kwargs)
    for _ in range(warmups):
        call()
    loops = clock.loops_for(call, min_sample_s * 1e9)
    samples_us = tuple(max(clock.elapsed_ns(call, loops), 1) / loops / 1000 for _ in range(samples))
    return Timing(samples_us, loops, warmups, doubts(samples_us, loops, clock.tick_ns() / 1000))
