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
# By now you can make a kernel faster in five ways: order and block its loops, vectorize it, fuse it with its neighbor,
# run it on several threads, compute in fewer bits. This lesson is about choosing: its `KernelOptimizationAnalyzer`
# holds a kernel against what this machine could do, and orders the changes by what they would gain for a whole program.
#
# One rule runs through all of it: **no figure is made up.** Its `source` says whether it is detected (the system states
# it), measured (in this run) or derived (from such figures). Unavailable values are `None`, with a `reason`.

# %%
#| default_exp core.kernels.analysis

# %%
#| export
import importlib
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch import analyses

# %%
from threadpoolctl import threadpool_limits
from tinytorch import bench, hardware, plots
from tinytorch.testing import agree

one_thread = threadpool_limits(1)  # NumPy on one core: the roofs below are those of one core

# %% [markdown]
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
# speed that a kernel with time $t$ reaches. $b$ counts each operand once and the result once, the least that a program
# can move. $\beta$ depends on where the data lives, so each working set has its own roof.
#
# A product of two $n \times n$ float32 matrices does $2n^3$ operations on $12n^2$ bytes; an addition does one operation
# for 12 bytes, at every size. Which of them can faster arithmetic help, and which only fewer bytes?

# %% tags=["measure"]
points = {}
for n in (128, 512):
    A, B = np.random.default_rng(n).standard_normal((2, n, n), dtype=np.float32)
    for name, func, flops in ((f"add {n}", np.add, n * n), (f"product {n}", np.matmul, 2 * n**3)):
        timing = bench.measure(func, A, B)
        rates = [flops / us / 1000 for us in (timing.median_us, timing.high_us, timing.low_us)]
        points[name] = (flops / (12 * n * n), *rates)
roof = hardware.roofline()
plots.Picture(plots.roofline(roof, points), plots.roofline_text(roof, points))

# %% [markdown]
# ## Given: the engine
#
# The `Analyzer` of `tinytorch.analyses` runs kernels, checks arguments, writes figures and sentences down, and stores
# them in `analysis_results`. Read it there, one short file for each analysis: `cache_analysis.py` and so on. What the
# figures **mean** is this lesson, and you write it: functions from measured values to a judgment. They time nothing, so
# you can try each on numbers whose answer you know.
#
# The class below hands the engine your functions and the kernels of earlier lessons, both looked up by name when they
# are needed. Where a kernel's exercise was left out, such as `matmul_simd` or the tile of `integer_matmul`,
# the engine runs a kernel that doesn't need it, and says so: nothing in this lesson waits for a stretch exercise.

# %%
#| export
class KernelOptimizationAnalyzer(analyses.Analyzer):
    """Five analyses of kernels on one machine: roofs, vectors, threads, bits, what to do first."""

    def exercise(self, name: str) -> Callable[..., Any]:
        """Returns the function of this lesson with that name, as it is defined now."""
        return globals()[name]

    def kernel(self, lesson: str, name: str) -> Callable[..., Any]:
        """Returns a kernel that an earlier lesson exported."""
        return getattr(importlib.import_module(f"tinytorch.core.kernels.{lesson}"), name)

    def plot(self, name: str) -> Any:
        """Returns the figure of a stored result; ValueError if that analysis has not run."""
        from tinytorch import plots
        return plots.analysis(name, self.result(name))

# %%
analyzer = KernelOptimizationAnalyzer()
for name, value in analyzer.hardware_config.items():
    source = analyzer.hardware_sources.get(name, "each cache on its own")
    shown = format(value, ".4g") if isinstance(value, float) else value
    print(f"{name:>18}: {shown}   ({source})")
for pattern in hardware.PATTERNS:  # one loop follows a list of indices: only their order changes
    print(f"{pattern:>18}: {hardware.measure_pattern(pattern, 4_000_000)} of useful numbers")

# %% [markdown]
# ## Hold a run against its roof (2 points)
#
# What does a kernel move? The bytes of its operands and of its result can be counted. What does it compute? That can't
# be read off a function: the engine knows it of this module's kernels and a few of NumPy's; to your own you give an
# attribute, `my_kernel.flops = lambda n: 3 * n * n`. Without it, an experiment finds the bottleneck: if only moving the
# same operands takes less than half the kernel's time, arithmetic keeps it busy. `analyses.bound_by_experiment(run,
# memory_us)` says "memory" or "compute".
#
# **Predict.** At size 256, which share of the roof's speed does the loop `matmul_naive` from lesson 02 reach, and which
# share does NumPy's product? Two numbers between 0 and 1.

