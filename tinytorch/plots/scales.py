"""Figures of scaling with workers, and of error against bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinytorch.plots.style import GRAY, Style, chart, log_counts, log_numbers, mark, room_for_legend

if TYPE_CHECKING:
    from tinytorch.bench import Timing
    from tinytorch.bench.scaling_laws import Law


def scaling(
    workers: Sequence[int],
    timings: Sequence[Timing] | Mapping[str, Sequence[Timing]],
    serial_fraction: float | None = None,
    laws: Sequence[Law] = (),
) -> Figure:
    """Speedup over the first entry against the number of workers, with the ideal and, if given, Amdahl's curve.

    Whiskers span the middle half of each timing; the first one's median is the unit. `serial_fraction` is the share
    of the one-worker time that cannot be divided. `laws` are drawn as fitted, see `tinytorch.bench.scaling_laws`.
    """
    figure, axes = chart(
        "How much of the ideal is left?", "workers (log scale)", "speedup over the first entry (times, log scale)"
    )
    if workers[0] == 1:
        axes.plot(
            [1, max(workers)],
            [1, max(workers)],
            color=GRAY,
            linewidth=1,
            linestyle="--",
            label="ideal: as many times as workers",
        )
        if serial_fraction is not None:
            x = np.linspace(1, max(workers), 200)
            label = f"Amdahl's law, {serial_fraction:.0%} serial"
            axes.plot(x, 1 / (serial_fraction + (1 - serial_fraction) / x), color="black", linestyle=":", label=label)
        _law_curves(axes, laws, max(workers))
    named = timings if isinstance(timings, Mapping) else {"measured": timings}
    for number, (name, series) in enumerate(named.items()):
        unit_us = series[0].median_us
        speedup = np.array([unit_us / timing.median_us for timing in series])
        low = speedup - [unit_us / timing.high_us for timing in series]
        high = [unit_us / timing.low_us for timing in series] - speedup
        axes.errorbar(workers, speedup, yerr=[low, high], capsize=4, label=name, **mark(number))
    log_counts(axes.xaxis, list(workers))
    axes.set_yscale("log", base=2)  # before the limits are read: those of a linear axis may be negative
    bottom, top = axes.get_ylim()
    log_counts(axes.yaxis, [2.0**power for power in range(-7, 11) if bottom <= 2.0**power <= top * 1.2])
    axes.set_ylim(bottom * 0.9, top * 1.2)
    room_for_legend(axes, len(axes.get_legend_handles_labels()[0]))
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


def _law_curves(axes: Axes, laws: Sequence[Law], most: int) -> None:
    """Each law's speedup, with its parameters and by how much it misses the times."""
    x = np.linspace(1, most, 200)
    for number, law in enumerate(laws):
        parameters = f"σ {law.sigma:.2g}" + (f", κ {law.kappa:.2g}" if number else "")
        label = f"{law.name.removeprefix('the ')}: {parameters}, off by {law.residual:.1%}"
        style: Style = {"linestyle": (":", (0, (4, 1.5, 1, 1.5)))[number % 2], "linewidth": 1.6 - 0.4 * (number % 2)}
        axes.plot(x, [law.speedup(p) for p in x], color="black", label=label, **style)


def quantization_error(
    bits: Sequence[int], errors: Sequence[Sequence[float | Sequence[float]]], labels: Sequence[str]
) -> Figure:
    """Relative error against bits: `errors[i][j]` belongs to `labels[i]` and `bits[j]`, all above zero.

    An entry may be a sequence of errors, of several draws of the data: their median is drawn, whiskers span them all.
    The gray guide starts at the first series' first point and halves with every further bit, as the step does.
    """
    figure, axes = chart(
        "Every bit more should halve the error", "bits per number", "relative error (share, log scale)"
    )
    guide = [float(np.median(errors[0][0])) * 2.0 ** (bits[0] - b) for b in bits]
    axes.plot(bits, guide, color=GRAY, linewidth=1, linestyle=(0, (1, 2)), label="guide: half for each bit")
    for number, (label, series) in enumerate(zip(labels, errors, strict=True)):
        middle = np.array([np.median(draws) for draws in series])
        spread = [middle - [np.min(draws) for draws in series], [np.max(draws) for draws in series] - middle]
        axes.errorbar(bits, middle, yerr=spread, capsize=4, label=label, **mark(number))
    log_numbers(axes.yaxis)
    axes.set_xticks(list(bits))
    axes.legend(frameon=False, fontsize=9, loc="upper right")
    return figure
