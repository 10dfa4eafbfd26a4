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
# block. In the order i, k, j each product costs a load and a store of `C[i, j]`. If eight rows of B are worked on at
# once, C is loaded and stored once for *eight* products: the sum stays in a register. That inner step, with
# its copy of a block of B into one piece of memory, is given. It takes slices, because the compiler turns a loop into
# vector code only if it sees that the elements lie side by side and no index is negative. `"contract"` allows it to
# multiply and add in one instruction, rounding once; nothing else about the arithmetic changes.

# %%
#| export
@njit(cache=_INSTALLED, nogil=True)
def add_row(a: Any, b: np.ndarray, c: np.ndarray) -> None:
    """c += a * b, element by element."""
    for j in range(c.size):
        c[j] += a * b[j]


@njit(cache=_INSTALLED, nogil=True, fastmath={"contract"})
def add_eight_rows(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    """c += a @ B for eight rows of B that follow one another in `b`.  a: (8,), b: (8 * n,), c: (n,)."""
    n = c.size
    b0, b1, b2, b3 = b[:n], b[n : 2 * n], b[2 * n : 3 * n], b[3 * n : 4 * n]
    b4, b5, b6, b7 = b[4 * n : 5 * n], b[5 * n : 6 * n], b[6 * n : 7 * n], b[7 * n : 8 * n]
    a0, a1, a2, a3, a4, a5, a6, a7 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    for j in range(n):
        four = a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j]
        c[j] += four + (a4 * b4[j] + a5 * b5[j] + a6 * b6[j] + a7 * b7[j])


@njit(cache=_INSTALLED, nogil=True)
def copy_block(B: np.ndarray, k0: int, rows: int, j0: int, n: int, block: np.ndarray) -> None:
    """The block B[k0 : k0 + rows, j0 : j0 + n], row after row, into the first rows * n elements of `block`."""
    for k in range(rows):
        row = B[k0 + k, j0 : j0 + n]
        copy = block[k * n : (k + 1) * n]
        for j in range(n):
            copy[j] = row[j]


# %% [markdown]
# **Predict.** Which block size will be fastest for n = 512? Use the cache sizes above and the three blocks.

# %%
my_best_block_size = None  # your prediction

# %% [markdown]
# **Implement** `blocked_loops`, in about fifteen lines. Outer loops over blocks of columns `j0` and terms `k0`;
# the last block may be smaller. For each block of B: copy it, then for every row `i` add, eight terms at a time, what
# the block contributes to `C[i, j0 : j0 + n]`; `add_row` does the terms that are left over. (Rows need no blocks of
# their own then: the working set is one block of B, and a piece of one row of A and of C.) Your own inner loops are as
# welcome. Sizes that `block_size` doesn't divide are where blocked code goes wrong.

# %% nbgrader={"grade": false, "grade_id": "cache_friendly_matmul", "solution": true}
#| export
@njit(cache=_INSTALLED, nogil=True)
def blocked_loops(A: np.ndarray, B: np.ndarray, C: np.ndarray, block_size: int) -> None:
    """C += A @ B, block by block.  A: (M, K), B: (K, N), C: (M, N), C-ordered, of one dtype."""
    M, K = A.shape
    N = B.shape[1]
    ### BEGIN SOLUTION
    block = np.empty(min(block_size, K) * min(block_size, N), C.dtype)
    for j0 in range(0, N, block_size):
        n = min(block_size, N - j0)
        for k0 in range(0, K, block_size):
            terms = min(block_size, K - k0)
            copy_block(B, k0, terms, j0, n, block)
            in_eights = terms // 8 * 8
            for i in range(M):
                a, c = A[i, k0 : k0 + terms], C[i, j0 : j0 + n]
                for k in range(0, in_eights, 8):
                    add_eight_rows(a[k : k + 8], block[k * n : (k + 8) * n], c)
                for k in range(in_eights, terms):
                    add_row(a[k], block[k * n : (k + 1) * n], c)
    ### END SOLUTION


