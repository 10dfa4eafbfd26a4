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
# # Vectorization
#
# > One instruction for many numbers, and one pass over memory for many operations.
#
# Your matrix product already computes with vectors. It does so much arithmetic on each number that memory is rarely
# its problem. The operations between two products are the opposite: ReLU does one comparison for the eight bytes that
# it moves, and a network calls it after every layer. At the end of this lesson you have
#
# * `vectorized_relu`, written with vector instructions, and with stores that bypass the caches where that pays,
# * `vectorized_operations`, six results from two arrays, with sums that neither wrap nor overflow early,
# * `fused_relu_bias`, which adds and compares while a number is in a register.

# %%
#| default_exp core.kernels.vectorization

# %%
#| export
import math
from typing import Any

import numpy as np
from tinytorch import simd
from tinytorch.analyses.relu import VectorizationReport, relu_report
from tinytorch.core.kernels.timing import as_array
from tinytorch.hardware import streaming_pays_from
from tinytorch.simd.arrays import as_real, flat_operands, flat_pair, flat_views, output_for
from tinytorch.simd.bias import bias_for, bias_pattern, relu_bias_in_slices
from tinytorch.simd.sums import LARGEST_SUM, SMALLEST_SUM, VectorResults
from tinytorch.simd.sums import sums_of_products, vector_length

# %%
from functools import partial

from numba import njit
from tinytorch import bench, hardware, plots
from tinytorch.analyses.relu import relu_timings
from tinytorch.testing import refused

# %% [markdown]
# ## Write ReLU with vectors (5 points)
#
# A vector register holds several numbers of the same type, its **lanes**; one instruction works on all of them. A
# register of `simd.BYTES` bytes has `simd.BYTES // x.itemsize` lanes. In a function under `@simd.jit` you write one
# vector at a time; arrays are 1-D and contiguous there.
#
# | call | what it does |
# | --- | --- |
# | `simd.load(a, i)`, `simd.store(a, i, v)` | the whole vector that starts at element `i` |
# | `simd.load_part(a, i, n)`, `simd.store_part(a, i, v, n)` | its first `n` lanes; memory behind them isn't touched |
# | `simd.broadcast(number)` | the number in every lane, in the number's type |
# | `simd.maximum(u, v)`, `u + v`, `u * v` | lane by lane; a NaN in either gives NaN |
#
# The picture shows which instruction handles which element when an array isn't a whole number of vectors long: a
# partial vector takes the rest. The example below it multiplies by a number, in the way of the upper row.

