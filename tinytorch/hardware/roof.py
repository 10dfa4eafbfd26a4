"""The roofline: whether arithmetic or the bytes it must move bound a kernel on this machine.

Source: S. Williams, A. Waterman, D. Patterson, Roofline: an insightful visual performance model for multicore
architectures, Communications of the ACM 52(4), 2009.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache

from tinytorch.hardware.fact import Fact, format_bytes, unavailable
from tinytorch.hardware.probes import LARGEST_BYTES, SMALLEST_BYTES, measure_bandwidth, measure_peak

STEPS_PER_DOUBLING = 4  # working sets that differ by less share a measurement


@dataclass(frozen=True, slots=True)
class Roofline:
    """One core's arithmetic peak, and its bandwidth at any working set; each size is measured once, when asked for."""

    peak: Fact[float]
    measured: dict[int, Fact[float]] = field(default_factory=dict, repr=False, compare=False)

    def bandwidth_at(self, working_set_bytes: int) -> Fact[float]:
        """GB/s of one core within a working set of this size, rounded down by at most a fifth."""
        size = rounded_down(working_set_bytes)
        if size not in self.measured:
            self.measured[size] = measure_bandwidth(size)
        return self.measured[size]

    def bound_gflops(self, flops: float, moved_bytes: float, working_set_bytes: int) -> Fact[float]:
        """The most GFLOP/s that `flops` operations can reach if they move `moved_bytes` within such a working set."""
        if not (flops > 0 and moved_bytes >= 0):
            raise ValueError(f"need flops > 0 and moved_bytes >= 0, got {flops} and {moved_bytes}")
        if self.peak.value is None:
            return unavailable("GFLOP/s", self.peak.how)
        peak = self.peak.value
        if moved_bytes == 0:
            return Fact(peak, "GFLOP/s", "derived", "the measured peak: no bytes to move")
        measured = self.bandwidth_at(working_set_bytes)
        if measured.value is None:
            return unavailable("GFLOP/s", measured.how)
        bandwidth = measured.value
        intensity = flops / moved_bytes
        how = (
            f"the smaller of the measured peak, {peak:.4g} GFLOP/s, and {bandwidth:.4g} GB/s measured at "
            f"{format_bytes(rounded_down(working_set_bytes))} times {intensity:.4g} operations a byte"
        )
        return Fact(min(peak, bandwidth * intensity), "GFLOP/s", "derived", how)


def rounded_down(size_bytes: int) -> int:
    """The next smaller size of a fixed series, four to a doubling: the smaller working set is never the slower one."""
    if size_bytes <= 0:
        raise ValueError(f"a working set needs a positive number of bytes, got {size_bytes}")
    size = min(max(size_bytes, SMALLEST_BYTES), LARGEST_BYTES)
    step = math.floor(math.log2(size) * STEPS_PER_DOUBLING + 1e-9)
    return round(2 ** (step / STEPS_PER_DOUBLING))


@cache
def roofline() -> Roofline:
    """This machine's roofline; the peak is measured at the first call of the process."""
    return Roofline(measure_peak())