# %%
my_predicted_shares = {"matmul_naive": None, "NumPy": None}

# %% [markdown]
# **Implement** `roofline_figures` (about 14 lines). A `run` has `time_us`, `moved_bytes` and `flops`; the `roof` gives
# the floors `roof.memory_us(moved_bytes)` and `roof.compute_us(flops)`, each None if it is unknown. Return
#
# | key | figure |
# | --- | --- |
# | `gb_s` | moved bytes per second, in units of $10^9$ |
# | `share` | the larger known floor over the time, at most 1.0: the roof is measured too, a lucky run may pass it |
# | `percent` | 100 times `gb_s` over the roof's bandwidth, which is 100 times the memory floor over the time |
# | `bound` | "memory" or "compute", by the larger floor; by the experiment if only the memory floor is known |
#
# If the memory floor is unknown, the last three are None: no figure is made up.
#
# Then `largest_block` (about 4 lines). One step of a blocked product works on **three** blocks, one of A, one of B and
# one of C, so a cache has room for blocks of side $b$ if $3 \cdot b^2 \cdot \text{itemsize} \le \text{capacity}$.
# Return the largest such $b$, None for an unknown capacity. `math.isqrt` is the whole-number square root.
#
# That is a rule of thumb, so it has to be tried: for a kernel with a parameter `block_size`, the engine runs the rule's
# sizes and powers of two in turn, and reports the fastest, those as good within the noise, and what the rule loses.

# %% nbgrader={"grade": false, "grade_id": "analyze_cache_efficiency", "solution": true}
#| export
def roofline_figures(run: analyses.KernelRun, roof: analyses.Roof) -> analyses.RoofFigures:
    """Returns what a run means: gb_s; and share, percent, bound, None without a known bandwidth."""
    ### BEGIN SOLUTION
    gb_s = run.moved_bytes / run.time_us / 1000
    memory_us = roof.memory_us(run.moved_bytes)
    compute_us = roof.compute_us(run.flops)
    if memory_us is None:
        return {"gb_s": gb_s, "share": None, "percent": None, "bound": None}
    if compute_us is None:
        floor_us = memory_us
        bound = analyses.bound_by_experiment(run, memory_us)
    else:
        floor_us = max(memory_us, compute_us)
        bound = "memory" if memory_us >= compute_us else "compute"
    percent = 100 * memory_us / run.time_us
    share = min(1.0, floor_us / run.time_us)
    return {"gb_s": gb_s, "share": share, "percent": percent, "bound": bound}
    ### END SOLUTION


def largest_block(capacity_bytes: int | None, itemsize: int) -> int | None:
    """Returns the largest b with 3 * b * b * itemsize <= capacity_bytes; None for None."""
    ### BEGIN SOLUTION
    if capacity_bytes is None:
        return None
    elements = capacity_bytes // (3 * itemsize)
    return math.isqrt(elements)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_analyze_cache_efficiency", "points": 2}
def test_unit_cache_efficiency() -> None:
    """A run made by hand, blocks that fit, and one real analysis."""
    run = analyses.KernelRun(time_us=100.0, moved_bytes=20_000, flops=40_000)
    fast = roofline_figures(run, analyses.Roof(bandwidth_gb_s=1.0, peak_gflops=1.0))
    agree(fast, gb_s=0.2, share=0.4, percent=20.0, bound="compute")  # floors of 20 and 40 us
    agree(roofline_figures(run, analyses.Roof(0.1, 1.0)), share=1.0, bound="memory")  # 200 and 40
    agree(roofline_figures(run, analyses.Roof(1.0, None)), share=0.2, bound="compute")  # 20 alone
    agree(roofline_figures(run, analyses.Roof(None, 1.0)), share=None, percent=None, bound=None)
    assert largest_block(1200, 4) == 10, "three blocks of 10 x 10 float32 are 1200 bytes"
    assert largest_block(1199, 4) == 9, "and one byte less is too small for them"
    assert largest_block(None, 4) is None, "an unknown capacity has no largest block"
    analysis = KernelOptimizationAnalyzer({"memory_bandwidth": 0.001})
    result = analysis.analyze_cache_efficiency(np.add, [16], ["sequential"])
    agree(result["bandwidth_utilization"][16], bottleneck="memory")


