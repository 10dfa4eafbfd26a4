"""The figures of threads show what they are given, and nothing where there is no figure."""

from __future__ import annotations

import re

import pytest
from matplotlib.patches import Rectangle

from tinytorch import plots
from tinytorch.bench import Gain
from tinytorch.plots import threads

KNOWN = Gain(2, 1.0, 1.9, 1.8, 2.0, 2.0, 1.0)
OPEN = Gain(4, 1.0, 1.2, 0.9, 1.5, 2.0, 1.0)
DISTURBED = Gain(8, 1.0, 1.49, 1.2, 1.7, 0.9, 0.6)


def test_the_picture_and_its_text_name_the_same_shares() -> None:
    picture = plots.shares_and_panels()
    caller, second = (
        [int(number) for number in re.findall(r"\d", found.group(1))]
        for found in (
            re.search(r"caller took shares ([\d, and]+),", picture.text),
            re.search(r"took (1[\d, and]+):", picture.text),
        )
        if found
    )
    assert caller == [share for share, taker in enumerate(threads.TAKERS) if taker == 0]
    assert second == [share for share, taker in enumerate(threads.TAKERS) if taker == 1]


def test_the_picture_draws_every_element_once_for_one_thread() -> None:
    array, product = plots.shares_and_panels().figure.axes
    cells = [patch for patch in array.patches if isinstance(patch, Rectangle)]
    assert len({(cell.get_x(), cell.get_y()) for cell in cells}) == len(cells) == 24
    faces = {cell.get_facecolor() for cell in cells}
    assert len(faces) == 2
    assert {patch.get_facecolor() for patch in product.patches} > faces  # and that of what both read


def test_the_picture_is_shown_with_its_text() -> None:
    html = plots.shares_and_panels()._repr_html_()
    assert html.startswith("<img")
    assert 'alt="Left: an array of 24 elements' in html


def test_the_timeline_has_a_row_for_each_thread_and_a_bar_for_each_share() -> None:
    figure = plots.share_timeline([("a", 0, 0.1, 1.0), ("b", 1, 0.3, 2.0), ("a", 2, 1.0, 3.0)])
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches if isinstance(bar, Rectangle)]
    assert bars == [pytest.approx(bar) for bar in ((0.1, 0.9), (0.3, 1.7), (1.0, 2.0))]
    assert "ms" in axes.get_xlabel()


def test_gains_have_a_row_each_and_no_mark_where_there_is_no_figure() -> None:
    figure = plots.worker_gains({"relu": [Gain(1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), KNOWN, OPEN], "tanh": [DISTURBED]})
    (axes,) = figure.axes
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows == ["relu, 2 workers", "relu, 4 workers", "tanh, 8 workers"]
    marks = [line for line in axes.lines if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in marks] == [1.9, 1.2]  # type: ignore[index]
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, True]
    notes = [text.get_text() for text in axes.texts]
    assert notes == ["1.90 times as fast", "no difference can be seen", "no figure: other programs"]


def test_no_gains_are_an_empty_figure() -> None:
    (axes,) = plots.worker_gains({}).axes
    assert axes.get_yticklabels() == []
