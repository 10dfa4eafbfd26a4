"""The picture of vectors says which elements an instruction touches; the figure of kernels shows what was measured."""

from __future__ import annotations

import itertools

import pytest

from tinytorch import plots
from tinytorch.bench import Timing
from tinytorch.hardware import Fact, Roofline
from tinytorch.plots.vectors import vector_spans

SIZES = (2048, 1 << 21)


@pytest.mark.parametrize("first", [0, 3, 9, 50])
@pytest.mark.parametrize("elements", [0, 1, 7, 8, 21, 40])
def test_spans_cover_every_element_once(elements: int, first: int) -> None:
    touched = [element for start, stop in vector_spans(elements, 8, first) for element in range(start, stop)]
    assert touched == list(range(elements))


def test_vectors_are_whole_between_the_first_element_and_the_rest() -> None:
    assert vector_spans(21, 8) == [(0, 8), (8, 16), (16, 21)]
    assert vector_spans(21, 8, 3) == [(0, 3), (3, 11), (11, 19), (19, 21)]
    assert vector_spans(2, 8, 3) == [(0, 2)]


@pytest.mark.parametrize("sizes", [(-1, 8, 0), (8, 0, 0), (8, 8, -1)])
def test_impossible_sizes_are_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="need elements"):
        vector_spans(*sizes)


@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_labels_of_instructions_do_not_overlap(lanes: int) -> None:
    figure = plots.vector_steps(2 * lanes + lanes // 2 + 1, lanes, lanes // 2 - 1).figure
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert [(a, b) for a, b in itertools.combinations(boxes, 2) if a.overlaps(b)] == []


def test_the_words_name_what_the_picture_shows() -> None:
    picture = plots.vector_steps(21, 8, 3)
    labels = [text.get_text() for text in picture.figure.axes[0].texts]
    assert {"load(x, 8)", "load_part(x, 16, 5)", "load_part(x, 0, 3)", "load(x, 11)"} <= set(labels)
    assert "21 elements, vectors of 8 lanes" in picture.text
    assert "a partial vector of elements 16 to 20" in picture.text
    assert "a partial vector of elements 0 to 2, a whole vector of elements 3 to 10" in picture.text


def test_a_kernel_stands_at_its_rate_beside_the_machine() -> None:
    roof = Roofline(Fact(100.0, "GFLOP/s", "measured", "made up"))
    roof.measured.update({8 * size: Fact(50.0, "GB/s", "measured", "made up") for size in SIZES})
    timings = {size: Timing((0.8 * size, size * 1.0, 1.6 * size), 1, 1) for size in SIZES}
    figure = plots.kernel_bandwidth({"relu": timings}, 8, roof)
    axes = figure.axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["machine, best run"].get_ydata()) == [50.0, 50.0]
    assert list(lines["relu"].get_ydata()) == pytest.approx([0.008, 0.008])
    assert list(lines["relu"].get_xdata()) == [8 * size for size in SIZES]
    assert axes.get_ylim()[0] < 0.008 / 1.6
    assert "bytes" in axes.get_xlabel()
    assert "GB/s" in axes.get_ylabel()
