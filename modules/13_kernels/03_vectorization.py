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
# * `vectorized_relu`, written with vector instructions, and with stores that go past the caches where that pays,
# * `vectorized_operations`, six results from two arrays with sums that don't wrap or overflow early,
# * `fused_relu_bias`, which adds and compares while a number is in a register,
# * a measured ladder from the loop in Python to these kernels, and their place under the limits of your machine.

# %%
#| default_exp core.kernels.vectorization

# %%
#| export
import math
from functools import cache
from typing import Any, TypedDict

import numpy as np

from tinytorch import hardware, simd
from tinytorch.bench import measure
from tinytorch.core.kernels.timing import as_array

# %%
import re
from functools import partial

import matplotlib.pyplot as plt
from numba import config, njit

from tinytorch import plots
from tinytorch.bench import compare

# %% [markdown]
# ## Write ReLU with vectors
#
# A vector register holds several numbers of the same type, its **lanes**; one instruction works on all of them. A
# register of `simd.BYTES` bytes has `simd.BYTES // x.itemsize` lanes. In a function under `@simd.jit` you write one
# vector at a time:
#
# | call | what it does |
# | --- | --- |
# | `simd.load(a, i)`, `simd.store(a, i, v)` | the full vector that starts at element `i` |
# | `simd.load_part(a, i, n)`, `simd.store_part(a, i, v, n)` | its first `n` lanes; memory behind them isn't touched |
# | `simd.broadcast(number)` | the number in every lane, in the number's type |
# | `simd.maximum(u, v)`, `u + v`, `u * v` | lane by lane; a NaN in either gives NaN |
# | `simd.stream(a, i, v)`, `simd.fence()` | a store past the caches (below), and the end of such stores |
# | `simd.prefetch(a, i)` | asks for the memory of element `i` early (below) |
#
# Arrays are 1-D and contiguous here. The example multiplies by a number. Its last vector is a partial one: that's the
# whole treatment of sizes that the lanes don't divide.


# %%
@simd.jit
def scale_kernel(x: np.ndarray, factor: float, out: np.ndarray) -> None:
    """out = factor * x for 1-D contiguous x and out of one float type; factor of that type too."""
    lanes = simd.BYTES // x.itemsize
    factors = simd.broadcast(factor)
    whole = x.size - x.size % lanes
    for i in range(0, whole, lanes):
        simd.store(out, i, simd.load(x, i) * factors)
    if whole < x.size:
        rest = x.size - whole
        simd.store_part(out, whole, simd.load_part(x, whole, rest) * factors, rest)


seven = np.arange(7, dtype=np.float32)
scaled = np.empty_like(seven)
scale_kernel(seven, np.float32(10), scaled)
print(scaled)

# %% [markdown]
# The figure shows which instruction handles which element when an array isn't a whole number of vectors long.

# %% tags=["measure"]
elements = 2 * simd.W + simd.W // 2 + 1
figure, axes = plt.subplots(figsize=(8, 1.9), layout="constrained")
for start in range(0, elements, simd.W):
    n = min(simd.W, elements - start)
    cells = [(start + lane, 0.92) for lane in range(n)]
    axes.broken_barh(cells, (0, 1), facecolor="0.85" if n == simd.W else "0.55", edgecolor="black")
    axes.annotate("load, store" if n == simd.W else "load_part, store_part", (start + n / 2, 1.15), ha="center")
axes.set(title=f"{elements} float32, {simd.W} lanes: the last vector is a partial one", xlabel="element index")
axes.set(ylim=(0, 1.6), yticks=[])
figure.supxlabel(f"vector width read from this CPU: {simd.BYTES} bytes", fontsize=7)
plt.close(figure)
figure

# %% [markdown]
# **Stores past the caches.** An ordinary store first fetches the cache line it writes to, then keeps the written line
# in the cache. For an output larger than the cache both are wasted: every line was fetched only to be overwritten,
# and it's gone again before anyone reads it. A *streaming* (non-temporal) store writes whole lines to memory without
# fetching them.
#
# | for each float32 | read x | fetch line of out | write out | bytes |
# | --- | --- | --- | --- | --- |
# | ordinary store | 4 | 4 | 4 | 12 |
# | streaming store | 4 | - | 4 | 8 |
#
# For an output that fits into the cache, a streaming store is slower: it takes the result to memory, and whoever
# reads it next has to fetch it from there. So the size decides. `simd.stream` needs an **aligned** address, a
# multiple of `simd.BYTES`; `simd.aligned_offset(out)` counts the elements before the first one. Source: Intel 64 and
# IA-32 Architectures Optimization Reference Manual, section on non-temporal stores.
#
# **Loads ahead of time.** A core notices that you read line after line and fetches the next ones by itself, but not
# beyond the end of a memory page, of 4096 bytes. `simd.prefetch(x, i + ahead)` asks for a line that you'll read some vectors
# later. It changes no value, and asking for memory behind the array does no harm.

# %%
#| export
AHEAD_BYTES = 2048  # from 1 to 4 KiB it made little difference where it was measured
STREAM_AT_LATEST_BYTES = 32 * 2**20  # an assumption: a larger last-level cache is shared, and not all of it is ours


