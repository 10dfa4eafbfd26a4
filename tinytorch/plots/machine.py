"""Figures of the machine: bandwidth against working set, and the roofline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from tinytorch.plots.style import (
    DASHES,
    GRAY,
    MARKERS,
    Style,
    bytes_text,
    cache_lines,
    chart,
    log_bytes,
    log_numbers,
    mark,
    untangle,
)
from tinytorch.plots.style import number_text as text

if TYPE_CHECKING:
    from tinytorch.hardware import Fact, Roofline

Point = tuple[float, float] | tuple[float, float, float, float]
WORKING_SETS = (16 << 10, 512 << 10, 64 << 20)  # small enough for most first caches, second caches, and for none


def bandwidth(points: Sequence[tuple[int, Fact[float]]], caches: Mapping[str, int] | None) -> Figure:
    """Measured bandwidth against the size of the working set, with the caches' sizes."""
    figure, axes = chart(
        "Bandwidth falls in steps: each step is a cache that became too small",
        "working set (bytes, log scale)",
        "bandwidth of one core (GB/s, log scale)",
    )
    known = [(size, fact.value) for size, fact in points if fact.value is not None]
    axes.plot([size for size, _ in known], [value for _, value in known], **mark(0), label="best run")
    spread = [(size, *fact.spread) for size, fact in points if fact.spread is not None]
    if spread:
        sizes, low, high = zip(*spread, strict=True)
        axes.fill_between(sizes, low, high, color=GRAY, alpha=0.3, linewidth=0, label="middle half of the runs")
        axes.legend(frameon=False, fontsize=9, loc="lower left")
    log_bytes(axes.xaxis)
    log_numbers(axes.yaxis)
    cache_lines(axes, {f"{name}\n{bytes_text(size)}": size for name, size in (caches or {}).items()})
    return figure


def roofline(roof: Roofline, points: Mapping[str, Point], working_sets: Sequence[int] = WORKING_SETS) -> Figure:
    """The machine's roofline and the measured kernels: name -> (operations per byte moved, GFLOP/s).

    A point may also have the slowest and the fastest GFLOP/s of its middle half, drawn as whiskers.

    A sloped ceiling for each of `working_sets` (bytes), whose bandwidth is measured if it was not yet; the flat one is
    the arithmetic peak.
    """
    figure, axes = chart(
        "Roofline: below a slope, bytes set the limit; below the flat roof, arithmetic",
        "operations per byte moved (FLOP/byte, log scale)",
        "speed (GFLOP/s, log scale)",
        height=4.8,
    )
    peak = _known(roof.peak)
    slopes = {size: _known(roof.bandwidth_at(size)) for size in sorted(working_sets)}
    intensities = [point[0] for point in points.values()]
    left = min([*intensities, peak / max(slopes.values())]) / 6
    right = max([*intensities, peak / min(slopes.values())]) * 6
    for number, (size, gb_s) in enumerate(slopes.items()):
        x = np.array([left, peak / gb_s])
        label = f"{bytes_text(size)}: {text(gb_s)} GB/s"
        axes.plot(x, x * gb_s, color="black", linestyle=DASHES[number % len(DASHES)], linewidth=1.3, label=label)
    axes.plot([peak / max(slopes.values()), right], [peak, peak], color="black", linewidth=2)
    axes.annotate(
        f"peak of one core: {text(peak)} GFLOP/s", (right, peak), xytext=(-4, 4), textcoords="offset points", ha="right"
    )
    names = [
        _kernel(axes, name, coordinates, number, name_on_left=coordinates[0] ** 2 > left * right)
        for number, (name, coordinates) in enumerate(points.items())
    ]
    axes.set_xlim(left, right)
    low, high = min([*(point[1] for point in points.values()), left * min(slopes.values())]) / 2, peak * 2.5
    axes.set_ylim(low * (low / high) ** 0.28, high)  # a strip for the legend, below every kernel
    log_numbers(axes.xaxis)
    log_numbers(axes.yaxis)
    axes.legend(frameon=False, fontsize=8, loc="lower right", title="working set", title_fontsize=8)
    untangle(figure, names)
    return figure


def roofline_text(roof: Roofline, points: Mapping[str, Point], working_sets: Sequence[int] = WORKING_SETS) -> str:
    """The text alternative of `roofline`: the ceilings, then each kernel with the ceiling over it."""
    peak = _known(roof.peak)
    slopes = {size: _known(roof.bandwidth_at(size)) for size in sorted(working_sets)}
    ceilings = [f"{text(gb_s)} GB/s within {bytes_text(size)}" for size, gb_s in slopes.items()]
    kernels = [_kernel_text(name, point, peak, max(slopes.values())) for name, point in points.items()]
    return (
        f"Roofline of one core: GFLOP/s against operations per byte moved. The ceilings: {', '.join(ceilings)}, and a "
        f"flat one at {text(peak)} GFLOP/s. {' '.join(kernels)}"
    )


def _kernel_text(name: str, point: Point, peak: float, gb_s: float) -> str:
    """Where one kernel stands."""
    intensity, speed = point[:2]
    ceiling = "the flat ceiling" if intensity * gb_s >= peak else "the slopes: bytes set its limit"
    return f"{name} stands at {text(intensity)} operations per byte and {text(speed)} GFLOP/s, below {ceiling}."


def _known(fact: Fact[float]) -> float:
    """The value of a fact that a figure needs."""
    if fact.value is None:
        raise ValueError(f"there is no roofline to draw: {fact.how}")
    return fact.value


def _kernel(axes: Axes, name: str, point: Point, number: int, name_on_left: bool) -> Annotation:
    """A mark with its name, on the side where there is room, and its spread."""
    position = point[:2]
    if len(point) == 4:
        axes.vlines(point[0], point[2], point[3], color="black", linewidth=1.2)
    style = mark(number)
    marker = MARKERS[number % len(MARKERS)]
    axes.plot(*position, marker=marker, color=style["color"], markersize=8, linestyle="", markeredgecolor="black")
    at: Style = {"xytext": (-9, -3), "ha": "right"} if name_on_left else {"xytext": (9, -3), "ha": "left"}
    return axes.annotate(name, position, **at, textcoords="offset points", fontsize=9, va="top")
