"""The picture of rounding shows every code, every tie, and the same in its text."""

import numpy as np
import pytest

from tinytorch import plots
from tinytorch.plots.rounding import edges


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_every_code_and_every_tie_stand_in_the_text(bits):
    top = 2 ** (bits - 1) - 1
    text = plots.rounding(bits).text
    for code in range(-top, top + 1):
        assert f": code {code}" in text
    for tie in edges(top):
        assert f"{tie:g} gets {int(np.rint(tie))}" in text


def test_levels_and_ties_are_drawn_where_rounding_puts_them():
    above, below = plots.rounding(3).figure.axes
    *levels, ties, _ = above.lines
    for level in levels:
        x, y = level.get_data()
        assert list(y) == [np.rint(np.mean(x))] * 2
    np.testing.assert_array_equal(ties.get_ydata(), np.rint(ties.get_xdata()))
    errors = np.concatenate([line.get_ydata() for line in below.lines[:7]])
    assert np.abs(errors).max() == 0.5


@pytest.mark.parametrize("bits", [1, 5, 8, None])
def test_more_steps_than_can_be_told_apart_are_refused(bits):
    with pytest.raises(ValueError, match="2, 3 or 4"):
        plots.rounding(bits)
