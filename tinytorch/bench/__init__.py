"""Timing callables on a noisy machine: samples with their spread, and comparisons with their confidence."""

from tinytorch.bench.compare import Comparison, Verdict, compare, compare_timed
from tinytorch.bench.sample import Timing, measure

__all__ = ["Comparison", "Timing", "Verdict", "compare", "compare_timed", "measure"]
