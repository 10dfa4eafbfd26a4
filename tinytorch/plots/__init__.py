"""Figures of what was just measured: axes with units, sizes on log axes, spread drawn, machine and date below."""

from tinytorch.plots.machine import bandwidth, roofline
from tinytorch.plots.scales import quantization_error, scaling
from tinytorch.plots.style import caption
from tinytorch.plots.timings import block_sweep, speed_ladder, time_vs_size, timing_samples

__all__ = [
    "bandwidth",
    "block_sweep",
    "caption",
    "quantization_error",
    "roofline",
    "scaling",
    "speed_ladder",
    "time_vs_size",
    "timing_samples",
]
