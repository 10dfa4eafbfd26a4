"""The speedup that more workers give a call: timed in pairs against one worker; a sentence where it is unknown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tinytorch.bench import clock
from tinytorch.bench.compare import MIN_SAMPLE_NS, compare_timed
from tinytorch.bench.scaling_laws import NOISE, Law, fit_amdahl
from tinytorch.bench.statistics import median

OWN_CORE = 0.9  # of a core that one worker must get: with less, other programs decide how fast it is
FEWEST_COUNTS = 3  # worker counts, one among them: with two, a serial part can always be found that fits exactly


@dataclass(frozen=True, slots=True)
class Gain:
    """A call by `workers` workers against the same call by one, timed in turn.

    time_us: median of a call by so many.  ratio: median of how many times as fast it is; (low, high) holds the true
    one with 95 %.  cores, one_cores: processor seconds per second while so many workers ran, and while one did.
    """

    workers: int
    time_us: float
    ratio: float
    low: float
    high: float
    cores: float
    one_cores: float

    @property
    def is_disturbed(self) -> bool:
        """True if one worker, or several together, got less than a core: the ratio is about the other programs then."""
        return min(self.one_cores, self.cores) < OWN_CORE

    @property
    def is_open(self) -> bool:
        """True if the interval, as printed, holds 1: it isn't known whether the call became faster or slower."""
        return round(self.low, 2) <= 1.0 <= round(self.high, 2)

    def __str__(self) -> str:
        """A sentence: the ratio with its interval, or why there is none."""
        if self.workers == 1:
            return f"one worker takes {self.time_us:.4g} us; the others are compared with it"
        if self.is_disturbed:
            who = "One worker alone" if self.one_cores < OWN_CORE else "They"
            return (
                f"{self.workers} workers: no figure. {who} got {min(self.one_cores, self.cores):.0%} of a core, the "
                "rest went to other programs; close them and run the cell again"
            )
        interval = f"{self.low:.2f} to {self.high:.2f}"
        kept_busy = f"they kept {self.cores:.1f} cores busy"
        if self.is_open:
            return f"{self.workers} workers: no difference from one can be seen ({interval} times as fast); {kept_busy}"
        return f"{self.workers} workers: {self.ratio:.2f} times as fast as one ({interval}); {kept_busy}"


def worker_gains(call: Callable[[int], object], counts: Iterable[int], *, limit_s: float = 1.0) -> list[Gain]:
    """Times `call(workers)` for each worker count against `call(1)`, in pairs, at most about `limit_s` seconds each.

    The call must compute, not wait: how much of a core one worker got is taken as a sign of how busy the machine is.
    Exceptions of the call pass through.
    """
    return [_gain(call, workers, limit_s) for workers in counts]


class _Side:
    """One of the two callables, with the wall time and the processor time that its samples took."""

    def __init__(self, call: Callable[[int], object], workers: int) -> None:
        self._call: Callable[[], object] = partial(call, workers)
        self._call()
        self._loops = clock.loops_for(self._call, MIN_SAMPLE_NS)
        self._cpu_ns = 0
        self._wall_ns = 0

    def sample_s(self) -> float:
        cpu_ns = time.process_time_ns()
        took_ns = max(clock.elapsed_ns(self._call, self._loops), 1)
        self._cpu_ns += time.process_time_ns() - cpu_ns
        self._wall_ns += took_ns
        return took_ns / self._loops / 1e9

    @property
    def cores(self) -> float:
        return self._cpu_ns / self._wall_ns


def _gain(call: Callable[[int], object], workers: int, limit_s: float) -> Gain:
    if workers == 1:
        alone = _Side(call, 1)
        time_us = 1e6 * median([alone.sample_s() for _ in range(7)])
        return Gain(1, time_us, 1.0, 1.0, 1.0, alone.cores, alone.cores)
    several, one = _Side(call, workers), _Side(call, 1)
    pairs = compare_timed(several.sample_s, one.sample_s, limit_s=limit_s)
    time_us = median(pairs.candidate_us)
    return Gain(workers, time_us, pairs.ratio, pairs.low, pairs.high, several.cores, one.cores)


def gain_figures(gains: Mapping[str, Sequence[Gain]]) -> dict[str, float]:
    """Returns ratios and the ends of their intervals by name, for `bench.keep`; disturbed gains are left out."""
    named: dict[str, float] = {}
    for name, row in gains.items():
        for gain in row:
            if gain.workers > 1 and not gain.is_disturbed:
                key = f"{name}, {gain.workers} workers"
                named |= {key: gain.ratio, f"{key}, at least": gain.low, f"{key}, at most": gain.high}
    return named


@dataclass(frozen=True, slots=True)
class AmdahlFit:
    """Amdahl's law fitted to gains, and a sentence on the fit. `law` is None where the gains don't allow one."""

    law: Law | None
    words: str

    def __str__(self) -> str:
        return self.words


def amdahl_fit(gains: Sequence[Gain], cores: int) -> AmdahlFit:
    """Fits Amdahl's law to the worker counts up to `cores`, where there are at least three with a known speedup.

    A worker count above the cores is left out: the law is about workers that all run.
    """
    within = [gain for gain in gains if 1 < gain.workers <= cores]
    counts = [1, *sorted(gain.workers for gain in within)]
    if len(counts) < FEWEST_COUNTS:
        return AmdahlFit(
            None,
            f"Amdahl's law is not fitted: that takes {FEWEST_COUNTS} worker counts within the usable cores, of which "
            f"there are {cores}; here are {_listed(counts)}. With two, some serial part fits exactly, whatever was "
            "measured.",
        )
    if any(gain.is_disturbed for gain in within):
        return AmdahlFit(None, "Amdahl's law is not fitted: other programs used the cores during the measurement.")
    if all(gain.is_open for gain in within):
        return AmdahlFit(
            None, "Amdahl's law is not fitted: no worker count differs from one worker by more than the noise."
        )
    law = fit_amdahl({1: 1.0} | {gain.workers: 1 / gain.ratio for gain in within})
    if law is None or law.sigma >= 1:
        return AmdahlFit(None, "Amdahl's law doesn't describe this call: more workers made it slower, not faster.")
    noise = max((gain.high - gain.low) / (2 * gain.ratio) for gain in within)
    return AmdahlFit(law, _verdict(law, noise, _listed(counts)))


def _verdict(law: Law, noise: float, counts: str) -> str:
    """Returns a sentence that compares the residual of the law with the noise of the ratios it was fitted to."""
    residual = f"the law misses the times by {law.residual:.1%}, and the ratios are known to about {noise:.1%}"
    if law.residual <= max(noise, NOISE):
        return f"Amdahl's law with a serial part of {law.sigma:.0%} fits {counts} workers: {residual}."
    return f"Amdahl's law doesn't describe {counts} workers: with its best serial part, {law.sigma:.0%}, {residual}."


def _listed(counts: Sequence[int]) -> str:
    """`1`, or `1, 2 and 4`."""
    *first, last = (str(count) for count in counts)
    return f"{', '.join(first)} and {last}" if first else last
