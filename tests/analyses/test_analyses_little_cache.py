"""The cache to count with agrees with counts made by hand, and its best block is the largest of which three fit."""

import pytest

from tinytorch.analyses.little_cache import LINES, PER_LINE, lines_fetched


def test_a_cache_that_holds_everything_fetches_each_line_once():
    assert lines_fetched("ijk", 8, size=8, lines=1000, per_line=4) == 3 * 8 * 2


def test_without_room_for_reuse_every_step_fetches():
    assert lines_fetched("ijk", 4, size=4, lines=1, per_line=4) == 3 * 4**3


def test_the_order_of_the_loops_changes_what_is_fetched():
    assert lines_fetched("ijk", 32) > 7 * lines_fetched("ikj", 32)


def test_the_largest_block_of_which_three_fit_fetches_the_fewest_lines():
    blocks = (2, 4, 8, 16, 32)
    counts = {block: lines_fetched("ikj", block) for block in blocks}
    fitting = [block for block in blocks if 3 * block**2 <= LINES * PER_LINE]
    assert min(counts, key=counts.get) == max(fitting) == 8


@pytest.mark.parametrize(("order", "block"), [("iij", 8), ("ij", 8), ("ijk", 0)])
def test_other_orders_and_sizes_are_refused(order, block):
    with pytest.raises(ValueError, match="needs an order"):
        lines_fetched(order, block)
