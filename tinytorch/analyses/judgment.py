"""A measured run held against the roofline: the least time its bytes and its operations need, and what decides it.

Nothing is timed here, except that the machine's roof is measured where nobody has asked for it before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinytorch.analyses.kernel_run import KernelRun
from tinytorch.analyses.results import Bound, Figures, RoofFigures
from tinytorch.hardware.config import MachineConfig
from tinytorch.hardware.roof import roofline

LEVELS = {"L1": "l1_data", "L2": "l2", "L3": "l3"}  # a level's name in `cache_sizes`


@dataclass(frozen=True, slots=True)
class Roof:
    """What the machine can do at most: 10**9 bytes and 10**9 operations a second; None where that is unknown.

    how: a sentence that says how the bandwidth is known.
    """

    bandwidth_gb_s: float | None
    peak_gflops: float | None
    how: str = "made by hand"

    def memory_us(self, moved_bytes: float) -> float | None:
        """The least microseconds for moving so many bytes; None without a bandwidth."""
        return None if self.bandwidth_gb_s is None else moved_bytes / self.bandwidth_gb_s / 1000

    def compute_us(self, flops: float | None) -> float | None:
        """The least microseconds for so many operations; None if their number or the peak is unknown."""
        return None if flops is None or self.peak_gflops is None else flops / self.peak_gflops / 1000


def roof_over(run: KernelRun, machine: MachineConfig) -> Roof:
    """Bandwidth at the run's working set (or the one given) and peak, of as many cores as the run kept busy."""
    cores = max(1.0, run.cores_busy)
    peak = roofline().peak
    peak_gflops = peak.value and peak.value * cores
    if "memory_bandwidth" in machine.given:
        return Roof(machine.values["memory_bandwidth"], peak_gflops, "given in hardware_config")
    bandwidth = roofline().bandwidth_at(run.moved_bytes)
    return Roof(bandwidth.value and bandwidth.value * cores, peak_gflops, f"{cores:.2f} times {bandwidth.how}")


def bound_by_experiment(run: KernelRun, memory_us: float) -> Bound:
    """What bounds a kernel whose operations are unknown: memory, if moving alone takes half of its time."""
    return "memory" if max(memory_us, run.streaming_us) >= 0.5 * run.time_us else "compute"


def cache_level(size_bytes: int, caches: Mapping[str, int | None]) -> str | None:
    """The smallest of L1, L2, L3 and RAM that holds `size_bytes`; None if a cache of unknown size might."""
    for level, name in LEVELS.items():
        capacity = caches.get(name)
        if capacity is None:
            return None
        if size_bytes <= capacity:
            return level
    return "RAM"


def run_figures(
    run: KernelRun, roof: Roof, caches: Mapping[str, int | None], judged: RoofFigures
) -> tuple[Figures, Figures]:
    """(efficiency, bandwidth): a run and its judgment as named figures, with a reason where one is None."""
    level = cache_level(run.moved_bytes, caches)
    efficiency: Figures = {
        "cache_level": level,
        "efficiency_estimate": judged["share"],
        "data_size_mb": run.moved_bytes / 2**20,
        "execution_time_us": run.time_us,
        "notes": list(run.notes),
        "source": "derived",
    }
    bandwidth: Figures = {
        "bandwidth_gb_s": judged["gb_s"],
        "flop_per_byte": None if run.flops is None else run.flops / run.moved_bytes,
        "peak_bandwidth_gb_s": roof.bandwidth_gb_s,
        "utilization_percent": judged["percent"],
        "bottleneck": judged["bound"],
        "source": "derived",
    }
    if roof.bandwidth_gb_s is None:
        efficiency["reason"] = bandwidth["reason"] = f"no bandwidth to hold it against: {roof.how}"
    elif level is None:
        efficiency["reason"] = "the size of a cache that may hold it is unknown"
    return efficiency, bandwidth
