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
# > One sum of products, four programs, and two orders of magnitude between them.
#
# You can time a function so that the number means something. Here you use that on the operation in which a neural
# network spends most of its time: `C = A @ B`. You write it four times. The arithmetic is the same each time,
# 2·M·N·K operations; what changes is *the order in which memory is touched* and *how many numbers one instruction
# works on*. At the end you stand beside the library that NumPy calls, and know what it does.
#
# In this lesson matrices are `A` (M x K), `B` (K x N), `C` (M x N); `i`, `j`, `k` count rows of C, columns of C, and
# terms of a sum. All are stored row by row ("C order"): `B[k, j]` and `B[k, j + 1]` are neighbours in memory,
# `B[k, j]` and `B[k + 1, j]` are N elements apart.

# %%
#| default_exp core.kernels.matmul

# %%
#| export
import operator
import threading
from collections.abc import Callable
from typing import Any, TypedDict

import numpy as np
from numba import njit

from tinytorch import simd
from tinytorch.core.kernels.timing import as_array, time_kernel

# A notebook's cells change under their compiled callers: keep machine code only for the installed module.
_INSTALLED = __name__ != "__main__"

# %%
from collections import OrderedDict

from tinytorch import bench, hardware, plots

# %% [markdown]
# ## Ask the library
#
# NumPy hands `A @ B` to a BLAS, a library of matrix routines that people have tuned for decades. That is the reference,
# for the values and for the speed. A function that others call also says clearly what it does not take.
#
# The helper below is given: it checks the arguments of all four products.

