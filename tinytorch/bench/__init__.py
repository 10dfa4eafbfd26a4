"""Timing callables on a noisy machine: samples with their spread, and comparisons with their confidence."""

from tinytorch.bench.bands import Bands, Standing, in_bands, standing
from tinytorch.bench.compare import Comparison, Verdict, compare, compare_timed
from tinytorch.bench.kept import Kept, keep, kept
from tinytorch.bench.sample import Timing, measure
from tinytorch.bench.workers import AmdahlFit, Gain, amdahl_fit, gain_figures, worker_gains

__all__ = [
    "AmdahlFit",
    "Bands",
    "Comparison",
    "Gain",
    "Kept",
    "Standing",
    "Timing",
    "Verdict",
    "amdahl_fit",
    "compare",
    "compare_timed",
    "gain_figures",
    "in_bands",
    "keep",
    "kept",
    "measure",
    "standing",
    "worker_gains",
]
