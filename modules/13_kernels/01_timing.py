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
# # How long does it take?
# > Time a function so that the number means something.
#
# You can write a function that computes the right result. In this module you will make such functions fast, and every
# step begins and ends with the same question: how long does it take? A stopwatch answers it, but a careless one answers
# something else: how long the compiler took, what the browser in the background was doing, how long it takes to read
# the clock. Conclusions drawn from such numbers are wrong in both directions.
#
# In this lesson you write `time_kernel`, the stopwatch that the other five lessons use. You find out what it adds to
# the time of what it measures, how well it repeats itself, and how to compare two functions on a machine that never
# holds still.

# %%
#| default_exp core.kernels.timing

# %%
#| export
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# %% [markdown]
# ## Given: arrays in any wrapping
#
# Kernels should take what people have: arrays, lists, numbers, or a TinyTorch `Tensor`, which keeps its array in
# `.data`. One function sorts that out for all lessons. Its trap: an array has a `.data` of its own, a raw view of its
# memory, so the question "is it an array already?" has to come first.

# %%
#| export
def as_array(x: Any) -> np.ndarray:
    """Returns the array in `x`, which may be anything `np.asarray` takes or hold it in `.data`.

    Shares memory with `x` where that is possible.
    """
    if isinstance(x, np.ndarray):
        return np.asarray(x)
    held = getattr(x, "data", None)
    return np.asarray(held if isinstance(held, np.ndarray) else x)


# %% [markdown]
# ## Choose a clock
#
# Python has several clocks. They answer different questions:
#
# | clock | counts | may jump | for |
# | --- | --- | --- | --- |
# | `time.time()` | the date | yes: whenever the system sets its date | time stamps |
# | `time.process_time()` | processor time of this process | no | work alone: no waiting, no other processes |
# | `time.perf_counter()` | seconds since some start | no | durations |
# | `time.perf_counter_ns()` | the same, in whole nanoseconds | no | short durations: no digits lost in a float |
#
# A clock moves in steps, and reading it takes time as well. Nothing shorter than the two can be seen in one reading.
#
# **Predict.** You read `perf_counter_ns()` twice with nothing in between. How many nanoseconds lie between the two?

# %%
my_clock_step_ns = None  # your prediction, in nanoseconds

# %% tags=["measure"]
readings_ns = [time.perf_counter_ns() for _ in range(10_001)]
steps_ns = np.diff(readings_ns)
print(f"predicted {my_clock_step_ns} ns")
print(f"smallest step {steps_ns.min()} ns, median {np.median(steps_ns):.0f} ns", end=", ")
print(f"largest {steps_ns.max()} ns")
print(f"smallest step above zero: {steps_ns[steps_ns > 0].min()} ns")

# %% [markdown]
# Look at the largest step. Nothing happened between two readings, and still one pair is far apart: in that moment the
# operating system gave the processor to someone else. Whatever you measure contains such moments. They only ever make
# a time longer, never shorter, which is why the next section does not take an average.

# %% [markdown]
# ## Time a call (8 points)
#
# Two things spoil a naive measurement.
#
# **The first call is special.** A function compiled by Numba is compiled in its first call. Memory is handed out by
# the system when it is first touched. Caches are empty, files unread. So call the function once without timing it:
# that is the *warm-up*.
#
# **Every call is disturbed a little, some a lot.** Disturbances add time. The mean is dragged along by a single bad
# call; the *median* - the middle one, when all are sorted - does not move until half of the calls are bad. The
# distance between the quartiles, the *middle half*, says how far to trust it.
#
# | durations of five calls (µs) | mean | median |
# | --- | --- | --- |
# | 10, 10, 11, 10, 10 | 10.2 | 10 |
# | 10, 10, 11, 10, 900 | 188.2 | 10 |

# %% [markdown]
# How many calls? One says nothing about the spread. Thousands waste time once the samples agree. The rule below, which
# is given, stops when the middle half of the samples is narrow, when there are many samples, or when enough time is
# spent. A slow function is therefore timed once: the disturbances that turn 10 µs into 900 µs add nothing you would
# notice in a second.