test_unit_cache_efficiency()

# %% tags=["measure"]
from tinytorch.core.kernels import matmul

shares = {}
for kernel in (matmul.matmul_naive, matmul.cache_friendly_matmul, np.matmul, np.add):
    result = analyzer.analyze_cache_efficiency(kernel, (32, 64, 128, 256))
    shares[analyses.name_of(kernel)] = result
plots.roof_shares(shares)

# %% tags=["measure"]
blocked = shares["cache_friendly_matmul"]
print(blocked["recommendations"][-1])
plots.blocks(blocked["block_sweep"], analyzer.known_caches())

# %% [markdown]
# **Compare.** How far off were your two shares? The kernel with the lowest line has the most to gain, but by which
# change? Its `bottleneck` names the nearer roof, not what the kernel waits for: `matmul_naive` is called compute bound,
# and swapping two loops in lesson 02 helped it most. Did the rule pick a block size as good as the fastest? If their order
# changed from round to round, your machine can't tell. And the orders of visiting: what slows the strided one down?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Ask what vectors bring (2 points)
#
# "This vectorizes well" is a claim about a compiler, a processor and a size of data. To find out, run the operation
# twice on one core: one element at a time, and with vectors. The first is harder than it sounds, because Numba's
# compiler vectorizes simple loops by itself. The scalar loops in `tinytorch/hardware/loops.py` have an exit that
# depends on the data, `if x[i] == stop: break`. With `stop = NaN` it's never taken, but the compiler can't know, and
# looks at each element before the next. About an operation without such a pair the honest answer is "unknown".
#
# **Predict.** A vector register of your machine holds `analyzer.hardware_config["simd_width"]` float32. Which of `add`,
# `exp`, `dot` and `matmul` gains the most from vectors on data that fits a cache, and how many times?

# %%
my_predicted_speedup = {"operation": None, "times": None}

# %% [markdown]
# **Implement** `speedup_figures` (about 12 lines). `races[op]` holds the two times of an operation, `scalar_us` and
# `vectorized_us`; it is None for one that can't be run. Return
#
# * `speedups`: for each operation that ran, the scalar time over the vectorized time.
# * `overall`: the whole sequence's scalar time over its vectorized time, **not** the mean of the speedups: an operation
#   that takes long counts more. `counts[op]` says how often the sequence names it; named twice, it runs twice.
# * `best_case`: the largest speedup of one operation. If none ran, this and `overall` are None.

# %% nbgrader={"grade": false, "grade_id": "analyze_vectorization_potential", "solution": true}
#| export
def speedup_figures(races: analyses.Races, counts: Mapping[str, int]) -> analyses.SpeedupFigures:
    """Returns what the times mean: speedups; overall and best_case, both None if none ran."""
    ### BEGIN SOLUTION
    speedups = {}
    scalar_us = 0.0
    vectorized_us = 0.0
    for op, race in races.items():
        if race is None:
            continue
        speedups[op] = race.scalar_us / race.vectorized_us
        scalar_us += counts[op] * race.scalar_us
        vectorized_us += counts[op] * race.vectorized_us
    if not speedups:
        return {"speedups": {}, "overall": None, "best_case": None}
    best_case = max(speedups.values())
    return {"speedups": speedups, "overall": scalar_us / vectorized_us, "best_case": best_case}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_analyze_vectorization_potential", "points": 2}
def test_unit_vectorization_potential() -> None:
    """Races made by hand, and one real analysis."""
    races = {"add": analyses.Race(8.0, 2.0), "matmul": analyses.Race(60.0, 4.0), "conv2d": None}
    result = speedup_figures(races, {"add": 2, "matmul": 1, "conv2d": 1})
    agree(result, speedups={"add": 4, "matmul": 15}, overall=76 / 8, best_case=15)  # add runs twice
    agree(speedup_figures({"conv2d": None}, {"conv2d": 1}), overall=None, best_case=None)
    result = KernelOptimizationAnalyzer().analyze_vectorization_potential(["conv2d"], [(2000,)])
    agree(result["simd_opportunities"]["conv2d"], potential="unknown", speedup=None)


