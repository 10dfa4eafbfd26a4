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
# # The matrix product, rung by rung
# > One sum of products, five programs, and two orders of magnitude between them.
#
# You can time a function so that the number means something. Here you use that on the operation in which a neural
# network spends most of its time: `C = A @ B`. The arithmetic is the same on every rung, 2·M·N·K operations; what
# changes is *the order in which memory is touched* and *how many numbers one instruction works on*. At the end you
# stand beside the library that NumPy calls, and know what it does.
#
# In this lesson matrices are `A` (M x K), `B` (K x N), `C` (M x N); `i`, `j`, `k` count rows of C, columns of C, and
# terms of a sum. All are stored row by row ("C order"): `B[k, j]` and `B[k, j + 1]` are neighbors in memory,
# `B[k, j]` and `B[k + 1, j]` are N elements apart.

# %%
#| default_exp core.kernels.matmul

# %%
#| export
import operator
from typing import Any

import numpy as np
from numba import njit

from tinytorch import analyses, gemm, simd
from tinytorch.core.kernels.timing import as_array, time_kernel

_INSTALLED = __name__ != "__main__"  # only there is machine code kept: a notebook's cells change

# %%
from functools import partial

from tinytorch import bench, hardware, plots
from tinytorch.analyses.little_cache import LINES, PER_LINE, lines_fetched
from tinytorch.testing import refused

# %% [markdown]
# Four ways through a product, which you will compare: what one step touches, and what is in use around it.

# %% tags=["measure"]
plots.product_rungs()

# %% [markdown]
# ## Ask the library (2 points)
#
# NumPy hands `A @ B` to a BLAS, a library of matrix routines that people have tuned for decades. That is the reference,
# for the values and for the speed. A function that others call also says clearly what it does not take: the helper
# below, which is given, checks the arguments of all products.

