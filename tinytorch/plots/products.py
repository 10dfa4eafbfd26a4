"""The idea of each matrix product of lesson 02: which elements of A, B and C one step touches."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tinytorch.plots.pictures import Picture

N = 12  # rows and columns of the matrices in the picture
DARK, LIGHT = "0.35", "0.8"
Part = tuple[int, int, int, int]  # first row, first column, rows, columns


@dataclass(frozen=True, slots=True)
class Rung:
    """One version: its name, and for A, B and C what is in use (light) and what one step touches (dark)."""

    name: str
    light: tuple[Part, Part, Part]
    dark: tuple[Part, Part, Part]


RUNGS = (
    Rung(
        "order i, j, k:\none element of C",
        light=((4, 0, 1, N), (0, 5, N, 1), (4, 5, 1, 1)),
        dark=((4, 7, 1, 1), (7, 5, 1, 1), (4, 5, 1, 1)),
    ),
    Rung(
        "order i, k, j:\none row of C",
        light=((4, 0, 1, N), (0, 0, N, N), (4, 0, 1, N)),
        dark=((4, 7, 1, 1), (7, 0, 1, N), (4, 0, 1, N)),
    ),
    Rung(
        "blocks:\none block of C",
        light=((4, 0, 4, N), (0, 4, N, 4), (4, 4, 4, 4)),
        dark=((4, 8, 4, 4), (8, 4, 4, 4), (4, 4, 4, 4)),
    ),
    Rung(
        "register tile:\nall sums at once",
        light=((4, 0, 3, N), (0, 4, N, 4), (4, 4, 3, 4)),
        dark=((4, 7, 3, 1), (7, 4, 1, 4), (4, 4, 3, 4)),
    ),
)
TEXT = (
    "Four rows of three square matrices A, B and C; light cells are in use, dark cells are touched by one step. "
    "Order i, j, k: one element of C takes a whole row of A and a whole column of B, one element of each at a time. "
    "Order i, k, j: one row of C is updated by one element of A times one row of B, and all of B is in use. "
    "Blocks: one block of C is updated by one block of A times one block of B; these three small squares are in use "
    "together. Register tile: a small tile of C is updated by a short column of A times a short row of B, "
    "every element of one with every element of the other."
)


def product_rungs() -> Picture:
    """Returns the picture of four ways through a product: by elements, by rows, by blocks, by register tiles."""
    figure = Figure(figsize=(7, 7.2), layout="constrained")
    grid = figure.subplots(len(RUNGS), 3)
    for axes_of_rung, rung in zip(grid, RUNGS, strict=True):
        for axes, letter, light, dark in zip(axes_of_rung, "ABC", rung.light, rung.dark, strict=True):
            _matrix(axes, light, dark)
            axes.set_title(letter, fontsize=9)
        axes_of_rung[0].set_ylabel(rung.name, rotation=0, ha="right", va="center", fontsize=10)
    figure.suptitle("C = A @ B: dark cells are touched by one step, light ones are in use around it", fontsize=10)
    return Picture(figure, TEXT)


def _matrix(axes: Axes, light: Part, dark: Part) -> None:
    for (row, column, rows, columns), color in ((light, LIGHT), (dark, DARK)):
        axes.add_patch(Rectangle((column, row), columns, rows, color=color, linewidth=0))
    for edge in range(N + 1):
        axes.plot((0, N), (edge, edge), color="0.6", linewidth=0.4)
        axes.plot((edge, edge), (0, N), color="0.6", linewidth=0.4)
    axes.set(xlim=(0, N), ylim=(N, 0), xticks=[], yticks=[], aspect="equal")
