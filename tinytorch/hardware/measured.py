"""Measured facts beside the machine card: peak, bandwidth and latency of each cache level, cache edges."""

from __future__ import annotations

from functools import cache

from tinytorch.hardware.card import card
from tinytorch.hardware.fact import Facts, unavailable
from tinytorch.hardware.plateaus import latency_sweep, measured_cache
from tinytorch.hardware.probes import LARGEST_BYTES, measure_bandwidth, measure_latency
from tinytorch.hardware.roof import roofline

LEVELS = {"l1": "l1d_bytes", "l2": "l2_bytes", "l3": "l3_bytes"}


@cache
def measured_facts() -> Facts:
    """Facts by name, measured once in a process, on one core, in about ten seconds.

    A level's bandwidth and latency are those of a working set half as large as its cache; of memory, those of one
    four times as large as the last cache, at most 256 MiB.
    """
    machine = card()
    facts: Facts = {"peak_one_core": roofline().peak}
    sizes = {level: getattr(machine, name).value for level, name in LEVELS.items()}
    sets = {level: size and size // 2 for level, size in sizes.items()}
    sets["memory"] = min(4 * max([size for size in sizes.values() if size], default=LARGEST_BYTES), LARGEST_BYTES)
    for probe, unit, measure in (("bandwidth", "GB/s", measure_bandwidth), ("latency", "ns", measure_latency)):
        for level, size in sets.items():
            why = f"the size of the cache is not known: {getattr(machine, LEVELS.get(level, 'l3_bytes')).how}"
            facts[f"{level}_{probe}"] = measure(size) if size else unavailable(unit, why)
    sweep = latency_sweep()
    return facts | {"l1_edge": measured_cache(sweep, 1), "l2_edge": measured_cache(sweep, 2)}
