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
# * `parallel_batch_processing`, `parallel_relu` and `parallel_matmul`, right for any number of workers,
# * the four limits above, each measured on your machine as far as your machine allows,
# * a rule for when one thread is the better choice, built into the code.

# %%
#| default_exp core.kernels.parallelism

# %%
#| export
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from tinytorch import simd
from tinytorch.analyses.worker_rows import ScalingRow, scaling_rows
from tinytorch.core.kernels.timing import as_array
from tinytorch.gemm import TILE_ROWS
from tinytorch.threads import checked_result, checked_workers, core_workers, panels
from tinytorch.threads import read_only, run_shares, slices, usable_cores

# %%
#| export
from tinytorch.core.kernels.vectorization import relu_kernel_for, vectorized_relu
from tinytorch.simd.arrays import flat_views

# %%
#| export
from tinytorch.core.kernels.matmul import check_operands, matmul_simd, multiply_into

# %%
import threading
import time

from numba import njit, prange

from tinytorch import bench, plots
from tinytorch.core.kernels.vectorization import relu_kernel, relu_streaming_kernel
from tinytorch.testing import refused
from tinytorch.threads import recorded, wake_timing

# %% [markdown]
# ## The pool of threads (given)
#
# You write no threads in this lesson: a pool of them is given, and you can skip how it works.
#
# * `run_shares(work, shares, workers)` calls `work(0)` to `work(shares - 1)`, each once, in up to `workers` threads,
#   and returns when all are done. An exception in one of them reaches the caller.
# * The calling thread is one of the workers. One worker is the caller alone; nobody else is woken.
# * A thread that has finished its share takes the next number, so a thread that is slow, or late, takes fewer.
# * The threads start at the first call that needs them, sleep between calls, and stay.
#
# To read it, open `tinytorch/threads/pool.py`: some 140 lines, with what happens when a process forks and when many calls
# meet. `slices(length, parts)`, in `shares.py` beside it, cuts a length into parts of nearly the same size.
#
# The picture shows which elements two threads touch. Nobody waits for anybody, because no element is written twice.

# %%
plots.shares_and_panels()

# %% [markdown]
# The same from times recorded just now: 16 shares, four threads. The work is a sleep of 2, 4, 6 or 8 ms, so that the
# figure shows the sharing itself and not what your machine has to do besides.


# %% tags=["measure"]
def unequal(share: int) -> None:
    time.sleep(0.002 * (1 + share % 4))


plots.share_timeline(recorded(unequal, shares=16, workers=4))

# %% [markdown]
# ## Apply an operation to a batch (6 points)
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
# exception is the default operation, ReLU, which we do know. On a batch of `SERIAL_BYTES` or less it gets one worker;
# the next exercise shows why.

# %%
#| export
SERIAL_BYTES = 32 * 2**20  # ReLU of an array of this size or less is not split

# %% [markdown]
# **Predict.** The same sum of squares, once as a loop in Python, once as a compiled `nogil` loop. How many times as
# fast is each with two workers as with one on your machine?

# %%
my_prediction_python_loop = None
my_prediction_nogil_loop = None

# %% [markdown]
# **Implement** `parallel_batch_processing`, about 10 lines. One share for each of the `slices` of axis 0; every share
# writes its result to its own place in a list, so that order needs no thought; then one `np.concatenate`. Mind three
# cases:
#
# * an empty batch: call the operation once, on the empty batch, because only its result knows the shape and dtype,
# * a result without one entry for each sample, such as a total: `checked_result(array, samples)` raises for it,
#   and `as_array` makes an array of whatever the operation returned,
# * a result that is the slice itself: the caller must never get a view of the batch, and `np.concatenate` copies.
#
# `batch` is a read-only view: an operation that works in place gets an exception rather than changing the caller's
# array.