# %% tags=["measure"]
plots.vector_steps(2 * simd.W + simd.W // 2 + 1, simd.W, simd.W // 2 - 1)

# %%
@simd.jit
def scale_kernel(x: np.ndarray, factor: float, out: np.ndarray) -> None:
    """out = factor * x for 1-D contiguous x and out of one float type; factor of that type too."""
    lanes = simd.BYTES // x.itemsize
    factors = simd.broadcast(factor)
    whole = x.size - x.size % lanes
    for i in range(0, whole, lanes):
        v = simd.load(x, i)
        simd.store(out, i, v * factors)
    if whole < x.size:
        rest = x.size - whole
        v = simd.load_part(x, whole, rest)
        simd.store_part(out, whole, v * factors, rest)


seven = np.arange(7, dtype=np.float32)
scaled = np.empty_like(seven)
scale_kernel(seven, np.float32(10), scaled)
print(scaled)

# %% [markdown]
# **Predict.** A compiled loop can also handle one number at a time. How many times as fast as that loop do you expect
# your vectors to be on 16 thousand float32, and how many times on 16 million? Write two ratios.

# %%
my_prediction_relu_16k = None
my_prediction_relu_16m = None

# %% [markdown]
# **Implement** `relu_kernel(x, out)`, about 10 lines: the example with another operation, the maximum with zero.

# %% nbgrader={"grade": false, "grade_id": "relu_kernel", "solution": true}
#| export
@simd.jit
def relu_kernel(x: np.ndarray, out: np.ndarray) -> None:
    """out = max(x, 0). x, out: 1-D, contiguous, same size, both float32 or both float64."""
    ### BEGIN SOLUTION
    lanes = simd.BYTES // x.itemsize
    zeros = simd.broadcast(x.dtype.type(0))
    whole = x.size - x.size % lanes
    for i in range(0, whole, lanes):
        v = simd.load(x, i)
        simd.store(out, i, simd.maximum(v, zeros))
    if whole < x.size:
        rest = x.size - whole
        v = simd.load_part(x, whole, rest)
        simd.store_part(out, whole, simd.maximum(v, zeros), rest)
    ### END SOLUTION

# %% [markdown]
# An ordinary store first fetches the cache line it writes to, then keeps the written line in the cache. For an output
# larger than the cache both are wasted: the line is overwritten, and evicted before anyone reads it. A **streaming**
# (non-temporal) store writes whole lines to memory without fetching them.
#
# | for each float32 | read x | fetch line of out | write out | bytes |
# | --- | --- | --- | --- | --- |
# | ordinary store | 4 | 4 | 4 | 12 |
# | streaming store | 4 | - | 4 | 8 |
#
# For an output that fits into the cache, a streaming store is slower: whoever reads the result next has to fetch it
# from memory. `simd.stream(out, i, v)` needs an **aligned** address, a multiple of `simd.BYTES`, as in the lower row of
# the picture; `simd.aligned_offset(out)` counts the elements before the first one. `simd.fence()` ends such stores.
# Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, section on non-temporal stores.
#
# **Implement** `relu_streaming_kernel(x, out)`, about 10 lines: `relu_kernel` on the slices up to the first aligned
# element (an array may end before it) and behind the last whole vector, streamed vectors between. When it is right, add
# one line to the loop: a core fetches ahead by itself, but not beyond the end of a memory page. `simd.prefetch(x, j)`
# requests the memory of element `j`, here `AHEAD_BYTES` further on; a `j` behind the array does no harm.

# %% nbgrader={"grade": false, "grade_id": "relu_streaming_kernel", "solution": true}
#| export
AHEAD_BYTES = 2048  # from 1 to 4 KiB it made little difference where it was measured

@simd.jit
def relu_streaming_kernel(x: np.ndarray, out: np.ndarray) -> None:
    """The same as relu_kernel with streaming stores, for outputs that don't fit into the caches."""
    ### BEGIN SOLUTION
    lanes = simd.BYTES // x.itemsize
    zeros = simd.broadcast(x.dtype.type(0))
    ahead = AHEAD_BYTES // x.itemsize
    first = min(simd.aligned_offset(out), x.size)
    end = x.size - (x.size - first) % lanes
    relu_kernel(x[:first], out[:first])
    for i in range(first, end, lanes):
        simd.prefetch(x, i + ahead)
        v = simd.load(x, i)
        simd.stream(out, i, simd.maximum(v, zeros))
    simd.fence()
    relu_kernel(x[end:], out[end:])
    ### END SOLUTION

# %% [markdown]
# **Implement** `vectorized_relu(x, out)`, about 8 lines, for any array. It is made of given parts:
#
# * `output_for(x, dtype, out)` in `tinytorch/simd/arrays.py`: `out` after a check of shape and dtype, or a new array.
# * `flat_pair(x, out)` there: both as 1-D contiguous views for a kernel, or None where there are none (a dtype other
#   than float32 and float64, gaps between elements, an `out` that overlaps `x` at another position).
# * `streaming_pays_from()` in `tinytorch/hardware/streaming.py`: the bytes read and written from which on streaming
#   should pay, half of your last-level cache. `relu_kernel_for` below asks it.
#
# Without views, call NumPy's maximum into `out`, and keep the dtype: `np.maximum(flags, 0)` turns booleans into
# integers, with `x.dtype.type(0)` it doesn't.

# %% nbgrader={"grade": false, "grade_id": "vectorized_relu", "solution": true}
#| export
def relu_kernel_for(moved_bytes: int) -> Any:
    """Returns the kernel for a call that reads and writes this many bytes in all."""
    if moved_bytes > streaming_pays_from():
        return relu_streaming_kernel
    return relu_kernel


def vectorized_relu(x: Any, out: np.ndarray | None = None) -> np.ndarray:
    """max(x, 0) element by element; NaN stays NaN.

    x: any shape, layout and real dtype.  out: an array of that shape and dtype; it may be x itself.
    Returns out, or a new array. Raises ValueError if the shape or dtype of out differs.
    """
    x = as_array(x)
    out = output_for(x, x.dtype, out)
    ### BEGIN SOLUTION
    views = flat_pair(x, out)
    if views is None:
        np.maximum(x, x.dtype.type(0), out=out)
        return out
    flat_x, flat_out = views
    kernel = relu_kernel_for(x.nbytes + out.nbytes)
    kernel(flat_x, flat_out)
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_vectorized_relu", "points": 5}
def test_unit_vectorized_relu() -> None:
    """Values, NaN, tails of every length, dtypes, layouts, out=, and the streaming kernel."""
    odd = np.array([-2.0, np.nan, 3.0, 0.0, np.inf, -np.inf, 0.5], dtype=np.float32)
    for n in range(3 * simd.W + 2):
        x, guarded = np.resize(odd, n), np.full(n + 2, 9, dtype=np.float32)
        expected = np.maximum(x, 0)
        np.testing.assert_array_equal(vectorized_relu(x), expected, f"for {n} elements")
        relu_streaming_kernel(x, guarded[1 : n + 1])
        np.testing.assert_array_equal(guarded[1 : n + 1], expected, f"streaming, {n} elements")
        assert guarded[0] == guarded[-1] == 9, f"streaming: writes beyond {n} elements"
    for dtype in (np.float64, np.float16, np.int8, np.uint8, np.bool_):
        x = np.array([[-3, 0, 4], [5, -6, 1]]).astype(dtype)
        expected = np.maximum(x, dtype(0))
        np.testing.assert_array_equal(vectorized_relu(x), expected, f"for {x.dtype}", strict=True)
    gaps = np.linspace(-1, 1, 60, dtype=np.float32).reshape(6, 10)[::2, ::3]
    out = np.empty_like(gaps)
    assert vectorized_relu(gaps, out=out) is out, "with out= the result must be out itself"
    assert np.array_equal(out, np.maximum(gaps, 0)), "wrong where elements have gaps between them"


test_unit_vectorized_relu()

# %% [markdown]
# **Speed** earns a part of the points, in bands of ratio to a stated reference, timed in turn on one machine. Here
# that's NumPy's own ReLU into an existing array; an answer that calls it is worth all.
#
# {bands: relu}

# %% tags=["measure"]
raced = np.random.default_rng(1).standard_normal(100_000, dtype=np.float32)
target = np.empty_like(raced)
ours = partial(vectorized_relu, raced, target)
print(bench.in_bands(ours, lambda: np.maximum(raced, 0, out=target), BANDS["relu"]))

# %% [markdown]
# **Measure** a ladder: the same ReLU, one change from rung to rung, at a size that stays in the caches. The compiler
# looks for vectors in a plain loop by itself, so one rung is that loop compiled with the search switched off. A
# comparison counts as one operation; the dashed line is what your core could do if nothing had to be loaded or stored.

# %% tags=["measure"]
def plain_loop(x, out):
    for i in range(len(x)):
        out[i] = x[i] if not x[i] < 0 else np.float32(0)


one_at_a_time, compiled_loop = njit(plain_loop), njit(plain_loop)
with simd.without_vectors():
    one_at_a_time(seven, scaled)  # the first call compiles
rungs = {"one number at a time": one_at_a_time, "left to the compiler": compiled_loop,
         "relu_kernel": relu_kernel, "relu_streaming_kernel": relu_streaming_kernel}  # fmt: skip
small, large = 2**14, 2**24
values = np.linspace(-1, 1, small).tolist()
ladder = {"loop in Python": bench.measure(plain_loop, values, values.copy(), samples=5)}
for name, timings in relu_timings(rungs, [small]).items():
    ladder[name] = timings[small]
    print(f"{name:>22}: the compiled code holds vectors: {simd.holds_vectors(rungs[name])}")
roof = hardware.roofline()
plots.speed_ladder(ladder, small, roof.peak.value)

# %% [markdown]
# What separates the top rung from the peak is waiting for bytes. So compare again where the data needs memory: your
# function against the loop that handles one number at a time, in pairs. For the open question about vectors and
# threads, the figures are kept in `measurements.json` beside this notebook, with the interval that holds the ratio.
#
# The figure sweeps the working set from the first cache to memory. `machine` is the better of reading alone and
# updating in place, easier than ReLU, which writes to other lines. Where bands overlap, the run leaves the winner open.

# %% tags=["measure"]
rng = np.random.default_rng(3)
gains, rates = {}, {}
for n, name in ((small, "128 KiB moved"), (large, "128 MiB moved")):
    x = rng.standard_normal(n, dtype=np.float32)
    out = np.empty_like(x)
    pairs = bench.compare(partial(vectorized_relu, x, out), partial(one_at_a_time, x, out))
    gains |= {name: pairs.ratio, f"{name}, low": pairs.low, f"{name}, high": pairs.high}
    rates[name] = 8 * n / np.median(pairs.candidate_us) / 1000
print(bench.keep("03: ReLU with vectors", gains, "times the scalar loop's speed", plots.caption()))
print(bench.keep("03: ReLU with vectors, rate", rates, "GB/s", plots.caption()))
print(f"vectorized_relu streams above {streaming_pays_from() / 2**20:g} MiB read and written")
kernels = {"relu_kernel": relu_kernel, "relu_streaming_kernel": relu_streaming_kernel}
sweep = relu_timings(kernels, [2**power for power in range(11, 25)])
plots.kernel_bandwidth(sweep, 8, roof)

# %% [markdown]
# **Reflect.** Compare with your two predictions. How much of the ladder is the compiler's work, how much yours? From
# which size on do streaming stores win? Below it, what would the *next* operation pay if ReLU streamed?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Compute six results from two arrays (6 points)
#
# NumPy's own operations are vector loops. So `x + y` is already fast, and what's left to you is the choice of
# **types** and **reductions**. A reduction makes one number from many, and four things go wrong with it:
#
# | input | written naively | what happens | remedy |
# | --- | --- | --- | --- |
# | int8, `[100, 100]` | `np.dot(x, x)` | 20000 doesn't fit: the result is 32 | sum in float64 |
# | uint8, `[1]` and `[2]` | `x - y` | -1 doesn't fit: 255 | convert before subtracting |
# | float64, `[1e200]` | `sqrt(dot(x, x))` | the square overflows: inf | divide by the largest value first |
# | zeros | `dot / (length * length)` | 0 / 0: NaN and a warning | say what a zero vector means |
#
# The cosine similarity is `dot(x, y) / (|x| |y|)`, from -1 to 1; of a zero vector we define it as 0.0. Element-wise
# results keep NumPy's result dtype and wrap as NumPy does; only the three scalars are computed in float64.

# %% [markdown]
# Three functions are given; `as_real` in `tinytorch/simd/arrays.py` has checked the arguments.
#
# * `flat_operands(x, y)` there: both as 1-D contiguous arrays of float32 if both are, otherwise of float64.
# * `sums_of_products(u, v)` in `tinytorch/simd/sums.py`: the sums of `u * u`, `v * v`, `u * v` and `(u - v)**2` in
#   float64, in one pass. Read it: it's a plain loop, and the compiler may add in any order.
# * `vector_length(v)` there: the length of a float64 vector without overflow on the way, in several passes.

# %% [markdown]
# **Predict.** A compiled loop `for i in range(n): total += x[i]` adds 65 thousand float32. Can the compiler use vector
# adds for it, as it could for ReLU? How many times as fast is the same loop when the compiler may reorder the
# additions? Remember that `(a + b) + c` and `a + (b + c)` differ in floating point.

# %%
my_prediction_compiler_uses_vectors = None
my_prediction_sum_ratio = None

# %% [markdown]
# **Implement** `careful_scalars`, about 9 lines, for where a sum of squares overflowed, vanished, is zero or isn't a
# number. Take the lengths of `u`, `v`, `u - v` in float64, and divide each vector by its length *before* the product.

# %% nbgrader={"grade": false, "grade_id": "careful_scalars", "solution": true}
#| export
def careful_scalars(u: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    """The distance and the cosine similarity of 1-D float arrays, also huge, tiny or zero ones."""
    ### BEGIN SOLUTION
    u = u.astype(np.float64, copy=False)
    v = v.astype(np.float64, copy=False)
    length_u = vector_length(u)
    length_v = vector_length(v)
    cosine = 0.0
    if length_u != 0.0 and length_v != 0.0:
        cosine = float(np.sum(u / length_u * (v / length_v)))
    return vector_length(u - v), cosine
    ### END SOLUTION

# %% [markdown]
# **Implement** `vectorized_operations`, about 18 lines, no loops. The three arrays come from NumPy; `np.asarray` makes
# arrays of results with no axes. The scalars come from the formulas as they stand where all three sums of squares lie
# between `SMALLEST_SUM` and `LARGEST_SUM`, otherwise from `careful_scalars`. Rounding can push the cosine over 1: clip
# it by `min(max(cosine, -1.0), 1.0)`, which in this order keeps NaN.

# %% nbgrader={"grade": false, "grade_id": "vectorized_operations", "solution": true}
#| export
def vectorized_operations(x: Any, y: Any) -> VectorResults:
    """Sum, product and squared difference of two arrays; distance, dot product, cosine similarity.

    x, y: real arrays of one shape; more than one axis counts as one vector. Booleans are 0 and 1.
    The arrays have NumPy's result dtype (integers wrap); the three scalars are computed in float64.
    The cosine similarity of a zero vector is 0.0.
    Raises ValueError, naming both shapes, if they differ; TypeError for what is not real numbers.
    """
    x, y = as_real(as_array(x)), as_real(as_array(y))
    if x.shape != y.shape:
        raise ValueError(f"x and y must have the same shape, got {x.shape} and {y.shape}")
    ### BEGIN SOLUTION
    u, v = flat_operands(x, y)
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.asarray(np.subtract(x, y))
        uu, vv, uv, dd = sums_of_products(u, v)
        if all(SMALLEST_SUM < total < LARGEST_SUM for total in (uu, vv, dd)):
            distance = math.sqrt(dd)
            cosine = uv / (math.sqrt(uu) * math.sqrt(vv))
        else:
            distance, cosine = careful_scalars(u, v)
        return {
            "element_wise_add": np.asarray(np.add(x, y)),
            "element_wise_multiply": np.asarray(np.multiply(x, y)),
            "squared_difference": np.multiply(difference, difference, out=difference),
            "euclidean_distance": distance,
            "dot_product": float(uv),
            "cosine_similarity": min(max(cosine, -1.0), 1.0),
        }
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_vectorized_operations", "points": 6}
def test_unit_vectorized_operations() -> None:
    """A case worked out by hand, integers that would wrap, a zero vector, shapes that differ."""
    r = vectorized_operations(np.array([3.0, 0.0, 4.0]), np.array([0.0, 0.0, 5.0]))
    assert np.array_equal(r["element_wise_add"], [3, 0, 9]), f"sum: {r}"
    assert np.array_equal(r["element_wise_multiply"], [0, 0, 20]), f"product: {r}"
    assert np.array_equal(r["squared_difference"], [9, 0, 1]), f"squared difference: {r}"
    assert math.isclose(r["euclidean_distance"], math.sqrt(10)), f"distance: {r}"
    assert r["dot_product"] == 20.0, f"dot product: {r}"
    assert math.isclose(r["cosine_similarity"], 0.8), f"cosine: {r}"
    r = vectorized_operations(np.array([100, -100], np.int8), np.array([100, 100], np.int8))
    assert (r["dot_product"], r["euclidean_distance"]) == (0.0, 200.0), f"int8 wrapped: {r}"
    assert r["element_wise_add"].dtype == np.int8, "the arrays keep NumPy's result dtype"
    r = vectorized_operations(np.zeros(4), np.ones(4))
    assert r["cosine_similarity"] == 0.0, "a zero vector has cosine 0.0"
    with refused(ValueError, (2, 3), (3, 2)):
        vectorized_operations(np.ones((2, 3)), np.ones((3, 2)))


test_unit_vectorized_operations()

# %% [markdown]
# **Measure** the same sum in order and with leave to reorder. Does the compiled code add whole vectors?

# %% tags=["measure"]
def sum_loop(x):
    total = np.float32(0)
    for i in range(x.size):
        total += x[i]
    return total


x = rng.random(2**16, dtype=np.float32)
exact = math.fsum(x)
sums = {"in order": njit(sum_loop), "reordering allowed": njit(sum_loop, fastmath={"reassoc"})}
for name, kernel in sums.items():
    error, vectors = abs(kernel(x) - exact) / exact, simd.holds_vectors(kernel, "fadd")
    print(f"{name}: relative error {error:.0e}, the compiled code adds vectors: {vectors}")
plots.timing_samples({name: bench.measure(kernel, x, samples=9) for name, kernel in sums.items()})

# %% [markdown]
# **Reflect.** The rules of floating point forbid the compiler to reorder the sum, so the loop in order waits for each
# addition before it starts the next. You may allow it, because any order is as good for you. Which order has the
# smaller error here, and why? Where else in your network is there a sum that you would let the compiler reorder?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Fuse bias and ReLU (4 points)
#
# After most products comes `np.maximum(x + bias, 0)`. NumPy does what it reads: it computes `x + bias` into a new
# array in memory, then reads that array again for the maximum. Nothing in NumPy looks at two operations at once.
# Yours can: add and compare while the vector is in a register, then store once.
#
# | bytes for each float32 | read | write | in all |
# | --- | --- | --- | --- |
# | `t = x + bias` | 4 | 4 | |
# | `np.maximum(t, 0)` | 4 | 4 | 16 |
# | fused | 4 | 4 | 8 |
#
# Bias runs along the last axis, of N elements: in memory, a pattern that starts over with every row.
#
# **Predict.** How many times as fast as `np.maximum(x + bias, 0)` is the fused version on a matrix of 16 MiB that
# needs memory, with an existing array for the result? And on one of 64 KiB, which stays in the cache?

# %%
my_prediction_fused_large = None
my_prediction_fused_small = None

# %% [markdown]
# **Implement** `relu_bias_kernel`, about 14 lines: a loop over the stretches of `x` that the pattern covers, and inside
# it `relu_kernel` with a second load.

# %% nbgrader={"grade": false, "grade_id": "relu_bias_kernel", "solution": true}
#| export
@simd.jit
def relu_bias_kernel(x: np.ndarray, pattern: np.ndarray, out: np.ndarray) -> None:
    """out = max(x + pattern, 0), the pattern starting over until x ends. 1-D, one float type."""
    ### BEGIN SOLUTION
    lanes = simd.BYTES // x.itemsize
    zeros = simd.broadcast(x.dtype.type(0))
    for start in range(0, x.size, pattern.size):
        n = min(pattern.size, x.size - start)
        whole = n - n % lanes
        for j in range(0, whole, lanes):
            v = simd.load(x, start + j) + simd.load(pattern, j)
            simd.store(out, start + j, simd.maximum(v, zeros))
        if whole < n:
            rest = n - whole
            v = simd.load_part(x, start + whole, rest) + simd.load_part(pattern, whole, rest)
            simd.store_part(out, start + whole, simd.maximum(v, zeros), rest)
    ### END SOLUTION

# %% [markdown]
# **Implement** the end of `fused_relu_bias`, about 11 lines: the kernel, or NumPy where there are no views. The kernel
# needs rows one after the other in memory, `x.flags.c_contiguous`, and `x` in the result's dtype, which `flat_pair`
# checks. An empty `x` has nothing to compute. Three functions in `tinytorch/simd/bias.py` are given:
#
# * `bias_for(x, bias, out)`: the bias as a 1-D array of 1 or N elements in the dtype of `x + bias`, or a ValueError.
# * `bias_pattern(bias)`: a short bias several times, at least 256 elements, so that most vectors are whole ones.
# * `relu_bias_in_slices(x, bias, out)`: NumPy's two passes, some rows at a time, for arrays that no kernel takes.

# %% nbgrader={"grade": false, "grade_id": "fused_relu_bias", "solution": true}
#| export
def fused_relu_bias(x: Any, bias: Any, out: np.ndarray | None = None) -> np.ndarray:
    """max(x + bias, 0) in one pass over memory; NaN stays NaN.

    x: (..., N).  bias: (N,), one number, or either with leading axes of length 1.
    out: an array of the shape of x and the dtype of the result; it may be x itself.
    Returns out or a new array, of dtype np.result_type(x, bias). What isn't float32 or float64 in
    C order goes through NumPy instead, in slices that stay in the cache.
    Raises ValueError, naming both shapes, for another bias; ValueError if out doesn't fit.
    """
    x = as_array(x)
    if not isinstance(bias, (int, float)):  # a plain number takes the dtype of x
        bias = as_array(bias)
    bias = bias_for(x, bias, out)
    out = output_for(x, bias.dtype, out)
    ### BEGIN SOLUTION
    if x.size == 0:
        return out
    views = None
    if x.flags.c_contiguous:
        views = flat_pair(x, out)
    if views is None:
        relu_bias_in_slices(x, bias, out)
        return out
    flat_x, flat_out = views
    relu_bias_kernel(flat_x, bias_pattern(bias), flat_out)
    return out
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "check_fused_relu_bias", "points": 4}
def test_unit_fused_relu_bias() -> None:
    """Row lengths around the vector's, layouts, dtypes, NaN, out=, and a bias that doesn't fit."""
    numbers = np.random.default_rng(13)
    for columns in (1, 3, simd.W - 1, simd.W, 5 * simd.W + 3, 300):
        rows = numbers.standard_normal((7, columns)).astype(np.float32)
        bias = numbers.standard_normal(columns).astype(np.float32)
        for x in (rows, np.asfortranarray(rows), rows[::-1, ::-1]):
            right = np.array_equal(fused_relu_bias(x, bias), np.maximum(x + bias, 0))
            assert right, f"wrong for shape {x.shape} and strides {x.strides}"
    x, ones = np.array([[1.0, np.nan, -4.0]], dtype=np.float32), np.ones(3, np.float32)
    np.testing.assert_array_equal(fused_relu_bias(x, ones), [[2, np.nan, 0]], "NaN stays NaN")
    assert fused_relu_bias(x, np.zeros(3)).dtype == np.float64, "float32 and float64: float64"
    assert fused_relu_bias(np.int8([[-5, 5]]), np.int8([1, 1])).dtype == np.int8, "int8 stays"
    out = np.empty_like(x)
    assert fused_relu_bias(x, ones, out=out) is out, "with out= the result must be out itself"
    with refused(ValueError, (3, 4), (3,)):
        fused_relu_bias(np.ones((3, 4)), np.ones(3))


test_unit_fused_relu_bias()

# %% [markdown]
# **Speed.** The reference is the NumPy expression into an existing array, in two passes; yours should need one.
#
# {bands: fused}

# %% tags=["measure"]
def numpy_into(x, bias, out):
    return np.maximum(np.add(x, bias, out=out), 0, out=out)


rows = np.random.default_rng(2).standard_normal((2000, 500), dtype=np.float32)
row, target = rows[0].copy(), np.empty_like(rows)
ours = partial(fused_relu_bias, rows, row, target)
print(bench.in_bands(ours, partial(numpy_into, rows, row, target), BANDS["fused"]))

# %% [markdown]
# **Measure.** First the bytes, counted: `simd.counted` runs the plain Python body of a kernel and counts the vectors
# that it loads and stores. Of those of the fused kernel, 4 for each float32 are the bias, which stays in the first
# cache. Then the time, in pairs: against two passes, in which only the maximum is yours, and against NumPy alone.
#
# On the roofline, fusing moves a kernel to the *right*: two operations for the same 8 bytes. With ordinary stores 12
# bytes move, so about two thirds of a slope is what to hope for; a mark above it means that the machine was slower
# while its bandwidth was measured. Left of the ridge, where slope and flat roof meet, only fewer bytes help.

# %% tags=["measure"]
def in_two_passes(x, bias, out):
    vectorized_relu(np.add(x, bias, out=out), out)


x, pattern, out = np.ones(4096, np.float32), np.ones(1024, np.float32), np.ones(4096, np.float32)
for kernel, arrays in ((relu_kernel, (x, out)), (relu_bias_kernel, (x, pattern, out))):
    counts = simd.counted(kernel, *arrays)
    moved = (counts.loads + counts.stores) * simd.BYTES / x.size
    print(f"{kernel.__name__}: {moved:g} bytes for each float32")
points = {}
for height, name in ((16, "64 KiB"), (4096, "16 MiB")):
    x = rng.standard_normal((height, 1024), dtype=np.float32)
    out = np.empty_like(x)
    ours = partial(fused_relu_bias, x, pattern, out)
    for other in (in_two_passes, numpy_into):
        pairs = bench.compare(ours, partial(other, x, pattern, out), limit_s=2)
        print(f"{name}, fused_relu_bias and {other.__name__}: {pairs}")
    flat_x, flat_out = flat_views(x, out)
    relu = partial(relu_kernel, flat_x, flat_out)
    pairs = bench.compare(partial(relu_bias_kernel, flat_x, pattern, flat_out), relu, limit_s=2)
    points[f"ReLU, {name}"] = (1 / 8, x.size / np.median(pairs.reference_us) / 1000)
    points[f"fused, {name}"] = (2 / 8, 2 * x.size / np.median(pairs.candidate_us) / 1000)
plots.roofline(roof, points, working_sets=(2**17, 2**25))

# %% [markdown]
# **Reflect.** The table of bytes promised a factor of two. Where is the measured factor larger, where smaller, and why?
# What could be fused with these two operations next: the product before them, or the product after?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## What the loop in Python costs
#
# The last function states the gain of this lesson on your machine. The given `relu_report`, in
# `tinytorch/analyses/relu.py`, runs and times a loop in Python and then your function.

# %%
#| export
def analyze_vectorization_performance(size: int = 100_000) -> VectorizationReport:
    """Times ReLU on `size` float32 as a loop in Python and by vectorized_relu, into a new result.

    vectorized_speedup: time of the loop over that of vectorized_relu.
    throughput_mops: million elements per second of vectorized_relu.  Raises ValueError if size < 1.
    """
    return relu_report(vectorized_relu, size)

# %% tags=["measure"]
for name, value in analyze_vectorization_performance().items():
    print(f"{name}: {value:.1f}" if isinstance(value, float) else f"{name}: {value}")
print(plots.caption())

# %% [markdown]
# You can now tell an operation that's limited by arithmetic from one that's limited by memory, and have two tools for
# the second kind: fewer passes, and stores that don't fetch. The next lesson asks what a second core can do.
