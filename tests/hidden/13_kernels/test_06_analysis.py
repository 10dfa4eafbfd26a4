"""What lesson 06 is graded on: figures that follow from what was measured, and advice that follows from the figures."""

import math

import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("06_analysis")

KERNELS = """
import time

def slow_copy(x):
    time.sleep(0.004)
    return x.copy()

def plus(a, b):
    return a + b

def stated(a, b):
    return a + b

stated.flops = lambda n: 3 * n * n

def boastful(a, b):
    return a + b

boastful.flops = lambda n: 10**15
"""
WORKLOADS = """
import time

def perfect(data, num_workers):
    time.sleep(0.04 / num_workers)

def crowded(data, num_workers):
    time.sleep(0.006 * num_workers)

def stubborn(data, num_workers):
    time.sleep(0.012)

def fragile(data, num_workers):
    if num_workers == 2:
        raise KeyError("no second worker")
    time.sleep(0.004)

def never_alone(data, num_workers):
    if num_workers == 1:
        raise OSError("not alone")
    time.sleep(0.002)
"""
CACHES = {"l1_data": 2**14, "l1_instruction": 2**14, "l2": 2**16, "l3": 2**18}


def cache_run(student, kernel: str, sizes: list[int], machine: dict) -> dict:
    analyzer = student.new("KernelOptimizationAnalyzer", {"cache_sizes": CACHES, **machine})
    result = analyzer.call("analyze_cache_efficiency", student.define(KERNELS, kernel), sizes, ["sequential"])
    check.keys(result, ["cache_efficiency", "bandwidth_utilization", "optimal_block_sizes", "recommendations"])
    return result


# analyze_cache_efficiency


@pytest.mark.grade("check_analyze_cache_efficiency", weight=2)
def test_bandwidth_follows_from_bytes_and_time(student):
    """Each size's time is the kernel's own, bandwidth is the bytes of operands and result over it, and utilization is
    that over the memory bandwidth given in hardware_config; so is the share of the roof's speed, where no operations
    are stated."""
    result = cache_run(student, "slow_copy", [8, 40], {"memory_bandwidth": 5.0})
    for n in (8, 40):
        time_us = check.at(result["cache_efficiency"], n, "execution_time_us")
        check.number(time_us, low=3900, high=200_000, what=f"execution_time_us of a kernel that sleeps 4 ms, size {n}")
        moved = check.at(result["bandwidth_utilization"], n)
        gb_s = 2 * n * n * 4 / time_us / 1000
        check.number(check.at(moved, "bandwidth_gb_s"), gb_s, rel=1e-6, what=f"bandwidth_gb_s of size {n}")
        check.number(
            check.at(moved, "utilization_percent"),
            100 * gb_s / 5.0,
            rel=1e-6,
            what=f"utilization_percent of size {n}",
        )
        share = check.at(result["cache_efficiency"], n, "efficiency_estimate")
        check.number(share, gb_s / 5.0, rel=1e-6, what=f"efficiency_estimate of size {n}")


