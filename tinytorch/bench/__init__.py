"""Timing callables on a noisy machine: samples with their spread, and comparisons with their confidence.

What the analyses of lesson 06 are made of stands in modules of its own: `kernel_run`, `races`, `scaling` and
`precision` measure; `changes` and `roadmap` put the findings in order; `results` and `advice` say what they are.
"""

from tinytorch.bench.bands import Bands, Standing, in_bands, standing
from tinytorch.bench.compare import Comparison, Verdict, compare, compare_timed
from tinytorch.bench.sample import Timing, measure

__all__ = [
    "Bands",
    "Comparison",
    "Standing",
    "Timing",
    "Verdict",
    "compare",
    "compare_timed",
    "in_bands",
    "measure",
    "standing",
]
