"""Pictures of the elements that a vector instruction touches, and of kernels' bandwidth beside the machine's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinytorch.plots.machine import bandwidth
from tinytorch.plots.pictures import Picture
from tinytorch.plots.style import GRAY, mark

if TYPE_CHECKING:
    from tinytorch.bench import Timing
    from tinytorch.hardware import Roofline

WHOLE, PART = "#9DB9D3", "#E8B27A"
Span = tuple[int, int]  # the first element that an instruction touches, and the one behind the last


def vector_spans(elements: int, lanes: int, first: int = 0) -> list[Span]:
    """The elements that each vector instruction of a loop touches, in order: whole vectors from element `first` on.

    A partial vector comes before element `first` and one after the last whole vector, where elements remain.
    Raises ValueError if a size is negative or there are no lanes.
    """
    if elements < 0 or lanes < 1 or first < 0:
        raise ValueError(f"need elements >= 0, lanes >= 1, first >= 0, got {elements}, {lanes}, {first}")
    first = min(first, elements)
    edges = [0, *range(first, elements + 1, lanes), elements]
    return [(start, stop) for start, stop in pairwise(edges) if start < stop]


def vector_steps(elements: int, lanes: int, first: int) -> Picture:
    """Two loops over the same array: whole vectors from element 0 on, and from element `first` on."""
    loops = {start: vector_spans(elements, lanes, start) for start in (0, first)}
    figure = Figure(figsize=(7.2, 2.7), layout="constrained")
    axes = figure.add_subplot()
    lines = [f"An array of {elements} elements, vectors of {lanes} lanes: which instruction touches which elements."]
    for row, (start, spans) in enumerate(loops.items()):
        name = f"whole vectors from element {start} on"
        _draw_loop(axes, 2.2 * row, name, spans, lanes)
        lines.append(f"With {name}: {', '.join(_in_words(span, lanes) for span in spans)}.")
    axes.set_title("Each box is an element, each line below a vector", loc="left", fontsize=11)
    axes.set(xlim=(-0.5, elements + 0.5), ylim=(3.5, -1.1), xlabel="element of the array")
    axes.set(xticks=range(0, elements + 1, lanes), yticks=[])
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.supxlabel(f"vectors of {lanes} lanes", fontsize=7, color=GRAY, x=0.99, ha="right")
    return Picture(figure, "\n".join(lines))


def _draw_loop(axes: Axes, height: float, name: str, spans: Sequence[Span], lanes: int) -> None:
    """One row of elements with a line below those that one instruction touches."""
    axes.annotate(name, (0, height - 0.75), fontsize=9, va="center")
    for start, stop in spans:
        is_whole = stop - start == lanes
        boxes = [(element, 1.0) for element in range(start, stop)]
        axes.broken_barh(boxes, (height - 0.4, 0.8), facecolor=WHOLE if is_whole else PART, edgecolor="black")
        axes.plot([start + 0.15, stop - 0.15], [height + 0.55] * 2, color="black", linewidth=1.5)
        label = f"load(x, {start})" if is_whole else f"load_part(x, {start}, {stop - start})"
        axes.annotate(label, ((start + stop) / 2, height + 0.85), ha="center", va="center", fontsize=8)


def _in_words(span: Span, lanes: int) -> str:
    start, stop = span
    kind = "a whole" if stop - start == lanes else "a partial"
    elements = f"element {start}" if stop - start == 1 else f"elements {start} to {stop - 1}"
    return f"{kind} vector of {elements}"


def kernel_bandwidth(kernels: Mapping[str, Mapping[int, Timing]], element_bytes: int, roof: Roofline) -> Figure:
    """GB/s of each kernel against the bytes that a call moves, middle half as a band, with the machine's own line.

    kernels: by name, then by number of elements, all of the same numbers. element_bytes: read and written for each.
    """
    from tinytorch.hardware import card

    machine = card()
    levels = {"L1": machine.l1d_bytes.value, "L2": machine.l2_bytes.value, "L3": machine.l3_bytes.value}
    caches = {name: size for name, size in levels.items() if size}
    moved = [element_bytes * elements for elements in next(iter(kernels.values()))]
    figure = bandwidth([(size, roof.bandwidth_at(size)) for size in moved], caches)
    axes = figure.axes[0]
    axes.lines[0].set_label("machine, best run")
    for number, (name, timings) in enumerate(kernels.items(), start=1):
        style = mark(number)
        rates = [_rates(size, timing) for size, timing in zip(moved, timings.values(), strict=True)]
        low, middle, high = zip(*rates, strict=True)
        axes.plot(moved, middle, label=name, **style)
        axes.fill_between(moved, low, high, color=style["color"], alpha=0.25, linewidth=0)
        axes.set_ylim(bottom=min(axes.get_ylim()[0], 0.7 * min(low)))
    axes.set_title("Kernels beside what one core can read or update", loc="left", fontsize=11)
    axes.legend(frameon=False, fontsize=9, loc="lower left")
    return figure


def _rates(moved_bytes: int, timing: Timing) -> tuple[float, float, float]:
    """GB/s at the slow end of the middle half, at the median, and at the quick end."""
    slow, middle, quick = (moved_bytes / us / 1000 for us in (timing.high_us, timing.median_us, timing.low_us))
    return slow, middle, quick