# %%
#| export
MAX_CALLS = 31  # timed calls at most
MAX_NS = 50_000_000  # no further call once the timed ones took so many nanoseconds together
CLOSE_ENOUGH = 0.02  # width of the middle half of the samples, as a share of their median


def enough_samples(samples_ns: Sequence[int]) -> bool:
    """True when another timed call adds little: samples agree, are many, or used up the time.

    samples_ns: durations of the timed calls so far, in nanoseconds, in any order.
    """
    if len(samples_ns) >= MAX_CALLS or sum(samples_ns) >= MAX_NS:
        return True
    if len(samples_ns) < 5:
        return False
    low, middle, high = statistics.quantiles(samples_ns, n=4)
    return high - low <= CLOSE_ENOUGH * middle


# %% [markdown]
# **Predict.** (a) A small function is compiled by Numba when it is first called. How many times longer does its first
# call take than a later one? (b) The same call is timed fifteen times. How wide is the middle half of the fifteen, as
# a percentage of their median?

# %%
my_first_call_factor = None  # (a) your prediction: 2? 100? 10 000?
my_middle_half_percent = None  # (b) your prediction, in percent

# %% [markdown]
# **Implement** `time_kernel`, in about eight lines:
#
# 1. Call `func(*args, **kwargs)` once and don't time it.
# 2. Until `enough_samples` says stop: read `time.perf_counter_ns()`, call, read it again, keep the difference. Keep
#    the two readings tight around the call: what stands between them is counted.
# 3. Return the result of the call and the median in *microseconds*.
#
# Don't catch exceptions: whoever timed a function that fails wants to see how it fails.
#
# ```python
# result, microseconds = time_kernel(np.dot, A, B)           # arguments are passed on ...
# result, microseconds = time_kernel(np.sum, A, axis=0)      # ... keyword arguments too
# ```

# %% nbgrader={"grade": false, "grade_id": "time_kernel", "solution": true}
#| export
def time_kernel(func: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, float]:
    """The result of `func(*args, **kwargs)` and the time that one call takes, in microseconds.

    The first call is a warm-up and not timed; the time is the median of the calls after it, as
    many as `enough_samples` asks for, at least one. Exceptions of `func` pass through unchanged.
    """
    ### BEGIN SOLUTION
    func(*args, **kwargs)
    samples_ns: list[int] = []
    while not enough_samples(samples_ns):
        start = time.perf_counter_ns()
        result = func(*args, **kwargs)
        stop = time.perf_counter_ns()
        samples_ns.append(stop - start)
    return result, statistics.median(samples_ns) / 1000
    ### END SOLUTION


# %% [markdown]
# **Check.** The cell below tries your function on callables whose duration is known: one that sleeps, one that is slow
# the first time only, one that fails.

# %% nbgrader={"grade": true, "grade_id": "check_time_kernel", "points": 8}
from tinytorch.testing import refused


def test_unit_timing_infrastructure():
    """time_kernel warms up, times in microseconds, passes results, arguments and exceptions on."""
    calls = []

    def slow_at_first(seconds, *, word="done"):
        calls.append(seconds)
        time.sleep(0.2 if len(calls) == 1 else seconds)
        return word

    began = time.perf_counter()
    answer = time_kernel(slow_at_first, 0.003, word="finished")
    wall_us = (time.perf_counter() - began) * 1e6
    assert isinstance(answer, tuple), f"return the result and the microseconds; got {answer!r}"
    result, microseconds = answer
    assert result == "finished", f"the function returned 'finished'; got {result!r}"
    assert len(calls) >= 2, f"call it at least twice, once to warm up; calls: {len(calls)}"
    assert microseconds > 2900, f"a sleep of 3 ms takes 3000 microseconds; got {microseconds}"
    assert microseconds < 100_000, f"the slow first call must not be timed; got {microseconds}"
    assert microseconds < wall_us, f"all calls together took {wall_us:.0f}; got {microseconds}"
    with refused(ValueError, "twelve"):  # exceptions of the function go through
        time_kernel(int, "twelve")


