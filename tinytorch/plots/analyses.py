"""Figures of the five analyses of lesson 06, drawn from their results and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from tinytorch.bench import Timing
from tinytorch.bench.scaling_laws import law_of
from tinytorch.plots.scales import scaling
from tinytorch.plots.style import COLORS, GRAY, Style, chart, log_counts, log_numbers, mark
from tinytorch.plots.style import number_text as text
from tinytorch.plots.timings import block_sweep

Result = Mapping[str, Any]


def analysis(name: str, result: Result) -> Figure:
    """The figure of one result, by its key in `analysis_results`."""
    draw: dict[str, Callable[[Result], Figure]] = {
        "cache_efficiency": lambda single: roof_shares({"kernel": single}),
        "vectorization_potential": lambda single: vector_gains([single]),
        "parallel_scaling": worker_speedups,
        "quantization_trade_offs": bits_worth,
        "optimization_roadmap": roadmap,
    }
    if name not in draw:
        raise ValueError(f"there is no figure of {name!r}; there is one of {', '.join(draw)}")
    return draw[name](result)


def roof_shares(results: Mapping[str, Result]) -> Figure:
    """Share of the roof's speed against the matrix side, a line for each kernel; rings mark what is memory bound."""
    figure, axes = chart(
        "The distance to 1 is what a kernel could still gain; a ring: memory bound",
        "matrix side (elements, log scale)",
        "share of the roof's speed",
    )
    for number, (name, result) in enumerate(results.items()):
        known = {n: e["efficiency_estimate"] for n, e in result["cache_efficiency"].items()}
        known = {n: share for n, share in known.items() if share is not None}
        axes.plot(list(known), list(known.values()), label=name, **mark(number))
        bound = [n for n in result["memory_bound_sizes"] if n in known]
        axes.plot(bound, [known[n] for n in bound], "o", markersize=12, fillstyle="none", color=COLORS[number % 6])
    log_counts(axes.xaxis, sorted({n for result in results.values() for n in result["data_sizes_tested"]}))
    axes.set_ylim(0, 1.05)
    if len(results) > 1:
        axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def blocks(sweep: Result, caches: Mapping[str, int] | None = None) -> Figure:
    """Time against block size from `block_sweep` of a cache analysis; three float32 blocks are the working set."""
    if not sweep["times_us"]:
        raise ValueError(f"there is no sweep to draw: {sweep['reason']}")
    sizes = [int(block) for block in sweep["times_us"]]
    timings = [Timing(tuple(samples), 1, 1) for samples in sweep["samples_us"].values()]
    return block_sweep(sizes, timings, [12 * block * block for block in sizes], caches)


def vector_gains(results: Sequence[Result], labels: Sequence[str] = (), lanes: int | None = None) -> Figure:
    """Scalar over vector time of each operation, a mark for each result; whiskers: 95 percent, where it ran once."""
    figure, axes = chart("What vector instructions bring", "", "scalar time / vector time (log scale)")
    names = list(results[0]["simd_opportunities"])
    for number, result in enumerate(results):
        ran = [(names.index(op), e) for op, e in result["simd_opportunities"].items() if e["speedup"] is not None]
        x = [position + 0.16 * (number - (len(results) - 1) / 2) for position, _ in ran]
        y = [entry["speedup"] for _, entry in ran]
        style = {key: value for key, value in mark(number).items() if key not in ("linestyle", "linewidth")}
        ends = [_ends(entry) for _, entry in ran]
        below = [max(s - low, 0) for s, (low, _) in zip(y, ends, strict=True)]
        whiskers = [below, [max(high - s, 0) for s, (_, high) in zip(y, ends, strict=True)]]
        label = labels[number] if number < len(labels) else None
        axes.errorbar(x, y, yerr=whiskers, linestyle="", capsize=3, label=label, **style)
    log_numbers(axes.yaxis)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    if lanes:
        axes.axhline(lanes, color=GRAY, linestyle=":", label=f"{lanes} float32 in a register")
    if labels or lanes:
        axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _ends(entry: Result) -> tuple[float, float]:
    """The interval of a speedup; the speedup itself where it is made of several, or of too few rounds."""
    ratios = [ratio for ratio in entry["ratios"] if ratio["low"] is not None]
    if len(ratios) != 1 or len(entry["ratios"]) != 1:
        return entry["speedup"], entry["speedup"]
    return ratios[0]["low"], ratios[0]["high"]


