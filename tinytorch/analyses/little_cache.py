"""A cache small enough to count with: how many lines a product in blocks has to fetch, whatever machine this is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

SIZE = 32  # rows and columns of the three matrices
LINES = 32  # that the cache holds
PER_LINE = 8  # elements


def lines_fetched(order: str, block: int, size: int = SIZE, lines: int = LINES, per_line: int = PER_LINE) -> int:
    """Returns the lines fetched for one product of size x size matrices, three loops blocked by `block`.

    order: the order of the loops inside a block, from the outermost, such as "ikj"; the blocks go in the order i, j, k.
    The cache holds `lines` lines of `per_line` neighbors in a row, and drops the line not used for the longest time.
    Raises ValueError if the order does not name i, j and k, or a number is below 1.
    """
    if sorted(order) != ["i", "j", "k"] or min(block, size, lines, per_line) < 1:
        raise ValueError(f"needs an order of i, j and k and numbers from 1 on, got {order!r} and block {block}")
    cache: OrderedDict[tuple[str, int, int], None] = OrderedDict()
    fetched = 0
    for i, j, k in _steps(order, block, size):
        for line in (("A", i, k // per_line), ("B", k, j // per_line), ("C", i, j // per_line)):
            fetched += line not in cache
            cache[line] = None
            cache.move_to_end(line)
            if len(cache) > lines:
                cache.popitem(last=False)
    return fetched


def _steps(order: str, block: int, size: int) -> Iterator[tuple[int, int, int]]:
    """(i, j, k) of every product, in the order in which the blocked loops come to it."""
    starts = range(0, size, block)
    for i0, j0, k0 in ((i0, j0, k0) for i0 in starts for j0 in starts for k0 in starts):
        ranges = {
            letter: range(start, min(start + block, size)) for letter, start in zip("ijk", (i0, j0, k0), strict=True)
        }
        outer, middle, inner = (ranges[letter] for letter in order)
        for first in outer:
            for second in middle:
                for third in inner:
                    at = dict(zip(order, (first, second, third), strict=True))
                    yield at["i"], at["j"], at["k"]
