"""Facts about this machine: stated by the system, or measured here; every figure says which."""

from tinytorch.hardware.card import MachineCard, card
from tinytorch.hardware.config import HardwareConfig, MachineConfig, checked_target, configure, resources_of
from tinytorch.hardware.fact import Fact, format_bytes
from tinytorch.hardware.measured import measured_facts
from tinytorch.hardware.patterns import PATTERNS, measure_pattern, pattern_figures
from tinytorch.hardware.plateaus import Plateau, latency_sweep, measured_cache, plateaus
from tinytorch.hardware.probes import bandwidth_sweep, measure_bandwidth, measure_latency, measure_peak
from tinytorch.hardware.roof import Roofline, roofline
from tinytorch.hardware.streaming import streaming_pays_from
from tinytorch.hardware.vectors import changes_for, layout_requirements, scalar_and_vector, why_not_run

__all__ = [
    "PATTERNS",
    "Fact",
    "HardwareConfig",
    "MachineCard",
    "MachineConfig",
    "Plateau",
    "Roofline",
    "bandwidth_sweep",
    "card",
    "changes_for",
    "checked_target",
    "configure",
    "format_bytes",
    "latency_sweep",
    "layout_requirements",
    "measure_bandwidth",
    "measure_latency",
    "measure_pattern",
    "measure_peak",
    "measured_cache",
    "measured_facts",
    "pattern_figures",
    "plateaus",
    "resources_of",
    "roofline",
    "scalar_and_vector",
    "streaming_pays_from",
    "why_not_run",
]
