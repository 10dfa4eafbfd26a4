"""What this machine is: stated by the system, or measured here; every figure says which."""

from tinytorch.hardware.card import MachineCard, card
from tinytorch.hardware.fact import Fact, format_bytes
from tinytorch.hardware.probes import bandwidth_sweep, measure_bandwidth, measure_latency, measure_peak
from tinytorch.hardware.roof import Roofline, roofline

__all__ = [
    "Fact",
    "MachineCard",
    "Roofline",
    "bandwidth_sweep",
    "card",
    "format_bytes",
    "measure_bandwidth",
    "measure_latency",
    "measure_peak",
    "roofline",
]