test_unit_vectorization_potential()

# %% tags=["measure"]
names = ["add", "relu", "exp", "dot"]
gains = {}
for size in (10_000, 4_000_000):
    gains[f"{size} elements"] = analyzer.analyze_vectorization_potential(names, [(size,)])
    print(f"{size} elements:", *gains[f"{size} elements"]["recommendations"], sep="\n  ")
plots.vector_gains(list(gains.values()), list(gains), analyzer.hardware_config["simd_width"])

# %% [markdown]
# **Compare.** Is the operation you named the one that gained most? A mark above the dotted line is no miracle: the
# vector form of `dot` also keeps several partial sums in flight, and that of `exp` uses another formula. Which
# operations lose most of their gain with many elements, and what would the roofline have told you beforehand?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Ask what threads bring (2 points)
#
# With $t_p$ the time on $p$ workers, the **speedup** is $t_1/t_p$, and the **efficiency** is that over $p$: the share
# of each worker that you get something for. A law says how a speedup goes on: $S(p) = p / (1 + \sigma (p - 1) +
# \kappa\, p (p - 1))$. With $\kappa = 0$ it is Amdahl's: a share $\sigma$ of the work has to wait for its turn. The
# universal scalability law (N. J. Gunther, *Guerrilla Capacity Planning*, Springer 2007, chapters 4 and 5) adds that
# $p$ workers have to agree in $p (p - 1)$ directions, so that beyond $\sqrt{(1 - \sigma)/\kappa}$ workers more of them
# make it slower. The engine fits both by least squares, and says which describes the times better, or that neither
# does.
#
# Three workloads of known behavior are good company for an analyzer: `perfect` takes $t/p$, `stubborn` always $t$,
# `crowded` $t \cdot p$. They sleep instead of working, so the number of cores doesn't matter. What your function says
# about these must be right before you believe what it says about a kernel.
#
# **Predict.** `parallel_relu` from lesson 04, on 10,000 and on 4,000,000 elements, with as many workers as your machine
# has cores: what speedup do you expect for each?

# %%
my_predicted_speedups = {10_000: None, 4_000_000: None}

# %% [markdown]
# **Implement** `scaling_figures` (about 10 lines). `one_us` is the time on one worker, the baseline; `times_us[p]` is
# that on $p$ workers, in ascending order of $p$; each is None if the call failed. Return `speedups` and `efficiencies`
# by worker count where both times are known, without the other counts, and `best`: the count with the largest speedup,
# the fewer workers if two are equal, None if there is no speedup at all. A workload that fails on some number of
# workers is a finding, not the end of the analysis.

# %% nbgrader={"grade": false, "grade_id": "analyze_parallel_scaling", "solution": true}
#| export
def scaling_figures(one_us: float | None, times_us: analyses.Times) -> analyses.ScalingFigures:
    """Returns what the times on several workers mean: speedups, efficiencies, best worker count."""
    ### BEGIN SOLUTION
    speedups = {}
    efficiencies = {}
    best = None
    for workers, time_us in times_us.items():
        if one_us is None or time_us is None:
            continue
        speedups[workers] = one_us / time_us
        efficiencies[workers] = speedups[workers] / workers
        if best is None or speedups[workers] > speedups[best]:
            best = workers
    return {"speedups": speedups, "efficiencies": efficiencies, "best": best}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_analyze_parallel_scaling", "points": 2}
def test_unit_parallel_scaling() -> None:
    """Times made by hand, and one workload that is known to scale."""
    result = scaling_figures(120.0, {2: 60.0, 3: None, 4: 40.0, 8: 40.0})
    agree(result, speedups={2: 2, 4: 3, 8: 3}, efficiencies={2: 1, 4: 0.75, 8: 0.375}, best=4)
    agree(scaling_figures(None, {2: 60.0}), speedups={}, efficiencies={}, best=None)
    agree(scaling_figures(120.0, {2: None}), speedups={}, efficiencies={}, best=None)
    result = KernelOptimizationAnalyzer().analyze_parallel_scaling(analyses.perfect, [2, 4], [10])
    agree(result["efficiency_analysis"][10], best_worker_count=4)


test_unit_parallel_scaling()

