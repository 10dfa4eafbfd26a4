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
# run it on several threads, compute in fewer bits. Nobody has the time to try every way on every kernel, so this lesson
# is about choosing. At its end you have a `KernelOptimizationAnalyzer`: it measures a kernel, holds the result against
# what this machine could do, and orders the possible changes by what they'd gain for the whole program.
#
# One rule runs through all of it: **no figure is made up.** A figure is detected (the system states it), measured
# (timed in this run), or derived (computed from such figures), and its `source` says which. What can't be had is
# `None`, with a `reason`.

# %%
#| default_exp core.kernels.analysis

# %%
#| export
import inspect
import math
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numba import njit

from tinytorch import hardware
from tinytorch.bench import measure

# %%
import matplotlib.pyplot as plt

from tinytorch import plots

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
# speed that a kernel with time $t$ reaches; throughput over the roof is the same number.
#
# $b$ counts each operand once and the result once, the least that a program can move. $\beta$ depends on where the data
# lives: a working set in L1 moves many times faster than one in main memory, so each working set has its own roof.
#
# A product of two $n \times n$ float32 matrices does $2n^3$ operations on $12n^2$ bytes; an addition does one operation
# for 12 bytes, at every size. Which of them can faster arithmetic help, and which only fewer bytes?


# %% tags=["measure"]
def roofline_points() -> dict[str, tuple[float, float]]:
    """NumPy's addition and product at two sizes: (operations per byte, GFLOP/s reached)."""
    points = {}
    for n in (128, 512):
        A, B = np.random.default_rng(n).standard_normal((2, n, n), dtype=np.float32)
        points[f"add {n}"] = (1 / 12, n * n / measure(np.add, A, B).median_us / 1000)
        points[f"product {n}"] = (n / 6, 2 * n**3 / measure(np.matmul, A, B).median_us / 1000)
    return points


plots.roofline(hardware.roofline(), roofline_points())

# %% [markdown]
# ## The machine, and what you say about it
#
# The analyzer starts from a description of the machine. `tinytorch.hardware` finds it out; what you pass in
# `hardware_config` overrides what it names, for instance to ask "what if L2 had 256 KiB?". These cells are given.

# %%
#| export
class HardwareConfig(TypedDict, total=False):
    """The machine. GB are 2**30 bytes, GB/s are 10**9 bytes a second; cache sizes in bytes; None where not known."""

    cpu_cores: int | None
    memory_gb: float | None
    cache_sizes: dict[str, int | None]  # l1_data, l1_instruction, l2, l3
    cpu_frequency: float | None  # GHz
    memory_bandwidth: float | None
    simd_width: int | None  # float32 lanes
    gpu_available: bool | None
    deployment_target: str


TARGETS = ("cloud", "edge", "mobile")
CACHE_FACTS = {"l1_data": "l1d_bytes", "l1_instruction": "l1i_bytes", "l2": "l2_bytes", "l3": "l3_bytes"}