# %% nbgrader={"grade": false, "grade_id": "parallel_batch_processing", "solution": true}
#| export
def parallel_batch_processing(
    batch_data: Any, operation: Callable[[np.ndarray], Any] | None = None, num_workers: int = 4
) -> np.ndarray:
    """operation(batch), computed on slices along axis 0 in up to `num_workers` threads.

    batch_data: (samples, ...).  operation: gets a read-only slice (k, ...), returns (k, ...) of any
    sample shape and dtype, and treats samples independently; None is ReLU.
    Returns the results in the order of the samples, a new array; of an empty batch, the operation's
    result for it.
    Raises what the operation raises; ValueError for num_workers < 1, a batch with no axis, a result
    of another length.
    """
    workers = checked_workers(num_workers)
    batch = read_only(as_array(batch_data))
    if batch.ndim == 0:
        raise ValueError("batch_data must have an axis of samples, got a single number of shape ()")
    if operation is None:
        operation = vectorized_relu
        workers = 1 if batch.nbytes <= SERIAL_BYTES else core_workers(num_workers)
    ### BEGIN SOLUTION
    parts = slices(len(batch), workers)
    results = [batch] * len(parts)

    def work(share: int) -> None:
        samples = batch[parts[share]]
        result = as_array(operation(samples))
        results[share] = checked_result(result, len(samples))

    run_shares(work, len(parts), workers)
    if len(results) == 1 and not np.may_share_memory(results[0], batch):
        return results[0]
    return np.concatenate(results)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_parallel_batch_processing", "points": 6}
def test_unit_parallel_processing() -> None:
    """Order, shapes and dtypes that change, few and no samples, exceptions, threads at one time."""
    batch = np.random.default_rng(4).standard_normal((10, 3, 2)).astype(np.float32)
    result = parallel_batch_processing(batch)
    assert np.array_equal(result, np.maximum(batch, 0)), "the default operation is ReLU"

    def last(samples: np.ndarray) -> np.ndarray:
        return samples[:, -1, -1].astype(np.float64)

    for workers in (1, 2, 3, 7, 50):
        result = parallel_batch_processing(batch, last, workers)
        what = f"{workers} workers: {result.shape}, {result.dtype}"
        assert (result.shape, result.dtype) == ((10,), np.float64), what
        assert np.array_equal(result, batch[:, -1, -1]), f"{workers} workers: wrong values or order"
    empty = parallel_batch_processing(batch[:0], lambda s: s[:, 0].astype(np.int8))
    what = f"an empty batch gave {empty.shape}, {empty.dtype}"
    assert (empty.shape, empty.dtype) == ((0, 2), np.int8), what
    together = threading.Barrier(2)

    def meet(samples: np.ndarray) -> np.ndarray:
        together.wait(timeout=5)  # BrokenBarrierError if nobody else comes
        return samples

    assert np.array_equal(parallel_batch_processing(batch, meet, num_workers=2), batch)
    with refused(AttributeError):  # of the operation, and it must reach the caller
        parallel_batch_processing(batch, lambda s: s.missing, 3)
    for operation, workers in ((lambda s: s.sum(), 3), (lambda s: s[:1], 3), (None, 0)):
        with refused(ValueError):
            parallel_batch_processing(batch, operation, workers)


test_unit_parallel_processing()

# %% [markdown]
# **Measure** the GIL: one loop, interpreted and compiled, four shares of the same size. `bench.worker_gains` times a
# call with several workers in turn with the same call by one, and says what can be known: the ratio with the interval
# that holds it at 95 %, that no difference can be seen, or that other programs had the cores. It also counts how many
# cores were kept busy, as processor seconds per second. Two workers that keep one core busy wait for each other, or
# for a core; two that keep two busy and gain nothing wait for memory.


# %% tags=["measure"]
def squares(numbers):
    total = 0
    for number in numbers:
        total += number * number % 7
    return total


squares_nogil = njit(nogil=True)(squares)
python_numbers = list(range(50_000))
nogil_numbers = np.arange(1_000_000)
python_call = partial(run_shares, lambda share: squares(python_numbers), 4)
nogil_call = partial(run_shares, lambda share: squares_nogil(nogil_numbers), 4)
gil_gains = {
    "Python loop": bench.worker_gains(python_call, [2, 4]),
    "nogil loop": bench.worker_gains(nogil_call, [2, 4]),
}
for name, row in gil_gains.items():
    for gain in row:
        print(f"{name}, {gain}")
