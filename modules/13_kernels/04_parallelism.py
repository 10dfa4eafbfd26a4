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
# # Parallelism
#
# > Several threads on one array: when they help, when they can't, and what they cost.
#
# Your kernels use one core. This lesson gives work to the others. That's easy to get right and hard to gain from:
# handing work to a thread takes longer than many kernels run, Python lets only one thread interpret at a time, some
# part of every program stays serial, and all cores draw from the same memory.
#
# At the end of this lesson you have
#
# * `parallel_relu`, `parallel_batch_processing` and `parallel_matmul`, right for any number of workers,
# * the four limits above, each measured on your machine,
# * a rule for when one thread is the better choice, built into the code.

# %%
#| default_exp core.kernels.parallelism

# %%
#| export
import itertools
import math
import os
import queue
import statistics
import threading
from collections.abc import Callable, Sequence
from functools import partial
from operator import index, itemgetter
from typing import Any, TypedDict

import numpy as np

from tinytorch import hardware, simd
from tinytorch.bench import compare
from tinytorch.core.kernels.timing import as_array
from tinytorch.threads import keep_off_this_core, run_anywhere

# %%
#| export
from tinytorch.core.kernels.vectorization import flat_views, relu_kernel_for, vectorized_relu

# %%
#| export
from tinytorch.core.kernels.matmul import check_operands, matmul_simd, multiply_into
from tinytorch.gemm import TILE_ROWS, kernel_input

# %%
import time

import matplotlib.pyplot as plt
from numba import njit

from tinytorch import plots
from tinytorch.bench import measure
from tinytorch.core.kernels.vectorization import relu_kernel, relu_streaming_kernel

# %% [markdown]
# ## Share work between threads
#
# A call is cut into **shares**, numbered from 0. Its threads take the next number as long as there is one, and so a
# thread that is slow, or late, simply takes fewer. The calling thread takes part. That has two consequences:
#
# * one worker is the caller alone, and no other thread is touched,
# * a call always finishes, even when every other thread is busy: the caller does what nobody else took. So a worker
#   may itself make a parallel call, and eight threads may call at once, without anyone waiting in a circle.
#
# | state of a share | who changes it | under the lock |
# | --- | --- | --- |
# | open: its number is `_next` or higher | - | - |
# | running | a thread that takes it | `_next` and `_running` go up |
# | done | the same thread | `_running` goes down; at 0 with none open, `_done` is set |
# | failed | the same thread | the same, the exception is kept, and the open shares are dropped |


# %%
#| export
class Job:
    """The shares of one call. Whoever calls `help` works on them until none is open."""

    def __init__(self, work: Callable[[int], None], shares: int) -> None:
        self._work, self._shares = work, shares
        self._next = self._running = 0
        self._failures: list[tuple[int, BaseException]] = []
        self._lock, self._done = threading.Lock(), threading.Event()

    def help(self) -> None:
        """Take open shares, one after the other, until there is none."""
        while (share := self._take()) is not None:
            failure = None
            try:
                self._work(share)
            except BaseException as err:  # it belongs to the caller, in another thread: `wait` raises it there
                failure = err
            self._finish(share, failure)

    def wait(self) -> None:
        """Return when no share is open or running; raise the exception of the failed share with the lowest number."""
        self._done.wait()
        if self._failures:
            raise min(self._failures, key=itemgetter(0))[1]

    def _take(self) -> int | None:
        with self._lock:
            if self._next >= self._shares:
                return None
            self._next, self._running = self._next + 1, self._running + 1
            return self._next - 1

    def _finish(self, share: int, failure: BaseException | None) -> None:
        with self._lock:
            self._running -= 1
            if failure is not None:
                self._failures.append((share, failure))
                self._next = self._shares
            if self._running == 0 and self._next >= self._shares:
                self._done.set()


# %% [markdown]
# The threads themselves are started when they're first needed, wait for jobs, and stay. A forked process inherits the
# memory of its parent but none of its threads, and a lock that another thread held at that moment stays locked for
# ever: the child therefore starts with a new, empty pool.
#
# Where a waking thread runs is for the system to say, and it may choose the core of the thread that woke it, although
# another is idle: in a virtual machine that is common. Two threads on one core take turns, and a call that is over in
# a millisecond or two gains nothing. So before the caller wakes its helpers, it bars its own core for them
# (`keep_off_this_core`); a helper that has started lifts the bar (`run_anywhere`).

# %%
#| export
MOST_THREADS = 64  # a job with more workers still finishes: the caller and these threads take all its shares