test_unit_timing_infrastructure()

# %% [markdown]
# **Measure.** First the special first call: the function below is compiled by Numba while you wait.

# %% tags=["measure"]
from numba import njit


@njit
def sum_of_squares(x):
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i]
    return total


x = np.random.default_rng(0).random(8_000)
start = time.perf_counter_ns()
sum_of_squares(x)
first_us = (time.perf_counter_ns() - start) / 1000
_, later_us = time_kernel(sum_of_squares, x)
times_as_long = first_us / later_us
print(f"first call {first_us:,.0f} µs, later {later_us:.1f} µs, ratio {times_as_long:,.0f}")
print(f"predicted: {my_first_call_factor} times")

# %% [markdown]
# Then the spread. `tinytorch.bench.measure` is the bigger sister of your function: it keeps every sample, and repeats
# short functions within a sample. Each dot below is one sample, the first at the top of its row; the bar is the middle
# half, the black line the median.

# %% tags=["measure"]
from tinytorch import bench, plots

timings = {
    "compiled loop": bench.measure(sum_of_squares, x),
    "np.dot(x, x)": bench.measure(np.dot, x, x),
    "np.sum(x * x)": bench.measure(lambda: np.sum(x * x)),
    "sorted(list)": bench.measure(sorted, x[:2000].tolist()),
}
for name, timing in timings.items():
    width = 100 * (timing.high_us - timing.low_us) / timing.median_us
    print(f"{name:<14} {timing}\n{'':<14} middle half {width:.1f} % of the median")
print(f"predicted: {my_middle_half_percent} %")
plots.timing_samples(timings)

# %% [markdown]
# **Reflect.** In which direction do the outliers lie, and why is the other direction empty? Run the cell again while
# something else keeps the machine busy (a video, a second notebook). Which moves more: the median, or the slowest
# sample? If a colleague sends you one number, "my version takes 12.3 µs", what do you ask before you believe the ".3"?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Know what the stopwatch adds
#
# Between your two readings lies more than the function: the end of the first reading, the call itself with its
# arguments unpacked, the start of the second. For a function that runs a second that is nothing. For one that runs a
# microsecond it may be a good part of what you report.
#
# You can measure it: time a function that does nothing. What is reported is overhead. The function below, which is
# given, does that and derives from it the shortest duration you should trust: one of which the overhead is at most one
# percent.
#
# **Predict.** What does `time_kernel` report for a function that does nothing?

# %%
my_overhead_us = None  # your prediction, in microseconds

# %%
#| export
ACCEPTED_ERROR = 0.01  # share of a reported time that may be overhead


def analyze_timing_overhead() -> dict[str, float]:
    """Returns what `time_kernel` adds to a time, how well it repeats, and when to rely on it.

    avg_overhead_us: mean of the times reported for a function that does nothing, in microseconds.
    precision_percent: middle half of twenty reported times of one task, in percent of their median.
    reliable_for_operations_above_us: microseconds of which that overhead is `ACCEPTED_ERROR`.
    All three are measured at the call.
    """

    def nothing() -> None:
        pass

    overhead_us = statistics.fmean(time_kernel(nothing)[1] for _ in range(20))
    work = range(3000)
    low, middle, high = statistics.quantiles((time_kernel(sum, work)[1] for _ in range(20)), n=4)
    return {
        "avg_overhead_us": overhead_us,
        "precision_percent": 100 * (high - low) / middle,
        "reliable_for_operations_above_us": overhead_us / ACCEPTED_ERROR,
    }


# %% tags=["measure"]
overhead = analyze_timing_overhead()
print(f"predicted {my_overhead_us} µs for nothing, reported {overhead['avg_overhead_us']:.3f} µs")
print(f"the same work again: middle half {overhead['precision_percent']:.1f} % of the median")
print(f"rely on times above {overhead['reliable_for_operations_above_us']:.1f} µs")