plots.worker_gains(gil_gains)

# %% [markdown]
# **Reflect.** Compare with your predictions. Your data loader decodes images in pure Python: which of the two loops is
# it like, and what could you use in place of threads? Why does the nogil loop stop gaining where it stops?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Split ReLU (4 points)
#
# **Amdahl's law.** If a part s of the time is serial, p workers are at most `1 / (s + (1 - s) / p)` times as fast. In
# a short call the serial part is nearly everything: a sleeping thread has to be woken first. How long does that take
# here, and how much ReLU does one core do meanwhile?

# %% tags=["measure"]
x = np.random.default_rng(6).standard_normal(2**20, dtype=np.float32)
out = np.empty_like(x)
relu_us = bench.measure(relu_kernel, x, out, samples=7).median_us
wake = wake_timing(lambda share: relu_kernel(x, out), shares=4)
if wake is None:
    print("no second thread began before the caller was done: there is no figure to be had now")
else:
    print(f"from a call to the second thread's first share: {wake}")
    mib = x.nbytes / 2**20 * wake.median_us / relu_us
    print(f"one core does ReLU on {mib:.1f} MiB in that time")

# %% [markdown]
# **Bandwidth.** For a long call, memory is the part that can't be split: all cores draw from the same one. In the next
# cell every core has arrays of its own; all of that work is done by one worker, then by as many as there are cores. In
# the first line the arrays stay in a core's own cache, in the second they come from memory.


# %% tags=["measure"]
@njit(nogil=True)
def many_passes(x, out):
    for _ in range(5000):
        relu_kernel(x, out)


cores = usable_cores()
small = [np.ones((2, 2**11), dtype=np.float32) for _ in range(cores)]  # 16 KiB a core
large = [np.ones((2, 2**23), dtype=np.float32) for _ in range(cores)]  # 64 MiB a core
cache_call = partial(run_shares, lambda share: many_passes(small[share][0], small[share][1]), cores)
memory_call = partial(
    run_shares, lambda share: relu_streaming_kernel(large[share][0], large[share][1]), cores
)
bandwidth_gains = {
    "16 KiB a core": bench.worker_gains(cache_call, [cores]),
    "64 MiB a core": bench.worker_gains(memory_call, [cores]),
}
for name, row in bandwidth_gains.items():
    print(f"{name}, {row[0]}")

# %% [markdown]
# A cache that each core has for itself adds up: if nothing else runs, the first line comes near the number of cores.
# Memory doesn't: the second line is the most that threads can do for a ReLU that needs memory, whatever Amdahl's law
# promises. So the rule has three cases:
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
# **Implement** `parallel_relu`, about 15 lines. The flat views and the kernel come from the last lesson:
#
# 1. A new array `out`; `flat_views(x, out)`. Without views, NumPy's maximum into `out` is the result.
# 2. The kernel that `relu_kernel_for` names for the *whole* call: a share alone would look small enough for the cache.
# 3. One worker, or `SERIAL_BYTES` or less: the kernel on the whole run.
# 4. Otherwise at most one worker for each of the `usable_cores()`, and four shares for each worker, so that a thread
#    that starts late costs little.