# %% tags=["measure"]
for workload in (analyses.perfect, analyses.stubborn, analyses.crowded):
    scaling = analyzer.analyze_parallel_scaling(workload, [1, 2, 3, 4, 6], [1000])
    print(f"{workload.__name__:>8}: {scaling['recommendations'][0]}")

# %% tags=["measure"]
from tinytorch.core.kernels.parallelism import parallel_relu

cores = analyzer.hardware_config["cpu_cores"] or 1
if cores == 1:
    print("Only one core may be used here, so what threads gain can't be measured.")
counts = sorted({1, 2, 3, cores, 2 * cores})
scaling = analyzer.analyze_parallel_scaling(parallel_relu, counts, (10_000, 4_000_000))
print("\n".join(scaling["recommendations"]))
analyzer.plot("parallel_scaling")

# %% [markdown]
# **Compare.** Were the three known workloads recognized, each with the right parameters? How far off were your two
# predictions? If the large size doesn't reach one core's speed for each core, two things can be the reason: the cores
# share the memory's bandwidth, or they share their time with other programs. Which measurement from the lessons before
# would tell the two apart?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Ask what fewer bits bring (2 points)
#
# Quantization trades accuracy for bytes, and sometimes for time. The three have to be measured together, because a
# change that loses on one of them may not be worth having. For a product and for ReLU the engine runs the integer
# kernels of lesson 05. Any other operation, and a product if `quantized_matmul` isn't written, runs on operands rounded
# to so many bits: that shows the error, and its time includes the rounding, which alone makes nothing faster.
#
# **Predict.** For the product of two matrices of normally distributed numbers, which relative error do you expect with
# 8 bits? Is the product in 8 bits faster than the one in float32 on your machine?

# %%
my_predicted_product = {"relative error": None, "is faster": None}

# %% [markdown]
# **Implement** `precision_figures` (about 10 lines). A `trial` is one operation at one size: `exact` and `float_us` are
# result and time in float32, `result` and `time_us` those in fewer bits. Return
#
# * `relative`: `analyses.rms` of the error over `analyses.rms` of the exact result. No error is 0.0, whatever the
#   result; an error on a result of zeros is None: nothing to compare it with.
# * `gain`: the float32 time over the other, so that more is better.
# * `acceptable`: the relative error is known and at most `threshold`.
#
# Then `deployment_decision` (about 4 lines) takes these dictionaries of all trials in so many bits, and returns
# `success`, the share that is acceptable; `gain`, the mean gain (`statistics.fmean`); and `recommended`, True if
# **all** are acceptable and the mean gain is above 1.

# %% nbgrader={"grade": false, "grade_id": "analyze_quantization_trade_offs", "solution": true}
#| export
def precision_figures(trial: analyses.Trial, threshold: float) -> analyses.PrecisionFigures:
    """Returns what one trial means: relative error (None if undefined), gain, acceptable."""
    ### BEGIN SOLUTION
    error = analyses.rms(trial.result - trial.exact)
    signal = analyses.rms(trial.exact)
    relative = None
    if error == 0:
        relative = 0.0
    elif signal != 0:
        relative = error / signal
    acceptable = relative is not None and relative <= threshold
    gain = trial.float_us / trial.time_us
    return {"relative": relative, "gain": gain, "acceptable": acceptable}
    ### END SOLUTION


def deployment_decision(judged: Sequence[analyses.PrecisionFigures]) -> analyses.Decision:
    """Returns if a number of bits is worth having: success (0 to 1), mean gain, recommended."""
    ### BEGIN SOLUTION
    success = statistics.fmean([figures["acceptable"] for figures in judged])
    gain = statistics.fmean([figures["gain"] for figures in judged])
    recommended = success == 1 and gain > 1
    return {"success": success, "gain": gain, "recommended": recommended}
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_analyze_quantization_trade_offs", "points": 2}
def test_unit_quantization_trade_offs() -> None:
    """Trials and decisions made by hand, and one real analysis."""
    exact, zeros = np.array([3.0, 4.0]), np.zeros(2)
    trial = analyses.Trial(exact, result=1.25 * exact, float_us=10.0, time_us=5.0)
    good = precision_figures(trial, threshold=0.3)
    agree(good, relative=0.25, gain=2.0, acceptable=True)
    agree(precision_figures(trial, threshold=0.2), acceptable=False)
    same, other = (analyses.Trial(zeros, result, 1.0, 1.0) for result in (zeros, exact))
    agree(precision_figures(same, threshold=0.0), relative=0.0, acceptable=True)
    agree(precision_figures(other, threshold=9.0), relative=None, acceptable=False)

    bad, slow = {**good, "acceptable": False}, {**good, "gain": 0.5}
    agree(deployment_decision([good, slow]), success=1.0, gain=1.25, recommended=True)
    agree(deployment_decision([good, bad]), success=0.5, gain=2.0, recommended=False)
    agree(deployment_decision([slow]), success=1.0, gain=0.5, recommended=False)
    result = KernelOptimizationAnalyzer().analyze_quantization_trade_offs([np.positive], [8], 0.001)
    agree(result["deployment_recommendations"][8], recommended_for_production=False)