# %% [markdown]
# Here is the same fact as a figure: the time reported for adding up more and more numbers. Twice the numbers should
# take twice the time, a straight line. Where the line goes flat at the left end, you see the stopwatch and the cost of
# a call, not the additions. `bench.measure` calls many times between two readings; its line stays straight longer, but
# not for ever, because each call has its cost.

# %% tags=["measure"]
counts = [2**power for power in range(0, 15, 2)]
alone, repeated = [], []
for count in counts:
    work = range(count)
    samples = [time_kernel(sum, work)[1] for _ in range(15)]
    alone.append(bench.Timing(tuple(samples), loops=1, warmups=1))
    repeated.append(bench.measure(sum, work))
plots.time_vs_size(
    counts, {"time_kernel": alone, "bench.measure": repeated}, None, "numbers added up (log scale)"
)

# %% [markdown]
# **Reflect.** Where would you put the border between "measures the function" and "measures the stopwatch"? Compare it
# with `reliable_for_operations_above_us`. How would you time an operation that takes 20 ns?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Compare two functions
#
# "A took 90 µs, B took 100 µs" may be a fact about A and B, or about the minute between the two measurements: the
# processor changed its clock, a backup started. The remedy is to run the two *in turn*, A B B A A B, and to look at the
# ratio pair by pair. Whatever changes slowly hits both members of a pair and cancels.
#
# The ratios still scatter, so the honest answer is an interval. If the true median ratio were below all of seven
# ratios, each of seven coins would have come up heads: chance 1 in 128, and as much for the other side. So the
# smallest and the largest of seven hold the median with probability 1 - 2/128, or 98 %, whatever the noise looks like.
# More pairs allow a narrower interval from further inside. `bench.compare` takes pairs until the interval lies on one
# side of the bound, and says "undecided" when it does not get there.
#
# **Predict.** `np.sum(x * x)` makes an array of products and then adds it up; `np.dot(x, x)` does both at once. By
# which factor is `np.dot` faster for 8 000 numbers? And will `np.dot` against itself be "above", "below" or
# "undecided" for a bound of 1?

# %%
my_ratio = None  # your prediction: time of np.sum(x * x) over time of np.dot(x, x)
my_verdict_on_itself = None  # "above", "below" or "undecided"

# %% tags=["measure"]
different = bench.compare(lambda: np.dot(x, x), lambda: np.sum(x * x))
print(f"np.dot(x, x) against np.sum(x * x), predicted {my_ratio}:\n{different}\n")
itself = bench.compare(lambda: np.dot(x, x), lambda: np.dot(x, x), limit_s=3)
print(f"np.dot(x, x) against itself, predicted {my_verdict_on_itself}:\n{itself}")

# %% [markdown]
# **Reflect.** A function compared with itself has a true ratio of 1. Does the interval hold it? At 95 %
# confidence it may miss it in one run of twenty, not more often. Why is "undecided" a result, and not a failure of the
# method?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## What to report
#
# A time that someone else can use comes with:
#
# * **what** was called, with which sizes and types, and what was left out (the warm-up, making the inputs);
# * the **median and the spread**, and how many samples there were;
# * for a comparison, the **ratio with its interval**, measured in turn, and the version of what you compared with;
# * the **machine**: processor, cores that could be used, versions. The figures here carry that below them;
# * every **doubt**: a wide spread, a drift, samples shorter than the clock can see.
#
# And it does not come with more digits than the spread allows.

# %% tags=["measure"]
from tinytorch import hardware

print(hardware.card())

# %% [markdown]
# You can now time a function, say how far the number can be trusted, and tell a difference from noise. In the next
# lesson you use `time_kernel` on a matrix product and find two versions that do exactly the same arithmetic, one of
# them many times slower. The difference will be where the numbers lie in memory.
