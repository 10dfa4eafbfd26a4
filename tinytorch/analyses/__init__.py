"""What lesson 06 stands on: an analyzer that measures, and waits for functions that say what the figures mean.

`analyzer` and the five `*_analysis` files hold the class, `state` what they share. `kernel_run`, `races`, `scaling`,
`precision` and `blocks` measure; `judgment` has the roofs; `changes` and `roadmap` put the results in order; `results`
names their keys, `advice` and `words` put them into sentences; `written` finds kernels of the earlier lessons.

For the other lessons, `little_cache`, `rates`, `relu`, `worker_rows` and `eight_bits` count and measure.
"""

from tinytorch.analyses.analyzer import Analyzer
from tinytorch.analyses.changes import Change, Changes
from tinytorch.analyses.judgment import Roof, bound_by_experiment
from tinytorch.analyses.kernel_run import KernelRun, name_of
from tinytorch.analyses.known import crowded, perfect, stubborn
from tinytorch.analyses.parallel_analysis import Times
from tinytorch.analyses.precision import Trial, rms
from tinytorch.analyses.races import Race, Races
from tinytorch.analyses.rates import ProductRate, product_rates
from tinytorch.analyses.results import Decision, Figures, PrecisionFigures, RoofFigures, ScalingFigures, SpeedupFigures
from tinytorch.analyses.roadmap import opportunity, rank

__all__ = [
    "Analyzer",
    "Change",
    "Changes",
    "Decision",
    "Figures",
    "KernelRun",
    "PrecisionFigures",
    "ProductRate",
    "Race",
    "Races",
    "Roof",
    "RoofFigures",
    "ScalingFigures",
    "SpeedupFigures",
    "Times",
    "Trial",
    "bound_by_experiment",
    "crowded",
    "name_of",
    "opportunity",
    "perfect",
    "product_rates",
    "rank",
    "rms",
    "stubborn",
]
