"""Cache sizes from a latency sweep: plateaus of equal latency, and where each of them ends.

The system isn't asked here, so that the sizes it states can be compared with the measured ones.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from tinytorch.hardware.fact import Fact, format_bytes, unavailable
from tinytorch.hardware.probes import measure_latency

LEVEL = 1.20  # latencies of one plateau differ by less than this factor
STEP = 1.5  # the next plateau is at least this much slower
SPAN = 2.0  # a plateau is at least this many times as large at its end as at its beginning
POINTS_PER_DOUBLING = 4
Sweep = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Plateau:
    """Working sets of about one latency, their median. `edge_bytes` is where it ends; None if the sweep ended first.

    A cache that is outgrown misses more and more often, so latencies climb to the next plateau over about a doubling.
    The edge is where they have climbed half of the way, on a log scale.
    """

    latency_ns: float
    first_bytes: int
    last_bytes: int
    edge_bytes: int | None = None


def sweep_sizes(first_bytes: int = 4 << 10, last_bytes: int = 32 << 20) -> list[int]:
    """Working sets from `first_bytes` to `last_bytes`, four to a doubling, in whole lines of 128 bytes."""
    steps = round(POINTS_PER_DOUBLING * math.log2(last_bytes / first_bytes))
    return [round(first_bytes * 2 ** (i / POINTS_PER_DOUBLING) / 128) * 128 for i in range(steps + 1)]


def latency_sweep(
    sizes_bytes: Sequence[int] | None = None, rounds: int = 3, seconds: float = 0.01
) -> list[tuple[int, Fact[float]]]:
    """Load latency at each working set size; by default from 4 KiB to 32 MiB, some five seconds.

    The whole sweep is run `rounds` times and each size keeps its least latency: another program that uses the same
    cache for a second, or memory that collides in it, spoils one round and not the others.
    """
    if rounds < 1:
        raise ValueError(f"a sweep needs at least one round, got {rounds}")
    sizes = list(sizes_bytes or sweep_sizes())
    runs = [[measure_latency(size, seconds) for size in sizes] for _ in range(rounds)]
    return [(size, min(facts, key=lambda fact: fact.value or 0.0)) for size, *facts in zip(sizes, *runs, strict=True)]


def plateaus(sweep: Sweep) -> list[Plateau]:
    """The plateaus in (bytes, nanoseconds), sizes ascending, fastest first.

    Disturbances only ever lengthen a latency, and a larger working set is never the faster one; so each latency is
    first lowered to the least of those after it. A plateau then is a run of sizes that spans a factor `SPAN`, begins
    `STEP` slower than the one before (a gentle slope is no new cache), and stays within a factor `LEVEL`.
    """
    sizes = [size for size, _ in sweep]
    lowered = list(accumulate((latency for _, latency in reversed(sweep)), min))[::-1]
    levels: list[Plateau] = []
    start = 0
    while start < len(sizes):
        last = max(i for i in range(start, len(sizes)) if lowered[i] < lowered[start] * LEVEL)
        slower = not levels or lowered[start] >= levels[-1].latency_ns * STEP
        if slower and sizes[last] >= sizes[start] * SPAN:
            levels.append(Plateau(statistics.median(lowered[start : last + 1]), sizes[start], sizes[last]))
            start = last
        start += 1
    nexts = [after.latency_ns for after in levels[1:]] + [None]
    return [
        replace(here, edge_bytes=_crossing(sizes, lowered, here, after))
        for here, after in zip(levels, nexts, strict=True)
    ]


def _crossing(sizes: Sequence[int], lowered: Sequence[float], here: Plateau, next_ns: float | None) -> int | None:
    """The size at which latencies are half of the way to the next plateau's, or `STEP` times longer without one."""
    half_way = math.sqrt(here.latency_ns * next_ns) if next_ns else here.latency_ns * STEP
    for i, latency in enumerate(lowered):
        if sizes[i] > here.last_bytes and latency >= half_way:
            share = math.log(half_way / lowered[i - 1]) / math.log(latency / lowered[i - 1])
            return round(sizes[i - 1] * math.pow(sizes[i] / sizes[i - 1], share))
    return None


def measured_cache(sweep: Sequence[tuple[int, Fact[float]]], level: int) -> Fact[int]:
    """Bytes of the cache of a level, counted from 1, as the end of its plateau in a latency sweep shows it."""
    known = [(size, fact.value) for size, fact in sweep if fact.value is not None]
    if not known:
        return unavailable("bytes", sweep[0][1].how if sweep else "no latency was measured")
    levels = plateaus(known)
    if len(levels) < level or levels[level - 1].edge_bytes is None:
        return unavailable("bytes", f"loads show no end of a plateau number {level} up to {format_bytes(known[-1][0])}")
    here = levels[level - 1]
    how = (
        f"dependent loads in random order take about {here.latency_ns:.3g} ns from {format_bytes(here.first_bytes)} to "
        f"{format_bytes(here.last_bytes)}; beyond, this is where they are half of the way to the next plateau"
    )
    return Fact(here.edge_bytes, "bytes", "measured", how)