@pytest.mark.grade("check_analyze_cache_efficiency", weight=1)
def test_levels_and_blocks_of_a_given_machine(student):
    """The level is the smallest cache of hardware_config that holds operands and result; three blocks of the optimal
    size fit a cache, and three that are one larger do not."""
    result = cache_run(student, "plus", [16, 64, 128, 256], {"memory_bandwidth": 5.0})
    for n, level in ((16, "L1"), (64, "L2"), (128, "L3"), (256, "RAM")):
        check.exactly(check.at(result["cache_efficiency"], n, "cache_level"), level, what=f"cache_level of size {n}")
    for level, name in (("L1", "l1_data"), ("L2", "l2"), ("L3", "l3")):
        side = check.at(result["optimal_block_sizes"], level)
        check.number(side, math.isqrt(CACHES[name] // 12), what=f"optimal_block_sizes of {level}")


@pytest.mark.grade("check_analyze_cache_efficiency", weight=1)
@pytest.mark.parametrize(("bandwidth", "expected"), [(1e-6, "memory"), (1e9, "compute")], ids=["starved", "fed"])
def test_bottleneck_is_the_larger_floor(student, bandwidth, expected):
    """A kernel that states its operations is bound by memory on a machine with hardly any bandwidth, by arithmetic on
    one with unlimited bandwidth; its share of the roof's speed lies between 0 and 1, and is 1 above the roof."""
    result = cache_run(student, "stated", [48], {"memory_bandwidth": bandwidth})
    check.exactly(check.at(result["bandwidth_utilization"], 48, "bottleneck"), expected, what="bottleneck")
    share = check.at(result["cache_efficiency"], 48, "efficiency_estimate")
    check.number(share, low=1.0 if expected == "memory" else 0.0, high=1.0, what="efficiency_estimate")
    result = cache_run(student, "boastful", [48], {"memory_bandwidth": bandwidth})
    share = check.at(result["cache_efficiency"], 48, "efficiency_estimate")
    check.number(share, 1.0, what="efficiency_estimate of a kernel that states more operations than any core can do")


@pytest.mark.grade("check_analyze_cache_efficiency", weight=1)
def test_what_is_not_known_is_none(student):
    """Without a known bandwidth, utilization and efficiency are None and a reason says why; time and bytes stay.
    Without a known cache size, the optimal block size of that level is None."""
    machine = {"memory_bandwidth": None, "cache_sizes": {**CACHES, "l3": None}}
    result = cache_run(student, "plus", [24], machine)
    check.exactly(check.at(result["optimal_block_sizes"], "L3"), None, what="optimal_block_sizes of L3")
    moved, share = check.at(result["bandwidth_utilization"], 24), check.at(result["cache_efficiency"], 24)
    check.exactly(check.at(moved, "utilization_percent"), None, what="utilization_percent")
    check.exactly(check.at(share, "efficiency_estimate"), None, what="efficiency_estimate")
    check.require(bool(moved.get("reason")) and bool(share.get("reason")), "a figure that is None needs a reason")
    check.number(check.at(moved, "bandwidth_gb_s"), low=1e-9, what="bandwidth_gb_s")


# analyze_vectorization_potential


def vector_run(student, sequence: list[str]) -> dict:
    analyzer = student.new("KernelOptimizationAnalyzer", {"memory_bandwidth": 5.0})
    result = analyzer.call("analyze_vectorization_potential", sequence, [(3000,), (24, 40)])
    check.keys(result, ["operations_analyzed", "simd_opportunities", "speedup_estimates", "recommendations"])
    return result


@pytest.mark.grade("check_analyze_vectorization_potential", weight=2)
def test_speedups_follow_from_the_two_times(student):
    """An operation's speedup is its scalar time over its vectorized time, its potential the word for that, and the
    sequence's speedup the time of all of it, as often as each is named, over the vectorized time of all of it."""
    sequence = ["matmul", "add", "matmul", "relu", "matmul"]
    result = vector_run(student, sequence)
    entries = {op: check.at(result["simd_opportunities"], op) for op in ("matmul", "add", "relu")}
    for op, entry in entries.items():
        scalar, vectorized = check.at(entry, "scalar_us"), check.at(entry, "vectorized_us")
        check.number(scalar, low=1e-6, what=f"scalar_us of {op}")
        check.number(vectorized, low=1e-6, what=f"vectorized_us of {op}")
        speedup = scalar / vectorized
        check.number(check.at(entry, "speedup"), speedup, rel=1e-6, what=f"speedup of {op}")
        word = "high" if speedup >= 4.0 else "medium" if speedup >= 1.5 else "low"
        check.exactly(check.at(entry, "potential"), word, what=f"potential of {op}")
    scalar, vectorized = (sum(entries[op][name] for op in sequence) for name in ("scalar_us", "vectorized_us"))
    estimates = result["speedup_estimates"]
    check.number(check.at(estimates, "overall"), scalar / vectorized, rel=1e-6, what="overall speedup of the sequence")
    best = max(entry["speedup"] for entry in entries.values())
    check.number(check.at(estimates, "best_case"), best, rel=1e-6, what="best_case")


@pytest.mark.grade("check_analyze_vectorization_potential", weight=1)
def test_operations_that_cannot_be_run(student):
    """An operation that can't be run has potential "unknown", speedup None and a reason; it doesn't count in the
    sequence's speedup, which is None if nothing could be run."""
    result = vector_run(student, ["conv2d", "multiply"])
    unknown = check.at(result["simd_opportunities"], "conv2d")
    check.exactly(check.at(unknown, "potential"), "unknown", what="potential of conv2d")
    check.exactly(check.at(unknown, "speedup"), None, what="speedup of conv2d")
    check.require(bool(unknown.get("reason")), "a speedup that is None needs a reason")
    speedup = check.at(result["simd_opportunities"], "multiply", "speedup")
    check.number(check.at(result["speedup_estimates"], "overall"), speedup, rel=1e-6, what="overall")
    check.exactly(check.at(vector_run(student, ["conv2d"])["speedup_estimates"], "overall"), None, what="overall")


# analyze_parallel_scaling


def scaling_run(student, workload: str, counts: list[int]) -> tuple[dict, dict]:
    """(entries by worker count, summary) at one size."""
    analyzer = student.new("KernelOptimizationAnalyzer", {"memory_bandwidth": 5.0})
    result = analyzer.call("analyze_parallel_scaling", student.define(WORKLOADS, workload), counts, [16])
    return check.at(result, "scaling_results", 16), check.at(result, "efficiency_analysis", 16)


@pytest.mark.grade("check_analyze_parallel_scaling", weight=2)
@pytest.mark.parametrize("workload", ["perfect", "crowded", "stubborn"])
def test_known_workloads(student, workload):
    """Speedup is the time on one worker over the time, efficiency that over the workers; a workload that takes t / p
    is best on the most workers and about p times as fast, one that takes t * p is best on one, and one that always
    takes t gains nothing. The summary follows from these figures."""
    entries, summary = scaling_run(student, workload, [1, 2, 4])
    times = {p: check.at(entries, p, "execution_time_us") for p in (1, 2, 4)}
    for p in (1, 2, 4):
        check.number(times[p], low=1000, what=f"execution_time_us on {p} workers")
        check.number(check.at(entries, p, "speedup"), times[1] / times[p], rel=1e-6, what=f"speedup on {p} workers")
        efficiency = times[1] / times[p] / p
        check.number(check.at(entries, p, "efficiency"), efficiency, rel=1e-6, what=f"efficiency on {p} workers")
    best = max((1, 2, 4), key=lambda p: entries[p]["speedup"])
    check.exactly(check.at(summary, "best_worker_count"), best, what="best_worker_count")
    speedup = entries[best]["speedup"]
    check.number(check.at(summary, "max_speedup"), speedup, rel=1e-6, what="max_speedup")
    check.number(check.at(summary, "scaling_efficiency"), speedup / best, rel=1e-6, what="scaling_efficiency")
    low, high = {"perfect": (2.0, 8.0), "crowded": (0.9, 1.5), "stubborn": (0.9, 1.8)}[workload]
    check.number(speedup, low=low, high=high, what=f"max_speedup of a workload that is {workload}")


@pytest.mark.grade("check_analyze_parallel_scaling", weight=1)
def test_one_worker_is_the_baseline(student):
    """The baseline is the time on one worker, even when one worker isn't among the counts asked for."""
    entries, _ = scaling_run(student, "perfect", [2, 4])
    check.number(check.at(entries, 2, "speedup"), low=1.3, high=4.0, what="speedup on 2 workers of a perfect workload")
    check.number(check.at(entries, 4, "speedup"), low=2.0, high=8.0, what="speedup on 4 workers of a perfect workload")


@pytest.mark.grade("check_analyze_parallel_scaling", weight=1)
def test_failing_worker_counts(student):
    """A worker count whose call raises gets an error with the exception's text, and the others are still measured;
    without a time on one worker there is no speedup, only times and a reason."""
    entries, summary = scaling_run(student, "fragile", [1, 2, 3])
    error = check.at(entries, 2, "error")
    check.require(isinstance(error, str) and "no second worker" in error, "the error must hold the exception's text")
    check.require(entries[2].get("speedup") is None, "a worker count that failed has no speedup")
    check.number(check.at(entries, 3, "speedup"), low=0.3, high=3.0, what="speedup on 3 workers, after 2 failed")
    check.require(check.at(summary, "best_worker_count") in (1, 3), "the best worker count is one that ran")
    entries, summary = scaling_run(student, "never_alone", [1, 2])
    check.number(check.at(entries, 2, "execution_time_us"), low=1900, what="execution_time_us on 2 workers")
    check.exactly(check.at(entries, 2, "speedup"), None, what="speedup without a baseline")
    check.exactly(check.at(summary, "max_speedup"), None, what="max_speedup without a baseline")
    has_reasons = bool(entries[2].get("reason")) and bool(summary.get("reason"))
    check.require(has_reasons, "a figure that is None needs a reason")