def cache_friendly_matmul(A: Any, B: Any, block_size: int = 64) -> np.ndarray:
    """C = A @ B, computed block by block.

    A: (M, K), B: (K, N), any strides.  block_size: rows and columns of a block, in elements, >= 1.
    Returns (M, N) of dtype np.result_type(A, B); for float32 each element is within about K * eps32 * (|A| @ |B|) of
    the exact value, integers are exact modulo their range, float16 is summed in float32.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D; ValueError if block_size < 1.
    Working set of one step: a block of B and two pieces of rows, (block_size + 2) * block_size * itemsize bytes; with
    blocks of all three matrices at once it is 3 * block_size**2 * itemsize.
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

# %% tags=["measure"]
block_sizes = [8, 16, 32, 64, 128, 256, 512]
timings = [bench.measure(cache_friendly_matmul, A, B, block_size=size, samples=3) for size in block_sizes]
best = min(range(len(timings)), key=lambda number: timings[number].median_us)
rungs["blocks"] = timings[best]
factor = rungs["blocks"].median_us / baseline.median_us
print(f"predicted {my_best_block_size}, measured {block_sizes[best]}: {factor:.1f} times slower than NumPy")
plots.block_sweep(block_sizes, timings, [(size + 2) * size * A.itemsize for size in block_sizes], caches)

# %% [markdown]
# **Reflect.** How much did the blocks gain over i, k, j, and how large is B beside your second cache? If B fits, there
# was little to save. Where does the curve bend, and is a cache boundary drawn there? At the left end blocks are small
# and the time goes elsewhere: into what? Your machine's best block may not be the one from the formula; say why a
# formula that only knows sizes can't know.

# %% [markdown]
# ## Keep a tile in registers
#
# The blocks made memory cheap; now the core itself is the limit. It has two kinds of units for this: they *load* (often
# two vectors per cycle) and they *multiply and add* (often two vectors per cycle). With the loops so far nearly every
# multiply-add waits for loads of its own. Registers change the balance: keep a **tile** of C, 6 rows by 2
# vectors, in 12 vector registers. For each k, load 2 vectors of B, and 6 single elements of A, each spread over a
# vector ("broadcast"). Then every one meets every other:
#
# | for one k | loads | multiply-adds | loads for each |
# | --- | --- | --- | --- |
# | one vector of C, kept in memory | 3 | 1 | 3 |
# | one vector of C, kept in a register | 2 | 1 | 2 |
# | tile of 6 x 2 vectors | 2 + 6 | 12 | 0.67 |
#
# A second reason: a multiply-add takes about four cycles until its sum can be used again. Twelve *independent* sums
# fill the wait; one sum would leave the units idle three cycles of four. The compiler may not change the order
# of floating-point additions, so this it cannot do for you.

# %% [markdown]
# `tinytorch.simd` gives you the registers. A vector holds `simd.W` float32 numbers, as many as your processor has
# room for. In a function under `@simd.jit`, where `a` is a 1-D array:
#
# * `simd.zero()`, `simd.load(a, i)`, `simd.store(a, i, v)`: `W` elements from index `i` on;
# * `simd.broadcast_at(a, i)`: a[i] in every lane;
# * `simd.fma(x, y, z)`: x·y + z in one instruction;
# * `simd.load_part(a, i, n)` and `simd.store_part(a, i, v, n)` touch only the first n lanes: the ragged right edge.
#
# Vectors of B should be loaded one after the other, from aligned addresses. B itself is not laid out like
# that: `pack_columns`, given, copies a block of it into **panels** two vectors wide, padded with zeros at the
# right edge. Copying costs K·N moves for 2·M·N·K operations: little, unless M is small.

# %%
#| export
W = simd.W
TILE_ROWS = 6
TILE_COLUMNS = 2 * W  # with 12 sums, 2 vectors of B and a broadcast it fits 16 registers, the fewest a processor has
BLOCK_TERMS = 256  # one panel, 256 * TILE_COLUMNS elements, is 32 KiB at most: the first cache
BLOCK_ROWS = 192  # these rows of A, 192 KiB, meet every panel: the second cache
BLOCK_COLUMNS = 1024  # all panels of a block of B, 1 MiB: the second or third cache


@simd.jit
def pack_columns(B: np.ndarray, k0: int, k1: int, j0: int, j1: int, panels: np.ndarray) -> None:
    """B[k0:k1, j0:j1] as panels of TILE_COLUMNS columns, one after the other, each row by row, zeros beyond j1."""
    N = B.shape[1]
    b = B.reshape(-1)
    q = 0
    for j in range(j0, j1, TILE_COLUMNS):
        for k in range(k0, k1):
            simd.store(panels, q, simd.load_part(b, k * N + j, j1 - j))
            simd.store(panels, q + W, simd.load_part(b, k * N + j + W, j1 - j - W))
            q += TILE_COLUMNS


@simd.jit
def add_product(a: np.ndarray, i: int, b: tuple[Any, Any], row: tuple[Any, Any]) -> tuple[Any, Any]:
    """One row of the tile: row + a[i] * b, both pairs of vectors."""
    x = simd.broadcast_at(a, i)
    return simd.fma(x, b[0], row[0]), simd.fma(x, b[1], row[1])


@simd.jit
def add_to_row(c: np.ndarray, i: int, row: tuple[Any, Any], n: int) -> None:
    """c[i : i + n] += the first n lanes of a row of the tile."""
    simd.store_part(c, i, simd.load_part(c, i, n) + row[0], n)
    simd.store_part(c, i + W, simd.load_part(c, i + W, n - W) + row[1], n - W)


# %% [markdown]
# When N or M is 1, one matrix is a vector and each element of the other is used once: there is nothing to reuse, and
# packing would only add traffic. Two small kernels, given, read the matrix once.

# %%
#| export
@simd.jit
def matrix_times_vector(A: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    """c += A @ b, four running sums for each row.  A: (M, K), b: (K,), c: (M,)."""
    M, K = A.shape
    a = A.reshape(-1)
    for i in range(M):
        s0 = s1 = s2 = s3 = simd.zero()
        for k in range(0, K, 4 * W):
            p, left = i * K + k, K - k
            s0 = simd.fma(simd.load_part(a, p, left), simd.load_part(b, k, left), s0)
            s1 = simd.fma(simd.load_part(a, p + W, left - W), simd.load_part(b, k + W, left - W), s1)
            s2 = simd.fma(simd.load_part(a, p + 2 * W, left - 2 * W), simd.load_part(b, k + 2 * W, left - 2 * W), s2)
            s3 = simd.fma(simd.load_part(a, p + 3 * W, left - 3 * W), simd.load_part(b, k + 3 * W, left - 3 * W), s3)
        c[i] += simd.sum((s0 + s1) + (s2 + s3))


@simd.jit
def vector_times_matrix(a: np.ndarray, B: np.ndarray, c: np.ndarray) -> None:
    """c += a @ B, along the rows of B.  a: (K,), B: (K, N), c: (N,)."""
    K, N = B.shape
    b = B.reshape(-1)
    for k in range(K):
        x = simd.broadcast_at(a, k)
        for j in range(0, N, W):
            n = N - j
            simd.store_part(c, j, simd.fma(x, simd.load_part(b, k * N + j, n), simd.load_part(c, j, n)), n)


# %% [markdown]
# **Predict.** How close to NumPy does the register tile come: a half, the same, ahead?

# %%
my_simd_ratio = None  # your prediction: NumPy's time over yours

# %% [markdown]
# **Implement** two functions. `tile_kernel`, about 20 lines: start six rows, each a pair of zero vectors; for each k
# load two vectors of the panel, and let `add_product` bring every row up to date; at the end `add_to_row` adds to C the
# rows that exist (`m` may be less than 6; `n` less than `TILE_COLUMNS`). Write the six rows out: only variables with
# names live in registers, an array would live in memory.
#
# `multiply_panels`, about 15 lines: blocks of columns and terms as in the last exercise, `pack_columns` for each; then
# blocks of rows, panels, and tiles of six rows, calling `tile_kernel`. `a` holds the indices where six rows of A begin.
# Where fewer are left, repeat the last one: reading it again is harmless, and `m` keeps it from being stored.

# %% nbgrader={"grade": false, "grade_id": "matmul_simd", "solution": true}
#| export
@simd.jit
def tile_kernel(A, a, panels, p, K, C, c, N, m, n):
    """C[c : ...] += a tile: m rows by n columns, K terms.

    A, C: matrices as 1-D arrays.  a: six indices in A where the rows of the tile begin.  c: index in C of the tile's
    first element.  N: columns of C.  panels: packed B, this tile's panel from index p on.
    """
    ### BEGIN SOLUTION
    r0 = r1 = r2 = r3 = r4 = r5 = (simd.zero(), simd.zero())
    for k in range(K):
        b = (simd.load(panels, p), simd.load(panels, p + W))
        p += TILE_COLUMNS
        r0 = add_product(A, a[0] + k, b, r0)
        r1 = add_product(A, a[1] + k, b, r1)
        r2 = add_product(A, a[2] + k, b, r2)
        r3 = add_product(A, a[3] + k, b, r3)
        r4 = add_product(A, a[4] + k, b, r4)
        r5 = add_product(A, a[5] + k, b, r5)
    rows = (r0, r1, r2, r3, r4, r5)
    for i in range(min(m, TILE_ROWS)):
        add_to_row(C, c + i * N, rows[i], n)
    ### END SOLUTION


@simd.jit
def multiply_panels(A: np.ndarray, B: np.ndarray, C: np.ndarray, panels: np.ndarray) -> None:
    """C += A @ B.  A: (M, K), B: (K, N), C: (M, N), float32, C-ordered; panels: aligned room for one block of B."""
    M, K = A.shape
    N = B.shape[1]
    flat_A, flat_C = A.reshape(-1), C.reshape(-1)
    ### BEGIN SOLUTION
    for j0 in range(0, N, BLOCK_COLUMNS):
        j1 = min(j0 + BLOCK_COLUMNS, N)
        for k0 in range(0, K, BLOCK_TERMS):
            k1 = min(k0 + BLOCK_TERMS, K)
            pack_columns(B, k0, k1, j0, j1, panels)
            for i0 in range(0, M, BLOCK_ROWS):
                i1 = min(i0 + BLOCK_ROWS, M)
                for j in range(j0, j1, TILE_COLUMNS):
                    p = (j - j0) * (k1 - k0)
                    for i in range(i0, i1, TILE_ROWS):
                        a, last = i * K + k0, (M - 1) * K + k0
                        a2, a4 = min(a + 2 * K, last), min(a + 4 * K, last)
                        rows = (a, min(a + K, last), a2, min(a + 3 * K, last), a4, min(a + 5 * K, last))
                        tile_kernel(flat_A, rows, panels, p, k1 - k0, flat_C, i * N + j, N, i1 - i, j1 - j)
    ### END SOLUTION


# %% [markdown]
# The function around them is given: it chooses the path and keeps, for each thread, the memory for the panels. Memory
# fresh from the system is handed out page by page when first touched, which costs more than you would think.

# %%
#| export
_kept = threading.local()


def panel_memory() -> np.ndarray:
    """Room for one packed block of B, aligned, kept for each thread: fresh memory would be paid for in every call."""
    if not hasattr(_kept, "panels"):
        room = np.empty(BLOCK_TERMS * (BLOCK_COLUMNS + TILE_COLUMNS) + W, np.float32)
        _kept.panels = room[simd.aligned_offset(room) :]
    return _kept.panels


def matmul_simd(A: Any, B: Any) -> np.ndarray:
    """C = A @ B in float32, a tile of 6 rows by 2 vectors in registers at a time: the top rung.

    A: (M, K), B: (K, N), any strides; other number types are converted to float32.
    Returns (M, N) float32; each element is within about K * eps32 * (|A| @ |B|) of the exact value.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D.
    Source: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008, section 4.
    """
    A, B = (kernel_input(X, np.float32) for X in check_operands(A, B))
    C = np.zeros((A.shape[0], B.shape[1]), np.float32)
    if B.shape[1] == 1:
        matrix_times_vector(A, B.reshape(-1), C.reshape(-1))
    elif A.shape[0] == 1:
        vector_times_matrix(A.reshape(-1), B, C.reshape(-1))
    else:
        multiply_panels(A, B, C, panel_memory())
    return C


# %% [markdown]
# **Check.** Every rest of rows and columns, empty matrices, and vectors.

# %% nbgrader={"grade": true, "grade_id": "check_matmul_simd", "points": 6}
def test_unit_matmul_simd():
    """The register-tiled product is right at every edge, in float32, for any shape."""
    rng = np.random.default_rng(3)
    shapes = [(m, 5, n) for m in (2, 5, 6, 7, 13) for n in (2, W - 1, W, W + 1, 2 * W, 2 * W + 1, 4 * W + 3)]
    for M, K, N in [*shapes, (200, 300, 40), (7, 0, 9), (0, 4, 4), (4, 4, 0), (9, 70, 1), (1, 70, 9)]:
        A = rng.standard_normal((M, K)).astype(np.float32)
        B = rng.standard_normal((K, N)).astype(np.float32)
        check_product(matmul_simd, A, B)
        check_product(matmul_simd, np.asfortranarray(A), B[:, ::-1])
    C = matmul_simd(np.ones((3, 4)), np.ones((4, 5)))
    assert C.dtype == np.float32, f"the result is float32 for every input type, got {C.dtype}"
    assert refuses(matmul_simd, (2, 3), (4, 5)), "shapes (2, 3) and (4, 5) must be a ValueError naming both"


test_unit_matmul_simd()

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