@cache
def streaming_pays_from() -> int:
    """Bytes read and written by a kernel from which on it should write past the caches.

    Half of the last-level cache, as detected: other cores and the caller's own data need the rest. At most
    STREAM_AT_LATEST_BYTES, also where no such cache was found.
    """
    last_level = hardware.card().l3_bytes.value
    return min(last_level // 2, STREAM_AT_LATEST_BYTES) if last_level else STREAM_AT_LATEST_BYTES


def output_for(x: np.ndarray, dtype: np.dtype, out: np.ndarray | None) -> np.ndarray:
    """`out` itself after a check of its shape and dtype, or a new array like `x`, in the memory order of `x`."""
    if out is None:
        return np.empty_like(x, dtype)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, got {type(out).__name__}")
    if out.shape != x.shape or out.dtype != dtype:
        raise ValueError(f"out must have shape {x.shape} and dtype {dtype}, got {out.shape} and {out.dtype}")
    if not out.flags.writeable:
        raise ValueError("out is read-only; pass an array that can be written to")
    return out


# %% [markdown]
# Kernels want 1-D contiguous float arrays; callers have all sorts. `flat_pair` gives both arrays as 1-D runs over the
# same memory where that's possible, and None where it isn't: another dtype, gaps between elements, unaligned
# elements, or an `out` that overlaps `x` at another position, where a vector would read what the vector before it
# wrote.

# %%
#| export
KERNEL_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def overlap_apart(x: np.ndarray, out: np.ndarray) -> bool:
    """True when `x` and `out` may share memory without being the same elements at the same places."""
    if x.flags.owndata and out.flags.owndata:  # each has memory of its own, or they are one array
        return False
    if not np.may_share_memory(x, out):
        return False
    return x.ctypes.data != out.ctypes.data or x.strides != out.strides


def flat_views(x: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """`x` and `out` as 1-D views in memory order for a compiled kernel, or None where there are no such views.

    Both must be float32 or both float64, both in C order or both in Fortran order, and aligned.
    """
    if x.dtype not in KERNEL_DTYPES or out.dtype != x.dtype:
        return None
    flags, out_flags = x.flags, out.flags
    if not (flags.aligned and out_flags.aligned):
        return None
    if not (flags.c_contiguous and out_flags.c_contiguous):
        if not (flags.f_contiguous and out_flags.f_contiguous):
            return None
        x, out = x.T, out.T
    return (x, out) if x.ndim == 1 else (x.reshape(-1), out.reshape(-1))


def flat_pair(x: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """`flat_views(x, out)`, or None also where the two overlap apart; for an `out` that isn't new."""
    return None if overlap_apart(x, out) else flat_views(x, out)


# %% [markdown]
# **Predict.** NumPy's `np.maximum(x, 0, out=out)` uses vector instructions too. How many times as fast as NumPy do
# you expect your kernel to be on 16 thousand float32, and how many times on 16 million? Write two ratios.

# %%
my_prediction_relu_16k = None
my_prediction_relu_16m = None

# %% [markdown]
# **Implement** three functions.
#
# * `relu_kernel(x, out)`: about 8 lines, the example with another operation. ReLU is the maximum with zero.
# * `relu_streaming_kernel(x, out)`: about 12 lines. A partial vector up to the first aligned element of `out` (mind
#   an array shorter than that), then streamed vectors, each with a prefetch `AHEAD_BYTES` ahead, then `simd.fence()`,
#   then a partial vector for the rest.
# * `vectorized_relu(x, out)`: about 6 lines. The two flat views and the kernel that `relu_kernel_for` names, or
#   NumPy's maximum into `out` where there are no such views. Keep the dtype: in NumPy `np.maximum(flags, 0)` turns
#   booleans into integers, with `x.dtype.type(0)` it doesn't.


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
        simd.store(out, i, simd.maximum(simd.load(x, i), zeros))
    if whole < x.size:
        rest = x.size - whole
        simd.store_part(out, whole, simd.maximum(simd.load_part(x, whole, rest), zeros), rest)
    ### END SOLUTION


@simd.jit
def relu_streaming_kernel(x: np.ndarray, out: np.ndarray) -> None:
    """The same as relu_kernel with stores that don't go through the caches, for outputs that wouldn't fit there."""
    ### BEGIN SOLUTION
    lanes = simd.BYTES // x.itemsize
    zeros = simd.broadcast(x.dtype.type(0))
    first = min(simd.aligned_offset(out), x.size)
    if first > 0:
        simd.store_part(out, 0, simd.maximum(simd.load_part(x, 0, first), zeros), first)
    end, ahead = x.size - (x.size - first) % lanes, AHEAD_BYTES // x.itemsize
    for i in range(first, end, lanes):
        simd.prefetch(x, i + ahead)
        simd.stream(out, i, simd.maximum(simd.load(x, i), zeros))
    simd.fence()
    if end < x.size:
        rest = x.size - end
        simd.store_part(out, end, simd.maximum(simd.load_part(x, end, rest), zeros), rest)
    ### END SOLUTION


def relu_kernel_for(moved_bytes: int) -> Any:
    """The kernel for a call that reads and writes this many bytes in all: streaming stores where they pay."""
    return relu_streaming_kernel if moved_bytes > streaming_pays_from() else relu_kernel


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
    else:
        relu_kernel_for(x.nbytes + out.nbytes)(*views)
    return out
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_vectorized_relu", "points": 5}
def test_unit_vectorized_relu() -> None:
    """Values, NaN, tails of every length, dtypes, layouts, out=, and the streaming kernel."""
    odd = np.array([-2.0, np.nan, 3.0, 0.0, np.inf, -np.inf, 0.5], dtype=np.float32)
    assert np.array_equal(vectorized_relu(odd), np.maximum(odd, 0), equal_nan=True), "values or NaN are wrong"
    for n in range(3 * simd.W + 2):
        x = np.linspace(-1, 1, n, dtype=np.float32)
        assert np.array_equal(vectorized_relu(x), np.maximum(x, 0)), f"wrong for {n} elements"
        guarded = np.full(n + 2, 9, dtype=np.float32)
        relu_streaming_kernel(x, guarded[1 : n + 1])
        expected = [9, *np.maximum(x, 0), 9]
        assert np.array_equal(guarded, expected), (
            f"the streaming kernel is wrong for {n} elements, or writes beyond them"
        )
    for dtype in (np.float64, np.float16, np.int8, np.uint8, np.bool_):
        x = np.array([[-3, 0, 4], [5, -6, 1]]).astype(dtype)
        result = vectorized_relu(x)
        assert (result.dtype, result.shape) == (x.dtype, x.shape), f"{x.dtype} became {result.dtype} {result.shape}"
        assert np.array_equal(result, np.maximum(x, dtype(0))), f"wrong values for {x.dtype}"
    strided = np.linspace(-1, 1, 60, dtype=np.float32).reshape(6, 10)[::2, ::3]
    out = np.empty_like(strided)
    assert vectorized_relu(strided, out=out) is out, "with out= the result must be out itself"
    assert np.array_equal(out, np.maximum(strided, 0)), "wrong for an array with gaps between its elements"


test_unit_vectorized_relu()

# %% [markdown]
# **Speed** earns a part of the points, in bands of ratio to a stated reference, timed in turn on one machine. Here that's
# NumPy's own ReLU into an existing array; an answer that calls it is worth all.
#
# {bands: relu}

# %% tags=["measure"]
from tinytorch.bench import in_bands

raced = np.random.default_rng(1).standard_normal(100_000, dtype=np.float32)
target = np.empty_like(raced)
print(in_bands(lambda: vectorized_relu(raced, target), lambda: np.maximum(raced, 0, out=target), BANDS["relu"]))

# %% [markdown]
# **Measure** a ladder: the same ReLU, one change from rung to rung. The compiler looks for vectors in a plain loop by
# itself, so the scalar rung is that loop compiled with the search switched off. `code holds vectors` is read from the
# compiled code.


# %% tags=["measure"]
def in_python(values, results):
    for i in range(len(values)):
        results[i] = values[i] if not values[i] < 0 else 0.0


def plain_loop(x, out):
    for i in range(x.size):
        out[i] = x[i] if not x[i] < 0 else np.float32(0)


def numpy_maximum(x, out):
    np.maximum(x, np.float32(0), out=out)


compiled_scalar, compiled_loop = njit(nogil=True)(plain_loop), njit(nogil=True)(plain_loop)
usual, config.LOOP_VECTORIZE = config.LOOP_VECTORIZE, 0
compiled_scalar(seven, scaled)  # the first call compiles
config.LOOP_VECTORIZE = usual
ways = {"compiled, one number at a time": compiled_scalar, "compiled, left to the compiler": compiled_loop,
        "relu_kernel": relu_kernel, "relu_streaming_kernel": relu_streaming_kernel, "np.maximum": numpy_maximum}  # fmt: skip

# %% tags=["measure"]
rng = np.random.default_rng(3)


def holds_vectors(kernel, operation: str = "") -> bool | str:
    """Whether the compiled code has such an operation on float vectors; "?" for a function that isn't ours to look into."""
    if not hasattr(kernel, "inspect_llvm"):
        return "?"
    return any(re.search(rf"{operation}.*<\d+ x float>", code) for code in kernel.inspect_llvm().values())


def climb(n: int) -> dict:
    x = rng.standard_normal(n, dtype=np.float32)
    out = np.empty_like(x)
    return {name: measure(way, x, out, samples=9) for name, way in ways.items()}


def show(rungs: dict, n: int) -> None:
    first_us = next(iter(rungs.values())).median_us
    for name, timing in rungs.items():
        us, vectors = timing.median_us, holds_vectors(ways.get(name))
        print(f"{name:>30}: {us:9.1f} us, {first_us / us:7.1f} x the first, "
              f"{8 * n / us / 1000:6.1f} GB/s, code holds vectors: {vectors}")  # fmt: skip


small, large = 2**14, 2**24
values = rng.standard_normal(small).tolist()
rungs = {"loop in Python": measure(in_python, values, values.copy(), samples=5)} | climb(small)
show(rungs, small)
print(f"{large} elements, {8 * large >> 20} MiB read and written:")
rungs_in_memory = climb(large)
show(rungs_in_memory, large)

# %% [markdown]
# The same small case as a figure, with a comparison counted as one operation, against what your core could do if
# nothing had to be loaded or stored.

# %% tags=["measure"]
roof = hardware.roofline()
plots.speed_ladder(rungs, small, roof.peak.value)

# %% [markdown]
# What separates the top rung from the peak is waiting for bytes. So measure the bytes. The next cell sweeps the working
# set from the first cache to memory; other programs can only make a run slower, so it keeps the best of several. The
# line called `machine` is the better of reading alone and updating in place.
# ReLU has a harder task than either: it writes to other lines than it reads, and for an ordinary store each of those
# is fetched first, 12 bytes in place of the 8 that are counted here.

# %% tags=["measure"]
card = hardware.card()
levels = {"L1": card.l1d_bytes.value, "L2": card.l2_bytes.value, "L3": card.l3_bytes.value}
caches = {name: size for name, size in levels.items() if size}
moved = [2**power for power in range(14, 28)]
rates = {"relu_kernel": [], "relu_streaming_kernel": []}
for size in moved:
    x = rng.standard_normal(size // 8, dtype=np.float32)
    out = np.empty_like(x)
    for name, row in rates.items():
        row.append(size / min(measure(ways[name], x, out, samples=9).samples_us) / 1000)

# %% tags=["measure"]
figure = plots.bandwidth([(size, roof.bandwidth_at(size)) for size in moved], caches)
axes = figure.axes[0]
for (name, row), style in zip(rates.items(), ("s--k", "^:k"), strict=True):
    axes.plot(moved, row, style, markersize=5, linewidth=1.2, label=name)
axes.lines[0].set_label("machine")
axes.set_ylim(bottom=0.7 * min(min(row) for row in rates.values()))
axes.legend(frameon=False, fontsize=9, loc="lower center")
wins = [size for size, plain, streamed in zip(moved, *rates.values(), strict=True) if streamed > plain]
print("streaming stores were faster at", ", ".join(f"{size / 2**20:.3g} MiB" for size in wins) or "no size")
print(f"vectorized_relu streams above {streaming_pays_from() / 2**20:g} MiB read and written")
figure

# %% [markdown]
# **Reflect.** Compare with your two predictions. How much of the ladder is the compiler's work and how much yours, at
# each of the two sizes? From which size on do streaming stores win, and is it the size that the table of bytes lets
# you expect? Below it, what would the *next* operation pay if ReLU streamed?

# %% [markdown]
# ## Compute six results from two arrays
#
# NumPy's own operations are vector loops. So `x + y` is already fast, and what's left to you is the choice of
# **types** and **reductions**. A reduction makes one number from many, and three things go wrong with it:
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


# %%
#| export
class VectorResults(TypedDict):
    """What `vectorized_operations` returns: three arrays of the inputs' shape, three Python floats."""

    element_wise_add: np.ndarray
    element_wise_multiply: np.ndarray
    squared_difference: np.ndarray
    euclidean_distance: float
    dot_product: float
    cosine_similarity: float


def as_real(x: Any) -> np.ndarray:
    """`x` as an array of real numbers; booleans count as the integers 0 and 1. Raises TypeError for other kinds."""
    array = as_array(x)
    if array.dtype.kind not in "buif":
        raise TypeError(f"needs real numbers, got an array of dtype {array.dtype}")
    return array.astype(np.int64) if array.dtype.kind == "b" else array


def vector_length(v: np.ndarray) -> float:
    """sqrt(sum(v**2)) of a 1-D float64 array, without overflow or underflow on the way; 0.0 for an empty one."""
    largest = float(np.max(np.abs(v), initial=0.0))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    scaled = v / largest
    return largest * math.sqrt(float(np.sum(scaled * scaled)))


def flat_operands(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and y as 1-D contiguous arrays of one float type: as they are if both are float32, else in float64."""
    dtype = np.float32 if x.dtype == y.dtype == np.float32 else np.float64
    return tuple(np.require(a, dtype, "CA").reshape(-1) for a in (x, y))


# %% [markdown]
# **Predict.** A compiled loop `for i in range(n): total += x[i]` adds a million float32. Can the compiler use vector
# adds for it, as it could for ReLU? How many times as fast is a version that keeps four vectors of partial sums?
# Remember that `(a + b) + c` and `a + (b + c)` differ in floating point.

# %%
my_prediction_compiler_uses_vectors = None
my_prediction_sum_ratio = None

# %% [markdown]
# **Implement** `vectorized_operations`, about 20 lines, no loops. The three arrays come from NumPy. For the scalars
# take the flat operands and their four sums from `sums_of_products` below:
#
# * the ordinary case, all sums of squares between `SMALLEST_SUM` and `LARGEST_SUM`: the formulas as they stand,
# * otherwise something overflowed, vanished, is zero or isn't a number. Then take the lengths of `u`, `v` and `u - v`
#   in float64 from `vector_length`, and divide each vector by its length *before* the product.
#
# Clip to [-1, 1] what rounding pushes over. `np.asarray` makes arrays of results with no axes.

# %%
#| export
SMALLEST_SUM, LARGEST_SUM = 1e-280, 1e300  # between them, no square that matters overflowed or vanished in float64


@simd.jit(fastmath={"reassoc", "contract", "nsz"})
def sums_of_products(u: np.ndarray, v: np.ndarray) -> tuple[float, float, float, float]:
    """sum(u * u), sum(v * v), sum(u * v), sum((u - v)**2) in float64, in one pass, added in any order.

    u, v: 1-D, contiguous, of one size and float type. `fastmath` here allows the compiler to reorder sums, to fuse a
    product with an addition and to ignore the sign of zero, nothing else: NaN and infinity are respected.
    """
    uu = vv = uv = dd = 0.0
    for i in range(u.size):
        a, b = np.float64(u[i]), np.float64(v[i])
        difference = a - b
        uu += a * a
        vv += b * b
        uv += a * b
        dd += difference * difference
    return uu, vv, uv, dd


# %% nbgrader={"grade": false, "grade_id": "vectorized_operations", "solution": true}
#| export
def vectorized_operations(x: Any, y: Any) -> VectorResults:
    """Sum, product and squared difference of two arrays, their distance, dot product and cosine similarity.

    x, y: real arrays of one shape; more than one axis counts as one long vector. Booleans count as 0 and 1.
    The three arrays have NumPy's result dtype (integers wrap); the three scalars are computed in float64.
    The cosine similarity of a zero vector is 0.0.
    Raises ValueError, naming both shapes, if they differ; TypeError for complex numbers and other things.
    """
    x, y = as_real(x), as_real(y)
    if x.shape != y.shape:
        raise ValueError(f"x and y must have the same shape, got {x.shape} and {y.shape}")
    ### BEGIN SOLUTION
    u, v = flat_operands(x, y)
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.asarray(np.subtract(x, y))
        uu, vv, uv, dd = sums_of_products(u, v)
        if all(SMALLEST_SUM < total < LARGEST_SUM for total in (uu, vv, dd)):
            distance, cosine = math.sqrt(dd), uv / (math.sqrt(uu) * math.sqrt(vv))
        else:
            u, v = u.astype(np.float64, copy=False), v.astype(np.float64, copy=False)
            distance, length_u, length_v = vector_length(u - v), vector_length(u), vector_length(v)
            cosine = 0.0
            if length_u != 0.0 and length_v != 0.0:
                cosine = float(np.sum(u / length_u * (v / length_v)))
        return {
            "element_wise_add": np.asarray(np.add(x, y)),
            "element_wise_multiply": np.asarray(np.multiply(x, y)),
            "squared_difference": np.multiply(difference, difference, out=difference),
            "euclidean_distance": distance,
            "dot_product": float(uv),
            "cosine_similarity": min(max(cosine, -1.0), 1.0),  # in this order NaN stays NaN
        }
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_vectorized_operations", "points": 6}
def test_unit_vectorized_operations() -> None:
    """A case worked out by hand, integers that would wrap, a zero vector, and shapes that differ."""
    x, y = np.array([3.0, 0.0, 4.0]), np.array([0.0, 0.0, 5.0])
    r = vectorized_operations(x, y)
    assert np.array_equal(r["element_wise_add"], [3, 0, 9]), f"sum: {r['element_wise_add']}"
    assert np.array_equal(r["element_wise_multiply"], [0, 0, 20]), f"product: {r['element_wise_multiply']}"
    assert np.array_equal(r["squared_difference"], [9, 0, 1]), f"squared difference: {r['squared_difference']}"
    assert math.isclose(r["euclidean_distance"], math.sqrt(10)), f"distance: {r['euclidean_distance']}"
    assert r["dot_product"] == 20.0, f"dot product: {r['dot_product']}"
    assert math.isclose(r["cosine_similarity"], 0.8), f"cosine: {r['cosine_similarity']}"
    r = vectorized_operations(np.array([100, -100], np.int8), np.array([100, 100], np.int8))
    assert (r["dot_product"], r["euclidean_distance"]) == (0.0, 200.0), f"int8 wrapped: {r}"
    assert r["element_wise_add"].dtype == np.int8, "the arrays keep NumPy's result dtype"
    assert vectorized_operations(np.zeros(4), np.ones(4))["cosine_similarity"] == 0.0, "a zero vector has cosine 0.0"
    message = ""
    try:
        vectorized_operations(np.ones((2, 3)), np.ones((3, 2)))
    except ValueError as err:
        message = str(err)
    assert "(2, 3)" in message, "shapes (2, 3) and (3, 2) must raise a ValueError that names both"


test_unit_vectorized_operations()

# %% [markdown]
# **Measure.** The same sum four times: in order, with leave to reorder, in the lanes of four vectors, and by NumPy.
# The last column tells whether the compiled code adds whole vectors.


# %% tags=["measure"]
def sum_loop(x):
    total = np.float32(0)
    for i in range(x.size):
        total += x[i]
    return total


@simd.jit(cache=False)
def sum_in_lanes(x):
    """x: float32, its size a multiple of 4 * simd.W."""
    a, b, c, d = simd.zero(), simd.zero(), simd.zero(), simd.zero()
    for i in range(0, x.size, 4 * simd.W):
        a += simd.load(x, i)
        b += simd.load(x, i + simd.W)
        c += simd.load(x, i + 2 * simd.W)
        d += simd.load(x, i + 3 * simd.W)
    return simd.sum((a + b) + (c + d))


# %% tags=["measure"]
x = rng.random(2**16, dtype=np.float32)
exact = math.fsum(x)
sums = {"in order": njit(sum_loop), "reordering allowed": njit(sum_loop, fastmath={"reassoc"}),
        "in four vectors": sum_in_lanes, "np.sum": np.sum}  # fmt: skip
sum_timings = {name: measure(f, x, samples=9) for name, f in sums.items()}
for name, f in sums.items():
    error, us = abs(float(f(x)) - exact) / exact, sum_timings[name].median_us
    print(f"{name:>18}: {us:6.1f} us, relative error {error:.0e}, adds vectors: {holds_vectors(f, 'fadd')}")
plots.timing_samples(sum_timings)

# %% [markdown]
# And what one pass is worth: `several_passes` computes the same six results with a NumPy call for each step, first
# converting both arrays to float64.


# %% tags=["measure"]
def several_passes(x, y):
    u, v = x.astype(np.float64), y.astype(np.float64)
    uu, vv, uv, dd = (np.sum(a * b) for a, b in ((u, u), (v, v), (u, v), (u - v, u - v)))
    return x + y, x * y, (x - y) * (x - y), math.sqrt(dd), uv, uv / math.sqrt(uu * vv)


for n in (2**10, 2**16, 2**20):
    x, y = rng.standard_normal((2, n), dtype=np.float32)
    pairs = compare(partial(vectorized_operations, x, y), partial(several_passes, x, y), limit_s=2)
    print(f"{n:>8} elements: {pairs.ratio:.2f} times as fast [{pairs.low:.2f}, {pairs.high:.2f}]")

# %% [markdown]
# **Reflect.** The rules of floating point forbid the compiler to reorder the sum, so the loop in order waits for each
# addition before it starts the next. You may allow it, because you know that any order is as good for you; which
# order has the smaller error here, and why? Where else in your network is there a sum that you would let it reorder?

# %% [markdown]
# ## Fuse bias and ReLU
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
# Bias runs along the last axis. In memory that's a pattern that starts over after N elements, with every row. If N is
# small, most of a row would be partial vectors; so `bias_pattern` repeats a short bias until it is worth a loop.

# %%
#| export
SHORTEST_PATTERN = 256  # elements; 16 vectors or more for each partial one


def bias_for(x: np.ndarray, bias: Any) -> np.ndarray:
    """`bias` as a 1-D array of 1 or N elements in the dtype of `x + bias`; N is the length of the last axis of `x`.

    Raises ValueError, naming both shapes, for a bias that varies along another axis or has another length.
    """
    values = as_array(bias)
    if values.ndim == 1 and values.shape == x.shape[-1:] and values.dtype == x.dtype and values.flags.carray:
        return values
    plain = isinstance(bias, (bool, int, float))  # a Python number takes the dtype of x where that can hold its kind
    along_last = values.ndim == 0 or (
        values.ndim <= x.ndim and values.size == values.shape[-1] and values.shape[-1] in (1, x.shape[-1])
    )
    if not along_last:
        raise ValueError(
            f"bias of shape {values.shape} doesn't run along the last axis of x, which has shape {x.shape}"
        )
    given = bias if plain else values
    run = np.ascontiguousarray(given, dtype=np.result_type(x, given)).reshape(-1)
    return run if run.flags.aligned else run.copy()


def bias_pattern(bias: np.ndarray) -> np.ndarray:
    """The bias of consecutive elements in memory, until it repeats: `bias` itself, or a short one several times."""
    if bias.size >= SHORTEST_PATTERN:
        return bias
    rows = np.empty((math.ceil(SHORTEST_PATTERN / bias.size), bias.size), bias.dtype)
    rows[:] = bias
    return rows.reshape(-1)


def relu_bias_in_slices(x: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:
    """out = max(x + bias, 0) by NumPy, some rows at a time so that sums are still in the cache for the maximum."""
    rows = np.atleast_2d(x.copy() if overlap_apart(x, out) else x)
    results = np.atleast_2d(out)
    step = max(1, 2**16 * len(rows) // max(1, out.nbytes))
    for start in range(0, len(rows), step):
        part = results[start : start + step]
        np.add(rows[start : start + step], bias, out=part)
        np.maximum(part, part.dtype.type(0), out=part)


# %% [markdown]
# **Predict.** How many times as fast as `np.maximum(x + bias, 0)` is the fused version on a matrix of 16 MiB that
# needs memory, with an existing array for the result? And on one of 64 KiB, which stays in the cache?

# %%
my_prediction_fused_large = None
my_prediction_fused_small = None

# %% [markdown]
# **Implement** `relu_bias_kernel` (about 10 lines: a loop over the stretches that the pattern covers, and inside it
# `relu_kernel` with a second load) and the end of `fused_relu_bias` (about 8 lines: kernel or `relu_bias_in_slices`).
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
            simd.store(out, start + j, simd.maximum(simd.load(x, start + j) + simd.load(pattern, j), zeros))
        if whole < n:
            last = simd.load_part(x, start + whole, n - whole) + simd.load_part(pattern, whole, n - whole)
            simd.store_part(out, start + whole, simd.maximum(last, zeros), n - whole)
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
    bias = bias_for(x, bias)
    if out is not None and np.may_share_memory(bias, out):
        bias = bias.copy()
    out = output_for(x, bias.dtype, out)
    ### BEGIN SOLUTION
    views = flat_pair(x, out) if x.flags.c_contiguous else None
    if x.size == 0:
        return out
    if views is None:
        relu_bias_in_slices(x, bias, out)
    else:
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
        for x, layout in (
            (rows, "C order"),
            (np.asfortranarray(rows), "Fortran order"),
            (rows[::-1, ::-1], "reversed"),
        ):
            wrong = f"wrong for rows of {columns} elements, {layout}"
            assert np.array_equal(fused_relu_bias(x, bias), np.maximum(x + bias, 0)), wrong
    x = np.array([[1.0, np.nan, -4.0]], dtype=np.float32)
    ones = np.ones(3, np.float32)
    assert np.array_equal(fused_relu_bias(x, ones), [[2, np.nan, 0]], equal_nan=True), "NaN must stay NaN"
    assert fused_relu_bias(x, np.zeros(3)).dtype == np.float64, "the dtype must be np.result_type(x, bias)"
    assert fused_relu_bias(np.int8([[-5, 5]]), np.int8([1, 1])).dtype == np.int8, "int8 with int8 is int8"
    out = np.empty_like(x)
    assert fused_relu_bias(x, ones, out=out) is out, "with out= the result must be out itself"
    message = ""
    try:
        fused_relu_bias(np.ones((3, 4)), np.ones(3))
    except ValueError as err:
        message = str(err)
    assert "(3, 4)" in message, "a bias of 3 doesn't run along a last axis of 4: raise a ValueError that says so"


test_unit_fused_relu_bias()

# %% [markdown]
# **Speed.** The reference is the NumPy expression into an existing array, in two passes. NumPy's way earns 60 % of the
# points for speed; the rest is for one pass.
#
# {bands: fused}

# %% tags=["measure"]
rows = np.random.default_rng(2).standard_normal((2000, 500), dtype=np.float32)
row, target = rows[0].copy(), np.empty_like(rows)


def numpy_bias_relu() -> np.ndarray:
    return np.maximum(np.add(rows, row, out=target), 0, out=target)


print(in_bands(lambda: fused_relu_bias(rows, row, target), numpy_bias_relu, BANDS["fused"]))

# %% [markdown]
# **Measure.** First the bytes, counted: without the compiler, `simd.counting()` counts the vectors that a kernel
# loads and stores. `add_bias_kernel` is the first of two passes, `relu_kernel` in place the second.


# %% tags=["measure"]
@simd.jit(cache=False)
def add_bias_kernel(x, pattern, out):
    """out = x + pattern, the pattern starting over; x.size a multiple of pattern.size, both of whole vectors."""
    for start in range(0, x.size, pattern.size):
        for j in range(0, pattern.size, simd.W):
            simd.store(out, start + j, simd.load(x, start + j) + simd.load(pattern, j))


def in_two_passes(x, pattern, out):
    add_bias_kernel(x, pattern, out)
    relu_kernel(out, out)


def counted_bytes(kernel, *args) -> int:
    with simd.counting() as counts:
        getattr(kernel, "py_func", kernel)(*args)
    return (counts.loads + counts.stores) * simd.BYTES


x, pattern = rng.standard_normal(4096, dtype=np.float32), rng.standard_normal(1024, dtype=np.float32)
out = np.empty_like(x)
twice = counted_bytes(add_bias_kernel, x, pattern, out) + counted_bytes(relu_kernel, out, out)
once = counted_bytes(relu_bias_kernel, x, pattern, out)
print(f"bytes loaded and stored for each float32: two passes {twice / x.size:g}, fused {once / x.size:g}")
print("4 of them in each are the bias, which stays in the first cache")

# %% [markdown]
# Then the time, in pairs, one after the other, so that a change in the machine's speed hits both: against the two
# passes just counted, and against NumPy with and without an array for the result.


# %% tags=["measure"]
def numpy_new(x, bias):
    return np.maximum(x + bias, 0)


def numpy_into(x, bias, out):
    return np.maximum(np.add(x, bias, out=out), 0, out=out)


for rows in (16, 4096):
    x, bias = rng.standard_normal((rows, 1024), dtype=np.float32), rng.standard_normal(1024, dtype=np.float32)
    out = np.empty_like(x)
    flat = x.reshape(-1), bias, out.reshape(-1)
    races = {
        "fused kernel over two kernels": (partial(relu_bias_kernel, *flat), partial(in_two_passes, *flat)),
        "fused_relu_bias over NumPy, into out": (
            partial(fused_relu_bias, x, bias, out),
            partial(numpy_into, x, bias, out),
        ),
        "fused_relu_bias over NumPy, new arrays": (partial(fused_relu_bias, x, bias), partial(numpy_new, x, bias)),
    }
    for name, (ours, other) in races.items():
        pairs = compare(ours, other, limit_s=2)
        rate = 2 * x.nbytes / (1000 * np.median(pairs.candidate_us))
        print(f"{x.nbytes // 1024:>5} KiB, {name}: {pairs.ratio:.2f} times as fast "
              f"[{pairs.low:.2f}, {pairs.high:.2f}], {rate:.0f} GB/s")  # fmt: skip

# %% [markdown]
# The roofline puts all of this in one picture. Fusing moves a kernel to the *right*: two operations for the same
# bytes. The slopes count the 8 bytes that each result must move; with ordinary stores 12 move, so about two thirds of
# the slope is what to hope for. Left of the ridge, where slope and flat roof meet, only fewer bytes help.


# %% tags=["measure"]
def place(kernel, n: int, operations: int) -> tuple[float, float]:
    """(operations per byte read and written, billions of operations per second) of a kernel on n float32."""
    x, out = rng.standard_normal(n, dtype=np.float32), np.empty(n, dtype=np.float32)
    args = (x, pattern, out) if kernel is relu_bias_kernel else (x, out)
    return operations / 8, operations * n / min(measure(kernel, *args, samples=9).samples_us) / 1000


points = {
    "ReLU, 128 KiB": place(relu_kernel, small, 1),
    "ReLU, 128 MiB": place(relu_kernel, large, 1),
    "streaming ReLU, 128 MiB": place(relu_streaming_kernel, large, 1),
    "fused, 128 KiB": place(relu_bias_kernel, small, 2),
    "fused, 128 MiB": place(relu_bias_kernel, large, 2),
}
for name, (intensity, rate) in points.items():
    working_set = (small if "KiB" in name else large) * 8
    bound = roof.bound_gflops(intensity, 1, working_set).value
    doubt = "" if rate <= bound else ", so the machine was slower while its bandwidth was measured"
    print(f"{name:>24}: {rate:6.2f} of {bound:.2f} billion operations a second, {rate / bound:.0%}{doubt}")
del points["streaming ReLU, 128 MiB"]  # its name would lie on that of its neighbour
plots.roofline(roof, points, working_sets=(8 * small, 8 * large))

# %% [markdown]
# **Reflect.** The table of bytes promised a factor of two against two passes. Where is the measured factor larger,
# where smaller, and what else does a new array cost that the table leaves out? What could be fused with these two
# operations next: the product before them, or the product after?

# %% [markdown]
# ## What the loop in Python costs
#
# The last function states the gain of this lesson on your machine: a loop in Python, one element at a time, really
# run and really timed, against `vectorized_relu`.


# %%
#| export
class VectorizationReport(TypedDict):
    """What `analyze_vectorization_performance` measured; `source` says so."""

    size: int
    scalar_us: float
    vectorized_us: float
    vectorized_speedup: float
    throughput_mops: float
    source: str


def relu_in_python(values: list[float]) -> list[float]:
    """max(v, 0) of each number, one at a time in the interpreter; NaN stays NaN."""
    result = []
    for value in values:
        result.append(0.0 if value < 0.0 else value)
    return result


def analyze_vectorization_performance(size: int = 100_000) -> VectorizationReport:
    """Time ReLU on `size` float32 as a loop in Python and by `vectorized_relu`, both into a new result.

    vectorized_speedup: time of the loop over that of the kernel. throughput_mops: its million elements per second.
    Raises ValueError if size < 1.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}")
    x = np.random.default_rng(0).standard_normal(size, dtype=np.float32)
    scalar_us = measure(relu_in_python, x.tolist(), samples=5).median_us
    vectorized_us = measure(vectorized_relu, x).median_us
    return {
        "size": size,
        "scalar_us": scalar_us,
        "vectorized_us": vectorized_us,
        "vectorized_speedup": scalar_us / vectorized_us,
        "throughput_mops": size / vectorized_us,
        "source": "measured",
    }


# %% tags=["measure"]
for name, value in analyze_vectorization_performance().items():
    print(f"{name}: {value:.1f}" if isinstance(value, float) else f"{name}: {value}")
print(plots.caption())

# %% [markdown]
# You can now tell an operation that's limited by arithmetic from one that's limited by memory, and you have two tools
# for the second kind: fewer passes, and stores that don't fetch. Both leave one core waiting for memory. The next
# lesson asks what a second core can do about that.
