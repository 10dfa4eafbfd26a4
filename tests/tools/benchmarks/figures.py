"""The figures, drawn by `tinytorch.plots` from what the sweeps measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tinytorch import plots
from tinytorch.analyses.scaling import serial_fraction
from tinytorch.hardware import Fact, Roofline, card

from .sweeps import as_timing

Data = Mapping[str, Any]


def caches() -> dict[str, int]:
    """The detected cache sizes by their short names."""
    machine = card()
    levels = {"L1": machine.l1d_bytes, "L2": machine.l2_bytes, "L3": machine.l3_bytes}
    return {name: int(fact.value) for name, fact in levels.items() if fact.value is not None}


def bandwidth(sweeps: Data) -> Figure:
    """Bandwidth of one core against working set."""
    return plots.bandwidth([(size, Fact(**fact)) for size, fact in sweeps["machine"]["bandwidth"]], caches())


def roofline(sweeps: Data) -> Figure:
    """Our kernels below this machine's roof."""
    machine = sweeps["machine"]
    roof = Roofline(Fact(**machine["peak"]), {int(size): Fact(**fact) for size, fact in machine["slopes"].items()})
    points = {}
    for name, kernel in machine["kernels"].items():
        rate = kernel["operations"] / as_timing(kernel["timing"]).median_us / 1000
        points[name] = kernel["operations"] / kernel["bytes"], rate
    return plots.roofline(roof, points)


def ladder(sweeps: Data) -> Figure:
    """The versions of the product, with the peak where it was measured."""
    data = sweeps["ladder"]
    peak = sweeps["machine"]["peak"]["value"] if "machine" in sweeps else None
    timings = {name: as_timing(timing) for name, timing in data["rungs"].items()}
    return plots.speed_ladder(timings, data["flops"], peak)


def blocks(sweeps: Data) -> Figure:
    """Time of the blocked product against block size."""
    data = sweeps["blocks"]
    timings = [as_timing(timing) for timing in data["timings"]]
    return plots.block_sweep(data["block_sizes"], timings, data["working_set_bytes"], caches())


def scaling(sweeps: Data) -> Figure:
    """Speedup with workers, and Amdahl's curve through the product's speedup on all cores, where there was one."""
    data = sweeps["workers"]
    timings = {name: [as_timing(timing) for timing in series] for name, series in data["timings"].items()}
    product = next(iter(timings.values()))
    share = None
    if data["cores"] in data["workers"] and data["cores"] > 1:
        speedup = product[0].median_us / product[data["workers"].index(data["cores"])].median_us
        share = max(serial_fraction(speedup, data["cores"]), 0.0) if speedup > 1 else None
    return plots.scaling(data["workers"], timings, share)


def quantization(sweeps: Data) -> Figure:
    """Relative error against bits."""
    data = sweeps["bits"]
    series = [[math.nan if e is None else e for e in errors] for errors in data["relative_errors"].values()]
    return plots.quantization_error(data["bits"], series, list(data["relative_errors"]))


FIGURES = {
    "bandwidth": bandwidth,
    "roofline": roofline,
    "ladder": ladder,
    "blocks": blocks,
    "scaling": scaling,
    "quantization": quantization,
}


def draw(names: list[str], sweeps: Data, folder: Path) -> list[Path]:
    """Write these figures as PNG; their paths."""
    paths = []
    for name in names:
        path = folder / f"{name}.png"
        FIGURES[name](sweeps).savefig(path, format="png", dpi=150)
        paths.append(path)
    return paths
