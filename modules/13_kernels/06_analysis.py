# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Where to optimize first
# > Hold a kernel against the machine, and let measurements say what to do next.
#
# You can make a kernel faster in five ways by now: order and block its loops, vectorize it, fuse it with its neighbour,
# run it on several threads, compute in fewer bits. This lesson is about choosing. At its end you have a
# `KernelOptimizationAnalyzer`: it measures a kernel, holds the result against what this machine could do, and orders
# the possible changes by what they'd gain for the whole program.
#
# One rule runs through all of it: **no figure is made up.** A figure is detected (the system states it), measured
# (timed in this run), or derived (computed from such figures), and its `source` says which. What can't be had is
# `None`, with a `reason`.

# %%
#| default_exp core.kernels.analysis

# %%
#| export
import importlib
import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinytorch import hardware
from tinytorch.analyses.advice import cache_advice, quantization_advice, scaling_advice, vector_advice
from tinytorch.analyses.arguments import checked_choice, checked_counts, checked_list, checked_shapes
from tinytorch.analyses.blocks import block_figures
from tinytorch.analyses.changes import changes_of
from tinytorch.analyses.kernel_run import KernelRun, name_of, run_kernel
from tinytorch.analyses.precision import (
    by_operation, checked_levels, decision_figures, float32_times, mean_by_bits, named_operations, precision_figures,
    rms, rounded_to, run_in_bits)
from tinytorch.bench.progress import stage
from tinytorch.analyses.races import Race, race, race_figures
from tinytorch.analyses.results import (
    CacheResult, Figures, ParallelResult, QuantizationResult, RoadmapResult, VectorizationResult)
from tinytorch.analyses.roadmap import checked_metrics, opportunity, plan_of, rank, roadmap_advice
from tinytorch.analyses.scaling import (
    attempt_figures, optimal_figures, overhead_figures, scaling_laws, summary_figures, try_worker_counts)

# %%
import time

from threadpoolctl import threadpool_limits

from tinytorch import plots
from tinytorch.bench import measure

one_thread = threadpool_limits(1)  # NumPy on one core: the roofs below are those of one core

# %% [markdown]
# `tinytorch.bench` and `tinytorch.hardware` measure, check arguments, and write figures and sentences down; their
# source is yours to read. What the figures **mean** is this lesson, and you write it: five methods, a few lines each.
#
# ## Two roofs
#
# A kernel has to move its operands and to do its arithmetic. Say it moves $b$ bytes and does $f$ floating point
# operations, on a machine that moves at most $\beta$ bytes and does at most $\pi$ operations a second. It can't finish
# before
#
# $$ t_{\text{floor}} = \max\left(\frac{b}{\beta},\ \frac{f}{\pi}\right) $$
#
# That is the roofline model (S. Williams, A. Waterman, D. Patterson, *Roofline*, CACM 52(4), 2009). If the first term
# is the larger, memory is the bottleneck, otherwise arithmetic is. $t_{\text{floor}} / t$ is the share of the possible
# speed that a kernel with time $t$ reaches.
#
# $b$ counts each operand once and the result once, the least that a program can move. $\beta$ depends on where the data
# lives: a working set in L1 moves many times faster than one in main memory, so each working set has its own roof.
#
# A product of two $n \times n$ float32 matrices does $2n^3$ operations on $12n^2$ bytes; an addition does one operation
# for 12 bytes, at every size. Which of them can faster arithmetic help, and which only fewer bytes?

# %% tags=["measure"]
points = {}
for n in (128, 512):
    A, B = np.random.default_rng(n).standard_normal((2, n, n), dtype=np.float32)
    for name, func, flops in ((f"add {n}", np.add, n * n), (f"product {n}", np.matmul, 2 * n**3)):
        timing = measure(func, A, B)
        rates = (flops / us / 1000 for us in (timing.median_us, timing.high_us, timing.low_us))
        points[name] = (flops / (12 * n * n), *rates)
plots.roofline(hardware.roofline(), points)

# %% [markdown]
# ## The machine, and what you say about it
#
# Your five analyses share an `AnalysisState`, which is given. You use two things of it: `self.hardware_config`, the
# machine as `tinytorch.hardware` found it, with what the caller names in its place (to ask "what if L2 had 256 KiB?");
# and `self.roof(run)`, the roofs over one run of a kernel. `self.keep(...)` stores a result in `self.analysis_results`,
# with the machine card, and the times that it started from in `self.baseline_measurements`; the last analysis needs
# both. `self.plot("cache_efficiency")` draws the result kept under that name.

# %%
#| export
class AnalysisState:
    """The machine, the results so far, and the recommendations they led to.

    hardware_config: what was found out, overridden by what the caller names; hardware_sources says where it is from.
    analysis_results and baseline_measurements go by the analysis; the latter holds microseconds by what was timed.
    """

    def __init__(self, hardware_config: hardware.HardwareConfig | None = None) -> None:
        self.machine = hardware.configure(hardware_config)
        self.hardware_config = self.machine.values
        self.hardware_sources = self.machine.sources
        self.analysis_results: dict[str, Mapping[str, Any]] = {}
        self.optimization_recommendations: list[str] = []
        self.baseline_measurements: dict[str, dict[str, float]] = {}

    def keep(self, name: str, result: Any, times_us: Mapping[str, float]) -> Any:
        """Store one analysis's result, with the machine card, and the times it started from; return the result."""
        result["machine"] = hardware.card().as_dict()
        self.analysis_results[name] = result
        if times_us:
            self.baseline_measurements[name] = dict(times_us)
        kept = self.analysis_results.values()
        self.optimization_recommendations = [line for analysis in kept for line in analysis["recommendations"]]
        return result

    def roof(self, run: KernelRun) -> hardware.Roof:
        """Bandwidth at the run's working set (or the one given) and peak, of as many cores as the run kept busy."""
        return hardware.roof_over(run, self.machine)

    def plot(self, name: str) -> Any:
        """The figure of the result kept under `name`; raises ValueError if that analysis has not run."""
        from tinytorch import plots

        if name not in self.analysis_results:
            raise ValueError(f"no result {name!r} is kept; there is {', '.join(self.analysis_results) or 'none yet'}")
        return plots.analysis(name, self.analysis_results[name])

