"""Figures of threads: which elements each takes, who took which share when, and what more workers brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tinytorch.plots.pictures import Picture
from tinytorch.plots.style import COLORS, GRAY, Chart, Style, chart, mark

if TYPE_CHECKING:
    from tinytorch.bench.workers import Gain

# The two threads of the picture: a light and a darker face, which a print in gray keeps apart; hatches too.
FACES = ("#CFE3F3", "#F0A868")
HATCHES = ("", "///")
READ_BY_ALL = "#E4E4E4"
TAKERS = (0, 1, 0, 0, 1, 0, 1, 0)  # which thread took each share in the picture: thread 1 came late

SHARES_TEXT = (
    "Left: an array of 24 elements in 8 shares of 3 elements, numbered 0 to 7 in order. The caller took shares 0, 2, "
    "3, 5 and 7, and a second thread, which woke a little later, took 1, 4 and 6: each took the next number whenever "
    "it was done. No element belongs to two shares. Right: a product C = A B in two panels of columns. The caller "
    "computes the left half of C from all of A and the left half of B, the second thread the right half of C from all "
    "of A and the right half of B. Both read A; neither writes where the other does."
)


def shares_and_panels() -> Picture:
    """Draws the elements that two threads take: shares of one array, and panels of columns of a product."""
    figure = Chart(figsize=(8.6, 3.0), layout="constrained")
    array, product = figure.subplots(1, 2, width_ratios=(1.15, 1))
    _draw_shares(array)
    _draw_panels(product)
    for axes in (array, product):
        axes.set_axis_off()
        axes.set_aspect("equal")
    names = ["the caller", "a second thread", "read by both"]
    styles = [(FACES[0], HATCHES[0]), (FACES[1], HATCHES[1]), (READ_BY_ALL, "")]
    handles = [Rectangle((0, 0), 1, 1, facecolor=face, hatch=hatch, edgecolor="black") for face, hatch in styles]
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return Picture(figure, SHARES_TEXT)


def _draw_shares(axes: Axes) -> None:
    """Eight shares of three elements, in two rows so that the numbers stay legible."""
    axes.set_title("One array in 8 shares: each thread takes the next number", fontsize=10)
    for share, taker in enumerate(TAKERS):
        row, column = divmod(share, 4)
        left, bottom = 3.4 * column, -3.2 * row
        for element in range(3):
            _cell(axes, left + element, bottom, 1, 1, taker)
        axes.text(left + 1.5, bottom + 1.25, f"share {share}", ha="center", fontsize=9)
        first = 3 * share
        axes.text(left + 1.5, bottom - 0.7, f"x[{first}:{first + 3}]", ha="center", fontsize=8, color=GRAY)
    axes.set_xlim(-0.3, 13.5)
    axes.set_ylim(-4.4, 2.4)


def _draw_panels(axes: Axes) -> None:
    """A, B and C with the columns that each thread takes."""
    axes.set_title("One product in 2 panels of columns", fontsize=10)
    axes.add_patch(Rectangle((0, 0), 3, 3, facecolor=READ_BY_ALL, edgecolor="black"))
    for left in (4.4, 9.6):
        for thread in range(2):
            _cell(axes, left + 2 * thread, 0, 2, 3, thread)
    for x, name in ((1.5, "A"), (6.4, "B"), (11.6, "C")):
        axes.text(x, 3.3, name, ha="center", fontsize=11)
    axes.text(3.7, 1.5, "×", ha="center", va="center", fontsize=14)
    axes.text(9.0, 1.5, "=", ha="center", va="center", fontsize=14)
    axes.set_xlim(-0.3, 13.9)
    axes.set_ylim(-1.0, 4.6)


def _cell(axes: Axes, left: float, bottom: float, width: float, height: float, thread: int) -> None:
    axes.add_patch(
        Rectangle((left, bottom), width, height, facecolor=FACES[thread], hatch=HATCHES[thread], edgecolor="black")
    )


def share_timeline(taken: Sequence[tuple[str, int, float, float]]) -> Figure:
    """Draws the thread and time of each share of `tinytorch.threads.recorded`: (thread, share, start, stop), in ms."""
    threads = sorted({thread for thread, _, _, _ in taken})
    figure, axes = chart(
        "No thread waits while a share is open", "time since the call (ms)", "", height=1.6 + 0.45 * len(threads)
    )
    for thread, share, start, stop in taken:
        row = threads.index(thread)
        axes.barh(row, stop - start, 0.7, start, color="#DDE7F0", edgecolor="black", linewidth=0.8)
        axes.text((start + stop) / 2, row, str(share), ha="center", va="center", fontsize=8)
    axes.set_xlim(left=0.0)
    axes.set_yticks(range(len(threads)), threads)
    axes.set_ylim(len(threads) - 0.4, -0.6)
    axes.grid(False, axis="y")
    return figure


def worker_gains(
    gains: Mapping[str, Sequence[Gain]], title: str = "What more workers bring: right of the line, they pay"
) -> Figure:
    """Times as fast as one worker, a row for each call and worker count; whiskers: 95 percent.

    An empty mark: the interval holds 1, so it isn't known which was faster. A row without a mark: other programs used
    the cores.
    """
    named = [(name, gain) for name, row in gains.items() for gain in row if gain.workers > 1]
    rows = [(f"{name}, {gain.workers} workers", gain) for name, gain in named]
    figure, axes = chart(title, "times as fast as one worker", "", height=1.7 + 0.33 * max(len(rows), 1))
    for row, (_, gain) in enumerate(rows):
        if not gain.is_disturbed:
            axes.hlines(row, gain.low, gain.high, color="black", linewidth=1.2)
            face = "white" if gain.is_open else COLORS[0]
            axes.plot(gain.ratio, row, mark(0)["marker"], color=face, markeredgecolor="black", markersize=7)
        at: Style = {"xytext": (1.01, row), "textcoords": ("axes fraction", "data"), "va": "center"}
        axes.annotate(_words(gain), (gain.ratio, row), fontsize=8, annotation_clip=False, **at)
    axes.axvline(1.0, color="black", linewidth=1, zorder=0)
    axes.set_xlim(left=0.0)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.grid(False, axis="y")
    return figure


def _words(gain: Gain) -> str:
    if gain.is_disturbed:
        return "no figure: other programs"
    return "no difference can be seen" if gain.is_open else f"{gain.ratio:.2f} times as fast"
