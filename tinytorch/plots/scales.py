"""Figures of scaling with workers, and of error against bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from tinytorch.plots.style import GREY, chart, log_counts, log_numbers, mark

if TYPE_CHECKING:
    from tinytorch.bench import Timing


def scaling(
    workers: Sequence[int],
    timings: Sequence[Timing] | Mapping[str, Sequence[Timing]],
    serial_fraction: float | None = None,
) -> Figure:
    """Speedup over the first entry against the number of workers, with the ideal and, if given, Amdahl's curve.

    Whiskers span the middle half of each timing; the first one's median is the unit. `serial_fraction` is the share
    of the one-worker time that cannot be divided.
    """
    figure, axes = chart(
        "How much of the ideal is left?", "workers (log scale)", "speedup over the first entry (times, log scale)"
    )
    if workers[0] == 1:
        axes.plot(
            [1, max(workers)],
            [1, max(workers)],
            color=GREY,
            linewidth=1,
            linestyle="--",
            label="ideal: as many times as workers",
        )
        if serial_fraction is not None:
            x = np.linspace(1, max(workers), 200)
            label = f"Amdahl's law, {serial_fraction:.0%} serial"
            axes.plot(x, 1 / (serial_fraction + (1 - serial_fraction) / x), color="black", linestyle=":", label=label)
    named = timings if isinstance(timings, Mapping) else {"measured": timings}
    for number, (name, series) in enumerate(named.items()):
        unit_us = series[0].median_us
        speedup = np.array([unit_us / timing.median_us for timing in series])
        low = speedup - [unit_us / timing.high_us for timing in series]
        high = [unit_us / timing.low_us for timing in series] - speedup
        axes.errorbar(workers, speedup, yerr=[low, high], capsize=4, label=name, **mark(number))
    log_counts(axes.xaxis, list(workers))
    low, high = axes.get_ylim()
    log_counts(axes.yaxis, [2.0**power for power in range(-4, 11) if low / 2 <= 2.0**power <= high * 1.5])
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


def quantization_error(bits: Sequence[int], errors: Sequence[Sequence[float]], labels: Sequence[str]) -> Figure:
    """Relative error against bits: `errors[i][j]` belongs to `labels[i]` and `bits[j]`, all above zero.

    The grey guide starts at the first series' first point and halves with every further bit, as the step does.
    """
    figure, axes = chart(
        "Every bit more should halve the error", "bits per number", "relative error (share, log scale)"
    )
    guide = [errors[0][0] * 2.0 ** (bits[0] - b) for b in bits]
    axes.plot(bits, guide, color=GREY, linewidth=1, linestyle=(0, (1, 2)), label="guide: half for each bit")
    for number, (label, series) in enumerate(zip(labels, errors, strict=True)):
        axes.plot(bits, series, label=label, **mark(number))
    log_numbers(axes.yaxis)
    axes.set_xticks(list(bits))
    axes.legend(frameon=False, fontsize=9, loc="upper right")
    return figure
