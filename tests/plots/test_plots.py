"""Every figure has labels with units, the right scales, what was measured, and the machine below it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from tinytorch import plots
from tinytorch.bench import Timing
from tinytorch.hardware import Fact, Roofline

CACHES = {"L1": 48 << 10, "L2": 2 << 20}


def timing(median_us: float) -> Timing:
    return Timing(tuple(median_us * factor for factor in (0.9, 0.95, 1.0, 1.1, 1.4)), 1, 1)


def known_roof() -> Roofline:
    sizes = (16 << 10, 512 << 10, 64 << 20)
    return Roofline(
        Fact(100.0, "GFLOP/s", "measured", "made up"),
        {size: Fact(gb_s, "GB/s", "measured", "made up") for size, gb_s in zip(sizes, (400, 100, 20), strict=True)},
    )


FIGURES: dict[str, tuple[Callable[[], Figure], str, str, str, str]] = {
    # name: (figure, x label, y label, x scale, y scale)
    "samples": (lambda: plots.timing_samples({"a": timing(10), "b": timing(30)}), "µs", "", "log", "linear"),
    "ladder": (
        lambda: plots.speed_ladder({"a": timing(900), "b": timing(90)}, 1e6, 50.0),
        "GFLOP/s",
        "",
        "log",
        "linear",
    ),
    "size": (
        lambda: plots.time_vs_size([64, 128], {"a": [timing(5), timing(40)]}, None, "side (elements)"),
        "elements",
        "µs",
        "log",
        "log",
    ),
    "bytes": (
        lambda: plots.time_vs_size([1 << 14, 1 << 22], {"a": [timing(5), timing(40)]}, CACHES, "array (bytes)"),
        "bytes",
        "µs",
        "log",
        "log",
    ),
    "blocks": (
        lambda: plots.block_sweep([16, 64, 256], [timing(t) for t in (9, 5, 8)], [3072, 49152, 786432], CACHES),
        "block size",
        "µs",
        "log",
        "log",
    ),
    "bandwidth": (
        lambda: plots.bandwidth([(s, Fact(1e6 / s, "GB/s", "measured", "x")) for s in (8192, 1 << 20)], CACHES),
        "bytes",
        "GB/s",
        "log",
        "log",
    ),
    "roofline": (lambda: plots.roofline(known_roof(), {"relu": (0.125, 3.0)}), "FLOP/byte", "GFLOP/s", "log", "log"),
    "scaling": (
        lambda: plots.scaling([1, 2, 4], [timing(t) for t in (9, 5, 4)], 0.2),
        "workers",
        "times",
        "log",
        "log",
    ),
    "error": (lambda: plots.quantization_error([4, 8], [[0.1, 0.005]], ["uniform"]), "bits", "share", "linear", "log"),
}


@pytest.fixture(params=sorted(FIGURES))
def case(request: pytest.FixtureRequest) -> tuple[Figure, str, str, str, str]:
    make, *expected = FIGURES[request.param]
    return (make(), *expected)


def test_labels_and_scales(case: tuple[Figure, str, str, str, str]) -> None:
    figure, x_label, y_label, x_scale, y_scale = case
    axes = figure.axes[0]
    assert x_label in axes.get_xlabel()
    assert y_label in axes.get_ylabel()
    assert (axes.get_xscale(), axes.get_yscale()) == (x_scale, y_scale)
    assert axes.get_title(loc="left")


def test_machine_and_date_stand_below(case: tuple[Figure, str, str, str, str]) -> None:
    text = "\n".join(each.get_text() for each in case[0].texts)
    assert "usable cores" in text
    assert "; 20" in text


def test_figure_shows_itself_as_png(case: tuple[Figure, str, str, str, str]) -> None:
    assert case[0]._repr_png_().startswith(b"\x89PNG")


def test_texts_inside_the_axes_do_not_overlap(case: tuple[Figure, str, str, str, str]) -> None:
    figure = case[0]
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    overlaps = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    assert overlaps == []


def test_every_sample_is_drawn() -> None:
    line = plots.timing_samples({"a": timing(10)}).axes[0].lines[0]
    np.testing.assert_allclose(line.get_xdata(), timing(10).samples_us)


def test_middle_half_is_drawn() -> None:
    bar = plots.timing_samples({"a": timing(10)}).axes[0].patches[0]
    assert (bar.get_x(), bar.get_x() + bar.get_width()) == pytest.approx((9.5, 11.0))


def test_ladder_shows_rate_and_factor_over_the_first() -> None:
    axes = plots.speed_ladder({"a": timing(900), "b": timing(90)}, 1.8e6, None).axes[0]
    assert [text.get_text() for text in axes.texts] == ["2 GFLOP/s", "20 GFLOP/s, 10 times the first"]


def test_cache_line_stands_where_the_working_set_fills_the_cache() -> None:
    blocks, sets = [16, 64, 256], [3 * b * b * 4 for b in (16, 64, 256)]
    axes = plots.block_sweep(blocks, [timing(5)] * 3, sets, {"L1": 48 << 10, "L3": 1 << 30}).axes[0]
    marks = [line for line in axes.lines if len(set(line.get_xdata())) == 1]
    assert [line.get_xdata()[0] for line in marks] == pytest.approx([64.0])


def test_scaling_is_speedup_over_the_first_entry() -> None:
    figure = plots.scaling([1, 2], {"relu": [timing(10), timing(5)]})
    drawn = figure.axes[0].containers[0].lines[0]
    assert list(drawn.get_ydata()) == [1.0, 2.0]


def test_ideal_is_left_out_when_the_first_entry_is_not_one_worker() -> None:
    labels = [text.get_text() for text in plots.scaling([2, 4], [timing(5)] * 2).axes[0].get_legend().get_texts()]
    assert labels == ["measured"]


def test_unknown_bandwidth_is_left_out() -> None:
    points = [(8192, Fact(10.0, "GB/s", "measured", "x")), (1 << 20, Fact(None, "GB/s", "unavailable", "no compiler"))]
    assert list(plots.bandwidth(points, None).axes[0].lines[0].get_xdata()) == [8192]


def test_roofline_of_an_unknown_machine_says_why_there_is_none() -> None:
    roof = Roofline(Fact(None, "GFLOP/s", "unavailable", "the JIT is off"))
    with pytest.raises(ValueError, match="no roofline to draw: the JIT is off"):
        plots.roofline(roof, {})


def test_roofline_has_a_text_alternative() -> None:
    words = plots.roofline_text(known_roof(), {"naive": (85.0, 0.9), "relu": (0.125, 3.0)})
    assert "naive stands at 85 operations per byte and 0.9 GFLOP/s, below the flat ceiling." in words
    assert "relu stands at 0.125 operations per byte and 3 GFLOP/s, below the slopes: bytes set its limit." in words


def test_roofline_legend_covers_no_kernel() -> None:
    figure = plots.roofline(known_roof(), {"naive": (85.0, 0.9), "simd": (85.0, 80.0), "relu": (0.125, 3.0)})
    figure.draw_without_rendering()
    legend = figure.axes[0].get_legend().get_window_extent()
    kernels = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    lowest = min(line.get_window_extent().y0 for line in kernels)
    assert len(kernels) == 3
    assert legend.y1 < lowest


def test_no_state_of_pyplot_is_touched() -> None:
    program = "import sys, tinytorch.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0