# %%
#| export
def check_operands(A: Any, B: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns both as arrays; ValueError, naming both shapes, unless they are (M, K) and (K, N)."""
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"a product needs shapes (M, K) and (K, N), got {A.shape} and {B.shape}")
    return A, B


# %% [markdown]
# **Predict.** Two 512 x 512 float32 matrices: 2·512³ operations. How many milliseconds does NumPy need on one core?

# %%
my_numpy_ms = None  # your prediction, in milliseconds

# %% [markdown]
# **Implement** `matmul_baseline`: one line, after the check.

# %% nbgrader={"grade": false, "grade_id": "matmul_baseline", "solution": true}
#| export
def matmul_baseline(A: Any, B: Any) -> np.ndarray:
    """Returns C = A @ B by NumPy's BLAS: the reference for values and speed.

    A: (M, K), B: (K, N), any strides. C: (M, N) of dtype np.result_type(A, B).
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D.
    """
    A, B = check_operands(A, B)
    ### BEGIN SOLUTION
    return A @ B
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_matmul_baseline", "points": 2}
def test_unit_matmul_baseline():
    """The baseline multiplies, keeps the result dtype, and refuses shapes that don't fit."""
    A, B = np.arange(6).reshape(2, 3), np.arange(12).reshape(3, 4)
    expected = [[20, 23, 26, 29], [56, 68, 80, 92]]
    assert matmul_baseline(A, B).tolist() == expected, "A @ B has other values"
    C = matmul_baseline(A.astype(np.float32), B.astype(np.float32))
    assert C.dtype == np.float32, f"float32 stays float32, got {C.dtype}"
    assert matmul_baseline([[2.0]], [[3.0]]).tolist() == [[6.0]], "lists are taken too"
    with refused(ValueError, (2, 3), (4, 5)):
        matmul_baseline(np.ones((2, 3)), np.ones((4, 5)))


test_unit_matmul_baseline()

# %% [markdown]
# **Measure.** NumPy may use several threads; the cell below allows one, so that later comparisons are fair.

# %% tags=["measure"]
from threadpoolctl import threadpool_limits

one_thread = threadpool_limits(1)
rng = np.random.default_rng(2)
n = 512
A, B = rng.standard_normal((2, n, n)).astype(np.float32)
flops = 2 * n**3
rungs = {}
baseline = bench.measure(matmul_baseline, A, B)
print(f"predicted {my_numpy_ms} ms, measured {baseline.median_us / 1000:.2f} ms,", end=" ")
print(f"{flops / baseline.median_us / 1000:.0f} GFLOP/s")

# %% [markdown]
# **Reflect.** How many operations per clock cycle is that (10⁹ a second are a GFLOP/s; take 3 GHz if you don't know the
# clock)? A processor that did one per cycle would get one. Keep the question; the lesson answers it.

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Three loops (5 points)
#
# The definition is C[i, j] = sum over k of A[i, k]·B[k, j]: a loop for each letter. In plain Python every operation
# goes through objects and costs some 50 ns. **Numba** compiles a function to machine code when it is first called,
# so that the loops you write are loops that run: put `@njit` above a function that uses arrays and numbers only.
# `cache=True` keeps the machine code on disk; `nogil=True` lets other Python threads run meanwhile (lesson 04).
#
# A compiled kernel is strict: all arrays of one type, in C order. `gemm.run_loops`, given, converts the arguments,
# hands your loops a C of zeros, and converts the result; read it in `tinytorch/gemm/operands.py`.
#
# **Predict.** How many times as fast as three compiled loops is NumPy?

# %%
my_naive_factor = None  # your prediction: 1? 5? 100?

# %% [markdown]
# **Implement** `naive_loops`, in about six lines: for each `i` and `j`, add the products over `k` to `C[i, j]`. Take
# the running sum from `C[i, j]` itself, so that it has C's type: a sum that starts at the integer 0 would be of another
# type for unsigned numbers. No NumPy functions inside: write the loops.

# %% nbgrader={"grade": false, "grade_id": "matmul_naive", "solution": true}
#| export
@njit(cache=_INSTALLED, nogil=True)
def naive_loops(A, B, C):
    """C += A @ B in the order i, j, k.  A: (M, K), B: (K, N), C: (M, N), C-ordered, one dtype."""
    ### BEGIN SOLUTION
    M, K = A.shape
    N = B.shape[1]
    for i in range(M):
        for j in range(N):
            total = C[i, j]
            for k in range(K):
                total += A[i, k] * B[k, j]
            C[i, j] = total
    ### END SOLUTION


def matmul_naive(A: Any, B: Any) -> np.ndarray:
    """Returns C = A @ B by three compiled loops. Arguments, errors and dtype as `matmul_baseline`.

    Integers are exact modulo their range, as in NumPy; float16 is summed in float32.
    """
    A, B = check_operands(A, B)
    return gemm.run_loops(naive_loops, A, B)


# %% nbgrader={"grade": true, "grade_id": "check_matmul_naive", "points": 5}
def check_product(product, A, B, *settings):
    """Compare a product with the same product in float64, element by element."""
    exact = A.astype(np.float64) @ B.astype(np.float64)
    C = product(A, B, *settings)
    case = f"{A.shape} x {B.shape}" + (f", block size {settings[0]}" if settings else "")
    assert C.shape == exact.shape, f"{case}: the result has shape {C.shape}, not {exact.shape}"
    sizes = np.abs(A).astype(np.float64) @ np.abs(B).astype(np.float64)
    wrong = ~(np.abs(C - exact) <= 1e-6 * (A.shape[1] + 1) * (1 + sizes))
    first = np.argwhere(wrong)[:1].tolist()
    assert not wrong.any(), f"{case}: {wrong.sum()} elements are wrong, the first at {first}"


def test_unit_matmul_naive():
    """Three loops give the product, for floats and integers, with empty sums zero."""
    rng = np.random.default_rng(0)
    for M, K, N in ((2, 3, 4), (1, 7, 1), (5, 1, 3), (0, 2, 3), (3, 0, 2)):
        A, B = rng.standard_normal((M, K)), rng.standard_normal((K, N))
        check_product(matmul_naive, A.astype(np.float32), B.astype(np.float32))
        check_product(matmul_naive, A, B)
    q = matmul_naive(np.full((1, 3), 100, np.int32), np.full((3, 1), -7, np.int32))
    assert q.dtype == np.int32, f"int32 operands give int32, got {q.dtype}"
    assert q[0, 0] == -2100, f"integer products are exact: expected -2100, got {q[0, 0]}"
    with refused(ValueError, (2, 3), (4, 5)):
        matmul_naive(np.ones((2, 3)), np.ones((4, 5)))


test_unit_matmul_naive()

# %% tags=["measure"]
rungs["three loops"] = bench.measure(matmul_naive, A, B, samples=3)
factor = rungs["three loops"].median_us / baseline.median_us
print(f"predicted {my_naive_factor}, measured: NumPy is {factor:.0f} times as fast")

# %% [markdown]
# **Reflect.** The loops are machine code and still far behind. So compiling is not what makes the difference. What do
# two neighboring steps of the inner loop read, and how far apart do the two elements of `B` lie?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Swap two loops
#
# Memory is a ladder of its own. A core computes on **registers**; below lie caches, each larger and slower than
# the one above, then main memory. Data moves between levels in **lines** of usually 64 bytes: ask for one
# float32 and you get the fifteen around it. Your machine's levels:

# %% tags=["measure"]
card = hardware.card()
levels = {"L1": card.l1d_bytes, "L2": card.l2_bytes, "L3": card.l3_bytes}
caches = {name: fact.value for name, fact in levels.items() if fact.value}
for name, size in caches.items():
    print(f"{name}: {hardware.format_bytes(size)}")
print(f"a matrix: {hardware.format_bytes(A.nbytes)}; a column is 4 bytes of each of {n} lines")

# %% [markdown]
# In the order i, j, k, the inner loop walks down a column of B: each step lands on another line and uses 4 of its
# 64 bytes. By the time the neighboring column is wanted, the line may have been evicted. Swap the loops to i, k, j
# and the inner loop runs along rows of B and C. Same products, same number of operations:

# %%
#| export
@njit(cache=_INSTALLED, nogil=True)
def reordered_loops(A, B, C):
    """C += A @ B in the order i, k, j: the inner loop runs along rows of B and C."""
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


# %%
def matmul_reordered(A, B):
    """C = A @ B with the loops in the order i, k, j."""
    A, B = check_operands(A, B)
    return gemm.run_loops(reordered_loops, A, B)


# %% [markdown]
# **Predict.** By which factor does swapping two lines of code change the time?

# %%
my_reordered_factor = None  # your prediction

# %% tags=["measure"]
rungs["loops in order i, k, j"] = bench.measure(matmul_reordered, A, B, samples=9)
factor = rungs["three loops"].median_us / rungs["loops in order i, k, j"].median_us
print(f"predicted {my_reordered_factor}, measured: {factor:.1f} times as fast")

# %% [markdown]
# **Speed earns points**, here and in the exercises to come: never microseconds, but the ratio of your speed to that of a
# stated reference, timed in turn on one machine, in bands. A correct but slow answer loses only its points for speed.
# In this lesson the reference is `matmul_reordered`, on one thread; for `matmul_naive` it's enough to be compiled:
#
# {bands: naive}
#
# The cell below looks at it as the grader does: pairs of runs in turn, until the interval of the ratio lies within one
# band. If it still contains an edge at the end, the upper band counts.

# %% tags=["measure"]
S, T = A[:64, :64].copy(), B[:64, :64].copy()
print(bench.in_bands(lambda: matmul_naive(S, T), lambda: matmul_reordered(S, T), BANDS["naive"]))

# %% [markdown]
# ## Multiply in blocks (10 points)
#
# Rows are used whole now, but each row of A still reads *all* of B. When B is larger than a cache, it comes from the
# level below M times. The remedy is to finish with a piece of B before going on: let the three loops run in steps of
# `block_size`, and multiply, in each step, a block of A by a block of B into a block of C.
#
# These three blocks are the **working set** of a step: 3·block_size²·itemsize bytes. While they fit a cache, each
# element fetched is used block_size times before it has to leave. So the rule is: **the largest block of which three
# fit**. Lesson 06 puts that rule of thumb to the test.
#
# This can be counted instead of timed. `lines_fetched` plays a cache of 32 lines with 8 elements each, which evicts
# the line not used for the longest time, and counts the lines fetched for matrices of 32 x 32 (`analyses/little_cache.py`).

# %% tags=["measure"]
print(f"the cache holds {LINES * PER_LINE} elements")
counted = {"i, j, k": lines_fetched("ijk", 32), "i, k, j": lines_fetched("ikj", 32)}
for block in (16, 8, 4):
    counted[f"blocks of {block}, {3 * block**2} elements in use"] = lines_fetched("ikj", block)
for name, lines in counted.items():
    print(f"{name:<34}{lines:>7,} lines fetched")

# %% [markdown]
# Of these, 8 is best: the largest of which three fit. Blocks of 16 don't fit and gain nothing; blocks of 4 fit, but use
# each element only 4 times, and only half of each line. The rule counts elements, not lines: 9 would fit too, and
# fetches more than twice as many lines as 8, because its rows cut lines in two.
#
# Inside a step stands a product again, of three small matrices in the cache. `gemm.add_block_plain` does it by the three
# loops you know, in the order i, k, j: start with that. Then change one thing and call `gemm.add_block`: vector
# instructions, and a piece of four rows of C stays in registers while all terms of the block are added. Run the race
# below once with each. Both are given, in `tinytorch/gemm/blocks.py`; the last exercise writes such a kernel.
#
# **Predict.** Which power of two will be the fastest block size for n = 512? Use the rule and the cache sizes above.

# %%
my_best_block_size = None  # your prediction

# %% [markdown]
# **Implement** `blocked_loops`, about nine lines: three loops in steps of `block_size`, over rows `i0`, columns `j0`
# and terms `k0`; the last block of each may be smaller. In each step
# `gemm.add_block_plain(A, B, C, i0, i1, j0, j1, k0, k1)` does C[i0:i1, j0:j1] += A[i0:i1, k0:k1] @ B[k0:k1, j0:j1], and
# so does `gemm.add_block`. Sizes that `block_size` doesn't divide are where blocked code goes wrong; compiled loops don't
# check indices, and a step too far may end Python. If it does, try small sizes with `NUMBA_DISABLE_JIT=1`.

# %% nbgrader={"grade": false, "grade_id": "cache_friendly_matmul", "solution": true}
#| export
@njit(cache=_INSTALLED, nogil=True)
def blocked_loops(A, B, C, block_size):
    """C += A @ B, block by block.  A: (M, K), B: (K, N), C: (M, N), C-ordered, one dtype."""
    ### BEGIN SOLUTION
    M, K = A.shape
    N = B.shape[1]
    for i0 in range(0, M, block_size):
        i1 = min(i0 + block_size, M)
        for j0 in range(0, N, block_size):
            j1 = min(j0 + block_size, N)
            for k0 in range(0, K, block_size):
                k1 = min(k0 + block_size, K)
                gemm.add_block(A, B, C, i0, i1, j0, j1, k0, k1)
    ### END SOLUTION


def cache_friendly_matmul(A: Any, B: Any, block_size: int = 64) -> np.ndarray:
    """Returns C = A @ B, computed block by block.  Arguments, errors and dtype as `matmul_naive`.

    block_size: rows and columns of each block, in elements; ValueError if it is below 1.
    Working set of one step: 3 * block_size**2 * itemsize bytes, a block of A, of B and of C.
    float32: each element is within about K * eps32 * (|A| @ |B|) of the exact value.
    Source: M. Lam, E. Rothberg, M. Wolf, "The cache performance and optimizations of blocked
    algorithms", ASPLOS 1991.
    """
    A, B = check_operands(A, B)
    if operator.index(block_size) < 1:
        raise ValueError(f"block_size must be at least 1, not {block_size}")
    return gemm.run_loops(blocked_loops, A, B, min(block_size, max(*A.shape, *B.shape, 1)))


# %% nbgrader={"grade": true, "grade_id": "check_cache_friendly_matmul", "points": 10}
def test_unit_cache_friendly_matmul():
    """The blocked product is right for every block size and shape; one below 1 is refused."""
    rng = np.random.default_rng(1)
    for M, K, N in ((16, 16, 16), (13, 37, 29), (1, 9, 5), (3, 0, 4)):
        A = rng.standard_normal((M, K)).astype(np.float32)
        B = rng.standard_normal((K, N)).astype(np.float32)
        for block_size in (1, 7, 8, 16, 1000):
            check_product(cache_friendly_matmul, A, B, block_size)
        check_product(cache_friendly_matmul, A, B)
    q = cache_friendly_matmul(np.arange(12).reshape(3, 4), np.arange(8).reshape(4, 2), 3)
    assert q.tolist() == [[28, 34], [76, 98], [124, 162]], "integers: the product has other values"
    assert np.issubdtype(q.dtype, np.integer), f"integers give integers, got {q.dtype}"
    with refused(ValueError):
        cache_friendly_matmul(np.ones((2, 2)), np.ones((2, 2)), block_size=0)


test_unit_cache_friendly_matmul()

# %% [markdown]
# **Speed** in float32, and in int32: a library has blocks for floats only, your loops have them for integers too.
#
# {bands: blocks}
#
# {bands: integer_blocks}

# %% tags=["measure"]
floats = rng.standard_normal((2, 250, 250)).astype(np.float32)
integers = rng.integers(-1000, 1000, (2, 190, 190)).astype(np.int32)
for (P, Q), shares in ((floats, BANDS["blocks"]), (integers, BANDS["integer_blocks"])):
    blocks, loops = partial(cache_friendly_matmul, P, Q), partial(matmul_reordered, P, Q)
    print(bench.in_bands(blocks, loops, shares))

# %% [markdown]
# **Measure** the sweep. Sizes whose times lie close together change places from run to run; the cell names all that
# come within 10 % of the fastest.

# %% tags=["measure"]
block_sizes = [8, 16, 32, 64, 128, 256, 512]
timings = [bench.measure(cache_friendly_matmul, A, B, size, samples=5) for size in block_sizes]
times_us = [timing.median_us for timing in timings]
rungs["blocks"] = timings[times_us.index(min(times_us))]
close = [size for size, us in zip(block_sizes, times_us, strict=True) if us <= 1.1 * min(times_us)]
print(f"predicted {my_best_block_size}; within 10 % of the fastest: {', '.join(map(str, close))}")
print(f"NumPy takes {baseline.median_us / min(times_us):.2f} of the time of the fastest")
figures = dict(zip(block_sizes, times_us, strict=True))
bench.keep("02: time by block size, n = 512", figures, "µs", plots.caption())
plots.block_sweep(block_sizes, timings, [3 * size**2 * A.itemsize for size in block_sizes], caches)

# %% [markdown]
# **Reflect.** Which cache do three blocks of your best sizes fit, by the lines in the figure? At the left end blocks
# are small and the time goes elsewhere: into what? At the right end one block is the whole matrix: if that is not
# slower here, three matrices fit your second or third cache, and for n = 512 there was little traffic to save. The count
# above knew only one cache and no prefetching; say what else a rule that only knows sizes can't know.

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Keep a tile in registers (stretch, 6 points)
#
# *Stretch:* worth its 6 points, and no later lesson depends on it: they take `cache_friendly_matmul` or NumPy instead. The
# cells below that call it fail until it is written; go on behind them.
#
# Where matrices outgrow the caches, blocks make memory cheap; then the core itself is the limit. It has units that *load* (often two vectors per
# cycle) and units that *multiply and add* (often two vectors per cycle). A **tile** of sums in registers keeps both
# busy: 6 rows of C by V vectors. For each k, load V vectors of B, and 6 single elements of A, each spread over a
# vector ("broadcast"). Then every vector of B meets every element of A:
#
# | for one k | loads | multiply-adds | loads for each |
# | --- | --- | --- | --- |
# | one vector of C, kept in memory | 3 | 1 | 3 |
# | one vector of C, kept in a register | 2 | 1 | 2 |
# | tile of 6 x 2 vectors (16 registers) | 2 + 6 | 12 | 0.67 |
# | tile of 6 x 4 vectors (32 registers) | 4 + 6 | 24 | 0.42 |
#
# A second reason: a multiply-add takes about four cycles until its sum can be used again. Twelve *independent* sums
# fill the wait; with one sum, two units would be idle seven times out of eight.

# %% [markdown]
# `tinytorch.simd` gives you the registers. A **row** of a tile is `simd.VECTORS` vectors side by side, `simd.ROW`
# numbers. In a function under `@simd.jit`, where `a` is a 1-D array:
#
# * `simd.zero_row()`: a row of zeros; `simd.load_row(a, i)`: the `simd.ROW` elements from index i on;
# * `gemm.add_product(a, i, b, row)`: the row after one more term, row + a[i]·b, where b is a row.
#
# The operands come to you **packed**, copied into the order in which a tile reads them:
#
# * `panels`: B in panels one row of the tile wide, padded with zeros; the first begins with column `j0`. The panel that
#   begins at index p holds its rows of `simd.ROW` numbers one after the other.
# * `rows`: rows `i0` to `i1` of A, `stride` elements apart, so `rows[0]` belongs to row `i0`; the last one is repeated
#   to fill a tile.
#
# Packing copies K·N + M·K numbers for 2·M·N·K operations: little, unless M or N is small. It's a page to read,
# `tinytorch/gemm/pack.py`; the loops that pack block after block and call you are in `gemm/products.py`.
#
# **Predict.** How close to NumPy does the register tile come: a half, the same, ahead?

# %%
my_simd_ratio = None  # your prediction: NumPy's time over yours

# %% [markdown]
# **Implement** two functions.
#
# `tile_sums`, about ten lines. Write the six rows out: only variables with names live in registers, an array would
# live in memory. Begin with six rows of zeros; for each of the `terms`, load one row of the panel, and let
# `gemm.add_product` bring each of the six up to date. What the first needs of A stands at `rows[a + k]`, what row i
# needs stands `i * stride` farther on. Return the six as a tuple.
#
# `multiply_tiles`, about nine lines. For each panel `j` and, inside, each tile of rows `i`: where does this tile's first
# row of A begin in `rows`, where its panel in `panels` (a panel holds `terms * simd.ROW` numbers), where its place in
# the flat C? Call `gemm.prefetch_tile(flat, c, N)`, so that the memory of C is on its way; then `tile_sums`; then
# `gemm.write_tile(sums, flat, c, N, i1 - i, j1 - j, add)`, which writes only the rows and columns that exist.

# %% nbgrader={"grade": false, "grade_id": "matmul_simd", "solution": true}
#| export
@simd.jit(inline="always")
def tile_sums(rows, a, stride, panels, p, terms):
    """Six rows of `terms` products: rows of packed A from index a on, a panel of B from p on."""
    ### BEGIN SOLUTION
    r0 = r1 = r2 = r3 = r4 = r5 = simd.zero_row()
    for k in range(terms):
        b = simd.load_row(panels, p + k * simd.ROW)
        r0 = gemm.add_product(rows, a + k, b, r0)
        r1 = gemm.add_product(rows, a + k + stride, b, r1)
        r2 = gemm.add_product(rows, a + k + 2 * stride, b, r2)
        r3 = gemm.add_product(rows, a + k + 3 * stride, b, r3)
        r4 = gemm.add_product(rows, a + k + 4 * stride, b, r4)
        r5 = gemm.add_product(rows, a + k + 5 * stride, b, r5)
    return r0, r1, r2, r3, r4, r5
    ### END SOLUTION


@simd.jit
def multiply_tiles(rows, stride, panels, terms, C, i0, i1, j0, j1, add):
    """C[i0:i1, j0:j1] = (or, with `add`, +=) packed A times packed B."""
    N, flat = C.shape[1], C.reshape(-1)
    ### BEGIN SOLUTION
    for j in range(j0, j1, simd.ROW):
        p = (j - j0) * terms
        for i in range(i0, i1, gemm.TILE_ROWS):
            a = (i - i0) * stride
            c = i * N + j
            gemm.prefetch_tile(flat, c, N)
            sums = tile_sums(rows, a, stride, panels, p, terms)
            gemm.write_tile(sums, flat, c, N, i1 - i, j1 - j, add)
    ### END SOLUTION


def multiply_into(C: np.ndarray, A: np.ndarray, B: np.ndarray, first: int, last: int) -> None:
    """C[:, first:last] = A @ B[:, first:last]; C: float32, C-ordered."""
    gemm.multiply_in_blocks(multiply_tiles, C, A, B, first, last)


def matmul_simd(A: Any, B: Any) -> np.ndarray:
    """Returns C = A @ B in float32, a tile in registers at a time.  Errors as `matmul_naive`.

    Each element is within about K * eps32 * (|A| @ |B|) of the exact value.
    Source: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.
    """
    A, B = check_operands(A, B)
    C = np.empty((A.shape[0], B.shape[1]), np.float32)
    multiply_into(C, A, B, 0, B.shape[1])
    return C


# %% nbgrader={"grade": true, "grade_id": "check_matmul_simd", "points": 6}
def test_unit_matmul_simd():
    """The register-tiled product is right at every edge, in float32, for any shape."""
    rng = np.random.default_rng(3)
    widths = (2, simd.W - 1, simd.W, simd.W + 1, simd.ROW, simd.ROW + 1, 2 * simd.ROW + 3)
    shapes = [(m, 5, n) for m in (2, 5, 6, 7, 13) for n in widths]
    others = [(300, 300, 40), (7, 5, 2100), (7, 0, 9), (0, 4, 4), (4, 4, 0), (9, 70, 1), (1, 70, 9)]
    for M, K, N in shapes + others:
        A = rng.standard_normal((M, K)).astype(np.float32)
        B = rng.standard_normal((K, N)).astype(np.float32)
        check_product(matmul_simd, A, B)
        check_product(matmul_simd, np.asfortranarray(A), B[:, ::-1])
    C = matmul_simd(np.ones((3, 4)), np.ones((4, 5)))
    assert C.dtype == np.float32, f"the result is float32 for every input type, got {C.dtype}"
    C = np.zeros((2, 40), np.float32)
    multiply_into(C, np.ones((2, 3)), np.ones((3, 40)), 16, 40)
    expected = np.where(np.arange(40) < 16, 0, 3)
    assert np.array_equal(C, [expected, expected]), "columns 16 to 40 alone: a panel begins at j0"
    with refused(ValueError, (2, 3), (4, 5)):
        matmul_simd(np.ones((2, 3)), np.ones((4, 5)))


test_unit_matmul_simd()

# %% [markdown]
# **Speed** is half of this exercise's points. Loops that read and write every sum in memory stay in the first bands; the
# highest asks for sums in registers.
#
# {bands: tile}

# %% tags=["measure"]
P, Q = rng.standard_normal((2, 301, 301)).astype(np.float32)
print(bench.in_bands(lambda: matmul_simd(P, Q), lambda: matmul_reordered(P, Q), BANDS["tile"]))

# %% tags=["measure"]
against_numpy = bench.compare(lambda: matmul_simd(A, B), lambda: matmul_baseline(A, B), limit_s=4)
print(f"predicted {my_simd_ratio}; NumPy's time over ours, both on one thread, in turn:")
print(against_numpy)
rungs["register tile"] = bench.measure(matmul_simd, A, B)

# %% tags=["measure"]
rungs["NumPy, one thread"] = bench.measure(matmul_baseline, A, B)
plots.speed_ladder(rungs, flops, hardware.measure_peak().value)

# %% [markdown]
# The peak in the figure is what the multiply-add units could do if nothing ever had to be loaded.
#
# The same rungs under the roof of this core (lesson 06 derives it): no kernel is above the flat line, what the units
# compute at most, nor above a slope, what memory of one level can deliver. A kernel's place on the horizontal axis is
# operations per byte that its inner loop loads and stores, counted in the source: 8 bytes for a product and a sum in three
# loops, 12 in the order i, k, j; a row of B and an element of A for each of 4 rows in `add_block`, of 6 in a tile.

# %% tags=["measure"]
row = simd.ROW
bytes_per_operation = {"three loops": 8 / 2, "loops in order i, k, j": 12 / 2}
bytes_per_operation["blocks"] = 4 * (row + 4) / (2 * 4 * row)
bytes_per_operation["register tile"] = 4 * (row + 6) / (2 * 6 * row)
rates = {name: flops / timing.median_us / 1000 for name, timing in rungs.items()}
bench.keep("02: rates of the products, n = 512", rates, "GFLOP/s", plots.caption())
measured = [name for name in bytes_per_operation if name in rates]
places = {name: (1 / bytes_per_operation[name], rates[name]) for name in measured}
plots.roofline(hardware.roofline(), places)

# %% [markdown]
# **Reflect.** Which rung was the highest step, and which of your predictions was furthest off? Which rungs lie below a
# slope, so that fewer bytes would help, and which below the flat roof? One lies far below both: what does it wait for?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Watch it scale
#
# A product does 2·n³ operations on 3·n² numbers: the larger it is, the more work for each number moved. The function
# below is given; a rate that rises with size is overhead and packing being paid off, one that falls a cache being left.

# %%
#| export
def analyze_matmul_scaling(sizes=(64, 128, 256, 512)) -> list[analyses.ProductRate]:
    """Returns `size`, `time_us`, `gflops`, `memory_mb` of `matmul_simd` for each size, measured."""
    return analyses.product_rates(matmul_simd, time_kernel, sizes)


# %% tags=["measure"]
for rate in analyze_matmul_scaling():
    print(f"n = {rate['size']:>4}: {rate['time_us']:>8.1f} µs, {rate['gflops']:>6.1f} GFLOP/s")

# %% tags=["measure"]
one_thread.restore_original_limits()

# %% [markdown]
# You can now say where a matrix product spends its time, count what a loop order costs, size a block for a cache, and
# keep sums in registers. In the next lesson the same vectors meet operations that have nothing to reuse: there memory,
# not arithmetic, sets the pace, and the best optimization is to touch it once.