class WorkerPool:
    """Threads that wait for jobs; they're daemons, so they don't keep the process alive."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def invite(self, job: Job, helpers: int) -> None:
        """Ask `helpers` threads to help with the job as soon as they're free."""
        helpers = min(helpers, MOST_THREADS)
        with self._lock:
            while len(self._threads) < helpers and self._start_thread():
                pass
            threads = list(self._threads)  # all of them: any that waits may take the job
        keep_off_this_core([thread.native_id for thread in threads])
        for _ in range(helpers):
            self._jobs.put(job)

    def _start_thread(self) -> bool:
        name = f"tinytorch-worker-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system's limit is reached: the caller takes the shares that nobody else takes
            return False
        self._threads.append(thread)
        return True

    def _serve(self) -> None:
        while True:
            job = self._jobs.get()
            run_anywhere()
            job.help()
            del job  # or its arrays would live until the next one comes


_pool = WorkerPool()


def _forget_threads() -> None:
    """Give a forked child a pool of its own."""
    global _pool
    _pool = WorkerPool()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_forget_threads)


def run_shares(work: Callable[[int], None], shares: int, workers: int) -> None:
    """Call work(0) to work(shares - 1), each once, in up to `workers` threads of which the caller is one.

    Returns when all are done. After an exception no further share is started, and the exception is raised here.
    """
    helpers = min(workers, shares) - 1
    if helpers < 1:
        for share in range(shares):
            work(share)
        return
    job = Job(work, shares)
    _pool.invite(job, helpers)
    job.help()
    job.wait()


# %% [markdown]
# Two small helpers remain. `slices` cuts a length into nearly equal parts; `checked_workers` refuses what isn't a
# number of workers. `usable_cores` asks how many cores this process may use: for a kernel that computes, a thread
# more than that only waits.