test_unit_quantization_trade_offs()

# %% tags=["measure"]
bits = analyzer.analyze_quantization_trade_offs(["matmul", "relu"], accuracy_threshold=0.02)
print("\n".join(bits["recommendations"]))
analyzer.plot("quantization_trade_offs")

# %% [markdown]
# **Compare.** Was your prediction of the error within a factor of two? If the 8-bit product is the slower one here,
# where does its time go: to the integer product, or to quantizing the operands first? A layer's weights don't change
# between two calls. What does that save?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Decide what comes first (2 points)
#
# Which of the four kinds of change first? One that makes a part $s$ times as fast makes the whole only
#
# $$ \frac{1}{(1 - f) + f / s} $$
#
# times as fast, where $f$ is that part's share of the time (G. Amdahl, *Validity of the single processor approach to
# achieving large scale computing capabilities*, AFIPS 1967). Ten times on a tenth of the time is 1.10; two times on all
# of it is 2. So a roadmap needs shares, and those come from measured times: "the whole" is everything that your
# analyses timed, each once, in `analyzer.baseline_measurements`.
#
# **Predict.** A program spends 60 of 100 ms in a product and 40 in ReLU. You can make the product three times as fast,
# or ReLU ten times. What is the improvement of the whole for each?

# %%
my_predicted_improvement = {"product": None, "ReLU": None}

# %% [markdown]
# The engine collects the candidates from the stored results, each with its `before_us` and `after_us`: `kernel_tuning`
# (sizes below half of the roof's speed; after it the roof, an upper bound), `vectorization` (operations of high or
# medium potential), `parallelization` (sizes that some worker count made faster) and `quantization` (operations whose
# error was acceptable throughout).
#
# What counts as best depends on what you're after: `metrics` lists "performance" (the improvement of the whole),
# "memory" (bytes saved), "accuracy" (error avoided), or some of them, the most important first. How hard a change is
# can't be measured: the result gives the authors' opinion, and says so.
#
# **Implement** `ordered_opportunities` (about 8 lines): for each of the `changes`, compute its share of `total_us`, its
# local speedup (before over after), and the improvement of the whole by Amdahl's law, and put
# `analyses.opportunity(change, total_us, improvement)` into a list. Return the list sorted by
# `analyses.rank(opportunity, metrics)`, largest first.
#
# Then `combined_improvement` (about 6 lines), by all changes together. They touch different parts of the total, so the
# new total is the old one without their `before_us` and with their `after_us`. Return None if `total_us` is 0.

# %% nbgrader={"grade": false, "grade_id": "generate_optimization_roadmap", "solution": true}
#| export
def ordered_opportunities(
    changes: analyses.Changes, total_us: float, metrics: Sequence[str]
) -> list[analyses.Figures]:
    """Returns an opportunity for each change, best first by the metrics."""
    ### BEGIN SOLUTION
    opportunities = []
    for change in changes:
        share = change.before_us / total_us
        speedup = change.before_us / change.after_us
        improvement = 1 / ((1 - share) + share / speedup)
        opportunities.append(analyses.opportunity(change, total_us, improvement))
    opportunities.sort(key=lambda item: analyses.rank(item, metrics), reverse=True)
    return opportunities
    ### END SOLUTION