# %%
#| export
def check_operands(A: Any, B: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both arguments as arrays; ValueError, naming both shapes, unless they are (M, K) and (K, N)."""
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2:
        raise ValueError(f"a matrix product needs two 2-D arrays; the shapes are {A.shape} and {B.shape}")
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"columns of A and rows of B must agree; the shapes are {A.shape} and {B.shape}")
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
    """C = A @ B by NumPy's BLAS: the reference for values and speed.

    A: (M, K), B: (K, N), any strides.
    Returns (M, N) of dtype np.result_type(A, B).
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D.
    """
    A, B = check_operands(A, B)
    ### BEGIN SOLUTION
    return A @ B
    ### END SOLUTION


# %% [markdown]
# **Check.**

# %% nbgrader={"grade": true, "grade_id": "check_matmul_baseline", "points": 2}
def refuses(product: Callable[..., np.ndarray], *shapes: tuple[int, ...]) -> bool:
    """True if the product of arrays of these shapes is a ValueError that names both shapes."""
    try:
        product(*(np.ones(shape, np.float32) for shape in shapes))
    except ValueError as error:
        return all(str(shape) in str(error) for shape in shapes)
    return False


def test_unit_matmul_baseline():
    """The baseline multiplies, keeps the result dtype, and refuses shapes that don't fit."""
    A, B = np.arange(6).reshape(2, 3), np.arange(12).reshape(3, 4)
    assert matmul_baseline(A, B).tolist() == [[20, 23, 26, 29], [56, 68, 80, 92]], "A @ B has other values"
    assert matmul_baseline(A.astype(np.float32), B.astype(np.float32)).dtype == np.float32, "float32 stays float32"
    assert matmul_baseline([[2.0]], [[3.0]]).tolist() == [[6.0]], "lists are taken too"
    assert refuses(matmul_baseline, (2, 3), (4, 5)), "shapes (2, 3) and (4, 5) must be a ValueError naming both"


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
# **Reflect.** How many operations per clock cycle is that on your processor? A processor that did one multiplication
# or addition per cycle would get one. Keep the question; the lesson answers it.

# %% [markdown]
# ## Three loops
#
# The definition is C[i, j] = sum over k of A[i, k]·B[k, j]: a loop for each letter. In plain Python every operation
# goes through objects and costs some 50 ns. **Numba** compiles a function to machine code when it is first called,
# so that the loops you write are loops that run: put `@njit` above a function that uses arrays and numbers only.
# `cache=True` keeps the machine code on disk (`_INSTALLED` is true outside notebooks); `nogil=True` lets other Python
# threads run meanwhile (lesson 04).
#
# A compiled kernel is fussy: all arrays of one type, C order. `run_kernel`, given, makes the arguments so, and also
# settles which type to compute in: float16 in float32 (processors rarely compute in it), booleans as counts.

# %%
#| export
def loop_dtype(dtype: np.dtype) -> np.dtype:
    """The type that compiled loops compute in for a result type; TypeError for types that they cannot compute in."""
    if dtype == np.float16:
        return np.dtype(np.float32)
    if dtype.kind == "b":
        return np.dtype(np.int64)
    if dtype.kind not in "iufc" or dtype in (np.longdouble, np.clongdouble):
        raise TypeError(f"there are no compiled loops for dtype {dtype}; convert the operands, for example to float64")
    return dtype


def kernel_input(A: np.ndarray, dtype: type | np.dtype) -> np.ndarray:
    """A as a read-only C-ordered array of a dtype: the same memory if A is that already, else a copy.

    Read-only, because to Numba a writable and a read-only array are two types, each with code of its own.
    """
    view = np.ascontiguousarray(A, dtype).view()
    view.flags.writeable = False
    return view


def run_kernel(kernel: Callable[..., None], A: np.ndarray, B: np.ndarray, *settings: int) -> np.ndarray:
    """What `kernel(A, B, C, *settings)` adds to a C of zeros, as np.result_type(A, B)."""
    dtype = np.result_type(A, B)
    working = loop_dtype(dtype)
    C = np.zeros((A.shape[0], B.shape[1]), working)
    kernel(kernel_input(A, working), kernel_input(B, working), C, *settings)
    return C.astype(dtype, copy=False)


# %% [markdown]
# **Predict.** How many times slower than NumPy are three compiled loops?

# %%
my_naive_factor = None  # your prediction: 1? 5? 100?

# %% [markdown]
# **Implement** `naive_loops`, in about six lines: for each `i` and `j`, add the products over `k` to `C[i, j]`. Take
# the running sum from `C[i, j]` itself, so that it has C's type: a sum that starts at the integer 0 would be of another
# type for unsigned numbers. No NumPy functions inside: write the loops.

# %% nbgrader={"grade": false, "grade_id": "matmul_naive", "solution": true}
#| export
@njit(cache=_INSTALLED, nogil=True)
def naive_loops(A: np.ndarray, B: np.ndarray, C: np.ndarray) -> None:
    """C += A @ B in the order i, j, k.  A: (M, K), B: (K, N), C: (M, N), C-ordered, of one dtype."""
    M, K = A.shape
    N = B.shape[1]
    ### BEGIN SOLUTION
    for i in range(M):
        for j in range(N):
            total = C[i, j]
            for k in range(K):
                total += A[i, k] * B[k, j]
            C[i, j] = total
    ### END SOLUTION


def matmul_naive(A: Any, B: Any) -> np.ndarray:
    """C = A @ B by three compiled loops: the bottom rung.

    A: (M, K), B: (K, N), any strides, any number type.
    Returns (M, N) of dtype np.result_type(A, B); integers are exact modulo their range, as in NumPy.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D.
    """
    return run_kernel(naive_loops, *check_operands(A, B))


# %% [markdown]
# **Check.** Sizes that differ from each other, so that a mixed-up letter shows.

# %% nbgrader={"grade": true, "grade_id": "check_matmul_naive", "points": 5}
def check_product(product: Callable[..., np.ndarray], A: np.ndarray, B: np.ndarray, *settings: int) -> None:
    """Compare a product with the same product in float64, element by element."""
    exact = A.astype(np.float64) @ B.astype(np.float64)
    C = product(A, B, *settings)
    words = f"{A.shape} x {B.shape}" + (f", block size {settings[0]}" if settings else "")
    assert C.shape == exact.shape, f"{words}: the result has shape {C.shape}, expected {exact.shape}"
    limit = 1e-6 * (A.shape[1] + 1) * (1 + np.abs(A).astype(np.float64) @ np.abs(B).astype(np.float64))
    wrong = ~(np.abs(C - exact) <= limit)
    assert not wrong.any(), f"{words}: {wrong.sum()} elements are wrong, the first at {np.argwhere(wrong)[0].tolist()}"


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
    assert refuses(matmul_naive, (2, 3), (4, 5)), "shapes (2, 3) and (4, 5) must be a ValueError naming both"


test_unit_matmul_naive()

# %% tags=["measure"]
rungs["three loops"] = bench.measure(matmul_naive, A, B, samples=3)
factor = rungs["three loops"].median_us / baseline.median_us
print(f"predicted {my_naive_factor}, measured: {factor:.0f} times slower than NumPy")

# %% [markdown]
# **Reflect.** The loops are machine code and still far behind. So compiling is not what makes the difference. What do
# two neighbouring steps of the inner loop read, and how far apart do the two elements of `B` lie?

# %% [markdown]
# ## Multiply in blocks
#
# Memory is a ladder of its own. A core computes on **registers**; below lie caches, each larger and slower than
# the one above, then main memory. Data moves between levels in **lines** of usually 64 bytes: ask for one
# float32 and you get the fifteen around it. Your machine's levels:

# %% tags=["measure"]
card = hardware.card()
caches = {"L1": card.l1d_bytes, "L2": card.l2_bytes, "L3": card.l3_bytes}
caches = {name: fact.value for name, fact in caches.items() if fact.value}
print(*(f"{name}: {hardware.format_bytes(size)}" for name, size in caches.items()), sep="\n")
print(f"one matrix: {hardware.format_bytes(A.nbytes)}, one column of B touches {n} lines to use 4 bytes of each")

# %% [markdown]
# In the order i, j, k, the inner loop walks down a column of B: each step lands on another line and uses 4 of its
# 64 bytes. By the time the neighbouring column is wanted, the line may have been thrown out. Swap the loops to i, k, j
# and the inner loop runs along rows of B and C. Same products, same number of operations:

# %%
#| export
@njit(cache=_INSTALLED, nogil=True)
def reordered_loops(A: np.ndarray, B: np.ndarray, C: np.ndarray) -> None:
    """C += A @ B in the order i, k, j: the inner loop runs along rows of B and C."""
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


def matmul_reordered(A: Any, B: Any) -> np.ndarray:
    """C = A @ B with the loops in the order i, k, j: the second rung. Arguments, result, errors as `matmul_naive`."""
    return run_kernel(reordered_loops, *check_operands(A, B))


# %% [markdown]
# **Predict.** By which factor does swapping two lines of code change the time?

# %%
my_reordered_factor = None  # your prediction

# %% tags=["measure"]
rungs["loops in order i, k, j"] = bench.measure(matmul_reordered, A, B, samples=9)
factor = rungs["three loops"].median_us / rungs["loops in order i, k, j"].median_us
print(f"predicted {my_reordered_factor}, measured: {factor:.1f} times faster")

# %% [markdown]
# **Speed earns points**, here and in the exercises to come: never microseconds, but the ratio of your speed to that of a
# stated reference, timed in turn on one machine, in bands. A right and slow answer loses its points for speed, no others.
# In this lesson the reference is `matmul_reordered`, on one thread; for `matmul_naive` it's enough to be compiled:
#
# {bands: naive}
#
# The cell below looks at it as the grader does: pairs of runs in turn, until the interval of the ratio lies within one
# band. If it holds an edge to the end, the band above counts.

# %% tags=["measure"]
small = np.ascontiguousarray(A[:64, :64])
print(bench.in_bands(lambda: matmul_naive(small, small), lambda: matmul_reordered(small, small), BANDS["naive"]))

# %% [markdown]
# Rows are used whole now, but each row of A still reads *all* of B. When B is larger than a cache, it comes from the
# level below M times. The remedy is to finish with a piece of B before going on: cut the three loops into blocks of
# `block_size` steps. A block of A, of B and of C together are the **working set**, 3·block_size²·itemsize bytes; as
# long as that fits into a cache, each element fetched is used block_size times before it has to leave.
#
# This can be counted instead of timed. The cell below plays a cache of 32 lines with 16 elements each, throws
# out the line not used for longest, and counts the lines that have to be fetched for matrices of 32 x 32.

# %% tags=["measure"]
def lines_fetched(block, order, size=32, lines=32, per_line=16):
    """Lines that a small cache fetches for one product, loops blocked by `block`, inner loops in the given order."""
    cache, fetched = OrderedDict(), 0
    starts = range(0, size, block)
    for i0, k0, j0 in ((i0, k0, j0) for i0 in starts for k0 in starts for j0 in starts):
        ranges = {"i": range(i0, i0 + block), "k": range(k0, k0 + block), "j": range(j0, j0 + block)}
        first, second, third = (ranges[letter] for letter in order)
        for steps in ((x, y, z) for x in first for y in second for z in third):
            at = dict(zip(order, steps, strict=True))
            i, j, k = at["i"], at["j"], at["k"]
            for touched in (("A", i, k // per_line), ("B", k, j // per_line), ("C", i, j // per_line)):
                fetched += touched not in cache
                cache[touched] = cache.pop(touched, None)
                if len(cache) > lines:
                    cache.popitem(last=False)
    return fetched


for words, block, order in (("i, j, k", 32, "ijk"), ("i, k, j", 32, "ikj"), ("blocks of 16", 16, "ikj"),
                            ("blocks of 8", 8, "ikj"), ("blocks of 4", 4, "ikj")):
    print(f"{words:<14}{lines_fetched(block, order):>7,} lines fetched")

# %% [markdown]
# Too small is bad as well: a block of 4 uses 4 of the 16 elements on each line. And there is more to gain inside a
# block. In the order i, k, j each product costs a load and a store of `C[i, j]`; in the order i, j, k the sum stays in
# a register, but each product costs two loads. Take 3 rows of A and 4 columns of B *together*: for each k, 7 elements
# are loaded and serve 12 products, whose 12 sums stay in registers. That inner step is given:

# %%
#| export
@njit(cache=_INSTALLED, nogil=True)
def add_four(C: np.ndarray, i: int, j: int, s0: Any, s1: Any, s2: Any, s3: Any) -> None:
    """C[i, j : j + 4] += the four sums."""
    C[i, j] += s0
    C[i, j + 1] += s1
    C[i, j + 2] += s2
    C[i, j + 3] += s3


@njit(cache=_INSTALLED, nogil=True, fastmath={"reassoc", "contract"})
def add_dots(A: np.ndarray, i: int, k0: int, k1: int, block: np.ndarray, q: int, C: np.ndarray, j: int) -> None:
    """C[i : i + 3, j : j + 4] += 12 dot products of k1 - k0 terms: rows of A[:, k0:k1] with columns of a block of B.

    block: the four columns one after the other, from index q on. All of one dtype.
    """
    simd.whole_vectors()
    n = k1 - k0
    a0, a1, a2 = A[i, k0:k1], A[i + 1, k0:k1], A[i + 2, k0:k1]
    b0, b1, b2, b3 = block[q : q + n], block[q + n : q + 2 * n], block[q + 2 * n : q + 3 * n], block[q + 3 * n : q + 4 * n]
    s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = s20 = s21 = s22 = s23 = C.dtype.type(0)
    for k in range(b0.size):
        x0, x1, x2 = a0[k], a1[k], a2[k]
        s00, s10, s20 = s00 + x0 * b0[k], s10 + x1 * b0[k], s20 + x2 * b0[k]
        s01, s11, s21 = s01 + x0 * b1[k], s11 + x1 * b1[k], s21 + x2 * b1[k]
        s02, s12, s22 = s02 + x0 * b2[k], s12 + x1 * b2[k], s22 + x2 * b2[k]
        s03, s13, s23 = s03 + x0 * b3[k], s13 + x1 * b3[k], s23 + x2 * b3[k]
    add_four(C, i, j, s00, s01, s02, s03)
    add_four(C, i + 1, j, s10, s11, s12, s13)
    add_four(C, i + 2, j, s20, s21, s22, s23)


# %% [markdown]
# Seven slices, because the compiler turns a loop into vector code only if it sees that the elements lie side by side
# and no index is negative. `fastmath` grants two liberties: to add in another order (`"reassoc"`: eight partial sums
# side by side instead of one; without it no sum of floats becomes vector code) and to multiply and add in one
# instruction (`"contract"`). NaN and infinity keep their meaning. `simd.whole_vectors()` is a request: on some processors
# the compiler else makes vectors of half the width from plain loops, because the first that had wide ones slowed down.
#
# For columns of B to lie side by side, a block of B is copied and turned. `turn_block`, given, does that in strips of
# 16 rows, so that the lines it reads are still in the cache when it comes to the next column. `add_dot` does the rows
# and columns that are left over when 3 and 4 don't divide.

# %%
#| export
@njit(cache=_INSTALLED, nogil=True)
def turn_block(B: np.ndarray, k0: int, k1: int, j0: int, j1: int, block: np.ndarray) -> None:
    """Columns j0 to j1 of B[k0:k1], one after the other: B[k, j] becomes block[(j - j0) * (k1 - k0) + k - k0]."""
    for strip in range(k0, k1, 16):
        for j in range(j0, j1):
            start = (j - j0) * (k1 - k0) - k0
            for k in range(strip, min(strip + 16, k1)):
                block[start + k] = B[k, j]


@njit(cache=_INSTALLED, nogil=True, fastmath={"reassoc", "contract"})
def add_dot(A: np.ndarray, i: int, k0: int, k1: int, block: np.ndarray, q: int, C: np.ndarray, j: int) -> None:
    """C[i, j] += A[i, k0:k1] @ the column of a block of B that begins at index q of `block`."""
    simd.whole_vectors()
    a, b = A[i, k0:k1], block[q : q + k1 - k0]
    total = C.dtype.type(0)
    for k in range(b.size):
        total += a[k] * b[k]
    C[i, j] += total


# %% [markdown]
# A sum that is begun, and added to C at the end, costs more than one product, and the more lanes a vector has, the
# more: in the end they are added up. So sums should be long. A block of B is therefore `block_size` columns wide and
# `HEIGHT` times as many terms high, HEIGHT·block_size²·itemsize bytes, and is used by *all* rows of A before the next
# one is copied.

# %%
#| export
HEIGHT = 16 if simd.BYTES == 64 else 8  # of a block of B: terms for each of its columns

# %% [markdown]
# **Predict.** Which block size will be fastest for n = 512? Use the cache sizes above and the size of a block.

# %%
my_best_block_size = None  # your prediction

# %% [markdown]
# **Implement** two functions. `multiply_block`, about eight lines: every row of A meets every column in the block. Go
# through the rows in threes and, inside, through the columns in fours: `add_dots`. Then the rest by `add_dot`: the last
# columns of those rows, and all columns of the last rows.
#
# `blocked_loops`, about seven lines: loops over blocks of terms `k0` and of columns `j0`, the last of which may be
# smaller; copy the block, then let all of A meet it. Your own inner loops are as welcome. Sizes that `block_size`
# doesn't divide are where blocked code goes wrong.

# %% nbgrader={"grade": false, "grade_id": "cache_friendly_matmul", "solution": true}
#| export
@njit(cache=_INSTALLED, nogil=True)
def multiply_block(A: np.ndarray, k0: int, k1: int, block: np.ndarray, j0: int, j1: int, C: np.ndarray) -> None:
    """C[:, j0:j1] += A[:, k0:k1] @ a block of B, whose columns lie in `block`, each k1 - k0 elements long."""
    simd.whole_vectors()
    M, n = A.shape[0], k1 - k0
    ### BEGIN SOLUTION
    threes, fours = M - M % 3, j1 - (j1 - j0) % 4
    for i in range(0, threes, 3):
        for j in range(j0, fours, 4):
            add_dots(A, i, k0, k1, block, (j - j0) * n, C, j)
    for i in range(M):
        for j in range(fours if i < threes else j0, j1):
            add_dot(A, i, k0, k1, block, (j - j0) * n, C, j)
    ### END SOLUTION


@njit(cache=_INSTALLED, nogil=True)
def blocked_loops(A: np.ndarray, B: np.ndarray, C: np.ndarray, block_size: int) -> None:
    """C += A @ B, block by block.  A: (M, K), B: (K, N), C: (M, N), C-ordered, of one dtype."""
    simd.whole_vectors()
    K, N = B.shape
    terms = HEIGHT * block_size
    ### BEGIN SOLUTION
    block = np.empty(min(terms, K) * min(block_size, N), C.dtype)
    for k0 in range(0, K, terms):
        k1 = min(k0 + terms, K)
        for j0 in range(0, N, block_size):
            j1 = min(j0 + block_size, N)
            turn_block(B, k0, k1, j0, j1, block)
            multiply_block(A, k0, k1, block, j0, j1, C)
    ### END SOLUTION


def cache_friendly_matmul(A: Any, B: Any, block_size: int = 64) -> np.ndarray:
    """C = A @ B, computed block by block.

    A: (M, K), B: (K, N), any strides.  block_size: columns of a block of B, in elements, >= 1; it has HEIGHT
    times as many rows.
    Returns (M, N) of dtype np.result_type(A, B); for float32 each element is within about K * eps32 * (|A| @ |B|) of
    the exact value, integers are exact modulo their range, float16 is summed in float32.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D; ValueError if block_size < 1.
    Working set of one step: a block of B and three pieces of rows of A, (block_size + 3) * HEIGHT * block_size *
    itemsize bytes.
    Source: M. Lam, E. Rothberg, M. Wolf, "The cache performance and optimizations of blocked algorithms", 1991.
    """
    A, B = check_operands(A, B)
    block_size = operator.index(block_size)
    if block_size < 1:
        raise ValueError(f"block_size must be at least 1, not {block_size}")
    # A block larger than the matrices is the whole of them.
    return run_kernel(blocked_loops, A, B, min(block_size, max(*A.shape, *B.shape, 1)))


# %% [markdown]
# **Check.** Block sizes below, at and above the matrix, dividing it and not.

# %% nbgrader={"grade": true, "grade_id": "check_cache_friendly_matmul", "points": 10}
def test_unit_cache_friendly_matmul():
    """The blocked product is right for every block size and shape; a block size below 1 is refused."""
    rng = np.random.default_rng(1)
    for M, K, N in ((16, 16, 16), (13, 37, 29), (1, 9, 5), (3, 0, 4)):
        A = rng.standard_normal((M, K)).astype(np.float32)
        B = rng.standard_normal((K, N)).astype(np.float32)
        for block_size in (1, 7, 8, 16, 1000):
            check_product(cache_friendly_matmul, A, B, block_size)
        check_product(cache_friendly_matmul, A, B)
    q = cache_friendly_matmul(np.arange(12).reshape(3, 4), np.arange(8).reshape(4, 2), block_size=3)
    assert q.tolist() == [[28, 34], [76, 98], [124, 162]], "integers: the product has other values"
    assert np.issubdtype(q.dtype, np.integer), f"integer operands give an integer result, got {q.dtype}"
    try:
        cache_friendly_matmul(np.ones((2, 2)), np.ones((2, 2)), block_size=0)
    except ValueError:
        pass
    else:
        raise AssertionError("block_size=0 must be a ValueError")


test_unit_cache_friendly_matmul()

# %% [markdown]
# **Speed** in float32: plain blocks, without a tile in registers, are in the second band on most machines.
#
# {bands: blocks}

# %% tags=["measure"]
P, Q = rng.standard_normal((2, 250, 250)).astype(np.float32)
print(bench.in_bands(lambda: cache_friendly_matmul(P, Q), lambda: matmul_reordered(P, Q), BANDS["blocks"]))

# %% [markdown]
# **Speed** in int32: a library has blocks for floats only, your loops have them for integers too.
#
# {bands: integer_blocks}

# %% tags=["measure"]
R, S = rng.integers(-1000, 1000, (2, 190, 190)).astype(np.int32)
print(bench.in_bands(lambda: cache_friendly_matmul(R, S), lambda: matmul_reordered(R, S), BANDS["integer_blocks"]))

# %% tags=["measure"]
block_sizes = [8, 16, 32, 64, 128, 256, 512]
timings = [bench.measure(cache_friendly_matmul, A, B, block_size=size, samples=3) for size in block_sizes]
best = min(range(len(timings)), key=lambda number: timings[number].median_us)
rungs["blocks"] = timings[best]
factor = rungs["blocks"].median_us / baseline.median_us
print(f"predicted {my_best_block_size}, measured {block_sizes[best]}: {factor:.1f} times slower than NumPy")
plots.block_sweep(block_sizes, timings, [(size + 3) * min(HEIGHT * size, n) * A.itemsize for size in block_sizes], caches)

# %% [markdown]
# What was counted, beside what was measured. The counts are of the small cache and the small matrices above; the times
# are yours, for n = 512. They needn't be proportional: a line that has to be fetched costs more the farther away it
# is, and the blocks also saved loads that hit the cache.

# %% tags=["measure"]
for words, counted, rung in (("i, j, k", lines_fetched(32, "ijk"), "three loops"),
                             ("i, k, j", lines_fetched(32, "ikj"), "loops in order i, k, j"),
                             ("blocks", lines_fetched(8, "ikj"), "blocks")):
    print(f"{words:<10}{counted:>7,} lines fetched{rungs[rung].median_us / 1000:>10.2f} ms")

# %% [markdown]
# **Reflect.** How much of the gain over i, k, j is due to lines, how much to sums that stay in registers? B as a whole
# may fit your second cache: then there was little traffic to save. Where does the curve bend, and is a cache boundary
# drawn there? At the left end blocks are small and the time goes elsewhere: into what? Your machine's best block may
# not be the one from the formula; say why a formula that only knows sizes can't know.

# %% [markdown]
# ## Keep a tile in registers (stretch)
#
# The blocks made memory cheap; now the core itself is the limit. It has two kinds of units for this: they *load* (often
# two vectors per cycle) and they *multiply and add* (often two vectors per cycle). A tile of sums in registers keeps
# both busy. `add_dots` has one, but leaves to the compiler how it becomes vectors, and each of its sums ends
# as a vector whose lanes must be added up. Here the vectors lie along a row of C instead: a **tile** is 6 rows
# by V vectors, 6·V sums in registers. For each k, load V vectors of B, and 6 single elements of A, each spread over
# a vector ("broadcast"). Then every one meets every other:
#
# | for one k | loads | multiply-adds | loads for each |
# | --- | --- | --- | --- |
# | one vector of C, kept in memory | 3 | 1 | 3 |
# | one vector of C, kept in a register | 2 | 1 | 2 |
# | tile of 6 x 2 vectors (16 registers) | 2 + 6 | 12 | 0.67 |
# | tile of 6 x 4 vectors (32 registers) | 4 + 6 | 24 | 0.42 |
#
# A second reason: a multiply-add takes about four cycles until its sum can be used again. Twelve *independent* sums
# fill the wait; one sum would leave the units idle three cycles of four.

# %% [markdown]
# `tinytorch.simd` gives you the registers. A vector holds `simd.W` float32 numbers, as many as your processor has
# room for. A **row** of a tile is `simd.VECTORS` vectors side by side, `simd.ROW` numbers: two vectors, or four on
# processors with 32 registers. In a function under `@simd.jit`, where `a` is a 1-D array:
#
# * `simd.zero_row()`: a row of zeros; `simd.load_row(a, i)` and `simd.store_row(a, i, row)`: `simd.ROW` elements from
#   index i on; `simd.add_rows(row, other)`;
# * `simd.broadcast_at(a, i)`: one vector with a[i] in every lane;
# * `simd.fma_row(x, b, row)`: x·b + row, where x is one vector: one multiply-add for each vector of the row;
# * `simd.load_row_part(a, i, n)` and `simd.store_row_part(a, i, row, n)` touch only n elements: the ragged right edge;
# * `simd.prefetch_row(a, i)`: ask for the memory of a row early, so that it's there when it is wanted.

# %%
print(f"{simd.REGISTERS} registers of {simd.W} numbers: a tile of 6 x {simd.VECTORS} vectors, 6 x {simd.ROW} numbers")

# %% [markdown]
# Rows of B should be loaded one after the other from near addresses. B itself is not laid out like that: `pack_columns`
# copies a block of it into **panels** one row of the tile wide, padded with zeros at the right edge. `pack_rows` copies
# a block of A, so that its rows lie close together and at fixed distances; rows beyond the last repeat it. Both are
# given. Copying costs K·N + M·K moves for 2·M·N·K operations: little, unless M or N is small. `inline="always"` puts a
# function into its callers before they are compiled: one compilation instead of seven, so the first call is shorter.

# %%
#| export
W = simd.W
TILE_ROWS = 6
# Terms and rows of a block. On 16 registers a panel, up to 20 KiB, stays in the first cache; on 32 a panel is wider and
# comes from the second, which then is the better for longer sums. The block of A, about 256 KiB, stays in the second.
BLOCK_TERMS, BLOCK_ROWS = (320, 192) if simd.VECTORS == 2 else (688, 96)
BLOCK_COLUMNS = 2048  # all panels of a block of B, 2.5 to 5.5 MiB: the third cache
ROW_STRIDE = BLOCK_TERMS + 16  # a power of two would put all rows into the same few places of the cache


@simd.jit(inline="always")
def pack_columns(B: np.ndarray, k0: int, k1: int, j0: int, j1: int, panels: np.ndarray) -> None:
    """B[k0:k1, j0:j1] as panels of simd.ROW columns, one after the other, each row by row, zeros beyond j1.

    Eight rows of B at a time: the writes to a panel then are long enough for the core to see where they lead.
    """
    N = B.shape[1]
    b = B.reshape(-1)
    for strip in range(k0, k1, 8):
        for j in range(j0, j1, simd.ROW):
            q = (j - j0) * (k1 - k0) + (strip - k0) * simd.ROW
            for k in range(strip, min(strip + 8, k1)):
                if j + simd.ROW <= j1:
                    simd.store_row(panels, q, simd.load_row(b, k * N + j))
                else:
                    simd.store_row(panels, q, simd.load_row_part(b, k * N + j, j1 - j))
                q += simd.ROW


@simd.jit(inline="always")
def pack_rows(A: np.ndarray, i0: int, i1: int, k0: int, k1: int, rows: np.ndarray) -> None:
    """A[i0:i1, k0:k1] with rows ROW_STRIDE apart, filled up to whole tiles by repeating the last row."""
    M, K = A.shape
    a = A.reshape(-1)
    n = k1 - k0
    rest = n % W
    for i in range(-(-(i1 - i0) // TILE_ROWS) * TILE_ROWS):
        p, q = min(i0 + i, M - 1) * K + k0, i * ROW_STRIDE
        for k in range(0, n - rest, W):
            simd.store(rows, q + k, simd.load(a, p + k))
        if rest > 0:
            simd.store(rows, q + n - rest, simd.load_part(a, p + n - rest, rest))


# %% [markdown]
# Two more given pieces. `add_product` is what happens to one row of the tile for one k. `write_tile` brings a finished
# tile to C: it overwrites C or adds to it, and writes only the m rows and n columns that exist. It loads all rows before
# it stores the first: memory that lies a multiple of 4096 bytes apart looks the same to a core that has to decide
# whether a load must wait for an earlier store, and rows of C often do.

# %%
#| export
@simd.jit(inline="always")
def add_product(a: np.ndarray, i: int, b: Any, row: Any) -> Any:
    """One row of the tile: row + a[i] * b."""
    return simd.fma_row(simd.broadcast_at(a, i), b, row)


@simd.jit(inline="always")
def add_old(C: np.ndarray, c: int, N: int, rows: Any) -> Any:
    """The six rows, plus what C holds in their places."""
    r0, r1, r2, r3, r4, r5 = rows
    r0, r1 = simd.add_rows(simd.load_row(C, c), r0), simd.add_rows(simd.load_row(C, c + N), r1)
    r2, r3 = simd.add_rows(simd.load_row(C, c + 2 * N), r2), simd.add_rows(simd.load_row(C, c + 3 * N), r3)
    r4, r5 = simd.add_rows(simd.load_row(C, c + 4 * N), r4), simd.add_rows(simd.load_row(C, c + 5 * N), r5)
    return r0, r1, r2, r3, r4, r5


@simd.jit(inline="always")
def write_tile(rows: Any, C: np.ndarray, c: int, N: int, m: int, n: int, add: bool) -> None:
    """C[c + i * N : c + i * N + n] = or += row i of the tile, for the first m rows."""
    if m >= TILE_ROWS and n >= simd.ROW:
        r0, r1, r2, r3, r4, r5 = add_old(C, c, N, rows) if add else rows
        simd.store_row(C, c, r0)
        simd.store_row(C, c + N, r1)
        simd.store_row(C, c + 2 * N, r2)
        simd.store_row(C, c + 3 * N, r3)
        simd.store_row(C, c + 4 * N, r4)
        simd.store_row(C, c + 5 * N, r5)
    else:
        for i in range(min(m, TILE_ROWS)):
            row = simd.add_rows(simd.load_row_part(C, c + i * N, n), rows[i]) if add else rows[i]
            simd.store_row_part(C, c + i * N, row, n)


# %% [markdown]
# When N or M is 1, one matrix is a vector and each element of the other is used once: there is nothing to reuse, and
# packing would only add traffic. Two small kernels, given, read the matrix once, four or eight rows at a time: several
# streams of memory keep more of it on the way than one.

# %%
#| export
@simd.jit(inline="always")
def add_dot_part(a: np.ndarray, p: int, b: np.ndarray, k: int, n: int, s: Any) -> Any:
    """s + the products of n elements of a from p on with those of b from k on, lane by lane; any n, W at most."""
    return simd.fma(simd.load_part(a, p, n), simd.load_part(b, k, n), s)


@simd.jit
def matrix_times_vector(A: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    """c = A @ b.  A: (M, K), b: (K,), c: (M,)."""
    M, K = A.shape
    a = A.reshape(-1)
    whole = K - K % W
    for i in range(0, M, 4):
        p0, last = i * K, (M - 1) * K
        p1, p2, p3 = min(p0 + K, last), min(p0 + 2 * K, last), min(p0 + 3 * K, last)
        s0 = s1 = s2 = s3 = simd.zero()
        for k in range(0, whole, W):
            x = simd.load(b, k)
            s0, s1 = simd.fma(simd.load(a, p0 + k), x, s0), simd.fma(simd.load(a, p1 + k), x, s1)
            s2, s3 = simd.fma(simd.load(a, p2 + k), x, s2), simd.fma(simd.load(a, p3 + k), x, s3)
        s0 = add_dot_part(a, p0 + whole, b, whole, K - whole, s0)
        s1 = add_dot_part(a, p1 + whole, b, whole, K - whole, s1)
        s2 = add_dot_part(a, p2 + whole, b, whole, K - whole, s2)
        s3 = add_dot_part(a, p3 + whole, b, whole, K - whole, s3)
        sums = (simd.sum(s0), simd.sum(s1), simd.sum(s2), simd.sum(s3))
        for j in range(min(4, M - i)):
            c[i + j] = sums[j]


@simd.jit(inline="always")
def four_at(a: np.ndarray, k: int) -> Any:
    """a[k], a[k + 1], a[k + 2], a[k + 3], each in all lanes of a vector."""
    return simd.broadcast_at(a, k), simd.broadcast_at(a, k + 1), simd.broadcast_at(a, k + 2), simd.broadcast_at(a, k + 3)


@simd.jit(inline="always")
def add_four_rows(xs: Any, b: np.ndarray, j: int, N: int, row: Any) -> Any:
    """row + xs[r] times what begins at b[j + r * N], r = 0 to 3: pieces of four rows of B."""
    row = simd.fma_row(xs[0], simd.load_row(b, j), row)
    row = simd.fma_row(xs[1], simd.load_row(b, j + N), row)
    row = simd.fma_row(xs[2], simd.load_row(b, j + 2 * N), row)
    return simd.fma_row(xs[3], simd.load_row(b, j + 3 * N), row)


@simd.jit
def vector_times_matrix(a: np.ndarray, B: np.ndarray, c: np.ndarray, j0: int, j1: int) -> None:
    """c[j0:j1] = a @ B[:, j0:j1], along the rows of B.  a: (K,), B: (K, N), c: (N,)."""
    K, N = B.shape
    b = B.reshape(-1)
    c[j0:j1] = 0
    for k0 in range(0, K, 8):
        first = j0  # the first column that isn't done for these rows
        if k0 + 8 <= K:
            low, high = four_at(a, k0), four_at(a, k0 + 4)
            first = j1 - (j1 - j0) % simd.ROW
            for j in range(j0, first, simd.ROW):
                row = add_four_rows(low, b, k0 * N + j, N, simd.load_row(c, j))
                simd.store_row(c, j, add_four_rows(high, b, (k0 + 4) * N + j, N, row))
        for k in range(k0, min(k0 + 8, K)):
            x = simd.broadcast_at(a, k)
            for j in range(first, j1, simd.ROW):
                row = simd.fma_row(x, simd.load_row_part(b, k * N + j, j1 - j), simd.load_row_part(c, j, j1 - j))
                simd.store_row_part(c, j, row, j1 - j)


# %% [markdown]
# **Predict.** How close to NumPy does the register tile come: a half, the same, ahead?

# %%
my_simd_ratio = None  # your prediction: NumPy's time over yours

# %% [markdown]
# **Implement** two functions.
#
# `tile_kernel`, about 14 lines. Write the six rows out: only variables with names live in registers, an array would
# live in memory. In steps, each of which you can check by itself:
#
# 1. Six rows of zeros; for each k load one row of the panel, and let `add_product` bring the first row up to date. What
#    it needs of A stands at `rows[a + k]`.
# 2. The same for the other five: row i of the tile has its element of A `i * ROW_STRIDE` farther on.
# 3. At the end, `write_tile` with all six. At the start, `simd.prefetch_row` for the six places in C where they go.
#
# `multiply_panels`, about 14 lines: the blocks of the last exercise, in three dimensions.
#
# 1. Loops over blocks of columns j0 and of terms k0; `pack_columns` for each. Let all blocks of terms be about equal
#    (`terms` is given): a last block of five terms would cost almost as much as one of three hundred.
# 2. Inside, a loop over blocks of rows i0; `pack_rows` for each.
# 3. Inside, panels j, and for each panel tiles of six rows: `tile_kernel`. Where does this tile's panel begin, where its
#    first row of A, where its place in C? The first block of terms overwrites C, the others add to it.

# %% nbgrader={"grade": false, "grade_id": "matmul_simd", "solution": true}
#| export
@simd.jit(inline="always")
def tile_kernel(rows, a, panels, p, K, C, c, N, m, n, add):
    """A tile of C, m rows by n columns, becomes the sum of K products; it is added to with `add`, else overwritten.

    rows: packed A, the tile's first row from index a on.  panels: packed B, the tile's panel from index p on.
    C: a matrix of N columns as a 1-D array, the tile's first element at index c.  m and n may exceed the tile.
    """
    ### BEGIN SOLUTION
    r0 = r1 = r2 = r3 = r4 = r5 = simd.zero_row()
    for i in range(TILE_ROWS):
        simd.prefetch_row(C, c + i * N)
    for k in range(K):
        b = simd.load_row(panels, p + k * simd.ROW)
        r0 = add_product(rows, a + k, b, r0)
        r1 = add_product(rows, a + k + ROW_STRIDE, b, r1)
        r2 = add_product(rows, a + k + 2 * ROW_STRIDE, b, r2)
        r3 = add_product(rows, a + k + 3 * ROW_STRIDE, b, r3)
        r4 = add_product(rows, a + k + 4 * ROW_STRIDE, b, r4)
        r5 = add_product(rows, a + k + 5 * ROW_STRIDE, b, r5)
    write_tile((r0, r1, r2, r3, r4, r5), C, c, N, m, n, add)
    ### END SOLUTION


@simd.jit
def multiply_panels(A, B, C, first, last, panels, rows):
    """C[:, first:last] = A @ B[:, first:last].  A: (M, K), B: (K, N), C: (M, N), float32, C-ordered, K > 0.

    panels, rows: room for a packed block of B and of A.
    """
    M, K = A.shape
    N = B.shape[1]
    flat_C = C.reshape(-1)
    terms = -(-K // -(-K // BLOCK_TERMS))  # the number of blocks, and then the terms of each, both rounded up
    ### BEGIN SOLUTION
    for j0 in range(first, last, BLOCK_COLUMNS):
        j1 = min(j0 + BLOCK_COLUMNS, last)
        for k0 in range(0, K, terms):
            n = min(terms, K - k0)
            pack_columns(B, k0, k0 + n, j0, j1, panels)
            for i0 in range(0, M, BLOCK_ROWS):
                i1 = min(i0 + BLOCK_ROWS, M)
                pack_rows(A, i0, i1, k0, k0 + n, rows)
                for j in range(j0, j1, simd.ROW):
                    for i in range(i0, i1, TILE_ROWS):
                        a, p, c = (i - i0) * ROW_STRIDE, (j - j0) * n, i * N + j
                        tile_kernel(rows, a, panels, p, n, flat_C, c, N, i1 - i, j1 - j, k0 > 0)
    ### END SOLUTION


# %% [markdown]
# The functions around them are given: they choose the path and keep, for each thread, the memory for packing. Memory
# fresh from the system is handed out page by page when first touched, which costs more than you would think.

# %%
#| export
_kept = threading.local()


def packing_memory() -> tuple[np.ndarray, np.ndarray]:
    """Room for a packed block of B and of A, aligned, kept for each thread: fresh memory is paid for in every call."""
    if not hasattr(_kept, "room"):
        sizes = (BLOCK_TERMS * (BLOCK_COLUMNS + simd.ROW), ROW_STRIDE * (BLOCK_ROWS + TILE_ROWS))
        raw = [np.empty(size + W, np.float32) for size in sizes]
        _kept.room = tuple(room[simd.aligned_offset(room) :] for room in raw)
    return _kept.room


def multiply_into(C: np.ndarray, A: np.ndarray, B: np.ndarray, first: int, last: int) -> None:
    """C[:, first:last] = A @ B[:, first:last] by the path that suits the shapes; A and B as `kernel_input` makes them.

    An element is the same sum in the same order whatever first and last are.
    """
    if A.shape[1] == 0:
        C[:, first:last] = 0
    elif B.shape[1] == 1:
        matrix_times_vector(A, B.reshape(-1), C.reshape(-1))
    elif A.shape[0] == 1:
        vector_times_matrix(A.reshape(-1), B, C.reshape(-1), first, last)
    else:
        multiply_panels(A, B, C, first, last, *packing_memory())


def matmul_simd(A: Any, B: Any) -> np.ndarray:
    """C = A @ B in float32, a tile of 6 rows by 2 or 4 vectors in registers at a time: the top rung.

    A: (M, K), B: (K, N), any strides; other number types are converted to float32.
    Returns (M, N) float32; each element is within about K * eps32 * (|A| @ |B|) of the exact value.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D.
    Source: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008, section 4.
    """
    A, B = (kernel_input(X, np.float32) for X in check_operands(A, B))
    C = np.empty((A.shape[0], B.shape[1]), np.float32)
    multiply_into(C, A, B, 0, B.shape[1])
    return C


# %% [markdown]
# **Check.** Every rest of rows and columns, empty matrices, and vectors.

# %% nbgrader={"grade": true, "grade_id": "check_matmul_simd", "points": 6}
def test_unit_matmul_simd():
    """The register-tiled product is right at every edge, in float32, for any shape."""
    rng = np.random.default_rng(3)
    shapes = [(m, 5, n) for m in (2, 5, 6, 7, 13) for n in (2, W - 1, W, W + 1, simd.ROW, simd.ROW + 1, 2 * simd.ROW + 3)]
    for M, K, N in [*shapes, (200, 300, 40), (7, 0, 9), (0, 4, 4), (4, 4, 0), (9, 70, 1), (1, 70, 9)]:
        A = rng.standard_normal((M, K)).astype(np.float32)
        B = rng.standard_normal((K, N)).astype(np.float32)
        check_product(matmul_simd, A, B)
        check_product(matmul_simd, np.asfortranarray(A), B[:, ::-1])
    C = matmul_simd(np.ones((3, 4)), np.ones((4, 5)))
    assert C.dtype == np.float32, f"the result is float32 for every input type, got {C.dtype}"
    assert refuses(matmul_simd, (2, 3), (4, 5)), "shapes (2, 3) and (4, 5) must be a ValueError naming both"


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
print(f"predicted {my_simd_ratio}; NumPy's time over ours, both on one thread, in turn:\n{against_numpy}")
rungs["register tile"] = bench.measure(matmul_simd, A, B)
rungs["NumPy, one thread"] = bench.measure(matmul_baseline, A, B)
plots.speed_ladder(rungs, flops, hardware.measure_peak().value)

# %% [markdown]
# **Reflect.** Which rung was the highest step, and which of your predictions was furthest off? Count for each rung
# what it loads per multiply-add: does the order agree with the times? The peak in the figure is what the
# multiply-add units could do if nothing ever had to be loaded.
#
# The same rungs under the roof of this core. Here a kernel's place on the horizontal axis is what its inner loop loads
# and stores for each operation, counted in the source: 8 bytes for a product and a sum in three loops, 12 in the order
# i, k, j, 28 for the 24 operations of a step of `add_dots`, a row of B and six elements of A for a tile.

# %% tags=["measure"]
bytes_per_operation = {"three loops": 8 / 2, "loops in order i, k, j": 12 / 2, "blocks": 28 / 24,
                       "register tile": 4 * (simd.ROW + TILE_ROWS) / (2 * TILE_ROWS * simd.ROW)}
places = {name: (1 / moved, flops / rungs[name].median_us / 1000) for name, moved in bytes_per_operation.items()}
plots.roofline(hardware.roofline(), places)

# %% [markdown]
# **Reflect.** Which rungs lie below a slope, so that fewer bytes would help, and which below the flat roof? One rung
# lies far below both: what else does it wait for, if neither bytes nor arithmetic?

# %% [markdown]
# ## Watch it scale
#
# A product does 2·n³ operations on 3·n² numbers: the larger it is, the more work there is for each number
# moved. The function below is given; a rate that rises with size is overhead and packing being paid off, a
# rate that falls is a cache being left.

# %%
#| export
class ScalingRow(TypedDict):
    """One size: n, microseconds, 10**9 operations a second, 10**6 bytes of the three matrices."""

    size: int
    time_us: float
    gflops: float
    memory_mb: float


def analyze_matmul_scaling(sizes: tuple[int, ...] = (64, 128, 256, 512)) -> list[ScalingRow]:
    """Time `matmul_simd` on square float32 matrices of each size; all times are measured at the call.

    gflops: 2 * size**3 operations over the time; memory_mb: 3 * size**2 * 4 bytes, in units of 10**6.
    """
    rng = np.random.default_rng(0)
    rows: list[ScalingRow] = []
    for size in sizes:
        A, B = rng.standard_normal((2, size, size)).astype(np.float32)
        _, time_us = time_kernel(matmul_simd, A, B)
        gflops = 2 * size**3 / time_us / 1000
        rows.append({"size": size, "time_us": time_us, "gflops": gflops, "memory_mb": 3 * size**2 * 4 / 1e6})
    return rows


# %% tags=["measure"]
for row in analyze_matmul_scaling():
    print("n = {size:>4}: {time_us:>8.1f} µs, {gflops:>6.1f} GFLOP/s, {memory_mb:>5.2f} MB".format(**row))
one_thread.restore_original_limits()

# %% [markdown]
# You can now say where a matrix product spends its time, count what a loop order costs, size a block for a cache, and
# keep sums in registers. In the next lesson the same vectors meet operations that have nothing to reuse: there memory,
# not arithmetic, sets the pace, and the best optimisation is to touch it once.
