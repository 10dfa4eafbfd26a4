"""The picture of rounding: which integer code each value gets, and the error of half a step that it costs at most."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinytorch.plots.pictures import Picture
from tinytorch.plots.style import COLORS, GRAY


def rounding(bits: int = 3) -> Picture:
    """Returns the codes of symmetric quantization over the number line and, below them, the error, both in steps.

    bits: from 2 to 4, so that the steps can be told apart.  Raises ValueError for others.
    """
    if bits not in (2, 3, 4):
        raise ValueError(f"the steps of 2, 3 or 4 bits can be told apart in a picture, not those of {bits!r} bits")
    top = 2 ** (bits - 1) - 1
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
    _staircase(above, top)
    _error(below, top)
    above.set_title(f"{bits} bits: every value gets the nearest of {2 * top + 1} codes", loc="left", fontsize=11)
    below.set_xlabel("value x, in steps: x / scale")
    for axes in (above, below):
        axes.set_xticks(range(-top, top + 1))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
    return Picture(figure, _text(bits, top))


def edges(top: int) -> list[float]:
    """Returns the ties between neighboring codes, from the lowest to the highest, in steps."""
    return [code + 0.5 for code in range(-top, top)]


def _staircase(axes: Axes, top: int) -> None:
    """One level for each code, from tie to tie, and the codes that the ties themselves get."""
    bounds = [-float(top), *edges(top), float(top)]
    for code, low, high in zip(range(-top, top + 1), bounds[:-1], bounds[1:], strict=True):
        axes.plot([low, high], [code, code], color=COLORS[0], linewidth=3, solid_capstyle="butt")
    ties = edges(top)
    axes.plot(ties, np.rint(ties), "o", color=COLORS[0], markersize=7, label="a tie goes to the even code")
    axes.plot([-top, top], [-top, top], color=GRAY, linewidth=1, linestyle="--", label="no rounding")
    axes.set_yticks(range(-top, top + 1))
    axes.set_ylabel("code")
    axes.legend(frameon=False, fontsize=9, loc="upper left")


def _error(axes: Axes, top: int) -> None:
    """code - x / scale: a line that falls from half a step to minus half a step around each code."""
    bounds = [-float(top), *edges(top), float(top)]
    for code, low, high in zip(range(-top, top + 1), bounds[:-1], bounds[1:], strict=True):
        axes.plot([low, high], [code - low, code - high], color=COLORS[1], linewidth=2)
    for limit in (-0.5, 0.5):
        axes.axhline(limit, color=GRAY, linewidth=1, linestyle=":")
    axes.set_yticks([-0.5, 0, 0.5], labels=["-½", "0", "½"])
    axes.set_ylim(-0.7, 0.7)
    axes.set_ylabel("error (steps)")


def _text(bits: int, top: int) -> str:
    """The picture in sentences."""
    lines = [
        f"Codes of symmetric quantization with {bits} bits, over values in steps (x / scale) from {-top} to {top}.",
        f"There are {2 * top + 1} codes, {-top} to {top}. The largest magnitude has the code {top} or {-top}.",
    ]
    ties = edges(top)
    for code, low, high in zip(range(-top, top + 1), [-top, *ties], [*ties, top], strict=True):
        lines.append(f"  from {low:g} to {high:g}: code {code}")
    given = ", ".join(f"{tie:g} gets {int(np.rint(tie))}" for tie in ties)
    lines.append(f"A tie between two codes goes to the even one: {given}.")
    lines.append("The error, code minus x / scale, is 0 at each code and reaches half a step, never more, at the ties.")
    return "\n".join(lines)