# %% nbgrader={"grade": false, "grade_id": "parallel_relu", "solution": true}
#| export
def parallel_relu(x: Any, num_workers: int = 4) -> np.ndarray:
    """max(x, 0) element by element in up to `num_workers` threads; equals vectorized_relu(x).

    x: any shape, layout and real dtype. float32 and float64 in one run of memory are split where
    that's worth a thread.
    Returns a new array of the shape and dtype of x. Raises ValueError if num_workers < 1.
    """
    workers = checked_workers(num_workers)
    x = as_array(x)
    ### BEGIN SOLUTION
    out = np.empty_like(x)
    views = flat_views(x, out)
    if views is None:
        return np.maximum(x, x.dtype.type(0), out=out)
    flat_x, flat_out = views
    kernel = relu_kernel_for(x.nbytes + out.nbytes)
    if workers == 1 or x.nbytes <= SERIAL_BYTES:
        kernel(flat_x, flat_out)
        return out
    workers = min(workers, usable_cores())
    parts = slices(x.size, 4 * workers)

    def work(share: int) -> None:
        part = parts[share]
        kernel(flat_x[part], flat_out[part])

    run_shares(work, len(parts), workers)
    return out
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_parallel_relu", "points": 4}
def test_unit_parallel_relu() -> None:
    """Equal to ReLU around the sizes where shares begin and end, for many numbers of workers."""
    rng = np.random.default_rng(5)
    for n in (0, 1, 1000, SERIAL_BYTES // 4 + 1, 1_500_001):
        x = rng.standard_normal(n).astype(np.float32)
        x[n // 2 : n // 2 + 1] = np.nan
        for workers in (1, 2, 3, 16):
            result = parallel_relu(x, num_workers=workers)
            is_right = np.array_equal(result, np.maximum(x, 0), equal_nan=True)
            assert is_right, f"wrong for {n} elements, {workers} workers"
    matrix = np.asfortranarray(rng.standard_normal((1200, 700)))
    for layout in (matrix, matrix[::2]):
        message = f"wrong for a matrix of shape {layout.shape} and strides {layout.strides}"
        assert np.array_equal(parallel_relu(layout), np.maximum(layout, 0)), message
    assert parallel_relu(np.ones(2**23, dtype=np.int8)).dtype == np.int8, "the dtype must stay"
    with refused(ValueError):
        parallel_relu(matrix, num_workers=0)


test_unit_parallel_relu()

# %% [markdown]
# **Speed** earns a part of the points, in bands of ratio to a stated reference, timed in turn on one machine: for ReLU in
# a call so short that waking a thread would take longer than the work.
#
# {bands: short_parallel_relu}

# %% tags=["measure"]
raced = np.random.default_rng(6).standard_normal(50_000, dtype=np.float32)
bands = BANDS["short_parallel_relu"]
print(bench.in_bands(lambda: parallel_relu(raced), lambda: np.maximum(raced, 0), bands))

# %% [markdown]
# **Measure** with the rule switched off, so that every call is split: from which size on does a second thread pay?

# %% tags=["measure"]
rng = np.random.default_rng(6)
worker_counts = sorted({2, min(4, cores), cores})
rule = SERIAL_BYTES
SERIAL_BYTES = 0
relu_gains = {}
for mib in (1, 8, 64, 256):
    x = rng.standard_normal(mib * 2**18, dtype=np.float32)
    row = bench.worker_gains(partial(parallel_relu, x), worker_counts)
    relu_gains[f"ReLU {mib} MiB, split"] = row
SERIAL_BYTES = rule
for name, row in relu_gains.items():
    for gain in row:
        print(f"{name}, {gain}")
plots.worker_gains(relu_gains, "ReLU, always split: where does the second worker begin to pay?")

# %% [markdown]
# **Reflect.** From which size on does the second thread pay when every call is split, as far as your machine can tell,
# and is `SERIAL_BYTES` well chosen for it? If the gain stays below the number of cores for large arrays: is it
# Amdahl's law or bandwidth? You have a measurement of each.

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Multiply in panels (stretch, 3 points)
#
# A stretch exercise: worth its 3 points, and everything later works without it. Rows of `A` times `B` are rows of `C`,
# and `A` times columns of `B` are columns of `C`: a panel of a product depends on nothing but its own rows or columns
# of one matrix, and on all of the other. A product does `2 * M * N * K` operations on `4 * (M * K + K * N + M * N)`
# bytes, so for large matrices the cores rarely meet at the memory. Then Amdahl's law is the limit that counts.
#
# | M = N = K | operations | bytes of the three float32 matrices | operations for each byte |
# | --- | --- | --- | --- |
# | 64 | 0.5 million | 48 KiB | 11 |
# | 512 | 268 million | 3 MiB | 85 |
# | 2048 | 17 billion | 48 MiB | 341 |
#
# `multiply_into(C, A, B, first, last)` of lesson 02 computes columns `first` to `last` of a product in place. Each call
# packs what it needs for itself: with panels of columns all of `A` once for each panel, with panels of rows all of `B`.
# So the longer side of `C` is divided: then the smaller matrix is packed again. Whole tiles should stay whole:
# `panels(length, unit, parts)` is `slices` with edges at multiples of a unit.

# %%
#| export
PANEL_OPERATIONS = 2**23  # a panel with fewer takes about as long as it takes to wake a thread

# %% [markdown]
# **Predict.** How many times as fast as one thread are two, for 128, 512 and 1024 squared?

# %%
my_prediction_matmul = None

# %% [markdown]
# **Implement** the end of `parallel_matmul`, about 15 lines. In steps:
#
# 1. An empty `C` of float32, and the number of parts: one for each worker, but each of at least `PANEL_OPERATIONS`.
# 2. If `C` is at least as wide as high: panels of columns, in units of `simd.ROW`; a share computes its columns of
#    `C` by `multiply_into`.
# 3. Otherwise panels of rows, in units of `TILE_ROWS`: the same slice of `A` and of `C`, all columns.
#
# An element of `C` is the same sum in the same order for any number of workers, so the result is too, to the last
# bit. If your `matmul_simd` doesn't use the pieces of lesson 02, write panels of rows with it.


# %% nbgrader={"grade": false, "grade_id": "parallel_matmul", "solution": true}
#| export
def parallel_matmul(A: Any, B: Any, num_workers: int | None = None) -> np.ndarray:
    """C = A @ B in float32, panels of C in up to `num_workers` threads; None: the physical cores.

    A: (M, K), B: (K, N), any strides.
    Returns (M, N) float32: matmul_simd's result, for any number of workers.
    Raises ValueError, naming both shapes, if they can't be multiplied, and if num_workers < 1.
    """
    workers = core_workers(num_workers)
    A, B = check_operands(A, B)
    A = np.ascontiguousarray(A, np.float32)
    B = np.ascontiguousarray(B, np.float32)
    ### BEGIN SOLUTION
    M, K = A.shape
    N = B.shape[1]
    C = np.empty((M, N), np.float32)
    parts = min(workers, 2 * M * N * K // PANEL_OPERATIONS)
    if N >= M:
        shares = panels(N, simd.ROW, parts)

        def work(share: int) -> None:
            columns = shares[share]
            multiply_into(C, A, B, columns.start, columns.stop)

    else:
        shares = panels(M, TILE_ROWS, parts)

        def work(share: int) -> None:
            rows = shares[share]
            multiply_into(C[rows], A[rows], B, 0, N)

    run_shares(work, len(shares), workers)
    return C
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_parallel_matmul", "points": 3}
def test_unit_parallel_matmul() -> None:
    """Against a float64 product: sizes that panels don't divide, one worker and many."""
    rng = np.random.default_rng(7)
    for M, K, N in ((1, 5, 3), (0, 4, 2), (97, 131, 33), (401, 257, 129)):
        A, B = rng.standard_normal((M, K)), rng.standard_normal((K, N))
        allowed = (K + 2) * np.finfo(np.float32).eps * (np.abs(A) @ np.abs(B))
        for workers in (None, 1, 2, 5):
            C = parallel_matmul(A, B, num_workers=workers)
            assert (C.shape, C.dtype) == ((M, N), np.float32), f"{(M, K, N)}: {C.shape}, {C.dtype}"
            is_right = np.all(np.abs(C - A @ B) <= allowed)
            assert is_right, f"wrong values for {(M, K, N)} with {workers} workers"
    with refused(ValueError, A.shape):
        parallel_matmul(A, A)
    with refused(ValueError):
        parallel_matmul(A, B, num_workers=0)


test_unit_parallel_matmul()

# %% [markdown]
# **Speed** is half of this exercise's points. The reference uses all cores too, so that the bands mean the same on two
# cores and on sixteen: the loops in order i, k, j from lesson 02, their rows shared out by Numba.
#
# {bands: panels}


# %% tags=["measure"]
@njit(parallel=True, nogil=True)
def parallel_loops(A, B, C):
    for i in prange(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


def loops_product():
    C = np.zeros_like(P)
    parallel_loops(P, Q, C)
    return C


P, Q = np.random.default_rng(8).standard_normal((2, 510, 510), dtype=np.float32)
print(bench.in_bands(lambda: parallel_matmul(P, Q), loops_product, BANDS["panels"]))

# %% [markdown]
# **Measure** how products gain. The smallest has fewer than two times `PANEL_OPERATIONS` and isn't split. The figures
# of ReLU and of the products are kept: the open question on vectors and threads, at the end of lesson 06, asks for them.

# %% tags=["measure"]
product_gains = {}
for n in (128, 512, 1024):
    A, B = rng.standard_normal((2, n, n), dtype=np.float32)
    is_same = np.array_equal(parallel_matmul(A, B, num_workers=2), matmul_simd(A, B))
    print(f"product {n}: two workers and one give the same bits: {is_same}")
    row = bench.worker_gains(partial(parallel_matmul, A, B), worker_counts)
    product_gains[f"product {n}"] = row
    for gain in row:
        print(f"product {n}, {gain}")
known = bench.gain_figures(relu_gains | product_gains)
if known:
    bench.keep("04: several workers against one", known, "times as fast", plots.caption())
plots.worker_gains(relu_gains | product_gains)

# %% [markdown]
# **Reflect.** Which operations gain nearly as many times as there are workers, and which stay below? Give the reason
# for the latter in bytes. With twice the cores, which of your network's operations would you expect to gain?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Scaling on this machine
#
# The last function is given: ReLU and a batch side by side, for any numbers of workers, as plain numbers for a program
# that compares machines. Its rows come from `scaling_rows` in `tinytorch/analyses/worker_rows.py`.


# %%
#| export
def analyze_parallel_scaling(worker_counts: Sequence[int] = (1, 2, 4, 8)) -> list[ScalingRow]:
    """Measures ReLU on 64 MiB and 64 hyperbolic tangents of 128 KiB for each number of workers.

    Returns rows with workers, relu_time, batch_time (microseconds, medians), relu_speedup and
    batch_speedup (median ratios to one worker, timed in turn). Raises ValueError for workers < 1.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal(2**24, dtype=np.float32)
    batch = rng.standard_normal((64, 2**15), dtype=np.float32)
    relu = partial(parallel_relu, x)
    tanh = partial(parallel_batch_processing, batch, np.tanh)
    return scaling_rows(relu, tanh, worker_counts)


# %% [markdown]
# A reader wants to know what such numbers are worth, so this cell asks for the batch's gains themselves, up to twice as
# many workers as cores, and fits Amdahl's law to them. A fitted curve proves little by itself: with one worker and one
# more, some serial part always fits exactly. `bench.amdahl_fit` therefore asks for three worker counts within the
# cores, compares what the law misses with the noise of the ratios, and says what came of it.

# %% tags=["measure"]
batch = np.random.default_rng(9).standard_normal((64, 2**15), dtype=np.float32)
counts = sorted({2**k for k in range(1, cores.bit_length())} | {cores, 2 * cores})
tanh_gains = bench.worker_gains(partial(parallel_batch_processing, batch, np.tanh), counts)
for gain in tanh_gains:
    print(f"hyperbolic tangents, {gain}")
print(bench.amdahl_fit(tanh_gains, cores))
plots.worker_gains({"tanh of a batch": tanh_gains}, "One operation on more and more workers")

# %% [markdown]
# **Reflect.** The last row of the figure has twice as many workers as you have cores. What does the law say about it,
# and what was measured? Which parts of the call does one thread do alone, and what do all of them wait for?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# You can now say of a call whether a second core will help it before you try, and the code takes the serial way by
# itself where it won't. Two limits are left that no thread moves: the number of bytes and the number of operations.
# The next lesson makes both smaller.
