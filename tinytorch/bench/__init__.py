"""Timing callables on a noisy machine: samples with their spread, and comparisons with their confidence."""

from tinytorch.bench.bands import Bands, Standing, in_bands, standing
from tinytorch.bench.compare import Comparison, Verdict, compare, compare_timed
from tinytorch.bench.kept import Kept, keep, kept
from tinytorch.bench.sample import Timing, measure

__all__ = [
    "Bands",
    "Comparison",
    "Kept",
    "Standing",
    "Timing",
    "Verdict",
    "compare",
    "compare_timed",
    "in_bands",
    "keep",
    "kept",
    "measure",
    "standing",
]