def worker_speedups(result: Result) -> Figure:
    """Speedup against workers for each size, and the two laws as fitted to the last size that has both."""
    timings: dict[str, list[tuple[int, Timing]]] = {}
    for size, entries in result["scaling_results"].items():
        ran = [(p, e["samples_us"]) for p, e in entries.items() if e.get("samples_us")]
        if ran:
            timings[f"{size:,} elements".replace(",", " ")] = [(p, Timing(tuple(s), 1, 1)) for p, s in ran]
    counts = sorted({p for series in timings.values() for p, _ in series})
    complete = {name: [t for _, t in series] for name, series in timings.items() if [p for p, _ in series] == counts}
    if not complete:
        raise ValueError("no size ran on every worker count, so there is no curve to draw")
    fitted = [laws for laws in result["scaling_laws"].values() if laws["universal"]]
    laws = [law_of(fitted[-1][key]) for key in ("amdahl", "universal")] if fitted else []
    return scaling(counts, complete, laws=[law for law in laws if law is not None])


def bits_worth(result: Result) -> Figure:
    """Speed against float32 of each operation, size and number of bits, its error beside it; whiskers: 95 percent."""
    rows = [
        (f"{op} {n}, {bits} bits", entry)
        for op, by_size in result["accuracy_analysis"].items()
        for n, by_bits in by_size.items()
        for bits, entry in by_bits.items()
    ]
    figure, axes = chart(
        "Fewer bits pay right of the line, if the error is small enough",
        "speed (times that of float32, log scale)",
        "",
        height=1.8 + 0.35 * len(rows),
    )
    for row, (_, entry) in enumerate(rows):
        gain, style = entry["relative_performance"], mark(0 if entry["acceptable_accuracy"] else 1)
        low, high = (end or gain for end in entry["performance_interval"])
        axes.hlines(row, low, high, color="black", linewidth=1.2)
        axes.plot(gain, row, style["marker"], color=style["color"], markeredgecolor="black")
        error = "unknown" if entry["relative_error"] is None else f"{entry['relative_error']:.1e}"
        label = f"error {error}: {'accepted' if entry['acceptable_accuracy'] else 'too large'}"
        at: Style = {"xytext": (1.01, row), "textcoords": ("axes fraction", "data"), "va": "center"}
        axes.annotate(label, (gain, row), fontsize=8, annotation_clip=False, **at)
    axes.margins(x=0.1)
    log_numbers(axes.xaxis)
    axes.axvline(1.0, color="black", linewidth=1, zorder=0)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    return figure


def roadmap(result: Result) -> Figure:
    """The improvement of the whole by each change, best on top, with its share of the time and its local speedup."""
    opportunities = result["optimization_opportunities"]
    figure, axes = chart(
        "What each change alone would do to everything that was measured",
        "improvement of the whole (times as fast)",
        "",
        height=1.8 + 0.6 * max(len(opportunities), 1),
    )
    for row, item in enumerate(opportunities):
        axes.barh(row, item["expected_improvement"], 0.6, color="#9DB9D3", edgecolor="black", linewidth=0.6)
        label = (
            f"{text(item['expected_improvement'])} times: {item['share']:.0%} of the time, "
            f"there {text(item['local_speedup'])} times as fast"
        )
        at: Style = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
        axes.annotate(label, (item["expected_improvement"], row), fontsize=8, **at)
    axes.set_yticks(range(len(opportunities)), [item["type"].replace("_", " ") for item in opportunities])
    axes.set_ylim(max(len(opportunities), 1) - 0.4, -0.6)
    axes.set_xlim(0, 2.2 * max((item["expected_improvement"] for item in opportunities), default=1.0))
    axes.axvline(1.0, color=GRAY, linestyle=":", linewidth=1)
    axes.grid(False, axis="y")
    return figure