# %%
#| export
def main_memory_bandwidth() -> hardware.Fact:
    """GB/s of one core beyond the last cache, as far as an eighth of memory and 256 MiB allow a set that large."""
    card = hardware.card()
    last_cache = card.l3_bytes.value or card.l2_bytes.value or 2**25
    limit = min(2**28, (card.memory_bytes.value or 2**30) // 8)
    return hardware.roofline().bandwidth_at(int(min(max(2 * last_cache, 2**26), limit)))


def gpu_fact() -> hardware.Fact:
    """Whether Linux shows the device file of an NVIDIA or AMD GPU."""
    files = ("/dev/nvidia0", "/dev/kfd")
    if sys.platform != "linux":
        return hardware.Fact(None, "", "unavailable", f"a GPU's device file is not looked for on {sys.platform}")
    found = any(Path(file).exists() for file in files)
    return hardware.Fact(found, "", "detected", f"looked for {' and '.join(files)}")


def converted(fact: hardware.Fact, factor: float, unit: str) -> hardware.Fact:
    """`fact` in another unit; a fact without a value keeps its reason."""
    return fact if fact.value is None else hardware.Fact(fact.value * factor, unit, fact.source, fact.how)


# %%
#| export
def machine_facts(given: Mapping[str, Any]) -> dict[str, hardware.Fact]:
    """What can be found out about the machine; the bandwidth is measured only if it isn't in `given`."""
    card = hardware.card()
    facts = {name: getattr(card, field) for name, field in CACHE_FACTS.items()} | {
        "cpu_cores": card.usable_cores,
        "memory_gb": converted(card.memory_bytes, 2**-30, "GB"),
        "cpu_frequency": card.max_frequency_ghz,
        "simd_width": converted(card.simd_bytes, 1 / 4, "float32 lanes"),
        "gpu_available": gpu_fact(),
    }
    return facts if "memory_bandwidth" in given else facts | {"memory_bandwidth": main_memory_bandwidth()}


# %%
#| export
def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `config`; ValueError for a name it can't have, a number that isn't positive, an unknown target."""
    caches = dict(config.get("cache_sizes") or {})
    unknown = (set(config) - set(HardwareConfig.__annotations__)) | (set(caches) - set(CACHE_FACTS))
    if unknown:
        known = [*HardwareConfig.__annotations__, *CACHE_FACTS]
        raise ValueError(f"hardware_config has {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    for name, value in {**config, **caches}.items():
        if name in ("cache_sizes", "gpu_available", "deployment_target") or value is None:
            continue
        if not (isinstance(value, (int, float, np.number)) and 0 < value < math.inf):
            raise ValueError(f"{name} in hardware_config must be a positive number or None, got {value!r}")
    checked_target(config.get("deployment_target", "cloud"))
    return {**config, "cache_sizes": caches}


def checked_target(target: str) -> str:
    """`target`, if it is one of `TARGETS`."""
    if target not in TARGETS:
        raise ValueError(f"target hardware {target!r} is not known; choose one of {', '.join(TARGETS)}")
    return target

# %% [markdown]
# `AnalysisState` is what your five analyses share. You use three things of it: `self.hardware_config`;
# `self.roof(run)`, the roofs over one run of a kernel; and `self.keep(name, result, times_us)`, which stores a result
# in `self.analysis_results` and the times that it started from in `self.baseline_measurements`.

# %%
#| export
class AnalysisState:
    """The machine, the results so far, and the recommendations they led to.

    hardware_config: what was found out, overridden by what the caller names; hardware_sources says where it is from.
    analysis_results and baseline_measurements go by the analysis; the latter holds microseconds by what was timed.
    """

    def __init__(self, hardware_config: HardwareConfig | None = None) -> None:
        given = checked_config(hardware_config or {})
        facts = machine_facts(given)
        caches = {name: facts[name].value for name in CACHE_FACTS} | given["cache_sizes"]
        self.given = (set(given) | set(given["cache_sizes"])) - {"cache_sizes"}
        found = {name: fact.value for name, fact in facts.items() if name not in CACHE_FACTS}
        found["simd_width"] = found["simd_width"] and int(found["simd_width"])
        self.hardware_config: HardwareConfig = {"deployment_target": "cloud", **found, **given, "cache_sizes": caches}
        self.hardware_sources = {
            "deployment_target": "assumed: nothing on a machine says what it is for",
            **{name: f"{fact.source}: {fact.how}" for name, fact in facts.items()},
            **dict.fromkeys(self.given, "given in hardware_config"),
        }
        self.analysis_results: dict[str, Mapping[str, Any]] = {}
        self.optimization_recommendations: list[str] = []
        self.baseline_measurements: dict[str, dict[str, float]] = {}

    def keep(self, name: str, result: Any, times_us: Mapping[str, float]) -> Any:
        """Store one analysis's result and the times it started from; return the result."""
        self.analysis_results[name] = result
        if times_us:
            self.baseline_measurements[name] = dict(times_us)
        kept = self.analysis_results.values()
        self.optimization_recommendations = [line for analysis in kept for line in analysis["recommendations"]]
        return result

    def roof(self, run: "KernelRun") -> "Roof":
        """Bandwidth at the run's working set (or the one given) and peak, of as many cores as the run kept busy."""
        cores = max(1.0, run.cores_busy)
        peak = hardware.roofline().peak
        peak_gflops = peak.value and peak.value * cores
        if "memory_bandwidth" in self.given:
            return Roof(self.hardware_config["memory_bandwidth"], peak_gflops, "given in hardware_config")
        bandwidth = hardware.roofline().bandwidth_at(run.moved_bytes)
        return Roof(bandwidth.value and bandwidth.value * cores, peak_gflops, f"{cores:.2f} times {bandwidth.how}")


# %%
#| export
@dataclass(frozen=True, slots=True)
class Roof:
    """What the machine can do at most, and how the bandwidth is known; None where it isn't."""

    bandwidth_gb_s: float | None
    peak_gflops: float | None
    how: str

    def memory_us(self, moved_bytes: float) -> float | None:
        """The least microseconds for moving so many bytes."""
        return None if self.bandwidth_gb_s is None else moved_bytes / self.bandwidth_gb_s / 1000

    def compute_us(self, flops: float | None) -> float | None:
        """The least microseconds for so many operations; None if their number or the peak isn't known."""
        return None if flops is None or self.peak_gflops is None else flops / self.peak_gflops / 1000

# %% [markdown]
# ## Hold a kernel against its roof
#
# What does a kernel move? Add up the bytes of its operands and of its result. What does it compute? That can't be read
# off a function, so the kernel has to say it: `KNOWN_FLOPS` speaks for the kernels of this module and a few of NumPy's;
# to your own you give an attribute, `my_kernel.flops = lambda n: 3 * n * n`.
#
# Without it, only the memory roof can be drawn, and the bottleneck is found by an experiment: time a pass over the same
# operands that only moves them. If that takes less than half the kernel's time, something else keeps the kernel busy.

# %%
#| export
PRODUCT_NAMES = ("matmul", "dot", "matmul_baseline", "matmul_naive", "cache_friendly_matmul", "matmul_simd",
                 "parallel_matmul")
ELEMENTWISE_NAMES = ("add", "subtract", "multiply", "maximum", "vectorized_relu", "parallel_relu")
KNOWN_FLOPS: dict[str, Callable[[int], int]] = {
    **dict.fromkeys(PRODUCT_NAMES, lambda n: 2 * n**3),
    **dict.fromkeys(ELEMENTWISE_NAMES, lambda n: n * n),
    "fused_relu_bias": lambda n: 2 * n * n,
}


def name_of(func: Callable[..., Any]) -> str:
    """What to call a kernel in a result."""
    return getattr(func, "__name__", type(func).__name__)


def flops_of(func: Callable[..., Any], size: int) -> int | None:
    """Floating point operations of `func` on size x size operands, or None if nobody says."""
    stated = getattr(func, "flops", None) or KNOWN_FLOPS.get(name_of(func))
    return None if stated is None else int(stated(size))


# %%
#| export
def operand_count(func: Callable[..., Any]) -> int:
    """How many arrays a kernel takes: its arguments without a default; 2 where Python can't tell."""
    if isinstance(func, np.ufunc):
        return func.nin
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 2
    count = sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    if count not in (1, 2):
        raise ValueError(f"{name_of(func)} takes {count} operands; wrap it in a function of one or two")
    return count


# %%
#| export
@dataclass(frozen=True, slots=True)
class KernelRun:
    """One kernel at one size, as measured; flops is None if nobody says.

    streaming_us: a pass that only moves the same operands. cores_busy: CPU seconds per second.
    """

    time_us: float
    moved_bytes: int
    flops: int | None
    streaming_us: float
    cores_busy: float


def quick_us(func: Callable[..., Any], *args: Any, **kwargs: Any) -> float:
    """Median microseconds of a call, from five samples."""
    return measure(func, *args, samples=5, min_sample_s=0.0005, **kwargs).median_us


def cores_busy(func: Callable[..., Any], operands: Sequence[np.ndarray], time_us: float) -> float:
    """CPU seconds per second while `func` runs for about ten milliseconds: 1.0 is one core all the time."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    for _ in range(max(1, min(1000, int(10_000 / time_us)))):
        func(*operands)
    return (time.process_time() - cpu_s) / max(time.perf_counter() - wall_s, 1e-9)


# %%
#| export
def square_operands(func: Callable[..., Any], size: int) -> list[np.ndarray]:
    """As many size x size float32 matrices of normally distributed numbers as `func` takes, always the same ones."""
    return list(np.random.default_rng(size).standard_normal((operand_count(func), size, size), dtype=np.float32))


# %%
#| export
def measure_kernel(func: Callable[..., Any], size: int) -> KernelRun:
    """Run `func` on `square_operands`; its exceptions pass through, with a note that says where."""
    operands = square_operands(func, size)
    try:
        result = func(*operands)
        time_us = quick_us(func, *operands)
    except Exception as err:
        err.add_note(f"raised by {name_of(func)} on {len(operands)} operands of {size} x {size}")
        raise
    moved_bytes = sum(operand.nbytes for operand in operands) + getattr(result, "nbytes", 0)
    streaming_us = quick_us(np.add if len(operands) == 2 else np.positive, *operands)
    return KernelRun(time_us, moved_bytes, flops_of(func, size), streaming_us, cores_busy(func, operands, time_us))


def cache_level(size_bytes: int, caches: Mapping[str, int | None]) -> str | None:
    """The smallest of L1, L2, L3 and RAM that holds `size_bytes`; None if a cache of unknown size might."""
    for level, name in (("L1", "l1_data"), ("L2", "l2"), ("L3", "l3")):
        capacity = caches.get(name)
        if capacity is None:
            return None
        if size_bytes <= capacity:
            return level
    return "RAM"


# %%
#| export
def bottleneck(run: KernelRun, roof: Roof) -> str | None:
    """What decides the roofline, "memory" or "compute"; the experiment decides if the operations aren't known."""
    memory_us, compute_us = roof.memory_us(run.moved_bytes), roof.compute_us(run.flops)
    if memory_us is None:
        return None
    if compute_us is not None:
        return "memory" if memory_us >= compute_us else "compute"
    return "memory" if max(memory_us, run.streaming_us) >= 0.5 * run.time_us else "compute"

# %% [markdown]
# How much does the **order** of visiting numbers matter? One loop follows a list of indices, so that nothing but the
# list changes: in sequence, in steps of a cache line (16 float32), or at random.

# %%
#| export
PATTERNS = ("sequential", "strided", "random")


@njit(cache=True, nogil=True)
def sum_in_order(x: np.ndarray, order: np.ndarray) -> float:
    """The sum of x[order], one after another."""
    total = 0.0
    for k in range(order.size):
        total += x[order[k]]
    return total


def pattern_bandwidths(patterns: Sequence[str], count: int) -> dict[str, dict[str, float | str]]:
    """For each access pattern, the GB/s of useful float32 when `count` of them are summed in that order."""
    x = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
    orders = {
        "sequential": lambda: np.arange(count),
        "strided": lambda: np.concatenate([np.arange(start, count, 16) for start in range(16)]),
        "random": lambda: np.random.default_rng(1).permutation(count),
    }
    times_us = {pattern: quick_us(sum_in_order, x, orders[pattern]()) for pattern in patterns}
    return {pattern: {"bandwidth_gb_s": x.nbytes / us / 1000, "source": "measured"} for pattern, us in times_us.items()}


# %%
#| export
Figures = dict[str, Any]  # named figures of one measurement, with their `source`, and a `reason` where one is None


class CacheResult(TypedDict):
    """The result of `analyze_cache_efficiency`."""

    data_sizes_tested: list[int]
    access_patterns: list[str]
    access_pattern_bandwidth: dict[str, Figures]
    cache_efficiency: dict[int, Figures]
    bandwidth_utilization: dict[int, Figures]
    optimal_block_sizes: dict[str, int | None]
    recommendations: list[str]
    sources: dict[str, str]


def checked_counts(values: Sequence[int], what: str) -> list[int]:
    """`values` as a list of ints; ValueError if there are none or one is below 1."""
    counts = list(values)
    if not counts or any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in counts):
        raise ValueError(f"{what} must be one or more whole numbers of at least 1; got {counts!r}")
    return [int(n) for n in counts]


# %%
#| export
def checked_names(names: Sequence[str] | None, known: Sequence[str], what: str) -> list[str]:
    """`names` as a list, all of `known` for None; ValueError for an unknown one."""
    chosen = list(known if names is None else names)
    if isinstance(names, str) or not set(chosen) <= set(known):
        raise ValueError(f"{what} must be a list of some of {', '.join(known)}; got {names!r}")
    return chosen


def cache_advice(efficiency: Mapping[int, Figures], bandwidth: Mapping[int, Figures]) -> list[str]:
    """One sentence for each size, from its figures."""
    words = {
        "memory": "memory is the bottleneck: move less (fuse, block), or reuse what is in a cache",
        "compute": "arithmetic is the bottleneck: vector instructions and more accumulators come first",
        None: "the bottleneck is not known, because the bandwidth isn't",
    }
    shares = {n: entry["efficiency_estimate"] for n, entry in efficiency.items()}
    shown = {n: "an unknown share" if share is None else f"{share:.1%}" for n, share in shares.items()}
    return [f"size {n}: {shown[n]} of the roof's speed; {words[entry['bottleneck']]}" for n, entry in bandwidth.items()]

# %% [markdown]
# **Predict.** At size 256, which share of the roof's speed does the loop `matmul_naive` from lesson 2 reach, and which
# share does NumPy's product? Two numbers between 0 and 1.

# %%
my_prediction_naive_share = None
my_prediction_numpy_share = None

# %% [markdown]
# ### Write `analyze_cache_efficiency`
#
# For each size `n`, `run = measure_kernel(kernel_func, n)` and `roof = self.roof(run)`. Fill
#
# | in `efficiency[n]` | |
# | --- | --- |
# | `cache_level` | of the moved bytes, with the `caches` of this machine |
# | `efficiency_estimate` | the larger known floor over the time, at most 1.0; None if the memory floor isn't known |
# | `data_size_mb`, `execution_time_us` | moved bytes / $2^{20}$; the time |
#
# | in `bandwidth[n]` | |
# | --- | --- |
# | `bandwidth_gb_s` | moved bytes per second, in units of $10^9$ |
# | `peak_bandwidth_gb_s` | the roof's bandwidth |
# | `utilization_percent` | 100 times the first over the second; None if there's no second |
# | `bottleneck` | `bottleneck(run, roof)` |
#
# and in both a `source`, "derived", and a `reason` where something is None. "At most 1.0", because the roof is measured
# too, and a lucky run may pass it by a few percent.
#
# `blocks["L1"]`, `"L2"` and `"L3"` are the side, in elements, of the largest block of which **three** fit that cache (a
# block of A, one of B and one of C are live at once): $3 \cdot 4\, b^2 \le$ its bytes. None for an unknown size.
# `math.isqrt` is the whole-number root. About 25 lines.