def combined_improvement(changes: analyses.Changes, total_us: float) -> float | None:
    """Returns how many times as fast all changes make the whole; None if nothing was measured."""
    ### BEGIN SOLUTION
    if total_us == 0:
        return None
    left_us = total_us
    for change in changes:
        left_us = left_us - change.before_us + change.after_us
    return total_us / left_us
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_generate_optimization_roadmap", "points": 2}
def test_unit_advanced_optimization_analyzer() -> None:
    """A roadmap made by hand follows Amdahl's law; then all five analyses together."""
    threads = analyses.Change("parallelization", "use 4 threads", 300.0, 100.0)
    bits = analyses.Change("quantization", "use 8 bits", 100.0, 50.0, memory_reduction=4.0)
    first, second = ordered_opportunities([bits, threads], 400.0, ["performance"])
    agree(first, type="parallelization", share=0.75, local_speedup=3.0, expected_improvement=2.0)
    agree(second, type="quantization", share=0.25, expected_improvement=400 / 350)
    first, second = ordered_opportunities([threads, bits], 400.0, ["memory"])
    agree(first, type="quantization", memory_reduction=4.0)
    combined = combined_improvement([threads, bits], 400.0)
    assert math.isclose(combined, 400 / 150), f"both leave 150 of 400 us; got {combined}"
    assert combined_improvement([], 0.0) is None, "nothing measured, nothing promised"
    complete = KernelOptimizationAnalyzer().comprehensive_kernel_analysis()
    assert len(complete) == 5, "five results"


test_unit_advanced_optimization_analyzer()

# %%
#| export
def comprehensive_kernel_analysis(progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Returns all five analyses of this module's kernels; calls `progress` with each step."""
    return KernelOptimizationAnalyzer().comprehensive_kernel_analysis(progress)

# %% tags=["measure"]
analyzer = KernelOptimizationAnalyzer()
roadmap = analyzer.comprehensive_kernel_analysis(progress=print)["optimization_roadmap"]
for item in roadmap["optimization_opportunities"]:
    print(f"{item['type']} ({item['impact']} impact):", *item["evidence"], sep="\n  - ")
print("\n".join(roadmap["recommendations"]))
analyzer.plot("optimization_roadmap")

# %% [markdown]
# **Compare.** Does the first item agree with where you'd have started? Look at its share: which analysis, had you left
# it out, would have changed the order? The whole is what you chose to measure. For a real model, the times to start
# from are those of its own layers.

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Three open questions (5 points each)
#
# Answer in your own words, a page or less each, with figures that **you** measured in these six lessons, and name the
# machine. An unusual conclusion that your measurements support is worth more than the usual one without support. The
# next cell prints the figures that the lessons before have kept beside this notebook.

# %%
kept = bench.kept()
for figures in kept:
    print(figures, end="\n\n")
for lesson in ("02_matmul", "03_vectorization", "04_parallelism", "05_quantization"):
    if not any(figures.topic.startswith(lesson[:2]) for figures in kept):
        print(f"No figures of {lesson} are kept: run its measuring cells, then this one.")

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_cache_hierarchy", "points": 5, "solution": true}
# ### The cache hierarchy (5 points)
#
# You measured `cache_friendly_matmul` with several block sizes. How does its time depend on the block size, and where
# do the sizes of L1 and L2 show in your measurements, if at all? Describe a rule that picks a block size on a machine
# you haven't seen, from what can be detected or measured there, and say how you'd find out that the rule is wrong. What
# has to change for matrices that fit no cache at all?
#
# *Write your answer here.*

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_vectorization_and_threads", "points": 5, "solution":true}
# ### Vectors and threads together (5 points)
#
# You made ReLU faster with vectors, then with threads. Why don't the two gains multiply? Compare ReLU with the matrix
# product: for which of them does vectorizing each thread's work change how many threads are worth using, and in which
# direction? Propose how to choose both for an operation that you know only by its arithmetic intensity and its size,
# and support it with your measurements.
#
# *Write your answer here.*

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_deployment", "points": 5, "solution": true}
# ### Deployment (5 points)
#
# The same model has to run on a cloud server with 32 cores, on an edge device with 4 cores and little memory, and on a
# phone that slows down when it gets warm. For each of them: which of your kernels, how many bits and how many threads
# would you start with, and why? What would you detect or measure when the program starts, what while it runs, and what
# does the program do when a measurement says that the choice was wrong?
#
# *Write your answer here.*

# %% [markdown]
# You can now take a kernel that you've never seen, say what bounds it on your machine, and put the possible changes in
# an order that follows from measurements. To make a whole program faster you need a profile of its operations, too.
