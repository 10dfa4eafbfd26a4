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
# Your matrix product already computes with vectors. A matrix product does so much arithmetic on each number that
# memory is rarely its problem. The operations between two products are the opposite: ReLU does one comparison for the
# eight bytes that it moves, and a network calls it after every layer.
#
# At the end of this lesson you have
#
# * `vectorized_relu`, written with vector instructions, and with stores that bypass the caches where that pays,
# * `vectorized_operations`, six results from two arrays, with sums that neither wrap nor overflow early,
# * `fused_relu_bias`, which adds and compares while a number is in a register,
# * a measured ladder from the loop in Python to these kernels, and their place under the limits of your machine.

# %%
#| default_exp core.kernels.vectorization

# %%
#| export
import math
from typing import Any, TypedDict

import numpy as np

from tinytorch import simd
from tinytorch.core.kernels.timing import as_array

# %%
from functools import partial

from numba import njit

from tinytorch import bench, hardware, plots
from tinytorch.testing import refused

# %% [markdown]
# ## Write ReLU with vectors (5 points)
#
# A vector register holds several numbers of the same type, its **lanes**; one instruction works on all of them. A
# register of `simd.BYTES` bytes has `simd.BYTES // x.itemsize` lanes. In a function under `@simd.jit` you write one
# vector at a time:
#
# | call | what it does |
# | --- | --- |
# | `simd.load(a, i)`, `simd.store(a, i, v)` | the whole vector that starts at element `i` |
# | `simd.load_part(a, i, n)`, `simd.store_part(a, i, v, n)` | its first `n` lanes; memory behind them isn't touched |
# | `simd.broadcast(number)` | the number in every lane, in the number's type |
# | `simd.maximum(u, v)`, `u + v`, `u * v` | lane by lane; a NaN in either gives NaN |
# | `simd.stream(a, i, v)`, `simd.fence()` | a store that bypasses the caches (below), and the end of such stores |
# | `simd.prefetch(a, i)` | requests the memory of element `i` early (below) |
#
# Arrays are 1-D and contiguous here. The picture shows which instruction handles which element when an array isn't a
# whole number of vectors long: a partial vector takes the rest.