# %% nbgrader={"grade": false, "grade_id": "analyze_cache_efficiency", "solution": true}
#| export
class CacheAnalysis(AnalysisState):
    """How near a kernel comes to its roof, and what holds it back."""

    def analyze_cache_efficiency(
        self, kernel_func: Callable[..., Any], data_sizes: Sequence[int], access_patterns: Sequence[str] | None = None
    ) -> CacheResult:
        """Run `kernel_func` on one or two size x size float32 matrices, as it takes, and hold it against the roofline.

        access_patterns: of "sequential", "strided", "random"; their bandwidth is measured at the largest size.
        Figures that can't be had are None, with a `reason`.
        Raises ValueError for sizes below 1 and unknown patterns; an exception of the kernel passes through.
        """
        sizes = checked_counts(data_sizes, "data_sizes")
        patterns = checked_names(access_patterns, PATTERNS, "access_patterns")
        caches = self.hardware_config["cache_sizes"]
        efficiency: dict[int, Figures] = {}
        bandwidth: dict[int, Figures] = {}
        blocks: dict[str, int | None] = {}
        ### BEGIN SOLUTION
        for n in sizes:
            run = measure_kernel(kernel_func, n)
            roof = self.roof(run)
            memory_us, compute_us = roof.memory_us(run.moved_bytes), roof.compute_us(run.flops)
            share = None if memory_us is None else max(memory_us, compute_us or 0.0) / run.time_us
            gb_s, peak = run.moved_bytes / run.time_us / 1000, roof.bandwidth_gb_s
            efficiency[n] = {
                "cache_level": cache_level(run.moved_bytes, caches),
                "efficiency_estimate": None if share is None else min(1.0, share),
                "data_size_mb": run.moved_bytes / 2**20,
                "execution_time_us": run.time_us,
                "source": "derived",
            }
            bandwidth[n] = {
                "bandwidth_gb_s": gb_s,
                "peak_bandwidth_gb_s": peak,
                "utilization_percent": None if peak is None else 100 * gb_s / peak,
                "bottleneck": bottleneck(run, roof),
                "source": "derived",
            }
            if peak is None:
                efficiency[n]["reason"] = bandwidth[n]["reason"] = f"no bandwidth to hold it against: {roof.how}"
            elif efficiency[n]["cache_level"] is None:
                efficiency[n]["reason"] = "the size of a cache that may hold it is not known"
        for level, name in (("L1", "l1_data"), ("L2", "l2"), ("L3", "l3")):
            blocks[level] = None if caches[name] is None else math.isqrt(int(caches[name]) // 12)
        ### END SOLUTION
        times_us = {f"{name_of(kernel_func)} {n}": entry["execution_time_us"] for n, entry in efficiency.items()}
        return self.keep("cache_efficiency", CacheResult(
            data_sizes_tested=sizes,
            access_patterns=patterns,
            access_pattern_bandwidth=pattern_bandwidths(patterns, max(sizes) ** 2),
            cache_efficiency=efficiency,
            bandwidth_utilization=bandwidth,
            optimal_block_sizes=blocks,
            recommendations=cache_advice(efficiency, bandwidth),
            sources={"execution_time_us": "measured", "data_size_mb": "measured", "optimal_block_sizes": "derived"},
        ), times_us)


# %% nbgrader={"grade": true, "grade_id": "check_analyze_cache_efficiency", "points": 2}
def test_unit_cache_efficiency() -> None:
    """Levels and blocks follow the given machine; the figures agree with each other."""
    machine = {"memory_bandwidth": 0.001, "cache_sizes": {"l1_data": 2**14, "l2": 2**16, "l3": 2**18}}
    analysis = CacheAnalysis(machine)
    result = analysis.analyze_cache_efficiency(np.add, [16, 64, 128, 256], ["sequential", "random"])
    levels = [entry["cache_level"] for entry in result["cache_efficiency"].values()]
    words = "three matrices of side 16, 64, 128, 256 live in L1, L2, L3, RAM of this machine"
    assert levels == ["L1", "L2", "L3", "RAM"], f"{words}; got {levels}"
    blocks = result["optimal_block_sizes"]
    assert blocks == {"L1": 36, "L2": 73, "L3": 147}, f"three blocks of b * b float32 must fit each cache; got {blocks}"
    for n in (16, 256):
        moved, entry = result["bandwidth_utilization"][n], result["cache_efficiency"][n]
        gb_s = 3 * n * n * 4 / entry["execution_time_us"] / 1000
        assert math.isclose(moved["bandwidth_gb_s"], gb_s), "bandwidth: bytes of operands and result per second"
        assert math.isclose(moved["utilization_percent"], 100 * gb_s / 0.001), "utilization: of the given 0.001 GB/s"
        assert moved["bottleneck"] == "memory", "with 0.001 GB/s, memory holds everything up"
        assert entry["efficiency_estimate"] == 1.0, "the share of the roof's speed is at most 1.0"
    assert analysis.analysis_results["cache_efficiency"] is result, "the result is kept"


test_unit_cache_efficiency()


# %% tags=["measure"]
def share_of_roof_figure(sizes: Sequence[int]) -> plt.Figure:
    """Share of the roof's speed that four kernels reach, against the size."""
    from tinytorch.core.kernels import matmul

    figure, axes = plt.subplots()
    for kernel in (matmul.matmul_naive, matmul.cache_friendly_matmul, np.matmul, np.add):
        entries = CacheAnalysis().analyze_cache_efficiency(kernel, sizes)["cache_efficiency"].values()
        axes.plot(sizes, [entry["efficiency_estimate"] for entry in entries], "o-", label=name_of(kernel))
    axes.set(xscale="log", xlabel="matrix side (elements, log scale)", ylabel="share of the roof's speed")
    axes.set(ylim=(0, 1.05), title="The gap to 1 is what is left to gain")
    axes.legend()
    figure.text(0.01, -0.02, plots.caption(), fontsize=7)
    return figure


share_of_roof_figure((32, 64, 128, 256))

# %% tags=["measure"]
for pattern, entry in pattern_bandwidths(PATTERNS, 4_000_000).items():
    print(f"{pattern:>10}: {entry['bandwidth_gb_s']:.2f} GB/s of useful numbers")
print(plots.caption())

# %% [markdown]
# **Compare.** How far off were your two shares? The kernel with the lowest line has the most to gain, but by which
# change: blocking, or vector instructions? Its `bottleneck` tells you which to try first. And the three orders of
# visiting: the same numbers, the same additions. What does a cache line have to do with the strided one?

# %% [markdown]
# ## Ask what vectors would bring
#
# "This vectorizes well" is a claim about a compiler, a processor and a size of data. To find out, run the operation
# twice: one element at a time, and with vectors. The first is harder than it sounds, because Numba's compiler
# vectorizes simple loops by itself. The scalar loops below have an exit that depends on the data, `if x[i] == stop:
# break`. With `stop = NaN` it's never taken, since NaN equals nothing; but the compiler can't know, and has to look at
# one element before it may touch the next. Both forms are compiled and run on one core.

# %%
#| export
def scalar_loop(function: Callable[..., Any]) -> Callable[..., None]:
    """A compiled loop out[i] = function(x[i], y[i]) that the compiler can't vectorize."""
    inner = njit(function)

    @njit(nogil=True, error_model="numpy")
    def loop(x, y, out, stop):  # (n,) float32 each
        for i in range(x.size):
            if x[i] == stop:
                break
            out[i] = inner(x[i], y[i])

    return loop


@njit(cache=True, nogil=True, error_model="numpy")
def scalar_dot(x, y, out, stop):  # the sum of x[i] * y[i] goes to out[0]
    total = np.float32(0)
    for i in range(x.size):
        if x[i] == stop:
            break
        total += x[i] * y[i]
    out[0] = total


# %%
#| export
@njit(cache=True, nogil=True, error_model="numpy")
def scalar_matmul(A, B, C, stop):  # (M, K), (K, N), (M, N); loops in the order i, k, j
    C[:] = 0
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                if B[k, j] == stop:
                    break
                C[i, j] += A[i, k] * B[k, j]


@njit(cache=True, nogil=True, error_model="numpy")
def vector_matmul(A, B, C):  # the same loops without the exit: the compiler vectorizes the inner one
    C[:] = 0
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            a = A[i, k]
            for j in range(B.shape[1]):
                C[i, j] += a * B[k, j]

# %% [markdown]
# The table of what can be run: a name, the scalar form, the form with vectors. A name that isn't in it (a convolution,
# say) can't be run here, and the honest answer about it is "unknown".

# %%
#| export
OPERATIONS: dict[str, tuple[Callable[..., None], Callable[..., Any]]] = {
    "add": (scalar_loop(lambda a, b: a + b), lambda x, y, out: np.add(x, y, out=out)),
    "multiply": (scalar_loop(lambda a, b: a * b), lambda x, y, out: np.multiply(x, y, out=out)),
    "relu": (scalar_loop(lambda a, b: max(a, np.float32(0))), lambda x, y, out: np.maximum(x, 0, out=out)),
    "exp": (scalar_loop(lambda a, b: math.exp(a)), lambda x, y, out: np.exp(x, out=out)),
    "dot": (scalar_dot, lambda x, y, out: np.copyto(out, np.dot(x, y))),
    "matmul": (scalar_matmul, vector_matmul),
}
SAME_AS = {"element_wise_add": "add", "element_wise_multiply": "multiply", "vectorized_relu": "relu",
           "dot_product": "dot", "matrix_multiply": "matmul", "matmul_baseline": "matmul"}


@dataclass(frozen=True, slots=True)
class Race:
    """Microseconds of one operation, summed over the shapes it ran on; None, with a reason, if it couldn't be run."""

    scalar_us: float | None
    vectorized_us: float | None
    reason: str = ""


# %%
#| export
def race(op: str, shapes: Sequence[tuple[int, ...]]) -> Race:
    """Run both forms of `op` on float32 data of each shape, check that they agree, and time them."""
    plain = SAME_AS.get(op, op)
    fitting = [shape for shape in shapes if plain != "matmul" or len(shape) == 2]
    if plain not in OPERATIONS:
        return Race(None, None, f"there is no scalar and vector form of {op!r} to run; known: {', '.join(OPERATIONS)}")
    if not fitting:
        return Race(None, None, f"{op} needs a shape of two sizes, and none was given")
    times_us = [race_once(plain, shape) for shape in fitting]
    return Race(sum(scalar for scalar, _ in times_us), sum(vectorized for _, vectorized in times_us))


def race_once(op: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """(scalar, vectorized) microseconds on one shape; a product multiplies by a matrix of the transposed shape."""
    scalar, vectorized = OPERATIONS[op]
    x, y = np.random.default_rng(0).standard_normal((2, math.prod(shape)), dtype=np.float32)
    out_shape: tuple[int, ...] = (1,) if op == "dot" else x.shape
    if op == "matmul":
        x, y, out_shape = x.reshape(shape), y.reshape(shape[::-1]), (shape[0], shape[0])
    outs, never = np.zeros((2, *out_shape), dtype=np.float32), np.float32(np.nan)
    scalar(x, y, outs[0], never)
    vectorized(x, y, outs[1])
    if not np.allclose(outs[0], outs[1], rtol=1e-3, atol=1e-6 * x.size):
        raise RuntimeError(f"the scalar and the vector form of {op} disagree on shape {shape}; nothing was timed")
    return quick_us(scalar, x, y, outs[0], never), quick_us(vectorized, x, y, outs[1])


# %%
#| export
class VectorizationResult(TypedDict):
    """The result of `analyze_vectorization_potential`."""

    operations_analyzed: list[str]
    simd_opportunities: dict[str, Figures]
    data_layout_requirements: dict[str, Figures]
    speedup_estimates: Figures
    algorithm_modifications: list[str]
    recommendations: list[str]


HIGH, MEDIUM = 4.0, 1.5  # the speedups from which on the potential is called so


def checked_shapes(shapes: Sequence[Sequence[int] | int] | None) -> list[tuple[int, ...]]:
    """The shapes as tuples, (10000,) and (128, 128) for None; ValueError for an empty shape or a size below 1."""
    chosen = [(10_000,), (128, 128)] if shapes is None else list(shapes)
    return [tuple(checked_counts([s] if isinstance(s, int) else s, "each of data_shapes")) for s in chosen]


# %%
#| export
def layout_requirements(shapes: Sequence[tuple[int, ...]], lanes: int | None) -> dict[str, Figures]:
    """For each shape: along which axis vectors run, and how many elements of a row are left over after full vectors."""
    extra = {"source": "derived"} if lanes else {"source": "derived", "reason": "the SIMD width is not known"}
    return {
        str(shape): {
            "vectorize_along": "the last axis: its elements are neighbours in memory",
            "left_over_elements": shape[-1] % lanes if lanes else None,
            "alignment_bytes": 4 * lanes if lanes else None,
            **extra,
        }
        for shape in shapes
    }


def vector_changes(opportunities: Mapping[str, Figures]) -> list[str]:
    """How each operation that ran has to be written to get its speedup."""
    how = {"dot": "several independent partial sums, because one sum has to wait for itself",
           "matmul": "vectors along a row of B, then register tiles, so that a loaded row serves several rows of A"}
    rest = "full vectors along contiguous memory, a part vector at the end; fused with its neighbour if it gains little"
    ran = [op for op, entry in opportunities.items() if entry["speedup"] is not None]
    return [f"{op}: {how.get(SAME_AS.get(op, op), rest)}" for op in ran]


# %%
#| export
def vector_advice(opportunities: Mapping[str, Figures]) -> list[str]:
    """One sentence for each operation."""
    return [
        f"{op}: not run: {entry.get('reason')}" if entry["speedup"] is None
        else f"{op}: {entry['potential']} potential, vectors are {entry['speedup']:.1f} times as fast as scalars here"
        for op, entry in opportunities.items()
    ]

# %% [markdown]
# **Predict.** A vector register of your machine holds `AnalysisState().hardware_config["simd_width"]` float32. Which of
# `add`, `exp`, `dot` and `matmul` gains the most from vectors on data that fits a cache, and how many times?

# %%
my_prediction_best_operation = None
my_prediction_best_speedup = None

# %% [markdown]
# ### Write `analyze_vectorization_potential`
#
# For each operation, `race(op, shapes)` gives the two times. Fill `opportunities[op]` with
#
# * `scalar_us`, `vectorized_us`, and `speedup`, the first over the second; None if it didn't run, with a `reason`;
# * `potential`: "high" from `HIGH` on, "medium" from `MEDIUM` on, otherwise "low"; "unknown" if it didn't run;
# * `source`: "measured".
#
# Then fill `estimates`, from the operations that ran (leave None if none did):
#
# * `overall`: the whole sequence's scalar time over its vectorized time. **Not** the mean of the speedups: an operation
#   that takes long counts more. An operation named twice runs twice; `counts` says how often each is named.
# * `best_case`: the largest speedup of one operation.
#
# About 20 lines.

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
        if isinstance(operation_sequence, str) or not operation_sequence:
            raise ValueError(f"operation_sequence must be a list of operations' names, got {operation_sequence!r}")
        shapes = checked_shapes(data_shapes)
        counts = Counter(operation_sequence)
        opportunities: dict[str, Figures] = {}
        estimates: Figures = {"overall": None, "best_case": None, "source": "derived"}
        ### BEGIN SOLUTION
        scalar_us = vectorized_us = 0.0
        for op, count in counts.items():
            run = race(op, shapes)
            opportunities[op] = {
                "potential": "unknown",
                "speedup": None,
                "scalar_us": run.scalar_us,
                "vectorized_us": run.vectorized_us,
                "source": "measured",
            }
            if run.scalar_us is None:
                opportunities[op]["reason"] = run.reason
                continue
            speedup = run.scalar_us / run.vectorized_us
            opportunities[op]["speedup"] = speedup
            opportunities[op]["potential"] = "high" if speedup >= HIGH else "medium" if speedup >= MEDIUM else "low"
            scalar_us += count * run.scalar_us
            vectorized_us += count * run.vectorized_us
        speedups = [entry["speedup"] for entry in opportunities.values() if entry["speedup"] is not None]
        if speedups:
            estimates |= {"overall": scalar_us / vectorized_us, "best_case": max(speedups)}
        ### END SOLUTION
        if estimates["overall"] is None:
            estimates["reason"] = "none of the operations could be run"
        ran = {op: entry["scalar_us"] for op, entry in opportunities.items() if entry["scalar_us"] is not None}
        return self.keep("vectorization_potential", VectorizationResult(
            operations_analyzed=list(operation_sequence),
            simd_opportunities=opportunities,
            data_layout_requirements=layout_requirements(shapes, self.hardware_config["simd_width"]),
            speedup_estimates=estimates,
            algorithm_modifications=vector_changes(opportunities),
            recommendations=vector_advice(opportunities),
        ), {op: counts[op] * scalar_us for op, scalar_us in ran.items()})


# %% nbgrader={"grade": true, "grade_id": "check_analyze_vectorization_potential", "points": 2}
def test_unit_vectorization_potential() -> None:
    """Figures follow from the two times; what can't be run is unknown."""
    sequence = ["add", "matmul", "add", "conv2d"]
    result = VectorizationAnalysis().analyze_vectorization_potential(sequence, [(20_000,), (64, 64)])
    entries, estimates = result["simd_opportunities"], result["speedup_estimates"]
    assert set(entries) == {"add", "matmul", "conv2d"}, "one entry for each operation of the sequence"
    assert (entries["conv2d"]["potential"], entries["conv2d"]["speedup"]) == ("unknown", None), "conv2d can't be run"
    assert entries["conv2d"]["reason"], "say why there is no speedup"
    for op in ("add", "matmul"):
        speedup = entries[op]["scalar_us"] / entries[op]["vectorized_us"]
        assert math.isclose(entries[op]["speedup"], speedup), f"{op}: speedup is scalar time over vectorized time"
        word = "high" if speedup >= HIGH else "medium" if speedup >= MEDIUM else "low"
        assert entries[op]["potential"] == word, f"{op}: a speedup of {speedup:.2f} is {word}"
    scalar = 2 * entries["add"]["scalar_us"] + entries["matmul"]["scalar_us"]
    vectorized = 2 * entries["add"]["vectorized_us"] + entries["matmul"]["vectorized_us"]
    assert math.isclose(estimates["overall"], scalar / vectorized), "overall: times of the whole sequence, add twice"
    assert estimates["best_case"] == max(entries["add"]["speedup"], entries["matmul"]["speedup"])


test_unit_vectorization_potential()


# %% tags=["measure"]
def vector_gain_figure(sizes: Sequence[int]) -> plt.Figure:
    """What vectors bring for four operations, at each size."""
    figure, axes = plt.subplots()
    for size in sizes:
        result = VectorizationAnalysis().analyze_vectorization_potential(["add", "relu", "exp", "dot"], [(size,)])
        found = result["simd_opportunities"]
        axes.plot(list(found), [entry["speedup"] for entry in found.values()], "o", label=f"{size:,} elements")
    axes.axhline(AnalysisState().hardware_config["simd_width"] or 1, linestyle=":", label="lanes of a register")
    axes.set(yscale="log", ylabel="scalar time / vector time (log scale)")
    axes.set_title("The same operation gains less once its data leaves the caches")
    axes.legend()
    figure.text(0.01, -0.02, plots.caption(), fontsize=7)
    return figure


vector_gain_figure((10_000, 4_000_000))

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
# Three workloads of known behaviour are good company for an analyzer. They sleep instead of working, so the number of
# cores doesn't matter: `perfect` takes $t/p$, `stubborn` always takes $t$, `crowded` takes $t \cdot p$. What your
# method says about these must be right before you believe what it says about a kernel.

# %%
def perfect(data: np.ndarray, num_workers: int) -> None:
    time.sleep(0.024 / num_workers)


def stubborn(data: np.ndarray, num_workers: int) -> None:
    time.sleep(0.012)


def crowded(data: np.ndarray, num_workers: int) -> None:
    time.sleep(0.006 * num_workers)

# %% [markdown]
# A workload may fail on some number of workers. That's a finding, not the end of the analysis: `try_workers` returns an
# `Attempt` with a time, or with the error's text. `parallel_overhead` uses the Karp-Flatt metric (A. Karp, H. Flatt,
# *Measuring parallel processor performance*, CACM 33(5), 1990), the serial fraction that would explain the measured
# speedup $S$ on $p$ workers by Amdahl's law:
#
# $$ e = \frac{1/S - 1/p}{1 - 1/p} $$

# %%
#| export
@dataclass(frozen=True, slots=True)
class Attempt:
    """A workload on some workers: microseconds, or else the text of its error."""

    time_us: float | None
    error: str = ""


def try_workers(workload: Callable[..., Any], data: np.ndarray, workers: int) -> Attempt:
    """Time `workload(data, workers)`; a parameter called `num_workers` or `workers` is passed by its name."""
    try:
        names = set(inspect.signature(workload).parameters)
    except (TypeError, ValueError):
        names = set()
    keyword = next((name for name in ("num_workers", "workers") if name in names), None)
    args, kwargs = ((data, workers), {}) if keyword is None else ((data,), {keyword: workers})
    try:
        return Attempt(quick_us(workload, *args, **kwargs))
    except Exception as err:  # the workload is the caller's: whatever it raises is a finding about it
        return Attempt(None, f"{type(err).__name__}: {err}")


# %%
#| export
class ParallelResult(TypedDict):
    """The result of `analyze_parallel_scaling`."""

    worker_counts_tested: list[int]
    data_sizes_tested: list[int]
    scaling_results: dict[int, dict[int, Figures]]
    efficiency_analysis: dict[int, Figures]
    overhead_analysis: dict[int, Figures]
    optimal_parallelism: dict[int, Figures]
    recommendations: list[str]


# %%
#| export
def diminishing_returns(speedups: Mapping[int, float]) -> int:
    """The count beyond which the next one measured brings less than half a worker's speed for each added worker."""
    counts = sorted(speedups)
    for fewer, more in pairwise(counts):
        if speedups[more] - speedups[fewer] < 0.5 * (more - fewer):
            return fewer
    return counts[-1]


def parallel_overhead(entries: Mapping[int, Figures]) -> Figures:
    """At the most workers that ran: worker time beyond the time of one worker, and Karp and Flatt's serial fraction."""
    ran = {p: entry for p, entry in entries.items() if entry.get("speedup") is not None and p > 1}
    if not ran:
        reason = "there is no time on more than one worker, or none on one, to compare"
        return {"workers": None, "overhead_us": None, "serial_fraction": None, "source": "derived", "reason": reason}
    p = max(ran)
    speedup = ran[p]["speedup"]
    overhead_us = ran[p]["execution_time_us"] * (p - speedup)
    fraction = (1 / speedup - 1 / p) / (1 - 1 / p)
    return {"workers": p, "overhead_us": overhead_us, "serial_fraction": fraction, "source": "derived"}


# %%
#| export
def optimal_workers(entries: Mapping[int, Figures]) -> Figures:
    """The fewest workers within five percent of the best time: a smaller gain is noise, and workers aren't free."""
    times_us = {p: entry["execution_time_us"] for p, entry in entries.items() if "error" not in entry}
    if not times_us:
        return {"optimal_workers": None, "source": "derived", "reason": "every worker count ended in an error"}
    best = min(p for p, time_us in times_us.items() if time_us <= 1.05 * min(times_us.values()))
    speedup, efficiency = entries[best]["speedup"], entries[best]["efficiency"]
    return {"optimal_workers": best, "speedup_at_optimal": speedup, "efficiency_at_optimal": efficiency,
            "source": "derived"}


# %%
#| export
def scaling_advice(
    optimal: Mapping[int, Figures], overhead: Mapping[int, Figures], cores: int | None
) -> list[str]:
    """One sentence for each data size."""
    advice = []
    for size, choice in optimal.items():
        workers, fraction = choice["optimal_workers"], overhead[size]["serial_fraction"]
        serial = "" if fraction is None else f"; {max(0.0, fraction):.0%} of it behaves as if it were serial"
        beyond = f"; that is more than the {cores} cores" if cores and workers and workers > cores else ""
        words = f"{workers} workers{serial}{beyond}"
        if workers is None:
            words = "every worker count ended in an error"
        elif workers == 1:
            words = "stay with one worker: more didn't make it faster"
        advice.append(f"size {size}: {words}")
    return advice

# %% [markdown]
# **Predict.** `parallel_relu` from lesson 4, on 10,000 and on 4,000,000 elements, with as many workers as your machine
# has cores: what speedup do you expect for each?

# %%
my_prediction_small_speedup = None
my_prediction_large_speedup = None

# %% [markdown]
# ### Write `analyze_parallel_scaling`
#
# For one size, `attempts[p]` is the `Attempt` of each worker count, and `one` that of one worker, the baseline (it's
# made even if 1 isn't asked for). Fill `entries[p]`:
#
# * an attempt without a time: `{"error": its text, "source": "measured"}`;
# * otherwise `execution_time_us`, `speedup`, `efficiency`, and `source` "measured". If one worker failed, there's no
#   baseline: speedup and efficiency are None, and a `reason` says so.
#
# Then `summary[size]`, from the speedups that there are: `max_speedup`; `best_worker_count`, the count that reached it;
# `scaling_efficiency`, the one over the other; `diminishing_returns_threshold` from `diminishing_returns`; `source`
# "derived". If there's no speedup at all, the four are None with a `reason`. About 22 lines.

# %% nbgrader={"grade": false, "grade_id": "analyze_parallel_scaling", "solution": true}
#| export
class ParallelAnalysis(AnalysisState):
    """How a workload's time changes with the number of workers."""

    def analyze_parallel_scaling(
        self, workload_func: Callable[..., Any], worker_counts: Sequence[int], data_sizes: Sequence[int] | None = None
    ) -> ParallelResult:
        """Time `workload_func(data, workers)` on vectors of random float32, for every size and worker count.

        data_sizes: (10000, 100000) elements if None. speedup: time on one worker over time. efficiency: that / workers.
        A worker count whose call raises gets an `error` in place of its figures; the others go on.
        Raises ValueError for counts or sizes below 1, or none.
        """
        counts = checked_counts(worker_counts, "worker_counts")
        sizes = checked_counts((10_000, 100_000) if data_sizes is None else data_sizes, "data_sizes")
        results: dict[int, dict[int, Figures]] = {}
        summary: dict[int, Figures] = {}
        times_us: dict[str, float] = {}
        for size in sizes:
            data = np.random.default_rng(size).standard_normal(size, dtype=np.float32)
            one = try_workers(workload_func, data, 1)
            attempts = {p: one if p == 1 else try_workers(workload_func, data, p) for p in counts}
            if one.time_us is not None:
                times_us[f"{name_of(workload_func)} {size}"] = one.time_us
            entries = results[size] = {}
            ### BEGIN SOLUTION
            for p, attempt in attempts.items():
                if attempt.time_us is None:
                    entries[p] = {"error": attempt.error, "source": "measured"}
                    continue
                speedup = None if one.time_us is None else one.time_us / attempt.time_us
                entries[p] = {
                    "execution_time_us": attempt.time_us,
                    "speedup": speedup,
                    "efficiency": None if speedup is None else speedup / p,
                    "source": "measured",
                }
                if speedup is None:
                    entries[p]["reason"] = f"one worker failed, so there is no baseline: {one.error}"
            speedups = {p: entry["speedup"] for p, entry in entries.items() if entry.get("speedup") is not None}
            best = max(speedups, key=speedups.__getitem__, default=None)
            summary[size] = {
                "max_speedup": None if best is None else speedups[best],
                "best_worker_count": best,
                "scaling_efficiency": None if best is None else speedups[best] / best,
                "diminishing_returns_threshold": None if best is None else diminishing_returns(speedups),
                "source": "derived",
            }
            if best is None:
                summary[size]["reason"] = "no speedup is known: one worker, or every count asked for, ended in an error"
            ### END SOLUTION
        overhead = {size: parallel_overhead(entries) for size, entries in results.items()}
        optimal = {size: optimal_workers(entries) for size, entries in results.items()}
        return self.keep("parallel_scaling", ParallelResult(
            worker_counts_tested=counts,
            data_sizes_tested=sizes,
            scaling_results=results,
            efficiency_analysis=summary,
            overhead_analysis=overhead,
            optimal_parallelism=optimal,
            recommendations=scaling_advice(optimal, overhead, self.hardware_config["cpu_cores"]),
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
    assert "two is one too many" in entries[2]["error"], "a failing worker count keeps its error"
    assert entries[3]["speedup"] is not None, "and the counts after it are still measured"


test_unit_parallel_scaling()


# %% tags=["measure"]
def scaling_figure(sizes: Sequence[int]) -> plt.Figure:
    """Speedup of `parallel_relu` over the workers, one line for each size."""
    from tinytorch.core.kernels.parallelism import parallel_relu

    cores = AnalysisState().hardware_config["cpu_cores"] or 1
    counts = sorted({1, 2, cores, 2 * cores})
    result = ParallelAnalysis().analyze_parallel_scaling(parallel_relu, counts, sizes)
    figure, axes = plt.subplots()
    for size, entries in result["scaling_results"].items():
        axes.plot(counts, [entries[p].get("speedup") for p in counts], "o-", label=f"{size:,} elements")
    axes.axvline(cores, linestyle=":", label="cores")
    axes.set(xlabel="workers", ylabel="time on one worker / time")
    axes.set_title("Where a line turns flat, more workers only wait")
    axes.legend()
    figure.text(0.01, -0.02, plots.caption(), fontsize=7)
    return figure


scaling_figure((10_000, 4_000_000))

# %% [markdown]
# **Compare.** How far off were your two predictions? If the large size doesn't reach one core's speed for each core,
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
def rounded_to(x: np.ndarray, bits: int) -> np.ndarray:
    """`x` rounded to the nearest of 2**bits - 1 equally spaced values around 0, as float32."""
    scale = float(np.max(np.abs(x), initial=0.0)) / (2 ** (bits - 1) - 1) or 1.0
    return (np.rint(x / scale) * scale).astype(np.float32)


def quantized_form(op: Callable[..., Any], bits: int) -> Callable[..., Any]:
    """`op` in so many bits: itself for 32; lesson 5's kernel for a product or ReLU; else `op` on rounded operands."""
    if bits == 32:
        return op
    if name_of(op) in PRODUCT_NAMES:
        from tinytorch.core.kernels.quantization import quantized_matmul

        return lambda A, B: quantized_matmul(A, B, bits=bits)
    if name_of(op) in ("vectorized_relu", "parallel_relu"):
        from tinytorch.core.kernels.quantization import quantized_relu

        return lambda x: quantized_relu(x, bits=bits)
    return lambda *operands: op(*(rounded_to(operand, bits) for operand in operands))


def run_quantized(op: Callable[..., Any], operands: Sequence[np.ndarray], bits: int) -> tuple[np.ndarray, float]:
    """(result as float64, microseconds) of `op` in so many bits; exceptions pass, with a note that says where."""
    func = quantized_form(op, bits)
    try:
        return np.asarray(func(*operands), dtype=np.float64), quick_us(func, *operands)
    except Exception as err:
        err.add_note(f"raised while {name_of(op)} ran in {bits} bits on operands of shape {operands[0].shape}")
        raise


# %%
#| export
class QuantizationResult(TypedDict):
    """The result of `analyze_quantization_trade_offs`; ratios are float32 over quantized, so that more is better."""

    precision_levels_tested: list[int]
    operations_analyzed: list[str]
    accuracy_threshold: float
    accuracy_analysis: dict[str, dict[int, dict[int, Figures]]]
    performance_analysis: dict[str, dict[int, float]]
    memory_analysis: dict[str, dict[int, float]]
    deployment_recommendations: dict[int, Figures]
    recommendations: list[str]


QUANTIZATION_SIZES = (32, 96)
Accuracy = Mapping[str, Mapping[int, Mapping[int, Figures]]]  # operation, size, bits


# %%
#| export
def named_operations(operations: Sequence[Callable[..., Any] | str]) -> dict[str, Callable[..., Any]]:
    """The operations by name, a second one of a name with a number; ValueError if there is none."""
    if not operations or isinstance(operations, str):
        raise ValueError(f'operations must be a list of at least one function, "matmul" or "relu"; got {operations!r}')
    named: dict[str, Callable[..., Any]] = {}
    seen: Counter[str] = Counter()
    for op in operations:
        name = op if isinstance(op, str) else name_of(op)
        seen[name] += 1
        key = name if seen[name] == 1 else f"{name} ({seen[name]})"
        named[key] = module_kernel(op) if isinstance(op, str) else op
    return named


def module_kernel(name: str) -> Callable[..., Any]:
    """The kernel of an earlier lesson that "matmul" or "relu" stands for."""
    if name == "matmul":
        from tinytorch.core.kernels.matmul import matmul_simd

        return matmul_simd
    if name == "relu":
        from tinytorch.core.kernels.vectorization import vectorized_relu

        return vectorized_relu
    raise ValueError(f'operation {name!r} is not known by its name; pass "matmul", "relu", or a function')


# %%
#| export
def checked_levels(levels: Sequence[int] | None) -> list[int]:
    """The bits to try, 16 and 8 for None; ValueError for anything but 8, 16 and 32."""
    chosen = [16, 8] if levels is None else list(levels)
    if not chosen or any(bits not in (8, 16, 32) for bits in chosen):
        raise ValueError(f"precision_levels must be some of 8, 16 and 32 bits, got {chosen!r}")
    return [int(bits) for bits in chosen]


def rms(x: np.ndarray) -> float:
    """The root of the mean of the squares; 0.0 of nothing."""
    return math.sqrt(float(np.mean(np.square(x)))) if x.size else 0.0


def ratio_or_none(part: float, whole: float) -> float | None:
    """part / whole; 0.0 if part is 0, None if only the whole is."""
    return 0.0 if part == 0 else None if whole == 0 else part / whole


# %%
#| export
def all_entries(accuracy: Accuracy, bits: int) -> list[Figures]:
    """The entries of every operation and size at so many bits."""
    return [by_bits[bits] for by_size in accuracy.values() for by_bits in by_size.values()]


def mean_by_bits(accuracy: Accuracy, levels: Sequence[int], field: str) -> dict[str, dict[int, float]]:
    """For each operation and number of bits, the mean of one field over the sizes."""
    return {op: {bits: statistics.fmean(entry[field] for entry in all_entries({op: by_size}, bits)) for bits in levels}
            for op, by_size in accuracy.items()}


def float32_times(accuracy: Accuracy) -> dict[str, float]:
    """The float32 time of each operation and size, in microseconds, from any of its entries."""
    entries = {f"{op} {n}": next(iter(by_bits.values())) for op, by_size in accuracy.items()
               for n, by_bits in by_size.items()}
    return {name: entry["execution_time_us"] * entry["relative_performance"] for name, entry in entries.items()}


def quantization_advice(deployment: Mapping[int, Figures], threshold: float) -> list[str]:
    """One sentence for each number of bits."""
    return [
        f"{bits} bits {'recommended' if entry['recommended_for_production'] else 'not recommended'}: relative error "
        f"within {threshold:g} in {entry['accuracy_success_rate']:.0%} of the runs, "
        f"{entry['avg_performance_gain']:.2f} times the speed of float32, "
        f"{entry['avg_memory_reduction']:.1f} times fewer operand bytes"
        for bits, entry in deployment.items()
    ]

# %% [markdown]
# **Predict.** For the product of two matrices of normally distributed numbers, which relative error do you expect with
# 8 bits? Is `quantized_matmul` faster than `matmul_simd` on your machine?

# %%
my_prediction_relative_error = None
my_prediction_is_faster = None

# %% [markdown]
# ### Write `analyze_quantization_trade_offs`
#
# For one operation and size, `exact` and `float_us` are result and time in float32; `approximate, us =
# run_quantized(op, operands, bits)` are those in so many bits. Fill `by_bits[bits]` for each of `levels`:
#
# * `accuracy_mse`, the mean of the squared error, and `relative_error`, `rms` of the error over `rms` of the exact
#   result, by `ratio_or_none` (None if the exact result is all zero and the other isn't: give a `reason`);
# * `execution_time_us`, and `memory_bytes`: what `elements` numbers take in so many bits each; `source` "measured";
# * `relative_performance` and `relative_memory`: float32 over quantized, so that more is better;
# * `acceptable_accuracy`: the relative error is known and at most `accuracy_threshold`.
#
# 32 bits are the baseline itself: don't time it again. About 18 lines. A second, smaller region comes after the loops:
# for each number of bits, from `all_entries(accuracy, bits)`, the share of acceptable entries, the means of the two
# ratios, and `recommended_for_production`: True if **all** are acceptable and the mean performance is above 1.

# %% nbgrader={"grade": false, "grade_id": "analyze_quantization_trade_offs", "solution": true}
#| export
def compare_bits(
    op: Callable[..., Any], size: int, levels: Sequence[int], accuracy_threshold: float
) -> dict[int, Figures]:
    """Errors, times and bytes of one operation at one size, for each number of bits."""
    operands = square_operands(op, size)
    elements = sum(operand.size for operand in operands)
    exact, float_us = run_quantized(op, operands, 32)
    by_bits: dict[int, Figures] = {}
    ### BEGIN SOLUTION
    for bits in levels:
        approximate, us = (exact, float_us) if bits == 32 else run_quantized(op, operands, bits)
        error = approximate - exact
        relative = ratio_or_none(rms(error), rms(exact))
        by_bits[bits] = {
            "accuracy_mse": float(np.mean(error**2)),
            "relative_error": relative,
            "execution_time_us": us,
            "memory_bytes": elements * bits // 8,
            "relative_performance": float_us / us,
            "relative_memory": 32 / bits,
            "acceptable_accuracy": relative is not None and relative <= accuracy_threshold,
            "source": "measured",
        }
        if relative is None:
            by_bits[bits]["reason"] = "the float32 result is all zero, so no error is relative to it"
    ### END SOLUTION
    return by_bits


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
        accuracy = {
            name: {n: compare_bits(op, n, levels, accuracy_threshold) for n in QUANTIZATION_SIZES}
            for name, op in named_operations(operations).items()
        }
        deployment: dict[int, Figures] = {}
        ### BEGIN SOLUTION
        for bits in levels:
            entries = all_entries(accuracy, bits)
            success = statistics.fmean(entry["acceptable_accuracy"] for entry in entries)
            gain = statistics.fmean(entry["relative_performance"] for entry in entries)
            deployment[bits] = {
                "accuracy_success_rate": success,
                "avg_performance_gain": gain,
                "avg_memory_reduction": statistics.fmean(entry["relative_memory"] for entry in entries),
                "recommended_for_production": success == 1.0 and gain > 1.0,
                "source": "derived",
            }
        ### END SOLUTION
        return self.keep("quantization_trade_offs", QuantizationResult(
            precision_levels_tested=levels,
            operations_analyzed=list(accuracy),
            accuracy_threshold=accuracy_threshold,
            accuracy_analysis=accuracy,
            performance_analysis=mean_by_bits(accuracy, levels, "relative_performance"),
            memory_analysis=mean_by_bits(accuracy, levels, "relative_memory"),
            deployment_recommendations=deployment,
            recommendations=quantization_advice(deployment, accuracy_threshold),
        ), float32_times(accuracy))


# %% nbgrader={"grade": true, "grade_id": "check_analyze_quantization_trade_offs", "points": 2}
def test_unit_quantization_trade_offs() -> None:
    """Errors, bytes and decisions for an operation whose rounding error is known."""

    def unchanged(x: np.ndarray) -> np.ndarray:
        return x + 0

    result = QuantizationAnalysis().analyze_quantization_trade_offs([unchanged], [8, 16], accuracy_threshold=0.001)
    for n, by_bits in result["accuracy_analysis"]["unchanged"].items():
        (x,) = square_operands(unchanged, n)
        for bits, entry in by_bits.items():
            error = rounded_to(x, bits).astype(np.float64) - x
            share = rms(error) / rms(x.astype(np.float64))
            assert math.isclose(entry["accuracy_mse"], np.mean(error**2), rel_tol=1e-6), f"{bits} bits: the MSE"
            assert math.isclose(entry["relative_error"], share, rel_tol=1e-6), f"{bits} bits: the relative error"
            assert entry["memory_bytes"] == x.size * bits // 8, f"{bits} bits: bytes of the operand"
            assert entry["relative_memory"] == 32 / bits, f"{bits} bits: float32 bytes over these bytes"
        acceptable = by_bits[8]["acceptable_accuracy"], by_bits[16]["acceptable_accuracy"]
        assert acceptable == (False, True), f"0.001 is too strict for 8 bits and not for 16; got {acceptable}"
    deployment = result["deployment_recommendations"]
    assert (deployment[8]["accuracy_success_rate"], deployment[16]["accuracy_success_rate"]) == (0.0, 1.0)
    assert deployment[8]["recommended_for_production"] is False, "an error above the threshold isn't for production"
    gains = [by_bits[16]["relative_performance"] for by_bits in result["accuracy_analysis"]["unchanged"].values()]
    assert math.isclose(deployment[16]["avg_performance_gain"], statistics.fmean(gains)), "the mean of the gains"


test_unit_quantization_trade_offs()

# %% tags=["measure"]
trade_offs = QuantizationAnalysis().analyze_quantization_trade_offs(["matmul", "relu"])
for name, by_size in trade_offs["accuracy_analysis"].items():
    for n, by_bits in by_size.items():
        for bits, entry in by_bits.items():
            print(f"{name:>6}, size {n:>3}, {bits:>2} bits: relative error {entry['relative_error']:.1e}, "
                  f"{entry['relative_performance']:.2f} times the speed of float32")
print("\n".join(trade_offs["recommendations"]))
print(plots.caption())

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
# analyses timed, each once, in `self.baseline_measurements`. The next two cells collect the candidates:
#
# | change | touches | local speedup |
# | --- | --- | --- |
# | `kernel_tuning` | sizes below half of the roof's speed | up to the roof: an upper bound, and it says so |
# | `vectorization` | operations of high or medium potential | scalar over vectorized time |
# | `parallelization` | sizes that some worker count made faster | time on one worker over the best time |
# | `quantization` | operations whose error was acceptable throughout | float32 over quantized time |

# %%
#| export
@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible change: the measured time of what it touches, the time that would take then, and what says so."""

    type: str
    description: str
    before_us: float
    after_us: float
    evidence: tuple[str, ...]
    memory_reduction: float = 1.0
    relative_error: float = 0.0


Part = tuple[float, float, str]  # microseconds before and after, evidence
WORTHWHILE = 1.1  # a smaller improvement is within what two runs differ by


def candidate(kind: str, description: str, parts: Sequence[Part], **more: float) -> list[Candidate]:
    """One candidate made of its parts; none if there is no part."""
    if not parts:
        return []
    before_us, after_us, evidence = zip(*parts, strict=True)
    return [Candidate(kind, description, sum(before_us), sum(after_us), tuple(evidence), **more)]


# %%
#| export
def tuning_candidates(result: CacheResult) -> list[Candidate]:
    """The sizes at which the kernel reaches less than half of the roof's speed; after the change: the roof."""
    shares = {n: entry["efficiency_estimate"] for n, entry in result["cache_efficiency"].items()}
    slow = {n: share for n, share in shares.items() if share is not None and share < 0.5}
    times_us = {n: result["cache_efficiency"][n]["execution_time_us"] for n in slow}
    held_by = sorted({str(result["bandwidth_utilization"][n]["bottleneck"]) for n in slow})
    return candidate("kernel_tuning", f"tune the kernel, at most up to the roof ({' and '.join(held_by)} bound)", [
        (times_us[n], times_us[n] * share, f"cache_efficiency[{n}]: {times_us[n]:.1f} us, {share:.1%} of the roof")
        for n, share in slow.items()
    ])


def vector_candidates(result: VectorizationResult) -> list[Candidate]:
    """The operations of high or medium potential, as often as the sequence names them."""
    counts = Counter(result["operations_analyzed"])
    good = {op: e for op, e in result["simd_opportunities"].items() if e["potential"] in ("high", "medium")}
    return candidate("vectorization", f"use vector instructions in {', '.join(good)}", [
        (counts[op] * entry["scalar_us"], counts[op] * entry["vectorized_us"],
         f"simd_opportunities[{op!r}]: {entry['scalar_us']:.1f} us scalar, {entry['vectorized_us']:.1f} us vectorized")
        for op, entry in good.items()
    ])


# %%
#| export
def parallel_candidates(result: ParallelResult) -> list[Candidate]:
    """The sizes for which some worker count was faster than one worker."""
    parts: list[Part] = []
    for n, entry in result["efficiency_analysis"].items():
        workers, speedup = entry["best_worker_count"], entry["max_speedup"]
        if speedup is None or speedup < WORTHWHILE:
            continue
        time_us = result["scaling_results"][n][workers]["execution_time_us"]
        words = f"scaling_results[{n}][{workers}]: {speedup:.2f} times the speed of one worker"
        parts.append((time_us * speedup, time_us, words))
    return candidate("parallelization", "run on several workers where the data is large enough", parts)


# %%
#| export
def quantization_candidates(result: QuantizationResult, metrics: Sequence[str]) -> list[Candidate]:
    """The fewest bits that were acceptable throughout, and faster (unless "memory" is the most important metric)."""
    advice = {bits: entry for bits, entry in result["deployment_recommendations"].items() if bits < 32}
    fit = [bits for bits, entry in advice.items() if entry["recommended_for_production"]
           or (metrics[0] == "memory" and entry["accuracy_success_rate"] == 1.0)]
    if not fit:
        return []
    bits = min(fit)
    parts: list[Part] = []
    for op, by_size in result["accuracy_analysis"].items():
        for n, by_bits in by_size.items():
            time_us, gain = by_bits[bits]["execution_time_us"], by_bits[bits]["relative_performance"]
            words = f"accuracy_analysis[{op!r}][{n}][{bits}]: relative error {by_bits[bits]['relative_error']:.1e}"
            parts.append((time_us * gain, time_us, f"{words}, {gain:.2f} times the speed of float32"))
    error = max(entry["relative_error"] for entry in all_entries(result["accuracy_analysis"], bits))
    memory = advice[bits]["avg_memory_reduction"]
    return candidate("quantization", f"use {bits} bits", parts, memory_reduction=memory, relative_error=error)


# %%
#| export
def candidates_of(results: Mapping[str, Any], metrics: Sequence[str]) -> list[Candidate]:
    """The changes that the analyses kept so far speak for."""
    found = {
        "cache_efficiency": tuning_candidates,
        "vectorization_potential": vector_candidates,
        "parallel_scaling": parallel_candidates,
        "quantization_trade_offs": lambda result: quantization_candidates(result, metrics),
    }
    return [item for name, collect in found.items() if name in results for item in collect(results[name])]

# %% [markdown]
# What counts as best depends on what you're after. `metrics` is a list, the most important first: "performance" (the
# improvement of the whole), "memory" (bytes saved), "accuracy" (error avoided); `rank` turns an opportunity into what
# to sort by. How hard a change is can't be measured: `JUDGEMENT` is the authors' opinion, and says so.

# %%
#| export
class RoadmapResult(TypedDict):
    """The result of `generate_optimization_roadmap`."""

    target_hardware: str
    priority_metrics: list[str]
    optimization_opportunities: list[Figures]
    implementation_plan: list[Figures]
    resource_requirements: Figures
    expected_outcomes: Figures
    recommendations: list[str]


OPINION = "an opinion, not a measurement: "
JUDGEMENT = {  # difficulty, effort
    "kernel_tuning": ("high", OPINION + "a kernel rewritten, and tested at every ragged size"),
    "vectorization": ("medium", OPINION + "one loop rewritten, and its tail tested"),
    "parallelization": ("medium", OPINION + "the split is short, its mistakes are rare and show late"),
    "quantization": ("high", OPINION + "the accuracy of the whole model has to be tested again"),
}
METRICS = ("performance", "memory", "accuracy")


def impact_of(improvement: float) -> str:
    """The word for an improvement of the whole: "high" from 1.5 times on, "medium" from 1.1 on, otherwise "low"."""
    return "high" if improvement >= 1.5 else "medium" if improvement >= WORTHWHILE else "low"


# %%
#| export
def rank(opportunity: Figures, metrics: Sequence[str]) -> tuple[float, ...]:
    """What to sort by, larger is better: the metrics in their order, then the improvement."""
    improvement = opportunity["expected_improvement"]
    value = {"performance": improvement, "memory": opportunity["memory_reduction"],
             "accuracy": -opportunity["relative_error"]}
    return (*(value[metric] for metric in metrics if metric in value), improvement)


def checked_metrics(metrics: Sequence[str] | None, target: str) -> list[str]:
    """The metrics as a list; for None, performance comes first in the cloud, memory on edge and mobile devices."""
    if metrics is None:
        return list(METRICS) if target == "cloud" else ["memory", "performance", "accuracy"]
    if isinstance(metrics, str) or not metrics:
        raise ValueError(f"priority_metrics must be a list of some of {', '.join(METRICS)}; got {metrics!r}")
    return list(metrics)


# %%
#| export
def plan_of(opportunities: Sequence[Figures]) -> list[Figures]:
    """One step for each opportunity, in order, and the measurement that decides whether it worked."""
    return [
        {"step": step, "optimization": item["type"], "description": item["description"],
         "effort": item["implementation_effort"], "done_when": f"measured again: {'; '.join(item['evidence'])}"}
        for step, item in enumerate(opportunities, start=1)
    ]


def resources_of(config: HardwareConfig, target: str) -> Figures:
    """What the target has: this machine's figures if it is the target; otherwise None: nothing was measured there."""
    names = ("cpu_cores", "memory_gb", "simd_width", "memory_bandwidth")
    measured_on = config["deployment_target"]
    if target == measured_on:
        return {name: config[name] for name in names} | {"source": "detected"}
    reason = f"the analyses ran on a machine for {measured_on}; run them on one for {target}"
    return dict.fromkeys(names) | {"source": "derived", "reason": reason}


# %%
#| export
def roadmap_advice(opportunities: Sequence[Figures], metrics: Sequence[str], analyses: Mapping[str, Any]) -> list[str]:
    """What to do first, which analyses are missing, and which metrics could not be taken into account."""
    names = ("cache_efficiency", "vectorization_potential", "parallel_scaling", "quantization_trade_offs")
    missing = [name for name in names if name not in analyses]
    unknown = [metric for metric in metrics if metric not in METRICS]
    advice = [] if opportunities or len(missing) == 4 else ["none of the measurements speaks for a change"]
    for first in opportunities[:1]:
        gain = f"everything measured would be {first['expected_improvement']:.2f} times as fast"
        advice.append(f"start with {first['type']}: {first['description']}; {gain}")
    if missing:
        advice.append(f"no analysis of {', '.join(missing)} has run; the roadmap says nothing about these")
    if unknown:
        advice.append(f"nothing here measures {', '.join(unknown)}; the order does not depend on it")
    return advice

# %% [markdown]
# **Predict.** A program spends 60 of 100 ms in a product and 40 in ReLU. You can make the product three times as fast,
# or ReLU ten times. Which one first? Write down the improvement of the whole for both before you compute them.

# %%
my_prediction_product_first = None
my_prediction_relu_first = None

# %% [markdown]
# ### Write `generate_optimization_roadmap`
#
# `total_us` is the sum of everything measured. Append to `opportunities` a dictionary for each of the `candidates`:
#
# * `local_speedup` is before over after, `share` is before over the total, and `expected_improvement` is Amdahl's law
#   from both;
# * `impact` by `impact_of`; `difficulty` and `implementation_effort` from `JUDGEMENT[item.type]`;
# * `type`, `description`, `memory_reduction`, `relative_error`, and `evidence` (as a list) from the candidate;
#   `source`: "derived".
#
# Sort them by `rank(opportunity, metrics)`, best first. Then set `outcomes["combined_improvement"]`, all changes
# together: the candidates touch different parts of the total, so the new total is the old one without their `before_us`
# and with their `after_us`. Leave it None if nothing was measured. About 22 lines.

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
        metrics = checked_metrics(priority_metrics, checked_target(target_hardware))
        candidates = candidates_of(self.analysis_results, metrics)
        total_us = sum(sum(times_us.values()) for times_us in self.baseline_measurements.values())
        opportunities: list[Figures] = []
        outcomes: Figures = {"combined_improvement": None, "source": "derived"}
        ### BEGIN SOLUTION
        for item in candidates:
            speedup, share = item.before_us / item.after_us, item.before_us / total_us
            improvement = 1 / ((1 - share) + share / speedup)
            difficulty, effort = JUDGEMENT[item.type]
            opportunities.append({
                "type": item.type,
                "impact": impact_of(improvement),
                "difficulty": difficulty,
                "description": item.description,
                "expected_improvement": improvement,
                "share": share,
                "local_speedup": speedup,
                "memory_reduction": item.memory_reduction,
                "relative_error": item.relative_error,
                "implementation_effort": effort,
                "evidence": list(item.evidence),
                "source": "derived",
            })
        opportunities.sort(key=lambda opportunity: rank(opportunity, metrics), reverse=True)
        if total_us > 0:
            saved_us = sum(item.before_us - item.after_us for item in candidates)
            outcomes["combined_improvement"] = total_us / (total_us - saved_us)
        ### END SOLUTION
        if outcomes["combined_improvement"] is None:
            outcomes["reason"] = "no analysis has run, so there is no measured time to improve"
        return self.keep("optimization_roadmap", RoadmapResult(
            target_hardware=target_hardware,
            priority_metrics=metrics,
            optimization_opportunities=opportunities,
            implementation_plan=plan_of(opportunities),
            resource_requirements=resources_of(self.hardware_config, target_hardware),
            expected_outcomes=outcomes,
            recommendations=roadmap_advice(opportunities, metrics, self.analysis_results),
        ), {})

# %% [markdown]
# The five parts together are the analyzer; this cell is given. `comprehensive_kernel_analysis` runs all five on this
# module's kernels, at small sizes. It calls `progress` with a line for each step; without one, it shows the lines on a
# terminal and nowhere else.

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

        say = progress or terminal_line
        worker_counts = sorted({1, 2, min(int(self.hardware_config["cpu_cores"] or 1), 16)})
        results: dict[str, Any] = {}
        say("1 of 5: the blocked product against the roofline")
        results["cache_analysis"] = self.analyze_cache_efficiency(cache_friendly_matmul, [64, 128, 256])
        say("2 of 5: operations scalar and with vectors")
        sequence = ["matmul", "add", "relu", "exp", "dot"]
        results["vectorization_analysis"] = self.analyze_vectorization_potential(sequence)
        say("3 of 5: ReLU on several workers")
        sizes = [10_000, 1_000_000]
        results["parallel_analysis"] = self.analyze_parallel_scaling(parallel_relu, worker_counts, sizes)
        say("4 of 5: the product and ReLU in fewer bits")
        results["quantization_analysis"] = self.analyze_quantization_trade_offs(["matmul", "relu"])
        say("5 of 5: the roadmap")
        target = self.hardware_config["deployment_target"]
        return results | {"optimization_roadmap": self.generate_optimization_roadmap(target)}


# %%
#| export
def terminal_line(words: str) -> None:
    """Show one line of progress, if somebody sits at a terminal."""
    if sys.stderr.isatty():
        print(words, file=sys.stderr)


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
    print(f"\n{item['type']}: {item['description']}\n  {item['share']:.1%} of the time, "
          f"{item['local_speedup']:.1f} times as fast there, "
          f"{item['expected_improvement']:.2f} times altogether: impact {item['impact']}")
    print("\n".join(f"  - {line}" for line in item["evidence"]))
print("\n" + "\n".join(everything["optimization_roadmap"]["recommendations"]))
print(plots.caption())

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

# %% [markdown] nbgrader={"grade": true, "grade_id": "question_vectorization_and_threads", "points": 5, "solution": true}
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
