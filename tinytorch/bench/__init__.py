"""Timing callables on a noisy machine: samples with their spread, and comparisons with their confidence.

What the analyses of lesson 06 are made of stands in modules of its own: `kernel_run`, `races`, `scaling` and
`precision` measure; `changes` and `roadmap` put the findings in order; `results` and `advice` say what they are.
"""

from tinytorch.bench.compare import Comparison, Verdict, compare, compare_timed
from tinytorch.bench.sample import Timing, measure

__all__ = ["Comparison", "Timing", "Verdict", "compare", "compare_timed", "measure"]