# %% tags=["measure"]
plots.vector_steps(2 * simd.W + simd.W // 2 + 1, simd.W, simd.W // 2 - 1)

# %% [markdown]
# The example multiplies by a number, in the way of the upper row.

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
# **Stores that bypass the caches.** An ordinary store first fetches the cache line it writes to, then keeps the
# written line in the cache. For an output larger than the cache both are wasted: every line was fetched only to be
# overwritten, and it is evicted again before anyone reads it. A *streaming* (non-temporal) store writes whole lines to
# memory without fetching them.
#
# | for each float32 | read x | fetch line of out | write out | bytes |
# | --- | --- | --- | --- | --- |
# | ordinary store | 4 | 4 | 4 | 12 |
# | streaming store | 4 | - | 4 | 8 |
#
# For an output that fits into the cache, a streaming store is slower: the result goes to memory, and whoever reads it
# next has to fetch it from there. So the size decides. `simd.stream` needs an **aligned** address, a multiple of
# `simd.BYTES`; `simd.aligned_offset(out)` counts the elements before the first one, the lower row of the picture.
# Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, section on non-temporal stores.

# %% [markdown]
# Three given parts surround your kernels; you can read them in the package, with their docstrings.
#
# * `streaming_pays_from()` in `tinytorch/hardware/streaming.py`: the number of bytes, read and written together, from
#   which on streaming stores should pay. It is half of your last-level cache, as detected.
# * `output_for(x, dtype, out)` in `tinytorch/simd/arrays.py`: `out` after a check of its shape and dtype, or a new array.
# * `flat_pair(x, out)` there: both arrays as 1-D contiguous views for a kernel, or None where there are no such views
#   (another dtype than float32 and float64, gaps between elements, an `out` that overlaps `x` at another position).
#   `flat_views(x, out)` does the same for an `out` that is new; the next lesson uses it.

# %%
#| export
from tinytorch.hardware import streaming_pays_from
from tinytorch.simd.arrays import flat_pair, flat_views, output_for

AHEAD_BYTES = 2048  # from 1 to 4 KiB it made little difference where it was measured

# %% [markdown]
# **Predict.** NumPy's `np.maximum(x, 0, out=out)` uses vector instructions too. How many times as fast as NumPy do
# you expect your kernel to be on 16 thousand float32, and how many times on 16 million? Write two ratios.

# %%
my_prediction_relu_16k = None
my_prediction_relu_16m = None

# %% [markdown]
# **Implement** three functions, in this order.
#
# * `relu_kernel(x, out)`: about 10 lines, the example with another operation. ReLU is the maximum with zero.
# * `relu_streaming_kernel(x, out)`: about 16 lines, the same with other stores. A partial vector up to the first
#   aligned element of `out` (an array may end before that), then streamed vectors, then `simd.fence()`, then a partial
#   vector for the rest. When it is right, add one line to the loop: a core fetches ahead by itself, but not beyond the
#   end of a memory page of 4096 bytes, so request `x` `AHEAD_BYTES` further on with `simd.prefetch`. That changes no
#   value, and an index behind the array does no harm.
# * `vectorized_relu(x, out)`: about 8 lines. The two flat views and the kernel that `relu_kernel_for` returns for all
#   bytes that the call reads and writes, or NumPy's maximum into `out` where there are no such views. Keep the dtype:
#   `np.maximum(flags, 0)` turns booleans into integers, with `x.dtype.type(0)` it doesn't.

# %% nbgrader={"grade": false, "grade_id": "vectorized_relu", "solution": true}
#| export
@simd.jit
def relu_kernel(x: np.ndarray, out: np.ndarray) -> None:
    """out = max(x, 0), a vector at a time. x, out: 1-D, contiguous, same size, both float32 or both float64."""
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


@simd.jit
def relu_streaming_kernel(x: np.ndarray, out: np.ndarray) -> None:
    """The same as relu_kernel with stores that bypass the caches, for outputs that wouldn't fit there."""
    ### BEGIN SOLUTION
    lanes = simd.BYTES // x.itemsize
    zeros = simd.broadcast(x.dtype.type(0))
    ahead = AHEAD_BYTES // x.itemsize
    first = min(simd.aligned_offset(out), x.size)
    if first > 0:
        v = simd.load_part(x, 0, first)
        simd.store_part(out, 0, simd.maximum(v, zeros), first)
    end = x.size - (x.size - first) % lanes
    for i in range(first, end, lanes):
        simd.prefetch(x, i + ahead)
        v = simd.load(x, i)
        simd.stream(out, i, simd.maximum(v, zeros))
    simd.fence()
    if end < x.size:
        rest = x.size - end
        v = simd.load_part(x, end, rest)
        simd.store_part(out, end, simd.maximum(v, zeros), rest)
    ### END SOLUTION


def relu_kernel_for(moved_bytes: int) -> Any:
    """Returns the kernel for a call that reads and writes this many bytes in all: streaming stores where they pay."""
    if moved_bytes > streaming_pays_from():
        return relu_streaming_kernel
    return relu_kernel


def vectorized_relu(x: Any, out: np.ndarray | None = None) -> np.ndarray:
    """max(x, 0) element by element; NaN stays NaN.

    x: any shape, layout and real dtype.  out: an array of the same shape and dtype for the result; it may be x itself.
    Returns out, or a new array of the shape and dtype of x.
    Raises ValueError if the shape or dtype of out differs.
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
    expected = np.maximum(odd, 0)
    assert np.array_equal(vectorized_relu(odd), expected, equal_nan=True), "values or NaN are wrong"
    for n in range(3 * simd.W + 2):
        x = np.linspace(-1, 1, n, dtype=np.float32)
        expected = np.maximum(x, 0)
        assert np.array_equal(vectorized_relu(x), expected), f"wrong for {n} elements"
        guarded = np.full(n + 2, 9, dtype=np.float32)
        relu_streaming_kernel(x, guarded[1 : n + 1])
        assert np.array_equal(guarded[1 : n + 1], expected), f"streaming: wrong for {n} elements"
        assert guarded[0] == guarded[-1] == 9, f"streaming: writes beyond {n} elements"
    for dtype in (np.float64, np.float16, np.int8, np.uint8, np.bool_):
        x = np.array([[-3, 0, 4], [5, -6, 1]]).astype(dtype)
        result = vectorized_relu(x)
        assert result.dtype == x.dtype, f"{x.dtype} became {result.dtype}"
        assert np.array_equal(result, np.maximum(x, dtype(0))), f"wrong values for {x.dtype}"
    gaps = np.linspace(-1, 1, 60, dtype=np.float32).reshape(6, 10)[::2, ::3]
    out = np.empty_like(gaps)
    assert vectorized_relu(gaps, out=out) is out, "with out= the result must be out itself"
    assert np.array_equal(out, np.maximum(gaps, 0)), "wrong where elements have gaps between them"


test_unit_vectorized_relu()

# %% [markdown]
# **Speed** earns a part of the points, in bands of ratio to a stated reference, timed in turn on one machine. Here that's
# NumPy's own ReLU into an existing array; an answer that calls it is worth all.
#
# {bands: relu}

# %% tags=["measure"]
raced = np.random.default_rng(1).standard_normal(100_000, dtype=np.float32)
target = np.empty_like(raced)
ours = partial(vectorized_relu, raced, target)
print(bench.in_bands(ours, lambda: np.maximum(raced, 0, out=target), BANDS["relu"]))

# %% [markdown]
# **Measure** a ladder: the same ReLU, one change from rung to rung. The compiler looks for vectors in a plain loop by
# itself, so one rung is that loop compiled with the search switched off. `simd.holds_vectors` reads the compiled code
# (`tinytorch/simd/evidence.py`).

# %% tags=["measure"]
def plain_loop(x, out):
    for i in range(len(x)):
        out[i] = x[i] if not x[i] < 0 else np.float32(0)


one_at_a_time, compiled_loop = njit(plain_loop), njit(plain_loop)
with simd.without_vectors():
    one_at_a_time(seven, scaled)  # the first call compiles
ways = {
    "compiled, one number at a time": one_at_a_time,
    "compiled, left to the compiler": compiled_loop,
    "relu_kernel": relu_kernel,
    "relu_streaming_kernel": relu_streaming_kernel,
}
compiled_loop(seven, scaled)
for name, way in ways.items():
    print(f"{name:>30}: code holds vectors: {simd.holds_vectors(way)}")

# %% [markdown]
# Each rung at two sizes: one that stays in the caches, one that needs memory. The middle half of the samples stands
# beside the median; where the middle halves of two rungs overlap, this run doesn't tell which is faster.

# %% tags=["measure"]
rng = np.random.default_rng(3)
small, large = 2**14, 2**24
ladders = {}
for n in (small, large):
    x = rng.standard_normal(n, dtype=np.float32)
    out = np.empty_like(x)
    rungs = {name: bench.measure(way, x, out, samples=9) for name, way in ways.items()}
    ladders[n] = rungs | {"np.maximum": bench.measure(np.maximum, x, np.float32(0), out, samples=9)}
    print(f"{n} float32, {8 * n / 2**20:g} MiB read and written:")
    for name, timing in ladders[n].items():
        low, high = 8e-3 * n / timing.high_us, 8e-3 * n / timing.low_us
        print(f"{name:>30}: {timing.median_us:9.1f} us, {low:.1f} to {high:.1f} GB/s")

# %% [markdown]
# The small case as a figure, with the loop in Python as the first rung. A comparison counts as one operation; the line
# is what your core could do if nothing had to be loaded or stored.

# %% tags=["measure"]
values = rng.standard_normal(small).tolist()
in_python = {"loop in Python": bench.measure(plain_loop, values, values.copy(), samples=5)}
roof = hardware.roofline()
plots.speed_ladder(in_python | ladders[small], small, roof.peak.value)

# %% [markdown]
# Your kernel against the loop that handles one number at a time, in pairs. Both figures are kept in
# `measurements.json` beside this notebook: the open question about vectors and threads needs them.

# %% tags=["measure"]
def told(name: str, pairs: bench.Comparison) -> str:
    """One line about a comparison; it says so where the interval leaves open which is faster."""
    doubt = "" if pairs.low > 1 or pairs.high < 1 else ": undecided, this machine was too noisy"
    return f"{name}: {pairs.ratio:.2f} times as fast [{pairs.low:.2f}, {pairs.high:.2f}]{doubt}"


gains, rates = {}, {}
for n, name in ((small, "128 KiB"), (large, "128 MiB")):
    x = rng.standard_normal(n, dtype=np.float32)
    out = np.empty_like(x)
    ours, scalar = partial(vectorized_relu, x, out), partial(one_at_a_time, x, out)
    pairs = bench.compare(ours, scalar, limit_s=3)
    gains[name] = pairs.ratio
    rates[name] = 8e-3 * n / np.median(pairs.candidate_us)
    print(told(f"{name} read and written", pairs))
bench.keep("03: vectorized_relu over the scalar loop", gains, "times as fast", plots.caption())
bench.keep("03: vectorized_relu, one core", rates, "GB/s", plots.caption())

# %% [markdown]
# What separates the top rung from the peak is waiting for bytes. The next cell sweeps the working set from the first
# cache to memory. The line called `machine` is the better of reading alone and updating in place. ReLU has a harder
# task than either: it writes to other lines than it reads, and for an ordinary store each of those is fetched first,
# 12 bytes in place of the 8 that are counted here.

# %% tags=["measure"]
card = hardware.card()
levels = {"L1": card.l1d_bytes.value, "L2": card.l2_bytes.value, "L3": card.l3_bytes.value}
caches = {name: size for name, size in levels.items() if size}
moved = [2**power for power in range(14, 28)]
timings = {"relu_kernel": [], "relu_streaming_kernel": []}
for size in moved:
    x = rng.standard_normal(size // 8, dtype=np.float32)
    out = np.empty_like(x)
    for name, row in timings.items():
        row.append(bench.measure(ways[name], x, out, samples=9))
for size, plain, streamed in zip(moved, *timings.values(), strict=True):
    if streamed.high_us < plain.low_us:
        print(f"streaming stores were faster at {size / 2**20:g} MiB, beyond the middle halves")
print(f"vectorized_relu streams above {streaming_pays_from() / 2**20:g} MiB read and written")
machine = [(size, roof.bandwidth_at(size)) for size in moved]
plots.kernel_bandwidth(timings, moved, machine, caches)

# %% [markdown]
# **Reflect.** Compare with your two predictions. How much of the ladder is the compiler's work and how much yours, at
# each of the two sizes? From which size on do streaming stores win, and is it the size that the table of bytes lets
# you expect? Below it, what would the *next* operation pay if ReLU streamed?

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
# The cosine similarity is `dot(x, y) / (|x| |y|)`, from -1 to 1. Of a zero vector it's undefined; we define it as
# 0.0. Element-wise results keep NumPy's result dtype and wrap as NumPy does; only the three scalars are computed in
# float64.

# %% [markdown]
# Given are four functions. Read `sums_of_products` first: it is a plain loop that the compiler turns into vectors.
#
# * `as_real(x)` in `tinytorch/simd/arrays.py`: real numbers; booleans become integers, other kinds a TypeError.
# * `flat_operands(x, y)` there: both as 1-D contiguous arrays of float32 if both are, otherwise of float64.
# * `sums_of_products(u, v)` in `tinytorch/simd/sums.py`: the four sums `u * u`, `v * v`, `u * v` and `(u - v)**2`, in
#   float64, in one pass over memory. It allows the compiler to add in any order.
# * `vector_length(v)` there: the length of a float64 vector without overflow on the way, in several passes. The four
#   sums need that care only outside `SMALLEST_SUM` to `LARGEST_SUM`.

# %%
#| export
from tinytorch.simd.arrays import as_real, flat_operands
from tinytorch.simd.sums import LARGEST_SUM, SMALLEST_SUM, sums_of_products, vector_length


class VectorResults(TypedDict):
    """What `vectorized_operations` returns: three arrays of the inputs' shape, three Python floats."""

    element_wise_add: np.ndarray
    element_wise_multiply: np.ndarray
    squared_difference: np.ndarray
    euclidean_distance: float
    dot_product: float
    cosine_similarity: float


# %% [markdown]
# **Predict.** A compiled loop `for i in range(n): total += x[i]` adds 65 thousand float32. Can the compiler use vector
# adds for it, as it could for ReLU? How many times as fast is the same loop when the compiler may reorder the
# additions? Remember that `(a + b) + c` and `a + (b + c)` differ in floating point.

# %%
my_prediction_compiler_uses_vectors = None
my_prediction_sum_ratio = None

# %% [markdown]
# **Implement** `vectorized_operations`, about 28 lines, no loops. The three arrays come from NumPy; `np.asarray` makes
# arrays of results with no axes. For the scalars take the flat operands and their four sums:
#
# * the ordinary case, all three sums of squares between `SMALLEST_SUM` and `LARGEST_SUM`: the formulas as they stand,
# * otherwise something overflowed, vanished, is zero or isn't a number. Then take the lengths of `u`, `v` and `u - v`
#   in float64 from `vector_length`, and divide each vector by its length *before* the product.
#
# Clip the cosine to [-1, 1]: rounding can push it over. `min(max(cosine, -1.0), 1.0)`, in this order, keeps NaN.

# %% nbgrader={"grade": false, "grade_id": "vectorized_operations", "solution": true}
#| export
def vectorized_operations(x: Any, y: Any) -> VectorResults:
    """Sum, product and squared difference of two arrays, their distance, dot product and cosine similarity.

    x, y: real arrays of one shape; more than one axis counts as one long vector. Booleans count as 0 and 1.
    The three arrays have NumPy's result dtype (integers wrap); the three scalars are computed in float64.
    The cosine similarity of a zero vector is 0.0.
    Raises ValueError, naming both shapes, if they differ; TypeError for complex numbers and other things.
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
            u = u.astype(np.float64, copy=False)
            v = v.astype(np.float64, copy=False)
            distance = vector_length(u - v)
            length_u = vector_length(u)
            length_v = vector_length(v)
            cosine = 0.0
            if length_u != 0.0 and length_v != 0.0:
                cosine = float(np.sum(u / length_u * (v / length_v)))
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
    """A case worked out by hand, integers that would wrap, a zero vector, and shapes that differ."""
    x, y = np.array([3.0, 0.0, 4.0]), np.array([0.0, 0.0, 5.0])
    r = vectorized_operations(x, y)
    assert np.array_equal(r["element_wise_add"], [3, 0, 9]), f"sum: {r['element_wise_add']}"
    product, squares = r["element_wise_multiply"], r["squared_difference"]
    assert np.array_equal(product, [0, 0, 20]), f"product: {product}"
    assert np.array_equal(squares, [9, 0, 1]), f"squared difference: {squares}"
    distance, cosine = r["euclidean_distance"], r["cosine_similarity"]
    assert math.isclose(distance, math.sqrt(10)), f"distance: {distance}"
    assert r["dot_product"] == 20.0, f"dot product: {r['dot_product']}"
    assert math.isclose(cosine, 0.8), f"cosine: {cosine}"
    r = vectorized_operations(np.array([100, -100], np.int8), np.array([100, 100], np.int8))
    assert (r["dot_product"], r["euclidean_distance"]) == (0.0, 200.0), f"int8 wrapped: {r}"
    assert r["element_wise_add"].dtype == np.int8, "the arrays keep NumPy's result dtype"
    zero = vectorized_operations(np.zeros(4), np.ones(4))
    assert zero["cosine_similarity"] == 0.0, "a zero vector has cosine 0.0"
    with refused(ValueError, (2, 3), (3, 2)):
        vectorized_operations(np.ones((2, 3)), np.ones((3, 2)))


test_unit_vectorized_operations()

# %% [markdown]
# **Measure.** The same sum three times: in order, with leave to reorder, and by NumPy. Does the compiled code add whole
# vectors?

# %% tags=["measure"]
def sum_loop(x):
    total = np.float32(0)
    for i in range(x.size):
        total += x[i]
    return total


x = rng.random(2**16, dtype=np.float32)
exact = math.fsum(x)
sums = {
    "in order": njit(sum_loop),
    "reordering allowed": njit(sum_loop, fastmath={"reassoc"}),
    "np.sum": np.sum,
}
sum_timings = {name: bench.measure(f, x, samples=9) for name, f in sums.items()}
for name, f in sums.items():
    error, vectors = abs(float(f(x)) - exact) / exact, simd.holds_vectors(f, "fadd")
    print(f"{name:>18}: relative error {error:.0e}, adds vectors: {vectors}")
plots.timing_samples(sum_timings)

# %% [markdown]
# And what one pass is worth: `several_passes` computes the same six results with a NumPy call for each step, after
# converting both arrays to float64.

# %% tags=["measure"]
def several_passes(x, y):
    u, v = x.astype(np.float64), y.astype(np.float64)
    uu, vv, uv, dd = np.sum(u * u), np.sum(v * v), np.sum(u * v), np.sum((u - v) * (u - v))
    return x + y, x * y, (x - y) * (x - y), math.sqrt(dd), uv, uv / math.sqrt(uu * vv)


for n in (2**10, 2**20):
    x, y = rng.standard_normal((2, n), dtype=np.float32)
    ours, other = partial(vectorized_operations, x, y), partial(several_passes, x, y)
    print(told(f"{n} elements", bench.compare(ours, other, limit_s=2)))

# %% [markdown]
# **Reflect.** The rules of floating point forbid the compiler to reorder the sum, so the loop in order waits for each
# addition before it starts the next. You may allow it, because you know that any order is as good for you; which
# order has the smaller error here, and why? Where else in your network is there a sum that you would let it reorder?

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
# Bias runs along the last axis, of N elements. In memory that's a pattern that starts over with every row.

# %% [markdown]
# Three functions in `tinytorch/simd/bias.py` are given.
#
# * `bias_for(x, bias, out)`: the bias as a 1-D array of 1 or N elements in the dtype of `x + bias`, or a ValueError.
# * `bias_pattern(bias)`: the same, but a short bias several times. If N is small, most of a row would be partial
#   vectors; so a pattern has at least 256 elements.
# * `relu_bias_in_slices(x, bias, out)`: NumPy's two passes, some rows at a time, for arrays that no kernel takes.

# %%
#| export
from tinytorch.simd.bias import bias_for, bias_pattern, relu_bias_in_slices

# %% [markdown]
# **Predict.** How many times as fast as `np.maximum(x + bias, 0)` is the fused version on a matrix of 16 MiB that
# needs memory, with an existing array for the result? And on one of 64 KiB, which stays in the cache?

# %%
my_prediction_fused_large = None
my_prediction_fused_small = None

# %% [markdown]
# **Implement** `relu_bias_kernel` (about 14 lines: a loop over the stretches that the pattern covers, and inside it
# `relu_kernel` with a second load) and the end of `fused_relu_bias` (about 11 lines: kernel or `relu_bias_in_slices`).
# The kernel needs rows one after the other in memory, `x.flags.c_contiguous`, and `x` in the result's dtype, which
# `flat_pair` checks. An empty `x` has nothing to compute.

# %% nbgrader={"grade": false, "grade_id": "fused_relu_bias", "solution": true}
#| export
@simd.jit
def relu_bias_kernel(x: np.ndarray, pattern: np.ndarray, out: np.ndarray) -> None:
    """out = max(x + pattern, 0), the pattern starting over until x ends. All 1-D, contiguous, of one float type."""
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


def fused_relu_bias(x: Any, bias: Any, out: np.ndarray | None = None) -> np.ndarray:
    """max(x + bias, 0) in one pass over memory; NaN stays NaN.

    x: (..., N).  bias: (N,), one number, or either with leading axes of length 1; it runs along the last axis of x.
    out: an array of the shape of x and the dtype of the result; it may be x itself.
    Returns out or a new array, of dtype np.result_type(x, bias). float32 and float64 in C order go through memory once;
    other dtypes and layouts go through NumPy in slices that stay in the cache.
    Raises ValueError, naming both shapes, if bias doesn't run along the last axis; ValueError if out doesn't fit.
    """
    x = as_array(x)
    if not isinstance(bias, int | float):  # a plain number takes the dtype of x
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
    """Row lengths around the vector's, layouts, result dtypes, NaN, out=, and a bias that doesn't fit."""
    numbers = np.random.default_rng(13)
    for columns in (1, 3, simd.W - 1, simd.W, 5 * simd.W + 3, 300):
        rows = numbers.standard_normal((7, columns)).astype(np.float32)
        bias = numbers.standard_normal(columns).astype(np.float32)
        fortran, backwards = np.asfortranarray(rows), rows[::-1, ::-1]
        layouts = {"C order": rows, "Fortran order": fortran, "reversed": backwards}
        for layout, x in layouts.items():
            expected = np.maximum(x + bias, 0)
            wrong = f"wrong for rows of {columns} elements, {layout}"
            assert np.array_equal(fused_relu_bias(x, bias), expected), wrong
    x, ones = np.array([[1.0, np.nan, -4.0]], dtype=np.float32), np.ones(3, np.float32)
    result = fused_relu_bias(x, ones)
    assert np.array_equal(result, [[2, np.nan, 0]], equal_nan=True), "NaN must stay NaN"
    for left, right in ((np.float32, np.float64), (np.int8, np.int8)):
        dtype = fused_relu_bias(np.ones((2, 3), left), np.ones(3, right)).dtype
        assert dtype == np.result_type(left, right), f"{left} and {right} became {dtype}"
    out = np.empty_like(x)
    assert fused_relu_bias(x, ones, out=out) is out, "with out= the result must be out itself"
    with refused(ValueError, (3, 4), (3,)):
        fused_relu_bias(np.ones((3, 4)), np.ones(3))


test_unit_fused_relu_bias()

# %% [markdown]
# **Speed.** The reference is the NumPy expression into an existing array, in two passes. NumPy's way earns 60 % of the
# points for speed; the rest is for one pass.
#
# {bands: fused}

# %% tags=["measure"]
def numpy_into(x, bias, out):
    return np.maximum(np.add(x, bias, out=out), 0, out=out)


rows = np.random.default_rng(2).standard_normal((2000, 500), dtype=np.float32)
row, target = rows[0].copy(), np.empty_like(rows)
ours, other = partial(fused_relu_bias, rows, row, target), partial(numpy_into, rows, row, target)
print(bench.in_bands(ours, other, BANDS["fused"]))

# %% [markdown]
# **Measure.** First the bytes, counted: `simd.counted` runs the plain Python body of a kernel and counts the vectors
# that it loads and stores. `add_bias_kernel` is the first of two passes, `relu_kernel` in place the second. The bias
# counts too: 4 of the bytes in each line are the bias, which stays in the first cache.

# %% tags=["measure"]
@simd.jit(cache=False)
def add_bias_kernel(x, pattern, out):
    """out = x + pattern, the pattern starting over; whole vectors and whole patterns only."""
    for start in range(0, x.size, pattern.size):
        for j in range(0, pattern.size, simd.W):
            v = simd.load(x, start + j) + simd.load(pattern, j)
            simd.store(out, start + j, v)


def in_two_passes(x, pattern, out):
    add_bias_kernel(x, pattern, out)
    relu_kernel(out, out)


x, pattern = np.ones(4096, np.float32), np.ones(1024, np.float32)
out = np.empty_like(x)
first, second = simd.counted(add_bias_kernel, x, pattern, out), simd.counted(relu_kernel, out, out)
fused = simd.counted(relu_bias_kernel, x, pattern, out)
twice = first.loads + first.stores + second.loads + second.stores
once = fused.loads + fused.stores
print(f"two passes: {twice * simd.BYTES / x.size:g} bytes for each float32")
print(f"     fused: {once * simd.BYTES / x.size:g} bytes for each float32")

# %% [markdown]
# Then the time, in pairs, one after the other, so that a change in the machine's speed hits both: the fused kernel
# against the two passes just counted, and the whole function against NumPy.

# %% tags=["measure"]
fused_gains = {}
for height, name in ((16, "64 KiB"), (4096, "16 MiB")):
    x, bias = rng.standard_normal((height, 1024), dtype=np.float32), pattern
    out = np.empty_like(x)
    flat_x, flat_out = flat_views(x, out)
    ours = partial(relu_bias_kernel, flat_x, bias, flat_out)
    other = partial(in_two_passes, flat_x, bias, flat_out)
    pairs = bench.compare(ours, other, limit_s=2)
    print(told(f"{name}, fused kernel over two passes", pairs))
    ours, other = partial(fused_relu_bias, x, bias, out), partial(numpy_into, x, bias, out)
    pairs = bench.compare(ours, other, limit_s=2)
    print(told(f"{name}, fused_relu_bias over NumPy", pairs))
    fused_gains[name] = pairs.ratio
bench.keep("03: fused_relu_bias over NumPy", fused_gains, "times as fast", plots.caption())

# %% [markdown]
# The roofline puts all of this in one picture. Fusing moves a kernel to the *right*: two operations for the same
# bytes. The slopes count the 8 bytes that each result must move; with ordinary stores 12 move, so about two thirds of
# the slope is what to hope for. Left of the ridge, where slope and flat roof meet, only fewer bytes help. A mark above
# its slope means that the machine was slower while its bandwidth was measured.

# %% tags=["measure"]
def placed(kernel, *args, n: int, operations: int) -> tuple[float, float, float, float]:
    """Operations per byte; billions of operations per second at the median and around it."""
    timing = bench.measure(kernel, *args, samples=9)
    speeds = [operations * n / us / 1000 for us in (timing.median_us, timing.high_us, timing.low_us)]
    return operations / 8, speeds[0], speeds[1], speeds[2]


points = {}
for n, name in ((small, "128 KiB"), (large, "128 MiB")):
    x, out = rng.standard_normal(n, dtype=np.float32), np.empty(n, dtype=np.float32)
    points[f"ReLU, {name}"] = placed(relu_kernel, x, out, n=n, operations=1)
    points[f"fused, {name}"] = placed(relu_bias_kernel, x, pattern, out, n=n, operations=2)
plots.roofline(roof, points, working_sets=(8 * small, 8 * large))

# %% [markdown]
# **Reflect.** The table of bytes promised a factor of two against two passes. Where is the measured factor larger,
# where smaller, and what would a new array for the result cost in addition? What could be fused with these two
# operations next: the product before them, or the product after?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## What the loop in Python costs
#
# The last function states the gain of this lesson on your machine. `relu_report` in `tinytorch/analyses/relu.py` is
# given: it really runs and times a loop in Python, one element at a time, and then your kernel.

# %%
#| export
from tinytorch.analyses.relu import VectorizationReport, relu_report


def analyze_vectorization_performance(size: int = 100_000) -> VectorizationReport:
    """Times ReLU on `size` float32 as a loop in Python and by `vectorized_relu`, both into a new result.

    vectorized_speedup: time of the loop over that of the kernel. throughput_mops: its million elements per second.
    Raises ValueError if size < 1.
    """
    return relu_report(vectorized_relu, size)


# %% tags=["measure"]
for name, value in analyze_vectorization_performance().items():
    print(f"{name}: {value:.1f}" if isinstance(value, float) else f"{name}: {value}")
print(plots.caption())

# %% [markdown]
# You can now tell an operation that's limited by arithmetic from one that's limited by memory, and you have two tools
# for the second kind: fewer passes, and stores that don't fetch. Both leave one core waiting for memory. The next
# lesson asks what a second core can do about that.
