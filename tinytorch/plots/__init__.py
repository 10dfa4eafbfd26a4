"""Figures of what was just measured: axes with units, sizes on log axes, spread drawn, machine and date below."""

from tinytorch.plots.analyses import analysis, bits_worth, blocks, roadmap, roof_shares, vector_gains, worker_speedups
from tinytorch.plots.machine import bandwidth, roofline, roofline_text
from tinytorch.plots.pictures import Picture
from tinytorch.plots.products import product_rungs
from tinytorch.plots.rounding import rounding
from tinytorch.plots.scales import quantization_error, scaling
from tinytorch.plots.style import caption
from tinytorch.plots.threads import share_timeline, shares_and_panels, worker_gains
from tinytorch.plots.timings import block_sweep, speed_ladder, time_vs_size, timing_samples
from tinytorch.plots.vectors import kernel_bandwidth, vector_steps

__all__ = [
    "Picture",
    "analysis",
    "bandwidth",
    "bits_worth",
    "block_sweep",
    "blocks",
    "caption",
    "kernel_bandwidth",
    "product_rungs",
    "quantization_error",
    "roadmap",
    "roof_shares",
    "roofline",
    "roofline_text",
    "rounding",
    "scaling",
    "share_timeline",
    "shares_and_panels",
    "speed_ladder",
    "time_vs_size",
    "timing_samples",
    "vector_gains",
    "vector_steps",
    "worker_gains",
    "worker_speedups",
]
