"""Figures of timings: samples, the ladder of versions, time against size, time against block size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinytorch.plots.style import (
    GRAY,
    PLAIN,
    Style,
    bytes_text,
    cache_lines,
    chart,
    log_bytes,
    log_counts,
    log_numbers,
    mark,
)
from tinytorch.plots.style import number_text as text

if TYPE_CHECKING:
    from tinytorch.bench import Timing


def timing_samples(timings: Mapping[str, Timing]) -> Figure:
    """Every sample of every timing as a dot, in the order taken from top to bottom; bar: middle half, line: median."""
    figure, axes = chart(
        "Every sample counts: look at the spread before you compare medians",
        "time per call (µs, log scale)",
        "",
        height=1.8 + 0.7 * len(timings),
    )
    for row, timing in enumerate(timings.values()):
        samples = np.asarray(timing.samples_us)
        heights = row + np.linspace(-0.3, 0.3, len(samples)) if len(samples) > 1 else [row]
        axes.barh(row, timing.high_us - timing.low_us, 0.72, timing.low_us, color="#DDDDDD", zorder=1)
        axes.plot(samples, heights, color=mark(row)["color"], marker=mark(row)["marker"], markersize=4, linestyle="")
        axes.vlines(timing.median_us, row - 0.36, row + 0.36, color="black", linewidth=2)
        axes.annotate(
            f"median {text(timing.median_us)} µs",
            (timing.median_us, row - 0.37),
            xytext=(0, 2),
            textcoords="offset points",
            fontsize=8,
            ha="center",
        )
    log_numbers(axes.xaxis)
    axes.margins(x=0.1)
    axes.set_yticks(range(len(timings)), list(timings))
    axes.set_ylim(len(timings) - 0.5, -0.65)
    axes.grid(False, axis="y")
    return figure


def speed_ladder(rungs: Mapping[str, Timing], flops: float, peak_gflops: float | None) -> Figure:
    """GFLOP/s of each version of one computation of `flops` operations, best possible rate beside them.

    Each rung shows how many times faster than the first it is; whiskers span the middle half of the samples.
    """
    figure, axes = chart(
        "One computation, rung by rung", "speed (GFLOP/s, log scale)", "", height=1.8 + 0.55 * len(rungs)
    )
    first_us = next(iter(rungs.values())).median_us
    rates = {name: flops / timing.median_us / 1000 for name, timing in rungs.items()}
    left = min(rates.values()) / 3
    for row, (name, timing) in enumerate(rungs.items()):
        rate = rates[name]
        slow, fast = flops / timing.high_us / 1000, flops / timing.low_us / 1000
        axes.barh(row, rate - left, 0.6, left, color="#9DB9D3", edgecolor="black", linewidth=0.6)
        axes.errorbar(rate, row, xerr=[[rate - slow], [fast - rate]], color="black", capsize=4, linewidth=1.2)
        times = "" if row == 0 else f", {text(first_us / timing.median_us)} times the first"
        # all labels stand in one column right of everything drawn: no bar, whisker or line can cross one
        at: Style = {"xytext": (1.01, row), "textcoords": ("axes fraction", "data"), "va": "center"}
        axes.annotate(f"{text(rate)} GFLOP/s{times}", (fast, row), **at, fontsize=8, annotation_clip=False)
    fastest = max(flops / timing.low_us / 1000 for timing in rungs.values())
    _ladder_axes(axes, list(rungs), left, fastest, peak_gflops)
    return figure


def _ladder_axes(axes: Axes, names: list[str], left: float, fastest: float, peak_gflops: float | None) -> None:
    """Scale, room for the labels, and the line of the peak."""
    axes.set_xlim(left, max(fastest, peak_gflops or 0) * 1.3)
    log_numbers(axes.xaxis)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.9)
    axes.grid(False, axis="y")
    if peak_gflops is not None:
        axes.axvline(peak_gflops, color="black", linestyle="--", linewidth=1.2, zorder=0)
        axes.annotate(
            f"measured peak of one core: {text(peak_gflops)}",
            (peak_gflops, -0.62),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8,
        )


def time_vs_size(
    sizes: Sequence[float], timings: Mapping[str, Sequence[Timing]], caches: Mapping[str, int] | None, xlabel: str
) -> Figure:
    """Time per call against size, a line for each series with its middle half as a band.

    `caches` marks sizes in bytes on the x axis, so give it only when `sizes` are bytes.
    """
    figure, axes = chart("Time against size: watch where a line bends", xlabel, "time per call (µs, log scale)")
    for number, (name, series) in enumerate(timings.items()):
        _line_with_band(axes, sizes, series, name, number)
    log_numbers(axes.yaxis)
    if caches is None:
        log_counts(axes.xaxis, list(sizes))
    else:
        log_bytes(axes.xaxis)
        cache_lines(axes, {f"{name}\n{bytes_text(size)}": size for name, size in caches.items()})
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def block_sweep(
    block_sizes: Sequence[int],
    timings: Sequence[Timing],
    working_set_bytes: Sequence[int],
    caches: Mapping[str, int] | None,
) -> Figure:
    """Time against block size; a line marks the block size whose working set just fills each cache.

    `working_set_bytes[i]` belongs to `block_sizes[i]` and grows with it; where a cache's size falls between two of
    them, the line stands between them on a log scale.
    """
    figure, axes = chart(
        "Time against block size: is there a bend where three blocks fill a cache?",
        "block size: rows and columns of each of the three blocks (log scale)",
        "time per call (µs, log scale)",
    )
    _line_with_band(axes, block_sizes, timings, "time", 0)
    log_counts(axes.xaxis, list(block_sizes))
    log_numbers(axes.yaxis)
    best = min(range(len(timings)), key=lambda i: timings[i].median_us)
    axes.annotate(
        f"fastest: {block_sizes[best]}",
        (block_sizes[best], timings[best].median_us),
        xytext=(0, -14),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        bbox=PLAIN,
    )
    axes.margins(y=0.15)
    cache_lines(axes, _block_filling(block_sizes, working_set_bytes, caches or {}))
    return figure


def _block_filling(blocks: Sequence[int], sets: Sequence[int], caches: Mapping[str, int]) -> dict[str, float]:
    """For each cache that lies within the working sets, the block size that fills it."""
    within = {name: size for name, size in caches.items() if min(sets) <= size <= max(sets)}
    sides = {name: 2 ** np.interp(np.log2(size), np.log2(sets), np.log2(blocks)) for name, size in within.items()}
    return {f"3 blocks fill {name}\n{bytes_text(size)}": float(sides[name]) for name, size in within.items()}


def _line_with_band(axes: Axes, x: Sequence[float], series: Sequence[Timing], name: str, number: int) -> None:
    style = mark(number)
    axes.plot(x, [timing.median_us for timing in series], label=name, **style)
    low, high = [timing.low_us for timing in series], [timing.high_us for timing in series]
    axes.fill_between(x, low, high, color=style["color"], alpha=0.25, linewidth=0)
    axes.vlines(x, low, high, color=GRAY, linewidth=1)