# %%
#| export
def slices(length: int, parts: int) -> list[slice]:
    """At most `parts` slices that cover range(length) in order, none empty, their lengths differing by 1 at most."""
    parts = max(1, min(parts, length))
    edges = [length * part // parts for part in range(parts + 1)]
    return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def checked_workers(num_workers: int) -> int:
    """`num_workers` as an int. Raises ValueError if it is below 1, TypeError if it isn't a whole number."""
    workers = index(num_workers)
    if workers < 1:
        raise ValueError(f"num_workers must be at least 1, got {workers}")
    return workers


def usable_cores() -> int:
    """Cores that this process may run on, as detected."""
    return hardware.card().usable_cores.value or 1


# %% [markdown]
# The figure shows who took which share and when, from times recorded just now. The work is a sleep, so it shows the
# sharing itself; the shares are unequal on purpose.

# %% tags=["measure"]
taken: list[tuple[str, float, float]] = []


def unequal(share: int) -> None:
    start = time.perf_counter()
    time.sleep(0.002 * (1 + share % 4))
    taken.append((threading.current_thread().name, start, time.perf_counter()))


run_shares(unequal, 16, workers=4)
names, origin = sorted({name for name, _, _ in taken}), min(start for _, start, _ in taken)
figure, axes = plt.subplots(figsize=(8, 2.2), layout="constrained")
for name, start, stop in taken:
    bar = (1000 * (start - origin), 1000 * (stop - start))
    axes.broken_barh([bar], (names.index(name) - 0.4, 0.8), facecolor="0.8", edgecolor="black")
axes.set(title="No thread waits while a share is open", xlabel="time in milliseconds")
axes.set_yticks(range(len(names)), names)
figure.supxlabel(plots.caption(), fontsize=7)
plt.close(figure)
figure

# %% [markdown]
# ## Apply an operation to a batch
#
# Python's **global interpreter lock** (GIL) lets one thread at a time interpret Python code. A function can give it
# back while it does something else: NumPy does inside its loops, a sleep or a read does, and so does Numba with
# `nogil=True`, which `@simd.jit` sets. Whether threads help is decided by where an operation spends its time:
#
# | operation | holds the GIL | two threads can be faster |
# | --- | --- | --- |
# | a loop written in Python | always | no |
# | NumPy on large slices, a `nogil` kernel | between its loops | yes, up to the cores |
# | waiting for a file, a network, a timer | no | yes, beyond the cores too |
#
# This is why a batch may have more workers than you have cores: only the caller knows what the operation does. The
# exception is the default operation, ReLU, which we do know. It gets what `relu_workers` gives it: one worker up to
# `SERIAL_BYTES`, and never more than the cores. The next exercise shows why.

# %%
#| export
SERIAL_BYTES = 32 * 2**20  # x of this size or less isn't split
SHARE_BYTES = 8 * 2**20  # of x, about, for a share: a thread that is interrupted in its last one keeps us waiting


def relu_workers(x: np.ndarray, workers: int) -> int:
    """How many of so many workers ReLU of `x` is worth: 1 for a short call, else at most one for each usable core."""
    return 1 if x.nbytes <= SERIAL_BYTES else min(workers, usable_cores())


# %% [markdown]
# **Predict.** The same sum of squares, once as a loop in Python, once as a compiled `nogil` loop. How many times as
# fast is each with two workers as with one on your machine?

# %%
my_prediction_python_loop = None
my_prediction_nogil_loop = None

# %% [markdown]
# **Implement** `parallel_batch_processing`, about 12 lines. One share for each slice of axis 0; every share writes
# its result to its own place in a list, so that order needs no thought; then one `np.concatenate`. Mind three cases:
#
# * an empty batch: call the operation once, on the empty batch, because only its result knows the shape and dtype,
# * a result without one entry for each sample, such as a total: `checked_result` raises for it,
# * a result that is the slice itself: `np.concatenate` copies, so the caller never gets a view of the batch.
#
# The slices are read-only views: an operation that works in place gets an exception rather than changing the caller's
# batch.


# %%
#| export
def read_only(batch: np.ndarray) -> np.ndarray:
    """A view of the batch that can't be written to."""
    view = batch.view()
    view.flags.writeable = False
    return view


def checked_result(result: Any, samples: int) -> np.ndarray:
    """The result of an operation on a slice, as an array. Raises ValueError unless it has one entry for each sample."""
    array = as_array(result)
    if array.ndim == 0 or array.shape[0] != samples:
        raise ValueError(
            f"operation returned shape {array.shape} for a slice of {samples} samples; "
            f"it must return one entry for each sample along axis 0"
        )
    return array


# %% nbgrader={"grade": false, "grade_id": "parallel_batch_processing", "solution": true}
#| export
def parallel_batch_processing(
    batch_data: Any, operation: Callable[[np.ndarray], Any] | None = None, num_workers: int = 4
) -> np.ndarray:
    """operation(batch), computed on slices along axis 0 in up to `num_workers` threads.

    batch_data: (samples, ...).  operation: gets a read-only slice (k, ...), returns (k, ...) of any sample shape and
    dtype, and treats samples independently; None is ReLU.
    Returns the results in the order of the samples, a new array; of an empty batch, the operation's result for it.
    Raises what the operation raises; ValueError for num_workers < 1, a batch with no axis, a result of another length.
    """
    workers = checked_workers(num_workers)
    batch = read_only(as_array(batch_data))
    if batch.ndim == 0:
        raise ValueError("batch_data must have an axis of samples, got a single number of shape ()")
    if operation is None:
        operation, workers = vectorized_relu, relu_workers(batch, workers)
    ### BEGIN SOLUTION
    parts = slices(len(batch), workers)
    results: list[np.ndarray] = [batch] * len(parts)

    def work(share: int) -> None:
        samples = batch[parts[share]]
        results[share] = checked_result(operation(samples), len(samples))

    run_shares(work, len(parts), workers)
    if len(results) == 1 and not np.may_share_memory(results[0], batch):
        return results[0]
    return np.concatenate(results)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_parallel_batch_processing", "points": 6}
def test_unit_parallel_processing() -> None:
    """Order, shapes and dtypes that change, few and no samples, exceptions, and threads that really run together."""
    batch = np.random.default_rng(4).standard_normal((10, 3, 2)).astype(np.float32)
    assert np.array_equal(parallel_batch_processing(batch), np.maximum(batch, 0)), "the default operation is ReLU"
    for workers in (1, 2, 3, 7, 50):
        lasts = parallel_batch_processing(batch, lambda s: s[:, -1, -1].astype(np.float64), workers)
        assert (lasts.shape, lasts.dtype) == ((10,), np.float64), f"{workers} workers: {lasts.shape}, {lasts.dtype}"
        assert np.array_equal(lasts, batch[:, -1, -1]), f"{workers} workers: values or their order are wrong"
    empty = parallel_batch_processing(batch[:0], lambda s: s[:, 0].astype(np.int8))
    assert (empty.shape, empty.dtype) == ((0, 2), np.int8), f"an empty batch gave {empty.shape}, {empty.dtype}"
    together = threading.Barrier(2)

    def meet(samples: np.ndarray) -> np.ndarray:
        together.wait(timeout=5)  # BrokenBarrierError if nobody else comes
        return samples

    assert np.array_equal(parallel_batch_processing(batch, meet, num_workers=2), batch), "two slices must run together"
    reached = []
    for operation, workers in ((lambda s: s.missing, 3), (lambda s: s.sum(), 3), (lambda s: s[:1], 3), (None, 0)):
        try:
            parallel_batch_processing(batch, operation, workers)
        except (AttributeError, ValueError) as err:
            reached.append(type(err))
    assert reached == [AttributeError, *[ValueError] * 3], f"these exceptions reached the caller: {reached}"


test_unit_parallel_processing()

# %% [markdown]
# **Measure** the GIL. One share for each worker, the same total work.


# %% tags=["measure"]
def squares_in_python(numbers) -> int:
    total = 0
    for number in numbers:
        total += number * number
    return total


@njit(nogil=True)
def squares_nogil(numbers):
    total = 0
    for number in numbers:
        total += number * number % 7
    return total


worker_counts = [1, 2, 4]
gil_timings = {}
for name, kernel, n in (("Python loop", squares_in_python, 100_000), ("nogil loop", squares_nogil, 1_000_000)):
    numbers = np.arange(n)
    data = numbers.tolist() if kernel is squares_in_python else numbers
    gil_timings[name] = [
        measure(lambda w=w, d=data, k=kernel: run_shares(lambda i: k(d[slices(len(d), w)[i]]), w, w), samples=7)
        for w in worker_counts
    ]
for name, row in gil_timings.items():
    print(
        f"{name}: times as fast with {worker_counts} workers:", [round(row[0].median_us / t.median_us, 2) for t in row]
    )
plots.scaling(worker_counts, gil_timings)

# %% [markdown]
# **Reflect.** Compare with your predictions. Your data loader decodes images in pure Python: which of the two lines
# is it on, and what could you use in place of threads? Why does the nogil line stop where it stops?

# %% [markdown]
# ## Split ReLU
#
# **Amdahl's law.** If a part s of the time is serial, p workers are at most `1 / (s + (1 - s) / p)` times as fast. In
# a short call the serial part is nearly everything: a sleeping thread has to be woken first. How long does that take
# here, and how much ReLU does one core do meanwhile?

# %% tags=["measure"]
x = np.random.default_rng(6).standard_normal(2**20, dtype=np.float32)
out = np.empty_like(x)
caller, started = threading.current_thread(), []


def note_start(share: int) -> None:
    if threading.current_thread() is not caller:
        started.append(time.perf_counter())
    relu_kernel(x, out)


delays_us = []
for _ in range(50):
    time.sleep(0.001)  # until the pool's threads are asleep
    started.clear()
    asked = time.perf_counter()
    run_shares(note_start, 4, workers=2)
    delays_us.extend(1e6 * (start - asked) for start in started[:1])
wake_us = statistics.median(delays_us) if delays_us else math.inf
relu_us = measure(relu_kernel, x, out, samples=7).median_us
print(f"{len(delays_us)} of 50 calls got a second thread, after {wake_us:.0f} us (median)")
print(f"one core does ReLU on {x.nbytes / 2**20 * wake_us / relu_us:.1f} MiB in that time")

# %% [markdown]
# **Bandwidth.** For a long call, memory is the part that can't be split: all cores draw from the same one. The next
# cell lets one core, and then every core at once, run ReLU on arrays of its own, in each level of the memory.

# %% tags=["measure"]
cores = usable_cores()


@njit(nogil=True)
def plain_passes(x, out, count):
    for _ in range(count):
        relu_kernel(x, out)


@njit(nogil=True)
def streaming_passes(x, out, count):
    for _ in range(count):
        relu_streaming_kernel(x, out)


def bytes_per_us(passes, moved_bytes: int, threads: int) -> float:
    """Bytes read and written in a microsecond by so many threads, each on its own arrays of so many bytes in all."""
    pairs = [np.ones((2, moved_bytes // 8), dtype=np.float32) for _ in range(threads)]
    count = max(1, 2**27 // moved_bytes)  # long enough for the time of waking not to matter
    timing = measure(run_shares, lambda i: passes(*pairs[i], count), threads, threads, samples=7)
    return threads * count * moved_bytes / timing.low_us


gains = {}
for kib, passes in ((16, plain_passes), (256, plain_passes), (2**16, plain_passes), (2**16, streaming_passes)):
    one, every = (bytes_per_us(passes, kib * 1024, threads) for threads in (1, cores))
    gains[kib] = every / one
    print(f"{kib:>6} KiB a core, {passes.__name__:<16}: {one / 1000:6.1f} GB/s on one core, "
          f"{every / 1000:6.1f} on all {cores}: {gains[kib]:.2f} times as much")  # fmt: skip

# %% [markdown]
# A cache that each core has for itself adds up: if nothing else runs on the cores, the first line comes near their
# number. Memory doesn't: the last line is the most that threads can do for a ReLU that needs memory, whatever Amdahl's
# law promises. (Is even the first line near 1? Then the other cores are busy, and no thread of yours will gain.) So
# the rule has three cases:
#
# | call | threads | why |
# | --- | --- | --- |
# | x up to `SERIAL_BYTES` | 1 | waking, and moving data between the cores' caches, may cost more than it brings |
# | longer | as asked, but at most the usable cores | a thread without a core only waits |
# | not a contiguous float array | 1 | no compiled kernel; NumPy runs it |
#
# `SERIAL_BYTES` is generous on purpose: where a second core is busy with something else, a split call waits for it.
# Above it a new array also comes as fresh pages from the system, and preparing those is work that can be shared.

# %% [markdown]
# **Predict.** How many times as fast is ReLU with all your cores as with one, on 8 MiB and on 256 MiB?

# %%
my_prediction_relu_8_mib = None
my_prediction_relu_256_mib = None

# %% [markdown]
# **Implement** `parallel_relu`, about 12 lines. The flat views (`flat_views`: a new array overlaps nothing) and the kernel come from the last lesson; ask
# `relu_kernel_for` about the *whole* call, for a share alone would look small enough for the cache. Without views it
# is NumPy's maximum; where `relu_workers` says 1, the kernel on the whole run. Otherwise cut the run into more shares
# than workers, about `SHARE_BYTES` each but at most four for each worker, so that a thread that starts late costs
# little.


# %% nbgrader={"grade": false, "grade_id": "parallel_relu", "solution": true}
#| export
def parallel_relu(x: Any, num_workers: int = 4) -> np.ndarray:
    """max(x, 0) element by element in up to `num_workers` threads; equal to vectorized_relu(x) for every one of them.

    x: any shape, layout and real dtype. float32 and float64 in one run of memory are split where that's worth a thread.
    Raises ValueError if num_workers < 1.
    """
    workers = checked_workers(num_workers)
    x = as_array(x)
    ### BEGIN SOLUTION
    out = np.empty_like(x)
    views = flat_views(x, out)
    if views is None:
        return np.maximum(x, x.dtype.type(0), out=out)
    flat_x, flat_out = views
    kernel = relu_kernel_for(2 * x.nbytes)
    if x.nbytes <= SERIAL_BYTES or relu_workers(x, workers) == 1:
        kernel(flat_x, flat_out)
        return out
    workers = relu_workers(x, workers)
    parts = slices(x.size, min(4 * workers, math.ceil(x.nbytes / SHARE_BYTES)))

    def work(share: int) -> None:
        kernel(flat_x[parts[share]], flat_out[parts[share]])

    run_shares(work, len(parts), workers)
    return out
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_parallel_relu", "points": 4}
def test_unit_parallel_relu() -> None:
    """Equal to vectorized_relu around the sizes where shares begin and end, for many numbers of workers."""
    numbers = np.random.default_rng(5)
    for n in (0, 1, 1000, SERIAL_BYTES // 4 + 1, 1_500_001):
        x = numbers.standard_normal(n).astype(np.float32)
        x[n // 2 : n // 2 + 1] = np.nan
        for workers in (1, 2, 3, 16):
            right = np.array_equal(parallel_relu(x, num_workers=workers), np.maximum(x, 0), equal_nan=True)
            assert right, f"wrong for {n} elements, {workers} workers"
    matrix = np.asfortranarray(numbers.standard_normal((1200, 700)))
    assert np.array_equal(parallel_relu(matrix), np.maximum(matrix, 0)), "wrong for a large matrix in Fortran order"
    assert np.array_equal(parallel_relu(matrix[::2]), np.maximum(matrix[::2], 0)), "wrong for rows with gaps"
    assert parallel_relu(np.ones(2**23, dtype=np.int8)).dtype == np.int8, "the dtype must stay"
    try:
        parallel_relu(matrix, num_workers=0)
    except ValueError:
        return
    raise AssertionError("num_workers=0 must raise ValueError")


test_unit_parallel_relu()

# %% [markdown]
# **Speed** earns a part of the points, in bands of ratio to a stated reference, timed in turn on one machine: for ReLU in
# a call so short that waking a thread would take longer than the work.
#
# {bands: short_parallel_relu}

# %% tags=["measure"]
from tinytorch.bench import in_bands

raced = np.random.default_rng(6).standard_normal(50_000, dtype=np.float32)
print(in_bands(lambda: parallel_relu(raced), lambda: np.maximum(raced, 0), BANDS["short_parallel_relu"]))

# %% [markdown]
# **Measure** against one thread, in pairs: with the rule, and with the rule switched off so that every call is split.

# %% tags=["measure"]
mebibytes = (0.25, 1, 4, 16, 64, 256)
rule = SERIAL_BYTES
relu_pairs = {"always split": [], "with the rule": []}
for name, row in relu_pairs.items():
    SERIAL_BYTES = rule if name == "with the rule" else 0
    for mib in mebibytes:
        x = np.random.default_rng(6).standard_normal(int(mib * 2**18), dtype=np.float32)
        pairs = compare(partial(parallel_relu, x, 2), partial(vectorized_relu, x), limit_s=1.5)
        row.append(pairs)
        print(f"{name}, {mib:>5} MiB: {pairs.ratio:.2f} times as fast as one [{pairs.low:.2f}, {pairs.high:.2f}]")
SERIAL_BYTES = rule

# %% tags=["measure"]
figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (name, row), style in zip(relu_pairs.items(), ("s--", "o-"), strict=True):
    middle = [pairs.ratio for pairs in row]
    spread = [[pairs.ratio - pairs.low for pairs in row], [pairs.high - pairs.ratio for pairs in row]]
    axes.errorbar(mebibytes, middle, yerr=spread, fmt=style, color="black", capsize=3, label=name)
axes.axhline(1, color="0.5", linestyle="--")
axes.axhline(gains[2**16], color="0.5", linestyle=":", label="bandwidth of all cores over one")
axes.axvline(SERIAL_BYTES / 2**20, color="0.5", linestyle="-.", label="SERIAL_BYTES")
axes.set(title="Two workers over one: where does the second begin to pay?", xscale="log")
axes.set(xlabel="size of x in MiB (log scale)", ylabel="times as fast (interval of the ratio)")
axes.legend(frameon=False, fontsize=8)
figure.supxlabel(plots.caption(), fontsize=7)
plt.close(figure)
figure

# %% [markdown]
# **Reflect.** Where does the second thread begin to pay when every call is split, and is `SERIAL_BYTES` well chosen
# for your machine? If the gain stays below two for large arrays: is it Amdahl's law or bandwidth? You have a
# measurement of each.

# %% [markdown]
# ## Multiply in panels (stretch)
#
# Rows of `A` times `B` are rows of `C`, and `A` times columns of `B` are columns of `C`: a panel of a product, of rows
# or of columns, depends on nothing but its own rows or columns of one matrix, and on all of the other. A product does
# `2 * M * N * K` operations on `4 * (M * K + K * N + M * N)` bytes, so for large matrices the cores rarely meet at the
# memory. That's the case in which Amdahl's law is the one that counts.
#
# | M = N = K | operations | bytes of the three float32 matrices | operations for each byte |
# | --- | --- | --- | --- |
# | 64 | 0.5 million | 48 KiB | 11 |
# | 512 | 268 million | 3 MiB | 85 |
# | 2048 | 17 billion | 48 MiB | 341 |
#
# `multiply_into(C, A, B, first, last)` of lesson 02 computes columns `first` to `last` of a product in place. Each call
# packs what it needs for itself: with panels of columns all of `A` once for each panel, with panels of rows all of `B`.
# So the longer side of `C` is divided: then the smaller matrix is packed again. Whole tiles should stay whole, which
# `panels` sees to.

# %%
#| export
PANEL_OPERATIONS = 2**23  # a panel with fewer takes about as long as it takes to wake a thread for it


def panels(length: int, unit: int, parts: int) -> list[slice]:
    """At most `parts` slices that cover range(length) in order; all edges but the last are multiples of `unit`."""
    edges = [part.start * unit for part in slices(length // unit or 1, parts)]
    return [slice(start, stop) for start, stop in itertools.pairwise([*edges, length])]


# %% [markdown]
# **Predict.** How many times as fast as one thread are two, for 128, 512 and 1024 squared?

# %%
my_prediction_matmul = None

# %% [markdown]
# **Implement** the end of `parallel_matmul`, about 12 lines. In steps:
#
# 1. An empty `C` of float32, and the number of parts: one for each worker, but each of at least `PANEL_OPERATIONS`.
# 2. If `C` is at least as wide as high: panels of columns, in units of `simd.ROW`; share number s computes its columns
#    of `C` by `multiply_into`.
# 3. Otherwise panels of rows, in units of `TILE_ROWS`: a slice of `A` and the same slice of `C`, all columns.
#
# An element of `C` is the same sum in the same order for any number of workers, so the result is too, to the last
# bit. If your `matmul_simd` doesn't use the pieces of lesson 02, write panels of rows with it.


# %% nbgrader={"grade": false, "grade_id": "parallel_matmul", "solution": true}
#| export
def parallel_matmul(A: Any, B: Any, num_workers: int | None = None) -> np.ndarray:
    """C = A @ B in float32, panels of rows or columns in up to `num_workers` threads; None means the physical cores.

    A: (M, K), B: (K, N), any strides.  Returns (M, N) float32: matmul_simd's result, for any number of workers.
    Raises ValueError, naming both shapes, if they can't be multiplied; ValueError if num_workers < 1.
    """
    if num_workers is None:
        num_workers = hardware.card().physical_cores.value or usable_cores()
    workers = min(checked_workers(num_workers), usable_cores())
    A, B = (kernel_input(X, np.float32) for X in check_operands(A, B))
    (M, K), N = A.shape, B.shape[1]
    ### BEGIN SOLUTION
    C = np.empty((M, N), np.float32)
    parts = min(workers, 2 * M * N * K // PANEL_OPERATIONS)
    if N >= M:
        shares = panels(N, simd.ROW, parts)

        def work(share: int) -> None:
            multiply_into(C, A, B, shares[share].start, shares[share].stop)

    else:
        shares = panels(M, TILE_ROWS, parts)

        def work(share: int) -> None:
            multiply_into(C[shares[share]], A[shares[share]], B, 0, N)

    run_shares(work, len(shares), workers)
    return C
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_parallel_matmul", "points": 3}
def test_unit_parallel_matmul() -> None:
    """Against a float64 product, for sizes that panels don't divide, with none, one and many workers."""
    rng = np.random.default_rng(7)
    for M, K, N in ((1, 5, 3), (0, 4, 2), (97, 131, 33), (401, 257, 129)):
        A, B = rng.standard_normal((M, K)), rng.standard_normal((K, N))
        allowed = (K + 2) * np.finfo(np.float32).eps * (np.abs(A) @ np.abs(B))
        for workers in (None, 1, 2, 5):
            C = parallel_matmul(A, B, num_workers=workers)
            assert (C.shape, C.dtype) == ((M, N), np.float32), f"{(M, K, N)}: {C.shape}, {C.dtype}"
            assert np.all(np.abs(C - A @ B) <= allowed), f"wrong values for {(M, K, N)} with {workers} workers"
    for call in (lambda: parallel_matmul(A, A), lambda: parallel_matmul(A, B, num_workers=0)):
        try:
            call()
        except ValueError:
            continue
        raise AssertionError("shapes that don't fit, and num_workers=0, must raise ValueError")


test_unit_parallel_matmul()

# %% [markdown]
# **Speed** is half of this exercise's points. The reference uses all cores too, so that the bands mean the same on two
# cores and on sixteen: the loops in order i, k, j from lesson 02, their rows shared out by Numba.
#
# {bands: panels}

# %% tags=["measure"]
from numba import prange


@njit(parallel=True, nogil=True)
def parallel_loops(A, B, C):
    for i in prange(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


P, Q = np.random.default_rng(8).standard_normal((2, 510, 510), dtype=np.float32)
print(in_bands(lambda: parallel_matmul(P, Q), lambda: parallel_loops(P, Q, np.zeros_like(P)), BANDS["panels"]))

# %% [markdown]
# **Measure** how products scale beside ReLU, and what Amdahl's law makes of the largest product: solved for s, with p
# workers and a gain g, it says `s = (p / g - 1) / (p - 1)`.

# %% tags=["measure"]
rng = np.random.default_rng(8)
worker_counts = sorted({1, 2, min(4, usable_cores()), usable_cores()})
scaling_timings = {}
for n in (128, 512, 1024):
    A, B = rng.standard_normal((2, n, n), dtype=np.float32)
    same = np.array_equal(parallel_matmul(A, B, num_workers=2), matmul_simd(A, B))
    print(f"product {n}: two workers and one give {'the same bits' if same else 'different roundings'}")
    scaling_timings[f"product {n}"] = [measure(parallel_matmul, A, B, num_workers=w, samples=5) for w in worker_counts]
x = rng.standard_normal(2**24, dtype=np.float32)
scaling_timings["ReLU 64 MiB"] = [measure(parallel_relu, x, num_workers=w, samples=5) for w in worker_counts]
for name, row in scaling_timings.items():
    print(
        f"{name}: times as fast with {worker_counts} workers:", [round(row[0].median_us / t.median_us, 2) for t in row]
    )
p, largest = worker_counts[-1], scaling_timings["product 1024"]
gain = largest[0].median_us / largest[-1].median_us
serial = min(1.0, max(0.0, (p / gain - 1) / (p - 1))) if p > 1 else None
plots.scaling(worker_counts, scaling_timings, serial_fraction=serial)

# %% [markdown]
# **Reflect.** Which of the curves follows Amdahl's law with the serial part found from the largest product, and which
# falls below it? Give the reason for the latter in bytes. With twice the cores, which of your network's operations
# would you expect to gain?

# %% [markdown]
# ## Scaling on this machine
#
# The last function puts ReLU and a batch side by side for any numbers of workers, relative to one worker in the same
# run.


# %%
#| export
class ScalingRow(TypedDict):
    """One number of workers: times in microseconds, speedups against one worker, timed in turn with it."""

    workers: int
    relu_time: float
    batch_time: float
    relu_speedup: float
    batch_speedup: float


def analyze_parallel_scaling(worker_counts: Sequence[int] = (1, 2, 4, 8)) -> list[ScalingRow]:
    """Measure ReLU on 64 MiB and a batch of 64 hyperbolic tangents of 128 KiB for each number of workers.

    A time is the median of its samples; a speedup is the median ratio of pairs, each of one call by one worker and one
    by several, so that a change in the machine's speed hits both.
    Raises ValueError for a number of workers below 1.
    """
    counts = [checked_workers(count) for count in worker_counts]
    rng = np.random.default_rng(0)
    x = rng.standard_normal(2**24, dtype=np.float32)
    batch = rng.standard_normal((64, 2**15), dtype=np.float32)
    one_relu, one_batch = partial(parallel_relu, x, 1), partial(parallel_batch_processing, batch, np.tanh, 1)
    rows: list[ScalingRow] = []
    for count in counts:
        relu = compare(partial(parallel_relu, x, count), one_relu, limit_s=1.0)
        tanh = compare(partial(parallel_batch_processing, batch, np.tanh, count), one_batch, limit_s=1.0)
        rows.append(
            {
                "workers": count,
                "relu_time": statistics.median(relu.candidate_us),
                "batch_time": statistics.median(tanh.candidate_us),
                "relu_speedup": relu.ratio,
                "batch_speedup": tanh.ratio,
            }
        )
    return rows


# %% tags=["measure"]
print(hardware.card().usable_cores)
for row in analyze_parallel_scaling():
    print({name: round(value, 2) for name, value in row.items()})

# %% [markdown]
# Last, a curve *fitted* to measurements. Amdahl's law is linear in s: with y the time relative to one worker,
# `y - 1/p = s (1 - 1/p)`, so the least squares over all counts up to the cores give s at once. The residual says
# whether the law describes the operation at all. A negative s says that something beside the work got faster; an s
# above 1, for which no curve is drawn, that the threads cost more than they brought.


# %% tags=["measure"]
def fitted_serial_part(counts: list[int], times_us: list[float]) -> tuple[float, float]:
    """(s, largest residual of the relative times) of Amdahl's law, fitted by least squares; counts[0] is 1."""
    shares = 1 / np.array(counts)
    off = np.array(times_us) / times_us[0] - shares
    s = float(off @ (1 - shares) / ((1 - shares) @ (1 - shares)))
    return s, float(np.abs(off - s * (1 - shares)).max())


batch = np.random.default_rng(9).standard_normal((64, 2**15), dtype=np.float32)
counts = sorted({2**k for k in range(cores.bit_length())} | {cores, 2 * cores})
timings = [measure(parallel_batch_processing, batch, np.tanh, w, samples=9) for w in counts]
fitted = [(w, t.median_us) for w, t in zip(counts, timings, strict=True) if w <= cores]
serial = None
if len(fitted) > 1:
    serial, residual = fitted_serial_part(*map(list, zip(*fitted, strict=True)))
    print(f"batch of hyperbolic tangents: serial part {serial:.1%}, largest residual {residual:.1%} of the time of one")
drawn = max(0.0, serial) if serial is not None and serial <= 1 else None
plots.scaling(counts, {"tanh of a batch": timings}, serial_fraction=drawn)

# %% [markdown]
# **Reflect.** The last point of the figure has twice as many workers as you have cores. What does the law say about
# it, and what was measured? Which parts of the call does one thread do alone, and what do all of them wait for?

# %% [markdown]
# You can now say of a call whether a second core will help it before you try, and the code takes the serial way by
# itself where it won't. Two limits are left that no thread moves: the number of bytes and the number of operations.
# The next lesson makes both smaller.