# %%
machine = AnalysisState()
for name, value in machine.hardware_config.items():
    print(f"{name:>18}: {value}   ({machine.hardware_sources.get(name, 'each cache on its own')})")
print(f"\nThe machine card:\n{hardware.card()}")

# %% [markdown]
# ## Hold a kernel against its roof
#
# What does a kernel move? The bytes of its operands and of its result can be counted. What does it compute? That can't
# be read off a function, so the kernel has to say it: `KNOWN_FLOPS` speaks for the kernels of this module and a few of
# NumPy's; to your own you give an attribute, `my_kernel.flops = lambda n: 3 * n * n`.
#
# Without it, only the memory roof can be drawn, and the bottleneck is found by an experiment: time a pass over the same
# operands that only moves them. If that takes less than half the kernel's time, something else keeps the kernel busy.
# `hardware.bound_by_experiment(run, memory_us)` answers so.

# %%
#| export
PRODUCTS = ("matmul", "dot", "matmul_baseline", "matmul_naive", "cache_friendly_matmul", "matmul_simd",
            "parallel_matmul")
ELEMENTWISE = ("add", "subtract", "multiply", "maximum", "vectorized_relu", "parallel_relu")
KNOWN_FLOPS: dict[str, Callable[[int], int]] = {
    **dict.fromkeys(PRODUCTS, lambda n: 2 * n**3),
    **dict.fromkeys(ELEMENTWISE, lambda n: n * n),
    "fused_relu_bias": lambda n: 2 * n * n,
}


def measure_kernel(func: Callable[..., Any], size: int) -> KernelRun:
    """One run of `func` on one or two size x size float32 matrices, as it takes; its exceptions pass through."""
    return run_kernel(func, size, KNOWN_FLOPS)

# %% [markdown]
# How much does the **order** of visiting numbers matter? One loop follows a list of indices, so that nothing but the
# list changes: in sequence, in steps of a cache line, or at random.

# %% tags=["measure"]
for pattern in hardware.PATTERNS:
    print(f"{pattern:>10}: {hardware.measure_pattern(pattern, 4_000_000)} of useful numbers ({plots.caption()})")

# %% [markdown]
# **Predict.** At size 256, which share of the roof's speed does the loop `matmul_naive` from lesson 2 reach, and which
# share does NumPy's product? Two numbers between 0 and 1.

# %%
my_prediction_naive_share = None
my_prediction_numpy_share = None

# %% [markdown]
# ### Write `analyze_cache_efficiency`
#
# For each size `n` you have `runs[n]` (`time_us`, `moved_bytes`, `flops`) and `roofs[n]` (`bandwidth_gb_s`, and the
# floors `memory_us(bytes)` and `compute_us(flops)`, each None if it isn't known). `figures[n]` is a dictionary of
#
# | name | figure |
# | --- | --- |
# | `gb_s` | moved bytes per second, in units of $10^9$ |
# | `share` | the larger known floor over the time, at most 1.0: the roof is measured too, a lucky run may pass it |
# | `percent` | 100 times `gb_s` over the roof's bandwidth |
# | `bound` | "memory" or "compute", by the larger floor; by the experiment if only the memory floor is known |
#
# If the memory floor isn't known, the last three stay None: no figure is made up.

# %% [markdown]
# Then the blocks: `blocks[level]` is the side, in elements, of the largest block of which **three** fit the cache of
# that level (a block of A, one of B and one of C are live at once): $3 \cdot 4\, b^2 \le$ its bytes. None for an
# unknown size. `math.isqrt` is the whole-number root. Figures and blocks together are about 14 lines.
#
# That is a rule of thumb, so it has to be tried: for a kernel with a parameter `block_size`, the given
# `block_figures` runs the rule's sizes and powers of two in turn, and reports the fastest, those within 5 % of it, and
# what the rule loses.

