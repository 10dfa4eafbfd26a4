"""A measured run compared with the roofline: the least time its bytes and its operations need, and which dominates.

Nothing is timed here: the caller passes the run, for instance one timed by `tinytorch.bench`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tinytorch.hardware.config import MachineConfig
from tinytorch.hardware.roof import roofline

Bound = Literal["memory", "compute"]
LEVELS = {"L1": "l1_data", "L2": "l2", "L3": "l3"}  # a level's name in `cache_sizes`


class Run(Protocol):
    """One run of a kernel: its time, the bytes of operands and result, and its operations, None if unknown.

    streaming_us: a pass that only moves the same operands. cores_busy: CPU seconds per second.
    notes: reasons to doubt the time.
    """

    @property
    def time_us(self) -> float: ...
    @property
    def moved_bytes(self) -> int: ...
    @property
    def flops(self) -> int | None: ...
    @property
    def streaming_us(self) -> float: ...
    @property
    def cores_busy(self) -> float: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Roof:
    """The machine's bandwidth and peak, None where unknown; `how` says where the bandwidth comes from."""

    bandwidth_gb_s: float | None
    peak_gflops: float | None
    how: str

    def memory_us(self, moved_bytes: float) -> float | None:
        """The least microseconds for moving so many bytes."""
        return None if self.bandwidth_gb_s is None else moved_bytes / self.bandwidth_gb_s / 1000

    def compute_us(self, flops: float | None) -> float | None:
        """The least microseconds for so many operations; None if their number or the peak is not known."""
        return None if flops is None or self.peak_gflops is None else flops / self.peak_gflops / 1000


def roof_over(run: Run, machine: MachineConfig) -> Roof:
    """Bandwidth at the run's working set (or the one given) and peak, of as many cores as the run kept busy."""
    cores = max(1.0, run.cores_busy)
    peak = roofline().peak
    peak_gflops = peak.value and peak.value * cores
    if "memory_bandwidth" in machine.given:
        return Roof(machine.values["memory_bandwidth"], peak_gflops, "given in hardware_config")
    bandwidth = roofline().bandwidth_at(run.moved_bytes)
    return Roof(bandwidth.value and bandwidth.value * cores, peak_gflops, f"{cores:.2f} times {bandwidth.how}")


def bound_by_experiment(run: Run, memory_us: float) -> Bound:
    """Returns the bound of a kernel of unknown operation count: memory, if moving alone takes half of its time."""
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
    run: Run,
    roof: Roof,
    caches: Mapping[str, int | None],
    *,
    share: float | None,
    gb_s: float,
    percent: float | None,
    bound: Bound | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(efficiency, bandwidth): a run and its judgment as named figures, with a reason where one is None.

    share: of the roof's speed, 0 to 1. gb_s and percent: bytes moved in the run's time, alone and of the roof's.
    """
    level = cache_level(run.moved_bytes, caches)
    efficiency = {
        "cache_level": level,
        "efficiency_estimate": share,
        "data_size_mb": run.moved_bytes / 2**20,
        "execution_time_us": run.time_us,
        "notes": list(run.notes),
        "source": "derived",
    }
    bandwidth = {
        "bandwidth_gb_s": gb_s,
        "flop_per_byte": None if run.flops is None else run.flops / run.moved_bytes,
        "peak_bandwidth_gb_s": roof.bandwidth_gb_s,
        "utilization_percent": percent,
        "bottleneck": bound,
        "source": "derived",
    }
    if roof.bandwidth_gb_s is None:
        efficiency["reason"] = bandwidth["reason"] = f"no bandwidth to hold it against: {roof.how}"
    elif level is None:
        efficiency["reason"] = "the size of a cache that may hold it is not known"
    return efficiency, bandwidth
