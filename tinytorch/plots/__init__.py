"""Figures of what was just measured: axes with units, sizes on log axes, spread drawn, machine and date below."""

from tinytorch.plots.analyses import analysis, bits_worth, blocks, roadmap, roof_shares, vector_gains, worker_speedups
from tinytorch.plots.machine import bandwidth, roofline, roofline_text
from tinytorch.plots.pictures import Picture
from tinytorch.plots.scales import quantization_error, scaling
from tinytorch.plots.style import caption
from tinytorch.plots.timings import block_sweep, speed_ladder, time_vs_size, timing_samples

__all__ = [
    "Picture",
    "analysis",
    "bandwidth",
    "bits_worth",
    "block_sweep",
    "blocks",
    "caption",
    "quantization_error",
    "roadmap",
    "roof_shares",
    "roofline",
    "roofline_text",
    "scaling",
    "speed_ladder",
    "time_vs_size",
    "timing_samples",
    "vector_gains",
    "worker_speedups",
]
