"""The common parts of all figures: the figure, marks that differ in gray too, byte axes, cache lines, the caption."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from matplotlib.transforms import Bbox

Style = dict[str, Any]  # keyword arguments of Matplotlib's functions, each of a type of its own

# Dark to light and all different in shape, so that a print in gray tells them apart. Colors: M. Okabe and K. Ito,
# Color Universal Design, 2002 (safe for color-blind readers).
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "X")
DASHES = ("-", "--", "-.", ":", (0, (6, 2, 1, 2, 1, 2)), (0, (1, 1)))
GRAY = "#666666"
PLAIN: Style = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # behind text that lines may cross
UNITS = ("B", "KiB", "MiB", "GiB")


class Chart(Figure):
    """A figure that any notebook can show by itself: no window, no global state of pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()


def chart(title: str, xlabel: str, ylabel: str, height: float = 4.2) -> tuple[Figure, Axes]:
    """An empty figure with its labels and the caption below."""
    figure = Chart(figsize=(7.2, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, which="major", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.supxlabel(caption(), fontsize=7, color=GRAY, x=0.99, ha="right")
    return figure, axes


def caption() -> str:
    """Returns machine and date, which every measured figure must name."""
    from tinytorch.hardware import card

    machine = card()
    cores = f"{machine.usable_cores} usable cores" if machine.usable_cores.value else "cores unknown"
    return f"{machine.cpu_name}, {cores}, {machine.os}; {datetime.datetime.now():%Y-%m-%d %H:%M}"


def mark(number: int) -> Style:
    """Line and marker style of series `number`, counted from 0."""
    return {
        "color": COLORS[number % len(COLORS)],
        "marker": MARKERS[number % len(MARKERS)],
        "linestyle": DASHES[number % len(DASHES)],
        "markersize": 5,
        "linewidth": 1.5,
    }


def bytes_text(size: float) -> str:
    """`size` in the largest binary unit that leaves it at or above 1."""
    for unit in UNITS[:-1]:
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} {UNITS[-1]}"


def number_text(value: float) -> str:
    """Returns `value` with three digits, or all before the point: 0.05, 12.3, 3 400; from 1e9 on as a power of ten."""
    return f"{value:.3g}" if not 1000 <= abs(value) < 1e9 else f"{value:,.0f}".replace(",", " ")


def _log(axis: Axis, base: int) -> None:
    name = axis.axis_name  # type: ignore[attr-defined]  # documented, but missing in Matplotlib's annotations
    set_scale = axis.axes.set_xscale if name == "x" else axis.axes.set_yscale
    set_scale("log", base=base)


def log_bytes(axis: Axis) -> None:
    """A log axis of sizes in bytes: ticks at powers of two, at most eight of them labeled."""
    _log(axis, 2)
    axis.set_major_locator(LogLocator(base=2, numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda size, _: bytes_text(size)))
    axis.set_minor_locator(NullLocator())


def log_counts(axis: Axis, ticks: list[float]) -> None:
    """A log axis that labels exactly these values."""
    _log(axis, 2)
    axis.set_ticks(ticks, labels=[number_text(tick) for tick in ticks])
    axis.set_minor_locator(NullLocator())


def log_numbers(axis: Axis) -> None:
    """A log axis of plain numbers; between powers of ten, 2 and 5 are labeled where the axis spans little."""
    _log(axis, 10)
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 300 * low else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))
    axis.set_minor_formatter(NullFormatter())


def untangle(figure: Figure, labels: Sequence[Annotation]) -> None:
    """Moves labels given in points from their marks downwards, the highest first, until none touches another."""
    figure.canvas.draw()
    placed: list[Bbox] = []
    for label in sorted(labels, key=lambda one: -one.get_window_extent().y1):
        while any(label.get_window_extent().overlaps(box) for box in placed):
            x, y = label.xyann
            label.xyann = (x, y - 2)
        placed.append(label.get_window_extent())


def room_for_legend(axes: Axes, entries: int) -> None:
    """Widens a log y axis at the top, so that a legend of `entries` lines covers no data."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** (0.085 * entries))


def cache_lines(axes: Axes, places: Mapping[str, float]) -> None:
    """A vertical line for each place that lies within the axis, its name in a strip kept free above a log y axis."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.16)
    for name, size in places.items():
        if left < size < right:
            axes.axvline(size, color=GRAY, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
            at: Style = {"xycoords": ("data", "axes fraction"), "xytext": (0, -1), "textcoords": "offset points"}
            axes.annotate(name, (size, 1.0), **at, ha="center", va="top", fontsize=8, color=GRAY, bbox=PLAIN)