# %% nbgrader={"grade": false, "grade_id": "analyze_cache_efficiency", "solution": true}
#| export
class CacheAnalysis(AnalysisState):
    """How near a kernel comes to its roof, and what holds it back."""

    def analyze_cache_efficiency(
        self, kernel_func: Callable[..., Any], data_sizes: Sequence[int], access_patterns: Sequence[str] | None = None
    ) -> CacheResult:
        """Run `kernel_func` on one or two size x size float32 matrices, as it takes, and hold it against the roofline.

        access_patterns: of "sequential", "strided", "random"; their bandwidth is measured at the largest size.
        `block_sweep`: the best block size as
        measured at the largest size, if the kernel has a parameter `block_size`. What can't be had is None, with a reason.
        Raises ValueError for sizes below 1 and unknown patterns; an exception of the kernel passes through.
        """
        sizes = checked_counts(data_sizes, "data_sizes")
        patterns = checked_choice(access_patterns, hardware.PATTERNS, "access_patterns")
        caches = self.hardware_config["cache_sizes"]
        capacities = {level: caches[name] for level, name in hardware.LEVELS.items()}
        runs = {n: measure_kernel(kernel_func, n) for n in sizes}
        roofs = {n: self.roof(run) for n, run in runs.items()}
        figures, blocks = {}, {}
        ### BEGIN SOLUTION
        for n, run in runs.items():
            roof, gb_s = roofs[n], run.moved_bytes / run.time_us / 1000
            memory_us, compute_us = roof.memory_us(run.moved_bytes), roof.compute_us(run.flops)
            share = percent = bound = None
            if memory_us is not None:
                share = min(1.0, max(memory_us, compute_us or 0.0) / run.time_us)
                percent = 100 * gb_s / roof.bandwidth_gb_s
                bound = hardware.bound_by_experiment(run, memory_us)
                if compute_us is not None:
                    bound = "memory" if memory_us >= compute_us else "compute"
            figures[n] = {"share": share, "gb_s": gb_s, "percent": percent, "bound": bound}
        for level, capacity in capacities.items():
            blocks[level] = None if capacity is None else math.isqrt(int(capacity) // 12)
        ### END SOLUTION
        entries = {n: hardware.run_figures(run, roofs[n], caches, **figures[n]) for n, run in runs.items()}
        efficiency, bandwidth = ({n: pair[i] for n, pair in entries.items()} for i in (0, 1))
        sweep = block_figures(kernel_func, max(sizes), blocks)
        return self.keep("cache_efficiency", CacheResult(
            data_sizes_tested=sizes,
            access_patterns=patterns,
            access_pattern_bandwidth=hardware.pattern_figures(patterns, max(sizes) ** 2),
            cache_efficiency=efficiency,
            bandwidth_utilization=bandwidth,
            optimal_block_sizes=blocks,
            block_sweep=sweep,
            memory_bound_sizes=[n for n, entry in bandwidth.items() if entry["bottleneck"] == "memory"],
            recommendations=cache_advice(efficiency, bandwidth, sweep),
            sources={"execution_time_us": "measured", "data_size_mb": "measured", "optimal_block_sizes": "derived",
                     "block_sweep": "measured", "memory_bound_sizes": "derived", "machine": "detected"},
        ), {f"{name_of(kernel_func)} {n}": run.time_us for n, run in runs.items()})


# %% nbgrader={"grade": true, "grade_id": "check_analyze_cache_efficiency", "points": 2}
def test_unit_cache_efficiency() -> None:
    """Levels and blocks follow the given machine; the figures agree with each other."""
    machine = {"memory_bandwidth": 0.001, "cache_sizes": {"l1_data": 2**14, "l2": 2**16, "l3": 2**18}}
    analysis = CacheAnalysis(machine)
    result = analysis.analyze_cache_efficiency(np.add, [16, 64, 128, 256], ["sequential", "random"])
    blocks = result["optimal_block_sizes"]
    assert blocks == {"L1": 36, "L2": 73, "L3": 147}, f"three blocks of b * b float32 must fit each cache; got {blocks}"
    for n, level in ((16, "L1"), (256, "RAM")):
        moved, entry = result["bandwidth_utilization"][n], result["cache_efficiency"][n]
        assert entry["cache_level"] == level, f"three matrices of side {n} live in {level} of this machine"
        gb_s = 3 * n * n * 4 / entry["execution_time_us"] / 1000
        assert math.isclose(moved["bandwidth_gb_s"], gb_s), "bandwidth: bytes of operands and result per second"
        assert math.isclose(moved["utilization_percent"], 100 * gb_s / 0.001), "utilization: of the given 0.001 GB/s"
        assert moved["bottleneck"] == "memory", "with 0.001 GB/s, memory holds everything up"
        assert entry["efficiency_estimate"] == 1.0, "the share of the roof's speed is at most 1.0"
    assert analysis.analysis_results["cache_efficiency"] is result, "the result is kept"


test_unit_cache_efficiency()


# %% tags=["measure"]
from tinytorch.core.kernels import matmul

kernels = (matmul.matmul_naive, matmul.cache_friendly_matmul, np.matmul, np.add)
shares = {name_of(k): CacheAnalysis().analyze_cache_efficiency(k, (32, 64, 128, 256)) for k in kernels}
plots.roof_shares(shares)

# %% tags=["measure"]
blocked = shares["cache_friendly_matmul"]
print(blocked["recommendations"][-1])
caches = {level: machine.hardware_config["cache_sizes"][name] for level, name in hardware.LEVELS.items()}
plots.blocks(blocked["block_sweep"], {level: size for level, size in caches.items() if size})

# %% [markdown]
# **Compare.** How far off were your two shares? The kernel with the lowest line has the most to gain, but by which
# change: blocking, or vector instructions? Its `bottleneck` tells you which to try first. Did the rule pick a block size
# as good as the fastest? And the three orders of visiting: the same numbers, the same additions. What does a cache line
# have to do with the strided one?

# %% [markdown]
# ## Ask what vectors would bring
#
# "This vectorizes well" is a claim about a compiler, a processor and a size of data. To find out, run the operation
# twice: one element at a time, and with vectors. The first is harder than it sounds, because Numba's compiler
# vectorizes simple loops by itself. The scalar loops in `tinytorch/hardware/loops.py` have an exit that depends on the
# data, `if x[i] == stop: break`. With `stop = NaN` it's never taken, since NaN equals nothing; but the compiler can't
# know, and has to look at one element before it may touch the next. Both forms run on one core.
#
# `hardware.scalar_and_vector(op, shape)` returns the two as calls without arguments, after it has seen them agree. About
# a name that it doesn't have (a convolution, say) the honest answer is "unknown".

# %%
#| export
def race_of(op: str, shapes: Sequence[tuple[int, ...]]) -> Race:
    """Both forms of `op`, timed on float32 data of each shape that fits it."""
    fitting = [shape for shape in shapes if not hardware.why_not_run(op, shape)]
    if not fitting:
        return Race(None, None, hardware.why_not_run(op, shapes[0]))
    return race([hardware.scalar_and_vector(op, shape) for shape in fitting])

# %% [markdown]
# **Predict.** A vector register of your machine holds `machine.hardware_config["simd_width"]` float32. Which of `add`,
# `exp`, `dot` and `matmul` gains the most from vectors on data that fits a cache, and how many times?

# %%
my_prediction_best_operation = None
my_prediction_best_speedup = None

# %% [markdown]
# ### Write `analyze_vectorization_potential`
#
# `races[op]` holds the two times of each operation, `scalar_us` and `vectorized_us`, both None if it couldn't be run.
# From the operations that ran:
#
# * `speedups[op]`: the scalar time over the vectorized time.
# * `estimates["overall"]`: the whole sequence's scalar time over its vectorized time. **Not** the mean of the speedups:
#   an operation that takes long counts more. One that is named twice runs twice; `counts` says how often each is.
# * `estimates["best_case"]`: the largest speedup of one operation.
#
# If none ran, leave the two estimates None. About 8 lines. The word for a speedup is given: "high" from 4 times on,
# "medium" from 1.5 on, otherwise "low"; an operation without a speedup gets "unknown" and the reason.

# %% nbgrader={"grade": false, "grade_id": "analyze_vectorization_potential", "solution": true}
#| export
class VectorizationAnalysis(AnalysisState):
    """What vector instructions bring, operation by operation."""

    def analyze_vectorization_potential(
        self, operation_sequence: Sequence[str], data_shapes: Sequence[Sequence[int] | int] | None = None
    ) -> VectorizationResult:
        """Run each named operation scalar and vectorized, on float32 data of each shape, and compare the times.

        data_shapes: (10000,) and (128, 128) if None. A name that can't be run gets potential "unknown", speedup None.
        Raises ValueError for an empty sequence and for sizes below 1.
        """
        sequence = checked_list(operation_sequence, "operation_sequence")
        shapes = checked_shapes(data_shapes, default=[(10_000,), (128, 128)])
        counts = Counter(sequence)
        races = {op: race_of(op, shapes) for op in counts}
        speedups: dict[str, float] = {}
        estimates: Figures = {"overall": None, "best_case": None, "source": "derived"}
        ### BEGIN SOLUTION
        ran = {op: run for op, run in races.items() if run.scalar_us is not None}
        for op, run in ran.items():
            speedups[op] = run.scalar_us / run.vectorized_us
        if ran:
            scalar_us = sum(counts[op] * run.scalar_us for op, run in ran.items())
            vectorized_us = sum(counts[op] * run.vectorized_us for op, run in ran.items())
            estimates["overall"] = scalar_us / vectorized_us
            estimates["best_case"] = max(speedups.values())
        ### END SOLUTION
        if estimates["overall"] is None:
            estimates["reason"] = "none of the operations could be run"
        opportunities = race_figures(races, speedups)
        return self.keep("vectorization_potential", VectorizationResult(
            operations_analyzed=sequence,
            simd_opportunities=opportunities,
            data_layout_requirements=hardware.layout_requirements(shapes, self.hardware_config["simd_width"]),
            speedup_estimates=estimates,
            algorithm_modifications=hardware.changes_for(speedups),
            recommendations=vector_advice(opportunities),
        ), {op: counts[op] * run.scalar_us for op, run in races.items() if run.scalar_us is not None})


# %% nbgrader={"grade": true, "grade_id": "check_analyze_vectorization_potential", "points": 2}
def test_unit_vectorization_potential() -> None:
    """Figures follow from the two times; what can't be run is unknown."""
    sequence = ["add", "matmul", "add", "conv2d"]
    result = VectorizationAnalysis().analyze_vectorization_potential(sequence, [(20_000,), (64, 64)])
    entries, estimates = result["simd_opportunities"], result["speedup_estimates"]
    assert set(entries) == {"add", "matmul", "conv2d"}, "one entry for each operation of the sequence"
    assert (entries["conv2d"]["potential"], entries["conv2d"]["speedup"]) == ("unknown", None), "conv2d can't be run"
    for op in ("add", "matmul"):
        speedup = entries[op]["scalar_us"] / entries[op]["vectorized_us"]
        assert math.isclose(entries[op]["speedup"], speedup), f"{op}: speedup is scalar time over vectorized time"
    scalar = 2 * entries["add"]["scalar_us"] + entries["matmul"]["scalar_us"]
    vectorized = 2 * entries["add"]["vectorized_us"] + entries["matmul"]["vectorized_us"]
    assert math.isclose(estimates["overall"], scalar / vectorized), "overall: times of the whole sequence, add twice"
    best = max(entries["add"]["speedup"], entries["matmul"]["speedup"])
    assert estimates["best_case"] == best, "best_case: the largest speedup of one operation"


test_unit_vectorization_potential()


# %% tags=["measure"]
sizes, names = (10_000, 4_000_000), ["add", "relu", "exp", "dot"]
gains = [VectorizationAnalysis().analyze_vectorization_potential(names, [(size,)]) for size in sizes]
plots.vector_gains(gains, [f"{size} elements" for size in sizes], machine.hardware_config["simd_width"])

# %% [markdown]
# **Compare.** Is the operation you named the one that gained most? A dot above the dotted line is no miracle: the
# vector form of `dot` also keeps several partial sums in flight, and that of `exp` uses another formula. Which
# operations lose most of their gain with many elements, and what would the roofline have told you beforehand?

# %% [markdown]
# ## Ask what threads would bring
#
# With $t_p$ the time on $p$ workers, the **speedup** is $t_1/t_p$, and the **efficiency** is that over $p$: the share
# of each worker that you get something for. Lesson 4 measured two kernels; here you write the general form.
#
# Two laws say how a speedup goes on:
#
# $$ S(p) = \frac{p}{1 + \sigma (p - 1) + \kappa\, p (p - 1)} $$
#
# With $\kappa = 0$ it is Amdahl's: a share $\sigma$ of the work has to wait for its turn. The universal scalability law
# (N. J. Gunther, *Guerrilla Capacity Planning*, Springer 2007, chapters 4 and 5) adds that $p$ workers have to agree in
# $p (p - 1)$ directions, so that beyond $\sqrt{(1 - \sigma)/\kappa}$ workers more of them make it slower. The given
# `scaling_laws` fits both to the times by least squares, and says which describes them better and how far it is off.

# %% [markdown]
# Three workloads of known behaviour are good company for an analyzer: `perfect` takes $t/p$, `stubborn` always $t$,
# `crowded` $t \cdot p$. They sleep instead of working, so the number of cores doesn't matter. What your method says
# about these must be right before you believe what it says about a kernel.

# %%
from tinytorch.analyses.known import crowded, perfect, stubborn

# %% [markdown]
# A workload may fail on some number of workers. That's a finding, not the end of the analysis: an attempt has a
# `time_us`, or None in its place and the `error`'s text.
#
# **Predict.** `parallel_relu` from lesson 4, on 10,000 and on 4,000,000 elements, with as many workers as your machine
# has cores: what speedup do you expect for each?

# %%
my_prediction_small_speedup = None
my_prediction_large_speedup = None

# %% [markdown]
# ### Write `analyze_parallel_scaling`
#
# For one size, `attempts[p]` is the attempt of each worker count, and `one` that of one worker, the baseline (it's made
# even if 1 isn't asked for). Fill `speedups[p]` and `efficiencies[p]` where both times are known, and leave out the
# other counts. Then set `best` to the count with the largest speedup, the fewer workers if two are equal; it stays None
# if there's no speedup at all. About 7 lines.

# %% nbgrader={"grade": false, "grade_id": "analyze_parallel_scaling", "solution": true}
#| export
class ParallelAnalysis(AnalysisState):
    """How a workload's time changes with the number of workers."""

    def analyze_parallel_scaling(
        self, workload_func: Callable[..., Any], worker_counts: Sequence[int], data_sizes: Sequence[int] | None = None
    ) -> ParallelResult:
        """Time `workload_func(data, workers)` on vectors of random float32, for every size and worker count.

        data_sizes: (10000, 100000) elements if None. speedup: time on one worker over time. efficiency: that / workers.
        scaling_laws: Amdahl's and the universal scalability law, fitted to each size, with residuals.
        A worker count whose call raises gets an `error` in place of its figures; the others go on.
        Raises ValueError for counts or sizes below 1, or none.
        """
        counts = checked_counts(worker_counts, "worker_counts")
        sizes = checked_counts((10_000, 100_000) if data_sizes is None else data_sizes, "data_sizes")
        results, summary, laws, times_us = {}, {}, {}, {}
        for size in sizes:
            data = np.random.default_rng(size).standard_normal(size, dtype=np.float32)
            one, attempts = try_worker_counts(workload_func, data, counts)
            speedups, efficiencies, best = {}, {}, None
            ### BEGIN SOLUTION
            for p, attempt in attempts.items():
                if one.time_us is not None and attempt.time_us is not None:
                    speedups[p] = one.time_us / attempt.time_us
                    efficiencies[p] = speedups[p] / p
                    if best is None or speedups[p] > speedups[best]:
                        best = p
            ### END SOLUTION
            results[size] = attempt_figures(attempts, speedups, efficiencies, one)
            summary[size], laws[size] = summary_figures(speedups, best), scaling_laws(one, attempts)
            if one.time_us is not None:
                times_us[f"{name_of(workload_func)} {size}"] = one.time_us
        overhead = {size: overhead_figures(entries) for size, entries in results.items()}
        optimal = {size: optimal_figures(entries) for size, entries in results.items()}
        return self.keep("parallel_scaling", ParallelResult(
            worker_counts_tested=counts,
            data_sizes_tested=sizes,
            scaling_results=results,
            efficiency_analysis=summary,
            overhead_analysis=overhead,
            optimal_parallelism=optimal,
            scaling_laws=laws,
            recommendations=scaling_advice(optimal, laws, self.hardware_config["cpu_cores"]),
        ), times_us)


# %% nbgrader={"grade": true, "grade_id": "check_analyze_parallel_scaling", "points": 2}
def test_unit_parallel_scaling() -> None:
    """Known workloads come out as what they are, and a failing worker count is recorded."""
    found = {}
    for workload in (perfect, stubborn, crowded):
        result = ParallelAnalysis().analyze_parallel_scaling(workload, [1, 2, 4], [1000])
        entries = result["scaling_results"][1000]
        for p, entry in entries.items():
            speedup = entries[1]["execution_time_us"] / entry["execution_time_us"]
            assert math.isclose(entry["speedup"], speedup), f"{p} workers: speedup is t1 / t{p}"
            assert math.isclose(entry["efficiency"], speedup / p), f"{p} workers: efficiency is speedup / workers"
        found[workload.__name__] = result["efficiency_analysis"][1000]
    assert found["perfect"]["best_worker_count"] == 4, "t / p is fastest on 4 of 1, 2, 4 workers"
    assert 2.5 < found["perfect"]["max_speedup"] < 5, "and about 4 times as fast"
    assert found["stubborn"]["max_speedup"] < 1.5, "always t: no speedup"
    assert found["crowded"]["best_worker_count"] == 1, "t * p is fastest on one worker"

    def fragile(data: np.ndarray, num_workers: int) -> None:
        if num_workers == 2:
            raise RuntimeError("two is one too many")
        time.sleep(0.002)

    entries = ParallelAnalysis().analyze_parallel_scaling(fragile, [1, 2, 3], [10])["scaling_results"][10]
    assert entries[2].get("speedup") is None, "a worker count that failed has no speedup"
    assert entries[3]["speedup"] is not None, "and the counts after it still have one"


test_unit_parallel_scaling()


# %% tags=["measure"]
for workload in (perfect, stubborn, crowded):
    known = ParallelAnalysis().analyze_parallel_scaling(workload, [1, 2, 3, 4, 6], [1000])
    print(f"{workload.__name__:>8}: {known['recommendations'][0]}")

# %% tags=["measure"]
from tinytorch.core.kernels.parallelism import parallel_relu

cores = machine.hardware_config["cpu_cores"] or 1
threads = ParallelAnalysis()
found = threads.analyze_parallel_scaling(parallel_relu, sorted({1, 2, 3, cores, 2 * cores}), (10_000, 4_000_000))
print("\n".join(found["recommendations"]))
threads.plot("parallel_scaling")

# %% [markdown]
# **Compare.** Were the three known workloads recognized, each with the right parameters? How far off were your two predictions? If the large size doesn't reach one core's speed for each core,
# two things can be the reason: the cores share the memory's bandwidth, or they share their time with other programs.
# Which measurement from the lessons before would tell the two apart?

# %% [markdown]
# ## Ask what fewer bits would bring
#
# Quantization trades accuracy for bytes, and sometimes for time. The three have to be measured together, because a
# change that loses on one of them may not be worth having. For a product and for ReLU you have the integer kernels of
# lesson 5. Any other operation is run on operands that were rounded to so many bits; that shows the error, and its time
# includes the rounding: rounding alone makes nothing faster.

# %%
#| export
QUANTIZATION_SIZES = (32, 256)
BY_NAME = {"matmul": ("matmul", "matmul_simd"), "relu": ("vectorization", "vectorized_relu")}  # lesson, kernel


def earlier(lesson: str, kernel: str) -> Callable[..., Any]:
    """The kernel of an earlier lesson, imported when it's asked for."""
    return getattr(importlib.import_module(f"tinytorch.core.kernels.{lesson}"), kernel)


def module_kernel(name: str) -> Callable[..., Any]:
    """The kernel that "matmul" or "relu" stands for."""
    if name not in BY_NAME:
        raise ValueError(f'operation {name!r} is not known by its name; pass "matmul", "relu", or a function')
    return earlier(*BY_NAME[name])


def quantized_form(op: Callable[..., Any], bits: int) -> Callable[..., Any]:
    """`op` in so many bits: lesson 5's kernel for a product or ReLU, otherwise `op` on rounded operands."""
    if name_of(op) in PRODUCTS:
        return partial(earlier("quantization", "quantized_matmul"), bits=bits)
    if name_of(op) in ("vectorized_relu", "parallel_relu"):
        return partial(earlier("quantization", "quantized_relu"), bits=bits)
    return lambda *operands: op(*(rounded_to(operand, bits) for operand in operands))

# %% [markdown]
# **Predict.** For the product of two matrices of normally distributed numbers, which relative error do you expect with
# 8 bits? Is `quantized_matmul` faster than `matmul_simd` on your machine?

# %%
my_prediction_relative_error = None
my_prediction_is_faster = None

# %% [markdown]
# ### Write `analyze_quantization_trade_offs`
#
# Each of the `runs` is one operation at one size in so many `bits`: `exact` and `float_us` are result and time in
# float32, `result` and `time_us` those in fewer bits. First judge every run:
#
# * `relative`: `rms` of the error over `rms` of the exact result. No error is 0.0, whatever the result; an error on a
#   result of zeros is None: nothing to compare it with.
# * `gain`: the float32 time over the quantized time, so that more is better.
# * `acceptable`: the relative error is known and at most `accuracy_threshold`.
#
# and append `precision_figures(run, relative=..., gain=..., acceptable=...)` to `figures`. Then decide: for each of
# `levels`, `decisions[bits]` is `decision_figures(bits, success=..., gain=..., recommended=...)` with the share of its
# runs that are acceptable, their mean gain, and True if **all** are acceptable and the mean gain is above 1. About 14
# lines.

# %% nbgrader={"grade": false, "grade_id": "analyze_quantization_trade_offs", "solution": true}
#| export
class QuantizationAnalysis(AnalysisState):
    """What fewer bits cost in accuracy, and what they bring in bytes and time."""

    def analyze_quantization_trade_offs(
        self,
        operations: Sequence[Callable[..., Any] | str],
        precision_levels: Sequence[int] | None = None,
        accuracy_threshold: float = 0.01,
    ) -> QuantizationResult:
        """Run each operation in float32 and in so many bits on square matrices of normally distributed numbers.

        operations: functions of one or two arrays, or "matmul", "relu". precision_levels: of 8, 16, 32; default 16, 8.
        relative_error: RMS of the error over RMS of the float32 result. Memory is that of the operands.
        recommended_for_production: every error acceptable, and faster on average, in this run.
        Raises ValueError for other levels, no operation, a negative threshold; an operation's exception passes through.
        """
        levels = checked_levels(precision_levels)
        if not accuracy_threshold >= 0:
            raise ValueError(f"accuracy_threshold must be a relative error of at least 0, got {accuracy_threshold!r}")
        named = named_operations(checked_list(operations, "operations"), module_kernel)
        runs = run_in_bits(named, QUANTIZATION_SIZES, levels, quantized_form)
        figures, decisions = [], {}
        ### BEGIN SOLUTION
        for run in runs:
            error, signal = rms(run.result - run.exact), rms(run.exact)
            relative = 0.0 if error == 0 else None if signal == 0 else error / signal
            acceptable = relative is not None and relative <= accuracy_threshold
            gain = run.float_us / run.time_us
            figures.append(precision_figures(run, relative=relative, gain=gain, acceptable=acceptable))
        for bits in levels:
            entries = [entry for run, entry in zip(runs, figures, strict=True) if run.bits == bits]
            success = statistics.fmean(entry["acceptable_accuracy"] for entry in entries)
            gain = statistics.fmean(entry["relative_performance"] for entry in entries)
            recommended = success == 1.0 and gain > 1.0
            decisions[bits] = decision_figures(bits, success=success, gain=gain, recommended=recommended)
        ### END SOLUTION
        accuracy = by_operation(runs, figures)
        return self.keep("quantization_trade_offs", QuantizationResult(
            precision_levels_tested=levels,
            operations_analyzed=list(named),
            accuracy_threshold=accuracy_threshold,
            accuracy_analysis=accuracy,
            performance_analysis=mean_by_bits(accuracy, levels, "relative_performance"),
            memory_analysis=mean_by_bits(accuracy, levels, "relative_memory"),
            deployment_recommendations=decisions,
            recommendations=quantization_advice(decisions, accuracy_threshold),
        ), float32_times(runs))


# %% nbgrader={"grade": true, "grade_id": "check_analyze_quantization_trade_offs", "points": 2}
def test_unit_quantization_trade_offs() -> None:
    """Errors, bytes and decisions for an operation whose rounding error is known."""

    def unchanged(x: np.ndarray) -> np.ndarray:
        return x + 0

    result = QuantizationAnalysis().analyze_quantization_trade_offs([unchanged], [8, 16], accuracy_threshold=0.001)
    for n, by_bits in result["accuracy_analysis"]["unchanged"].items():
        x = np.random.default_rng(n).standard_normal((n, n), dtype=np.float32)
        for bits, entry in by_bits.items():
            error = rms(rounded_to(x, bits).astype(np.float64) - x) / rms(x.astype(np.float64))
            assert math.isclose(entry["relative_error"], error, rel_tol=1e-6), f"{bits} bits: the relative error"
        acceptable = by_bits[8]["acceptable_accuracy"], by_bits[16]["acceptable_accuracy"]
        assert acceptable == (False, True), f"0.001 is too strict for 8 bits and not for 16; got {acceptable}"
    deployment = result["deployment_recommendations"]
    assert (deployment[8]["accuracy_success_rate"], deployment[16]["accuracy_success_rate"]) == (0.0, 1.0)
    assert not deployment[8]["recommended_for_production"], "an error above the threshold isn't for production"
    gains = [by_bits[16]["relative_performance"] for by_bits in result["accuracy_analysis"]["unchanged"].values()]
    assert math.isclose(deployment[16]["avg_performance_gain"], statistics.fmean(gains)), "the mean of the gains"


test_unit_quantization_trade_offs()

# %% tags=["measure"]
bits = QuantizationAnalysis()
print("\n".join(bits.analyze_quantization_trade_offs(["matmul", "relu"])["recommendations"]))
bits.plot("quantization_trade_offs")

# %% [markdown]
# **Compare.** Was your prediction of the error within a factor of two? If the 8-bit product is the slower one here,
# where does its time go: to the integer product, or to quantizing the operands first? A layer's weights don't change
# between two calls. What does that save?

# %% [markdown]
# ## Decide what comes first
#
# Which of the four kinds of change first? One that makes a part $s$ times as fast makes the whole only
#
# $$ \frac{1}{(1 - f) + f / s} $$
#
# times as fast, where $f$ is that part's share of the time (G. Amdahl, *Validity of the single processor approach to
# achieving large scale computing capabilities*, AFIPS 1967). Ten times on a tenth of the time is 1.10; two times on all
# of it is 2. So a roadmap needs shares, and shares come from measured times: "the whole" is here everything that your
# analyses timed, each once, in `self.baseline_measurements`.

# %% [markdown]
# `changes_of` collects the candidates from the results that were kept, each with its `before_us` and `after_us`:
#
# | change | touches | after the change |
# | --- | --- | --- |
# | `kernel_tuning` | sizes below half of the roof's speed | the roof: an upper bound, and it says so |
# | `vectorization` | operations of high or medium potential | the vectorized time |
# | `parallelization` | sizes that some worker count made faster | the best time |
# | `quantization` | operations whose error was acceptable throughout | the quantized time |
#
# What counts as best depends on what you're after. `metrics` is a list, the most important first: "performance" (the
# improvement of the whole), "memory" (bytes saved), "accuracy" (error avoided); `rank(opportunity, metrics)` turns an
# opportunity into what to sort by. How hard a change is can't be measured: the result gives the authors' opinion, and
# says so.
#
# **Predict.** A program spends 60 of 100 ms in a product and 40 in ReLU. You can make the product three times as fast,
# or ReLU ten times. Which one first? Write down the improvement of the whole for both before you compute them.

# %%
my_prediction_product_first = None
my_prediction_relu_first = None

# %% [markdown]
# ### Write `generate_optimization_roadmap`
#
# `total_us` is the sum of everything measured. For each of the `changes` append to `opportunities` an
# `opportunity(change, share=..., local_speedup=..., improvement=...)`: before over the total, before over after, and
# Amdahl's law from both. Sort them by `rank`, best first.
#
# Then set `combined`, the improvement by all changes together: they touch different parts of the total, so the new
# total is the old one without their `before_us` and with their `after_us`. Leave it None if nothing was measured. About
# 9 lines.

# %% nbgrader={"grade": false, "grade_id": "generate_optimization_roadmap", "solution": true}
#| export
class OptimizationRoadmap(AnalysisState):
    """What the measurements so far say should be done first."""

    def generate_optimization_roadmap(
        self, target_hardware: str = "cloud", priority_metrics: Sequence[str] | None = None
    ) -> RoadmapResult:
        """Order the changes that the analyses kept so far speak for, best first by the priority metrics.

        target_hardware: "cloud", "edge" or "mobile".
        priority_metrics: "performance", "memory", "accuracy", the most important first; by the target if None.
        expected_improvement: Amdahl's law, from the measured share of the time and the measured local speedup.
        Works before any analysis ran: no opportunities then. Raises ValueError for another target.
        """
        metrics = checked_metrics(priority_metrics, hardware.checked_target(target_hardware))
        changes = changes_of(self.analysis_results, metrics)
        total_us = sum(sum(times_us.values()) for times_us in self.baseline_measurements.values())
        opportunities: list[Figures] = []
        combined: float | None = None
        ### BEGIN SOLUTION
        for change in changes:
            share, speedup = change.before_us / total_us, change.before_us / change.after_us
            improvement = 1 / ((1 - share) + share / speedup)
            opportunities.append(opportunity(change, share=share, local_speedup=speedup, improvement=improvement))
        opportunities.sort(key=lambda found: rank(found, metrics), reverse=True)
        if total_us > 0:
            saved_us = sum(change.before_us - change.after_us for change in changes)
            combined = total_us / (total_us - saved_us)
        ### END SOLUTION
        outcomes: Figures = {"combined_improvement": combined, "source": "derived"}
        if combined is None:
            outcomes["reason"] = "no analysis has run, so there is no measured time to improve"
        return self.keep("optimization_roadmap", RoadmapResult(
            target_hardware=target_hardware,
            priority_metrics=metrics,
            optimization_opportunities=opportunities,
            implementation_plan=plan_of(opportunities),
            resource_requirements=hardware.resources_of(self.hardware_config, target_hardware),
            expected_outcomes=outcomes,
            recommendations=roadmap_advice(opportunities, metrics, self.analysis_results),
        ), {})

# %% [markdown]
# The five parts together are the analyzer; this cell is given. `comprehensive_kernel_analysis` runs all five on this
# module's kernels, at small sizes. It calls `progress` with a line for each step; without one, a single line at the
# terminal or below the cell says where it is, and goes away at the end.

# %%
#| export
class KernelOptimizationAnalyzer(
    CacheAnalysis, VectorizationAnalysis, ParallelAnalysis, QuantizationAnalysis, OptimizationRoadmap
):
    """Five analyses of kernels on one machine: roofline, vectors, threads, bits, and what to do first."""

    def comprehensive_kernel_analysis(self, progress: Callable[[str], None] | None = None) -> dict[str, Any]:
        """Run all five on this module's kernels, at sizes that take seconds; `progress` gets a line for each step."""
        from tinytorch.core.kernels.matmul import cache_friendly_matmul
        from tinytorch.core.kernels.parallelism import parallel_relu

        def run(words: str, analyze: Callable[..., Any], *args: Any) -> Any:
            (progress or (lambda line: None))(words)
            with stage(words):
                return analyze(*args)

        counts = sorted({1, 2, 3, min(int(self.hardware_config["cpu_cores"] or 1), 16)})
        target = self.hardware_config["deployment_target"]
        with stage("all analyses"):
            return {
                "cache_analysis": run("1 of 5: the product against the roofline",
                    self.analyze_cache_efficiency, cache_friendly_matmul, [64, 128, 256]),
                "vectorization_analysis": run("2 of 5: operations scalar and with vectors",
                    self.analyze_vectorization_potential, ["matmul", "add", "relu", "dot"]),
                "parallel_analysis": run("3 of 5: ReLU on several workers",
                    self.analyze_parallel_scaling, parallel_relu, counts, [10_000, 1_000_000]),
                "quantization_analysis": run("4 of 5: the product and ReLU in fewer bits",
                    self.analyze_quantization_trade_offs, ["matmul", "relu"]),
                "optimization_roadmap": run("5 of 5: the roadmap", self.generate_optimization_roadmap, target),
            }


def comprehensive_kernel_analysis(progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """All five analyses of this module's kernels by a fresh analyzer: seconds, not minutes."""
    return KernelOptimizationAnalyzer().comprehensive_kernel_analysis(progress)


# %% nbgrader={"grade": true, "grade_id": "check_generate_optimization_roadmap", "points": 2}
def test_unit_advanced_optimization_analyzer() -> None:
    """A roadmap follows Amdahl's law; without measurements it promises nothing; all five analyses work together."""
    analyzer = KernelOptimizationAnalyzer()
    empty = analyzer.generate_optimization_roadmap("edge")
    assert empty["optimization_opportunities"] == [], "nothing was measured, so there is nothing to suggest"
    assert empty["expected_outcomes"]["combined_improvement"] is None, "and no improvement to promise"

    one, four = {"execution_time_us": 300.0, "speedup": 1.0}, {"execution_time_us": 100.0, "speedup": 3.0}
    analyzer.analysis_results["parallel_scaling"] = {
        "scaling_results": {10: {1: one, 4: four}},
        "efficiency_analysis": {10: {"max_speedup": 3.0, "best_worker_count": 4}},
        "recommendations": [],
    }
    analyzer.baseline_measurements = {"parallel_scaling": {"relu": 300.0}, "cache_efficiency": {"product": 100.0}}
    roadmap = analyzer.generate_optimization_roadmap("cloud")
    (found,) = roadmap["optimization_opportunities"]
    assert found["type"] == "parallelization", "the only analysis so far speaks for more workers"
    assert math.isclose(found["share"], 0.75), "300 of 400 microseconds"
    gain = found["expected_improvement"]
    assert math.isclose(gain, 2.0), f"three times on three quarters is twice altogether; got {gain:.3f}"
    assert found["evidence"], "evidence names the measurements"
    assert math.isclose(roadmap["expected_outcomes"]["combined_improvement"], 2.0), "400 microseconds become 200"

    complete = analyzer.comprehensive_kernel_analysis()
    assert len(analyzer.analysis_results) == 5, "five analyses are kept"
    items = complete["optimization_roadmap"]["optimization_opportunities"]
    gains = [item["expected_improvement"] for item in items]
    assert gains == sorted(gains, reverse=True), "best first"


test_unit_advanced_optimization_analyzer()

# %% tags=["measure"]
analyzer = KernelOptimizationAnalyzer()
everything = analyzer.comprehensive_kernel_analysis(progress=print)
for item in everything["optimization_roadmap"]["optimization_opportunities"]:
    print(f"\n{item['type']}: {item['description']}; impact {item['impact']}")
    print("\n".join(f"  - {line}" for line in item["evidence"]))
print("\n" + "\n".join(everything["optimization_roadmap"]["recommendations"]))
analyzer.plot("optimization_roadmap")

# %% [markdown]
# **Compare.** Does the first item agree with where you'd have started? Look at its share: which analysis, had you left
# it out, would have changed the order? The whole is what you chose to measure. For a real model, the times to start
# from are those of its own layers.

# %% [markdown]
# ## Three open questions
#
# Answer in your own words, a page or less each. Use figures that **you** measured in these six lessons, and name the
# machine. An unusual conclusion that your measurements support is worth more than the usual one without support.

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_cache_hierarchy", "points": 5, "solution": true}
# ### The cache hierarchy
#
# You measured `cache_friendly_matmul` with several block sizes. How does its time depend on the block size, and where
# do the sizes of L1 and L2 show in your measurements, if at all? Describe a rule that picks a block size on a machine
# you haven't seen, from what can be detected or measured there, and say how you'd find out that the rule is wrong. What
# has to change for matrices that fit no cache at all?
#
# *Write your answer here.*

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_vectorization_and_threads", "points": 5, "solution":true}
# ### Vectors and threads together
#
# You made ReLU faster with vectors, then with threads. Why don't the two gains multiply? Compare ReLU with the matrix
# product: for which of them does vectorizing each thread's work change how many threads are worth using, and in which
# direction? Propose how to choose both for an operation that you know only by its arithmetic intensity and its size,
# and support it with your measurements.
#
# *Write your answer here.*

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_deployment", "points": 5, "solution": true}
# ### Deployment
#
# The same model shall run on a cloud server with 32 cores, on an edge device with 4 cores and little memory, and on a
# phone that slows down when it gets warm. For each of them: which of your kernels, how many bits and how many threads
# would you start with, and why? What would you detect or measure when the program starts, what while it runs, and what
# does the program do when a measurement says that the choice was wrong?
#
# *Write your answer here.*

# %% [markdown]
# You can now take a kernel that you've never seen, say what bounds it on the machine in front of you, and put the
# possible changes in an order that follows from measurements. To make a whole program faster you need one thing more: a
# profile that says which of its operations take the time.
