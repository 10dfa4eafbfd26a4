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
# # Quantization
#
# > Numbers in eight bits: what the rounding costs, and why exact integer arithmetic pays for it.
#
# You can now multiply float32 matrices about as fast as your processor can. This lesson makes the numbers smaller. An
# int8 takes a quarter of the memory of a float32, four times as many fit into a SIMD register, and integer sums have no
# rounding error at all: the only error is the one made when a float becomes an integer.
#
# At the end of the lesson you have
#
# * `quantize` and `dequantize`, and a bound on the error they make that you can prove,
# * `integer_matmul`, exact for every input, with sums that provably fit their type,
# * `quantized_matmul` and `quantized_relu`, which compute on integers and touch floats only at the two ends,
# * a measurement on your machine that says whether the eight-bit product is worth its error here.

# %%
#| default_exp core.kernels.quantization

# %%
#| export
import threading

import numpy as np
from numba import njit

from tinytorch import simd
from tinytorch.bench import compare
from tinytorch.core.kernels.timing import as_array

# A notebook's cells change under their compiled callers: keep machine code only for the installed module.
_INSTALLED = __name__ != "__main__"

# %% [markdown]
# ## Round floats to integer codes
#
# **Symmetric per-tensor quantization** writes a whole array as small integers, the *codes*, and one float, the *scale*:
#
# | | 8 bits | 16 bits |
# | --- | --- | --- |
# | largest code, `top = 2**(bits - 1) - 1` | 127 | 32767 |
# | scale, the width of a step | `max(abs(x)) / 127` | `max(abs(x)) / 32767` |
# | code of `x` | `round(x / scale)`, clipped to -127 .. 127 | the same, to -32767 .. 32767 |
#
# Zero has code 0, `x` and `-x` have opposite codes, and no code uses the most negative integer. A value lies at most
# half a step from the multiple of `scale` next to it, so the error of a round trip is at most `scale / 2`, apart from
# the rounding of float arithmetic.
#
# Two details decide whether sums of codes are unbiased. Ties go to the **even** neighbour (0.5 to 0, 1.5 to 2):
# rounding every tie upwards would push all sums up. And `x / scale` is computed in **float64**: the scale of a float32
# array can be too small for a float32, and a float32 division can move a value across a tie.

# %%
#| export
def largest_code(bits: int) -> int:
    """The largest integer that symmetric quantization uses: 127 for 8 bits, 32767 for 16.

    Raises ValueError for any other number of bits.
    """
    if bits not in (8, 16):
        raise ValueError(f"bits must be 8 or 16, got {bits!r}")
    return 2 ** (int(bits) - 1) - 1


# %% [markdown]
# **Predict.** One weight in a million is 100 times larger than all the others. How large is the error of those others,
# measured in steps, and how large relative to the values themselves? Fill in the largest relative error you expect for
# a value of 1.0 in 8 bits when the outlier is 100.0.

# %%
my_prediction_relative_error = None

# %% [markdown]
# The largest magnitude comes first. A scalar loop would do one comparison at a time, each waiting for the last: the
# compiler may not split a maximum of floats into several. Four vectors of maxima can be compared side by side.

# %%
#| export
W = simd.W


def as_input(x: np.ndarray) -> np.ndarray:
    """x as a read-only C-ordered array, copied only if it isn't C-ordered: one array type, so one compilation."""
    view = np.asarray(x, order="C").view()
    view.flags.writeable = False
    return view


@simd.jit
def largest_magnitude(values: np.ndarray) -> float:
    """max|values| of a 1-D array of floats with at least one element; NaN if any element is NaN."""
    lanes, n = simd.lanes(values), values.size
    m0 = m1 = m2 = m3 = simd.abs(simd.load_part(values, 0, n))
    whole = n // (4 * lanes) * (4 * lanes)
    for i in range(0, whole, 4 * lanes):
        m0 = simd.maximum(simd.abs(simd.load(values, i)), m0)
        m1 = simd.maximum(simd.abs(simd.load(values, i + lanes)), m1)
        m2 = simd.maximum(simd.abs(simd.load(values, i + 2 * lanes)), m2)
        m3 = simd.maximum(simd.abs(simd.load(values, i + 3 * lanes)), m3)
    for i in range(whole, n, lanes):
        m0 = simd.maximum(simd.abs(simd.load_part(values, i, n - i)), m0)
    return simd.max_lane(simd.maximum(simd.maximum(m0, m1), simd.maximum(m2, m3)))


# %% [markdown]
# The rounding pass divides, and a float64 division takes several times as long as a multiplication. Multiplying by
# `1 / scale` in float32 is *not* the same: the quotient may be off by a relative `2**-23`, and next to a tie the code
# with it. But only there. So `fast_codes` multiplies, looks how far each result lies from its whole number, and if one
# comes within the possible error of a tie, it leaves that chunk of values to your loop. The codes are those of the
# division, always.

# %%
#| export
CHUNK = 32 * W  # values; if one of them lies next to a tie, all of these are divided


@simd.jit
def fast_codes(values: np.ndarray, scale: float, top: int, codes: np.ndarray) -> None:
    """`round_to_codes` of float32 values without dividing; scale: max|values| / top, between 1e-30 and 1e30.

    |x / scale| <= top, so x * (1 / scale) in float32 is within top * 2**-23 of the quotient; twice that is allowed for.
    """
    factor, limit = simd.broadcast(np.float32(1.0 / scale)), np.float32(0.5 - top * 2.0**-22)
    whole = values.size // (4 * W) * (4 * W)
    for start in range(0, whole, CHUNK):
        stop, next_to_tie = min(start + CHUNK, whole), False
        for i in range(start, stop, 4 * W):
            x0, x1 = simd.load(values, i) * factor, simd.load(values, i + W) * factor
            x2, x3 = simd.load(values, i + 2 * W) * factor, simd.load(values, i + 3 * W) * factor
            q0, q1, q2, q3 = simd.rint(x0), simd.rint(x1), simd.rint(x2), simd.rint(x3)
            simd.store_codes(codes, i, q0, q1, q2, q3)
            next_to_tie |= simd.any_beyond(limit, x0 - q0, x1 - q1, x2 - q2, x3 - q3)
        if next_to_tie:
            round_to_codes(values[start:stop], scale, top, codes[start:stop])
    round_to_codes(values[whole:], scale, top, codes[whole:])


# %% [markdown]
# **Implement** `quantize`. `round_to_codes` is the compiled loop over the elements (about four lines); `quantize` finds
# the scale and calls it (about twelve), or calls `fast_codes` where that is allowed: both take the values as a 1-D
# array, `as_input(x).reshape(-1)`. An array of zeros, or with no elements, has scale 1.0. NaN and infinity have no
# code: raise a `ValueError`. `largest_magnitude` passes a NaN on; Python's `max` may not. For the smallest float64
# numbers `max / top` can round to 0.0; the smallest positive float64, `np.nextafter(0.0, 1.0)`, is a scale that works
# there.

# %% nbgrader={"grade": false, "grade_id": "quantize", "solution": true}
#| export
@njit(cache=_INSTALLED, nogil=True, error_model="numpy")
def round_to_codes(values: np.ndarray, scale: float, top: int, codes: np.ndarray) -> None:
    """codes[i] = values[i] / scale, rounded half to even, clipped to -top .. top; both arrays are 1-D."""
    ### BEGIN SOLUTION
    for i in range(values.size):
        code = np.rint(np.float64(values[i]) / scale)
        codes[i] = min(max(code, -top), top)
    ### END SOLUTION


def quantize(x: np.ndarray, bits: int = 8) -> tuple[np.ndarray, float]:
    """Codes and scale of x, symmetric for the whole array: x is close to codes * scale.

    x: any shape and strides, real numbers.  bits: 8 or 16.
    Returns (q, scale): q of x's shape, int8 or int16, in -top .. top, top = 2**(bits - 1) - 1;
    scale = max|x| / top, 1.0 when x is all zeros or empty; abs(x - q * scale) <= scale / 2 up to float64 rounding.
    Raises ValueError for other bits and for NaN or infinity in x; TypeError if x does not hold real numbers.
    """
    x = as_array(x)
    top = largest_code(bits)
    if x.dtype.kind not in "biuf":
        raise TypeError(f"quantize needs real numbers, got an array of {x.dtype}")
    ### BEGIN SOLUTION
    values = as_input(x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)).reshape(-1)
    largest = float(largest_magnitude(values)) if x.size else 0.0
    if not np.isfinite(largest):
        raise ValueError("quantize: x holds NaN or infinity, which have no integer code; remove or replace them first")
    scale = max(largest / top, np.nextafter(0.0, 1.0)) if largest else 1.0
    q = np.empty(x.shape, np.int8 if top == 127 else np.int16)
    fast = values.dtype == np.float32 and bits == 8 and 1e-30 < scale < 1e30
    (fast_codes if fast else round_to_codes)(values, scale, top, q.reshape(-1))
    return q, float(scale)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_quantize", "points": 5}
def test_unit_quantize():
    q, scale = quantize(np.array([[127.0, 0.5, 1.5], [-2.5, 2.5, -127.0]], np.float32))
    assert (q.dtype, q.shape) == (np.int8, (2, 3)), f"8 bits make int8 codes of x's shape, got {q.dtype} {q.shape}"
    assert scale == 1.0, f"max|x| is 127, so the scale is 127 / 127 = 1.0, not {scale}"
    assert q.tolist() == [[127, 0, 2], [-2, 2, -127]], f"ties go to the even neighbour, got {q.tolist()}"
    x = np.linspace(-3, 1, 1001)
    for bits, dtype in ((8, np.int8), (16, np.int16)):
        q, scale = quantize(x, bits=bits)
        assert q.dtype == dtype, f"{bits} bits make {np.dtype(dtype)} codes, got {q.dtype}"
        error = np.abs(x - q * scale).max()
        assert error <= 0.5000001 * scale, f"{bits} bits: off by {error / scale:.2f} steps; half a step is the most"
    q, scale = quantize(np.zeros(3))
    assert (scale, q.tolist()) == (1.0, [0, 0, 0]), "all zeros have scale 1.0 and codes 0"
    for wrong in (np.array([1.0, np.nan]), np.array([-np.inf, 1.0])):
        try:
            quantize(wrong)
        except ValueError:
            continue
        raise AssertionError(f"{wrong} should be refused with a ValueError")


test_unit_quantize()

# %% [markdown]
# **Speed** earns a part of the points, in bands of ratio to a stated reference, timed in turn on one machine. Here that's
# the NumPy expression; each of its steps is a pass over memory.
#
# {bands: codes}

# %% tags=["measure"]
from tinytorch.bench import in_bands


def numpy_codes(x):
    scale = float(np.abs(x).max()) / 127
    return np.clip(np.rint(x.astype(np.float64) / scale), -127, 127).astype(np.int8), scale


raced = np.random.default_rng(1).standard_normal(200_000, dtype=np.float32)
print(in_bands(lambda: quantize(raced), lambda: numpy_codes(raced), BANDS["codes"]))

# %% [markdown]
# **Measure.** The outlier of your prediction: the same thousand values, with and without one value of 100.

# %% tags=["measure"]
values = np.random.default_rng(1).uniform(0.5, 1.0, 1000).astype(np.float32)
for name, x in (("no outlier", values), ("one outlier of 100", np.append(values, np.float32(100)))):
    q, scale = quantize(x)
    relative = np.abs(q[:1000] * scale - values) / values
    print(f"{name:20} scale {scale:.5f}, largest relative error of the 1000 values {relative.max():.1%}, "
          f"different codes {np.unique(q).size}")

# %% [markdown]
# **Reflect.** Compare with your prediction. The error in *steps* did not change; the step did. Which other way to
# choose the scale would help the thousand values, and what would happen to the outlier then?

# %% [markdown]
# ## Turn codes back into floats
#
# `dequantize` multiplies by the scale. The product is computed in float64 and rounded to float32 once: in float32 the
# scale would be rounded first, and near the largest float32 `127 * scale` could round to infinity.

# %% [markdown]
# **Predict.** Each further bit halves the step. By which factor does the mean squared error fall from 8 to 16 bits?

# %%
my_prediction_mse_ratio = None

# %% [markdown]
# **Implement** `dequantize`: one line.

# %% nbgrader={"grade": false, "grade_id": "dequantize", "solution": true}
#| export
def dequantize(q: np.ndarray, scale: float) -> np.ndarray:
    """q * scale: the floats that the codes stand for.

    q: integers, any shape.  scale: as returned by quantize.
    Returns float32 of q's shape, each the float32 nearest to the float64 product.
    """
    q = as_array(q)
    ### BEGIN SOLUTION
    return np.asarray(np.multiply(q, float(scale), dtype=np.float64)).astype(np.float32)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_dequantize", "points": 2}
def test_unit_dequantize():
    x = dequantize(np.array([[-127, 0, 3]], np.int8), 0.1)
    assert (x.dtype, x.shape) == (np.float32, (1, 3)), f"float32 of the codes' shape, got {x.dtype} {x.shape}"
    assert np.array_equal(x, np.array([[-12.7, 0.0, 0.3]], np.float32)), f"-127, 0, 3 times 0.1, got {x}"
    q = np.arange(-32767, 32768, 1111).astype(np.int16)
    again, _ = quantize(dequantize(q, 2.0**-10), bits=16)
    assert np.array_equal(again, q), "the codes of dequantised codes should be the same codes"


test_unit_dequantize()

# %% [markdown]
# **Measure.** The error of a round trip against the bound of half a step, for three kinds of data. The figure rounds to
# other numbers of bits too, by the same rule.

# %% tags=["measure"]
from tinytorch import plots

rng = np.random.default_rng(2)
samples = {"uniform": rng.uniform(-1, 1, 100_000), "normal": rng.standard_normal(100_000)}
samples["heavy tails"] = rng.standard_t(3, 100_000)
for name, x in samples.items():
    for bits in (8, 16):
        q, scale = quantize(x, bits)
        worst = np.abs(x - q * scale).max() / scale
        relative = np.sqrt(np.mean((x - q * scale) ** 2) / np.mean(x**2))
        print(f"{name:12} {bits:2} bits: worst error {worst:.4f} steps, relative RMS error {relative:.2e}")

# %% tags=["measure"]
errors = {name: [] for name in samples}
for name, x in samples.items():
    for bits in range(2, 17, 2):
        step = np.abs(x).max() / (2 ** (bits - 1) - 1)
        errors[name].append(float(np.sqrt(np.mean((x - np.rint(x / step) * step) ** 2) / np.mean(x**2))))
figure = plots.quantization_error(range(2, 17, 2), list(errors.values()), list(errors))

# %% [markdown]
# **Reflect.** A uniformly distributed rounding error has the variance `scale**2 / 12`. Does that explain the ratio you
# measured and your prediction? Why do heavy tails have the largest relative error with the same number of bits?

# %% [markdown]
# ## Multiply integers exactly
#
# Integer addition is exact as long as no sum leaves its type. Two int8 numbers multiply to at most `128 * 128 = 2**14`,
# so
#
# | operands | largest product | sum type | safe for K up to |
# | --- | --- | --- | --- |
# | int8 | 2**14 | int8 | nothing: one product overflows |
# | int8 | 2**14 | int32 | 2**17 = 131,072, less one product |
# | int8, int16 | 2**30 | int64 | 2**33 |
#
# NumPy's `@` on int8 arrays returns int8: it wraps around without a word. And NumPy has no fast integer product,
# because BLAS knows only floats.
#
# Three loops of our own, then, as in lesson 02: the bottom rung. They add in the type of C.

# %%
#| export
INT32_LIMIT = 131_072  # the largest K whose int8 product has an int32 result


@njit(cache=_INSTALLED, nogil=True)
def integer_loops(A: np.ndarray, B: np.ndarray, C: np.ndarray) -> None:
    """C += A @ B in the order i, k, j.  A: (M, K), B: (K, N) integers, C: (M, N) int32 or int64, C-ordered."""
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += C.dtype.type(A[i, k]) * C.dtype.type(B[k, j])


# %% [markdown]
# ### Neighbours along K
#
# The loop turns every int8 into an int32 before it multiplies, so a register holds no more codes than floats. Processors
# can do better when the numbers to be added up are *neighbours*:
#
# | one instruction on a vector of W lanes of 32 bits | products | where |
# | --- | --- | --- |
# | float32 multiply-add, `simd.fma` | W | everywhere |
# | int16 pairs, multiplied and added in twos; another instruction adds that to the sum | 2 W | all x86, Arm in steps |
# | int8 fours, multiplied and added in fours to the sum: the integer dot product | 4 W | newer x86 |
#
# So with the dot product instruction the limit is four times the rate of float32. Without it a code is widened to 16
# bits and 2 W products take two instructions: the limit is at most twice the rate of float32, and less where a
# processor cannot start twice as many integer instructions as multiply-adds in a cycle. Which of the two do you have?
#
# Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, VPDPBUSD and PMADDWD.

# %% tags=["measure"]
if simd.HAS_DOT4:
    print(f"This machine has the integer dot product: {4 * W} products in an instruction, {W} in float32.")
else:
    print(f"No integer dot product in use here: pairs of int16, {2 * W} products in two instructions, {W} in float32.")

# %% [markdown]
# `simd.dot4_s8s8(sum, a, b)` multiplies all bytes of two vectors and adds four products to each lane of `sum`, with
# whatever the processor has. The second rung needs only that: transpose B, so that its columns are rows, and every
# element of C is a dot product of two contiguous rows.

# %%
#| export
@simd.jit
def integer_dots(A: np.ndarray, Bt: np.ndarray, C: np.ndarray) -> None:
    """C = A @ Bt.T, row times row.  A: (M, K), Bt: (N, K) int8, C: (M, N) int32, all C-ordered; sums wrap around."""
    K, N = A.shape[1], Bt.shape[0]
    rows, columns = A.reshape(-1), Bt.reshape(-1)
    whole = K // simd.BYTES * simd.BYTES
    for i in range(A.shape[0]):
        for j in range(N):
            sums = simd.zero_i32()
            for k in range(0, whole, simd.BYTES):
                sums = simd.dot4_s8s8(sums, simd.load4(rows, i * K + k), simd.load4(columns, j * K + k))
            total = simd.sum(sums)
            for k in range(whole, K):
                total += np.int32(rows[i * K + k]) * np.int32(columns[j * K + k])
            C[i, j] = total


# %% [markdown]
# **Predict.** How many times faster (or slower) than NumPy's float32 product on one thread will the dots be, for
# 512 x 512 matrices? And a packed tile, the last rung?

# %%
my_prediction_dots, my_prediction_tile = None, None

# %% tags=["measure"]
from threadpoolctl import threadpool_limits

from tinytorch import bench, hardware

one_thread = threadpool_limits(1)
n = 512
codes_a, codes_b = np.random.default_rng(4).integers(-128, 128, (2, n, n)).astype(np.int8)
floats_a, floats_b = codes_a.astype(np.float32), codes_b.astype(np.float32)
C = np.zeros((n, n), np.int32)
rungs = {"three integer loops": bench.measure(integer_loops, codes_a, codes_b, C, samples=3)}
transposed = np.ascontiguousarray(codes_b.T)
rungs["dots of rows"] = bench.measure(integer_dots, codes_a, transposed, C, samples=9)
rungs["NumPy, float32, one thread"] = bench.measure(np.matmul, floats_a, floats_b)
for name, timing in rungs.items():
    print(f"{name:28} {timing.median_us / 1000:8.2f} ms   {2 * n**3 / timing.median_us / 1000:6.1f} G operations/s")

# %% [markdown]
# **Reflect.** Each `dot4_s8s8` needs two loads. Lesson 02 counted loads for the float product and found the remedy.
#
# ### A packed tile
#
# The remedy is a **tile** of C in registers: 6 rows of two vectors (four on processors with 32 vector registers),
# `simd.load_row(a, i)` and `simd.store_row(a, i, row)` move a row. For each step along K, load a row of B once, spread
# six groups of A, one for each row of the tile, and let every one meet every other. A *group* is what one 32-bit lane
# holds: `simd.GROUP` neighbours along K. Everything that depends on the processor is in three given functions:
#
# * `simd.broadcast_group(a, i)`: the group that begins at a[i], in every lane;
# * `simd.load_groups(b, i, stride)`: rows of B as two vectors of groups (letters are columns, digits rows);
# * `simd.dot_row(sums, a, b)`: adds the products of each group in `a` with every vector of `b` to a row of sums.
#
# ```
# B row 0   a0 b0 c0 ...       with fours   a0 a1 a2 a3  b0 b1 b2 b3  c0 c1 c2 c3 ...   one byte each
#   row 1   a1 b1 c1 ...  -->  with pairs   a0 a1  b0 b1  c0 c1 ...                     two bytes each
# ```

# %% [markdown]
# The dot product instruction multiplies *unsigned* by signed bytes. So there we add 128 to every code of A, which makes
# it a byte in 0 .. 255, and take the surplus off again: `sum((a + 128) * b) - 128 * sum(b) = sum(a * b)`. The correction
# `-128 * sum(b)` belongs to a column of B, is computed while packing, and is where the sums start. With pairs the
# offset is 0. Sums of int32 wrap around, so the ones on the way may leave int32 as long as the result is in range.
#
# Codes of 16 bits fit the same tile. `b = 256 * high + low` with `high` and `low` in -128 .. 128, and products of an
# int16 with those stay below `2**22`: up to 511 of them fit an int32. `simd.load_split_pairs` gives the two halves as
# two vectors of pairs, and `256 * (a @ high) + a @ low` is put together in int64.

# %%
#| export
TILE_ROWS = 6
TILE_COLUMNS = simd.ROW  # with 2 vectors in a row 12 sums, the 2 of B, a group of A and a product: 16 registers
BLOCK_ROWS = 96  # rows of A packed at a time: 192 KiB at most, for the second cache
BLOCK_COLUMNS = 1024
# Terms at a time: 2 KiB of packed codes in a row; of int16 so few that no sum overflows.
BLOCK_CODES = {np.dtype(np.int8): 2048 // np.dtype(simd.LEFT_CODE).itemsize, np.dtype(np.int16): 504}
SLICE = 65_536  # terms of an int8 product added up in int32 when the result is int64


@simd.jit
def pack_rows(A: np.ndarray, i0: int, i1: int, k0: int, k1: int, length: int, offset: int, codes: np.ndarray) -> None:
    """A[i0:i1, k0:k1] + offset as rows of `length` codes, one after the other; rows are filled up with the offset."""
    for i in range(i0, i1):
        row, packed = A[i, k0:k1], codes[(i - i0) * length :]
        for k in range(row.size):
            packed[k] = row[k] + offset
        for k in range(row.size, length):
            packed[k] = offset


@simd.jit
def copy_corner(B: np.ndarray, k: int, k1: int, j: int, j1: int, corner: np.ndarray) -> None:
    """The part of B that is left of a group at [k:k1, j:j1], filled up with zeros."""
    columns = simd.lanes(corner) // 2
    for at in range(corner.size):
        r, c = k + at // columns, j + at % columns
        corner[at] = B[r, c] if r < k1 and c < j1 else 0


# %% [markdown]
# A panel holds `simd.VECTORS` vectors for each step along K. `pack_int8` and `pack_int16` fill two vectors of every
# step.

# %%
#| export
@simd.jit
def pack_int8(B, k0, k1, length, j, j1, panels, p, start, s, corner):
    """B[k0:k1, j : j + 2 * W] as vectors of groups, from panels[p] on; start[s : s + 2 * W] = -offset * their sums."""
    N, flat = B.shape[1], B.reshape(-1)
    ones, offset = simd.broadcast(simd.LEFT_CODE(1)), simd.broadcast(np.int32(-simd.LEFT_OFFSET))
    sum0 = sum1 = simd.zero_i32()
    for k in range(k0, k0 + length, simd.GROUP):
        if j + 2 * W <= j1 and k + simd.GROUP <= k1:
            b0, b1 = simd.load_groups(flat, k * N + j, N)
        else:
            copy_corner(B, k, k1, j, j1, corner)
            b0, b1 = simd.load_groups(corner, 0, 2 * W)
        simd.store(panels, p, b0)
        simd.store(panels, p + simd.GROUP * W, b1)
        sum0, sum1 = simd.dot_groups(sum0, ones, b0), simd.dot_groups(sum1, ones, b1)
        p += simd.GROUP * TILE_COLUMNS
    simd.store(start, s, sum0 * offset)
    simd.store(start, s + W, sum1 * offset)


@simd.jit
def pack_int16(B, k0, k1, length, j, j1, panels, p, corner):
    """B[k0:k1, j : j + W] as vectors of pairs, from panels[p] on: the high halves, then the low ones."""
    N, flat = B.shape[1], B.reshape(-1)
    for k in range(k0, k0 + length, 2):
        if j + W <= j1 and k + 2 <= k1:
            high, low = simd.load_split_pairs(flat, k * N + j, N)
        else:
            copy_corner(B, k, min(k1, k + 2), j, j1, corner)
            high, low = simd.load_split_pairs(corner, 0, W)
        simd.store(panels, p, high)
        simd.store(panels, p + 2 * W, low)
        p += 2 * TILE_COLUMNS


# %% [markdown]
# A whole tile of the first block of K is stored straight into C. Any other goes into a small array, `sums`, and from
# there to C: added to what earlier blocks of K left there, and cut off at the right and lower edge.

# %%
#| export
@simd.jit
def put_int8(sums: np.ndarray, C: np.ndarray, i: int, j: int, m: int, n: int, first: bool) -> None:
    """C[i : i + m, j : j + n] = or += sums, a tile of int32; m and n may be larger than the tile."""
    N, flat = C.shape[1], C.reshape(-1)
    for r in range(min(m, TILE_ROWS)):
        c, s = (i + r) * N + j, r * TILE_COLUMNS
        if n < TILE_COLUMNS:
            for v in range(n):
                flat[c + v] = sums[s + v] if first else flat[c + v] + sums[s + v]
        elif first:
            simd.store_row(flat, c, simd.load_row(sums, s))
        else:
            simd.store_row(flat, c, simd.add_rows(simd.load_row(flat, c), simd.load_row(sums, s)))


@simd.jit
def put_int16(sums: np.ndarray, C: np.ndarray, i: int, j: int, m: int, n: int) -> None:
    """C[i : i + m, j : j + n] += 256 * high + low: of every two vectors of the tile one is high, one low."""
    for r in range(min(m, TILE_ROWS)):
        for v in range(simd.VECTORS // 2):
            s = sums[r * TILE_COLUMNS + 2 * v * W : r * TILE_COLUMNS + 2 * (v + 1) * W]
            high, low, c = s[:W], s[W:], C[i + r, j + v * W : j + min(n, (v + 1) * W)]
            for t in range(c.size):
                c[t] += 256 * np.int64(high[t]) + low[t]


# %% [markdown]
# **Implement** `multiply_tile` and `integer_matmul`: the stretch exercise of this lesson. You have written the same for
# floats in lesson 02. In steps:
#
# 1. Make `integer_matmul` right first: choose the type of the result, call `integer_loops` on zeros of that type. All
#    checks but those of speed pass. For K = 131,072 and nothing but -128 in a row and a column the sum is `2**31`, one
#    too large for int32: raise an `OverflowError`.
# 2. `multiply_tile` (about 18 lines): six rows r0 .. r5, each `simd.load_row(start, j)` at first; for every step of
#    `simd.lanes(codes) // W` codes, load a row of the panel and bring every r up to date with `simd.dot_row`. Row r of
#    A begins at `codes[i + r * length]`. At the end store row r at `sums[s + r * stride]`.
# 3. `blocked_product`, given below, calls it for every tile. Use it in `integer_matmul` (about 14 lines in all). An
#    int8 product whose result is int64 is added up in slices of K.
#
# Write the six rows out: only variables with names live in registers, an array would live in memory.

# %% nbgrader={"grade": false, "grade_id": "integer_matmul", "solution": true}
#| export
@simd.jit
def multiply_tile(codes, i, length, panels, p, start, j, sums, s, stride):
    """Six packed rows of A times one panel, `length` terms, starting from `start`, into `sums`. All arrays are 1-D.

    codes[i:]: the rows, `length` codes each.  panels[p:]: for each group VECTORS vectors.
    start[j : j + TILE_COLUMNS]: int32, what a row of sums begins with.
    sums[s + r * stride : s + r * stride + TILE_COLUMNS]: int32, where row r of the tile goes.
    """
    ### BEGIN SOLUTION
    r0 = r1 = r2 = r3 = r4 = r5 = simd.load_row(start, j)
    group = simd.lanes(codes) // W
    for a in range(i, i + length, group):
        b = simd.load_row(panels, p)
        p += group * TILE_COLUMNS
        r0 = simd.dot_row(r0, simd.broadcast_group(codes, a), b)
        r1 = simd.dot_row(r1, simd.broadcast_group(codes, a + length), b)
        r2 = simd.dot_row(r2, simd.broadcast_group(codes, a + 2 * length), b)
        r3 = simd.dot_row(r3, simd.broadcast_group(codes, a + 3 * length), b)
        r4 = simd.dot_row(r4, simd.broadcast_group(codes, a + 4 * length), b)
        r5 = simd.dot_row(r5, simd.broadcast_group(codes, a + 5 * length), b)
    simd.store_row(sums, s, r0)
    simd.store_row(sums, s + stride, r1)
    simd.store_row(sums, s + 2 * stride, r2)
    simd.store_row(sums, s + 3 * stride, r3)
    simd.store_row(sums, s + 4 * stride, r4)
    simd.store_row(sums, s + 5 * stride, r5)
    ### END SOLUTION


def integer_matmul(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """C = A @ B in integers, exact.

    A: (M, K), B: (K, N), each int8 or int16, any strides.
    Returns (M, N): int32 if both are int8 and K <= 131,072, else int64.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D; TypeError for other dtypes;
    OverflowError if K is 131,072 and a row and a column hold nothing but -128, as 2**31 is no int32.
    Working set of one step: a panel of at most 2 KiB * TILE_COLUMNS and six packed rows of 2 KiB.
    Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, VPDPBUSD and PMADDWD.
    """
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"integer_matmul needs shapes (M, K) and (K, N), got {A.shape} and {B.shape}")
    if A.dtype not in (np.int8, np.int16) or B.dtype not in (np.int8, np.int16):
        raise TypeError(f"integer_matmul multiplies int8 or int16 operands, got {A.dtype} and {B.dtype}")
    ### BEGIN SOLUTION
    K, all_int8 = A.shape[1], A.dtype == B.dtype == np.int8
    if not all_int8:
        return blocked_product(A.astype(np.int16, copy=False), B.astype(np.int16, copy=False))
    if K > INT32_LIMIT:
        C = np.zeros((A.shape[0], B.shape[1]), np.int64)
        for k in range(0, K, SLICE):
            C += int8_product(A[:, k : k + SLICE], B[k : k + SLICE])
        return C
    C = int8_product(A, B)
    if K == INT32_LIMIT and C.min(initial=0) == -(2**31):
        raise OverflowError(f"integer_matmul: {K} times (-128) * (-128) is 2**31, which is no int32; use a smaller K")
    return C
    ### END SOLUTION


# %% [markdown]
# The loops around the tile are those of lesson 02: blocks of columns and terms, panels packed once for each, blocks of
# rows, tiles, and the memory in C is asked for before a tile begins. The memory for packed blocks is kept for each
# thread, since fresh memory is paid for page by page, and begins where a vector may, so that no load touches two cache
# lines.

# %%
#| export
@simd.jit(inline="always")
def scale_span(C: np.ndarray, factor: float, out: np.ndarray, first: int, last: int) -> None:
    """out[first:last] = C[first:last] * factor, in float64, rounded to float32 once; C: int32, out: float32, both 1-D."""
    whole = last - (last - first) % W
    for i in range(first, whole, W):
        simd.store(out, i, simd.scaled(simd.load(C, i), factor))
    for i in range(whole, last):
        out[i] = np.float32(np.float64(C[i]) * factor)


@simd.jit
def multiply_int8(A, B, C, factor, scaled, block, codes, panels, start, sums, corner):
    """C = A @ B modulo 2**32, `block` terms at a time; scaled = C * factor, unless it's empty.

    A, B: int8, C: int32, scaled: float32, may be the memory of C; codes and what follows: `packing_memory`.
    """
    (M, K), N, flat_C, flat_scaled = A.shape, B.shape[1], C.reshape(-1), scaled.reshape(-1)
    s, stride = np.intp(0), np.intp(TILE_COLUMNS)  # as constants they would have the tile compiled a second time
    for j0 in range(0, N, BLOCK_COLUMNS):
        j1 = min(j0 + BLOCK_COLUMNS, N)
        for k0 in range(0, K, block):
            k1 = min(k0 + block, K)
            length = -(-(k1 - k0) // simd.GROUP) * simd.GROUP
            for j in range(j0, j1, TILE_COLUMNS):
                for v in range(0, TILE_COLUMNS, 2 * W):
                    p = (j - j0) * length + v * simd.GROUP
                    pack_int8(B, k0, k1, length, j + v, j1, panels, p, start, j - j0 + v, corner)
            for i0 in range(0, M, BLOCK_ROWS):
                i1 = min(i0 + BLOCK_ROWS, M)
                pack_rows(A, i0, i1, k0, k1, length, simd.LEFT_OFFSET, codes)
                for j in range(j0, j1, TILE_COLUMNS):
                    for i in range(i0, i1, TILE_ROWS):
                        a, p, c = (i - i0) * length, (j - j0) * length, i * N + j
                        for r in range(TILE_ROWS):
                            simd.prefetch_row(flat_C, c + r * N)
                        if k0 == 0 and i + TILE_ROWS <= i1 and j + TILE_COLUMNS <= j1:
                            multiply_tile(codes, a, length, panels, p, start, j - j0, flat_C, c, N)
                        else:
                            multiply_tile(codes, a, length, panels, p, start, j - j0, sums, s, stride)
                            put_int8(sums, C, i, j, i1 - i, j1 - j, k0 == 0)
                    if k1 == K and scaled.size > 0:
                        for c in range(i0 * N + j, i1 * N + j, N):
                            scale_span(flat_C, factor, flat_scaled, c, c + min(TILE_COLUMNS, j1 - j))


@simd.jit
def multiply_int16(A, B, C, block, codes, panels, start, sums, corner):
    """C += A @ B, `block` terms at a time.  A, B: int16, C: int64; start: zeros; the others: `packing_memory`."""
    (M, K), N = A.shape, B.shape[1]
    columns = TILE_COLUMNS // 2
    for j0 in range(0, N, BLOCK_COLUMNS // 2):
        j1 = min(j0 + BLOCK_COLUMNS // 2, N)
        for k0 in range(0, K, block):
            k1 = min(k0 + block, K)
            length = -(-(k1 - k0) // 2) * 2
            for j in range(j0, j1, columns):
                for v in range(0, columns, W):
                    p = 2 * (j - j0) * length + 4 * v
                    pack_int16(B, k0, k1, length, j + v, j1, panels, p, corner)
            for i0 in range(0, M, BLOCK_ROWS):
                i1 = min(i0 + BLOCK_ROWS, M)
                pack_rows(A, i0, i1, k0, k1, length, 0, codes)
                for j in range(j0, j1, columns):
                    for i in range(i0, i1, TILE_ROWS):
                        a, p = (i - i0) * length, 2 * (j - j0) * length
                        multiply_tile(codes, a, length, panels, p, start, 0, sums, 0, TILE_COLUMNS)
                        put_int16(sums, C, i, j, i1 - i, j1 - j)


# %%
#| export
_kept = threading.local()


def aligned_zeros(size: int, dtype: np.dtype) -> np.ndarray:
    """A 1-D array of zeros whose first vector lies in one cache line, and so does every further one."""
    room = np.zeros(size + simd.BYTES, dtype)
    return room[simd.aligned_offset(room) :][:size]


def packing_memory(dtype: np.dtype) -> tuple[np.ndarray, ...]:
    """Room for packed codes, panels, starting sums, a tile and a corner, for operands of a dtype, kept by the thread."""
    rooms = _kept.__dict__.setdefault("rooms", {})
    if dtype not in rooms:
        is_int8, terms = dtype == np.int8, BLOCK_CODES[dtype]
        left, right = (simd.LEFT_CODE, simd.RIGHT_CODE) if is_int8 else (np.int16, np.int16)
        rooms[dtype] = (
            aligned_zeros((BLOCK_ROWS + TILE_ROWS) * terms, left),
            aligned_zeros((BLOCK_COLUMNS + TILE_COLUMNS) * terms, right),
            aligned_zeros(BLOCK_COLUMNS + TILE_COLUMNS, np.int32),
            aligned_zeros(TILE_ROWS * TILE_COLUMNS, np.int32),
            aligned_zeros(simd.GROUP * 2 * W if is_int8 else 2 * W, dtype),
        )
    return rooms[dtype]


def blocked_product(A: np.ndarray, B: np.ndarray, factor: float | None = None) -> np.ndarray:
    """The product of packed tiles: int32, modulo 2**32, of int8 operands, exact int64 of int16 operands.

    factor: for int8 operands; with it the result is float32, the int32 product times the factor.
    """
    (M, K), N = A.shape, B.shape[1]
    is_int8, most = A.dtype == np.int8, BLOCK_CODES[A.dtype]
    C = (np.empty if is_int8 and K else np.zeros)((M, N), np.int32 if is_int8 else np.int64)
    blocks = max(1, -(-K // most))  # of one size, so that the last one isn't a sliver
    block = -(-K // (4 * blocks)) * 4
    A, B, memory = as_input(A), as_input(B), packing_memory(A.dtype)
    if is_int8:
        floats = C.view(np.float32) if factor is not None else np.empty((0, 0), np.float32)
        multiply_int8(A, B, C, factor or 0.0, floats, max(block, 1), *memory)
        return C if factor is None else floats
    multiply_int16(A, B, C, max(block, 1), *memory)
    return C


# %% [markdown]
# A vector times a matrix needs no tile: every element of the matrix is used once, so nothing is worth packing.

# %%
#| export
@simd.jit
def integer_row(a: np.ndarray, codes: np.ndarray, B: np.ndarray, c: np.ndarray) -> None:
    """c += a @ B along the rows of B.  a: (K,), B: (K, N) int8, c: (N,) int32; codes: a + offset, as LEFT_CODE."""
    (K, N), flat = B.shape, B.reshape(-1)
    ones, offset = simd.broadcast(simd.LEFT_CODE(1)), simd.broadcast(np.int32(-simd.LEFT_OFFSET))
    groups, columns = K // simd.GROUP * simd.GROUP, N // (2 * W) * (2 * W)
    for k in range(0, groups, simd.GROUP):
        x = simd.broadcast_group(codes, k)
        for j in range(0, columns, 2 * W):
            b0, b1 = simd.load_groups(flat, k * N + j, N)
            surplus0 = simd.dot_groups(simd.zero_i32(), ones, b0) * offset
            surplus1 = simd.dot_groups(simd.zero_i32(), ones, b1) * offset
            simd.store(c, j, simd.dot_groups(simd.load(c, j) + surplus0, x, b0))
            simd.store(c, j + W, simd.dot_groups(simd.load(c, j + W) + surplus1, x, b1))
    for k in range(K):
        for j in range(0 if k >= groups else columns, N):
            c[j] += np.int32(a[k]) * np.int32(B[k, j])


def int8_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """The int32 product of int8 matrices, modulo 2**32."""
    M, N = A.shape[0], B.shape[1]
    if M != 1 and N != 1:
        return blocked_product(A, B)
    C = np.zeros((M, N), np.int32)
    if N == 1 or B.flags.f_contiguous:
        integer_dots(as_input(A), as_input(B.T), C)
    else:
        codes = (A + np.int16(simd.LEFT_OFFSET)).astype(simd.LEFT_CODE)
        integer_row(as_input(A).reshape(-1), as_input(codes).reshape(-1), as_input(B), C.reshape(-1))
    return C


# %% [markdown]
# **Check.** The most extreme codes show an overflow that random ones hide.

# %% nbgrader={"grade": true, "grade_id": "check_integer_matmul", "points": 4}
def test_unit_integer_matmul():
    rng = np.random.default_rng(3)
    for dtype, M, K, N in ((np.int8, 5, 7, 3), (np.int8, 33, 130, 65), (np.int16, 9, 31, 17), (np.int8, 2, 0, 3)):
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        A = rng.integers(least, most + 1, (M, K)).astype(dtype)
        B = rng.integers(least, most + 1, (K, N)).astype(dtype)
        C = integer_matmul(A, B)
        exact = A.astype(np.int64) @ B.astype(np.int64)
        wide = np.int32 if dtype == np.int8 else np.int64
        assert C.dtype == wide, f"{np.dtype(dtype)} operands: expected {np.dtype(wide)}, got {C.dtype}"
        assert np.array_equal(C, exact), f"wrong for {np.dtype(dtype)} operands of shapes {A.shape} and {B.shape}"
    ones = np.ones((1, 70_000), np.int8)
    for a, b in ((-128, -128), (-128, 127), (127, 127)):
        C, sum_ = integer_matmul(a * ones, b * ones.T), 70_000 * a * b
        assert sum_ == C[0, 0], f"70,000 times {a} * {b} is {sum_}, got {C[0, 0]}"
    try:
        integer_matmul(np.ones((2, 3), np.int8), np.ones((4, 5), np.int8))
    except ValueError:
        return
    raise AssertionError("shapes (2, 3) and (4, 5) should be refused with a ValueError")


test_unit_integer_matmul()

# %% [markdown]
# **Speed** is half of this exercise's points. The reference is `integer_loops`, as given above: calling it is worth 60 % of
# them.
#
# {bands: integer_product}

# %% tags=["measure"]
def plain_product(A, B):
    C = np.zeros((A.shape[0], B.shape[1]), np.int32)
    integer_loops(A, B, C)
    return C


P, Q = np.random.default_rng(4).integers(-127, 128, (2, 250, 250)).astype(np.int8)
print(in_bands(lambda: integer_matmul(P, Q), lambda: plain_product(P, Q), BANDS["integer_product"]))

# %% [markdown]
# **Measure.** The ladder. One multiplication and one addition count as two operations for integers as for floats. The
# dashed line is the *float32* peak; a rung of integers may lie beyond it.

# %% tags=["measure"]
rungs["packed tile"] = bench.measure(integer_matmul, codes_a, codes_b)
peak = hardware.measure_peak().value
limit = (4 if simd.HAS_DOT4 else 2) * peak
rate = 2 * n**3 / rungs["packed tile"].median_us / 1000
print(f"predicted {my_prediction_dots} and {my_prediction_tile} times NumPy; measured, in turn with NumPy:")
print(bench.compare(lambda: integer_matmul(codes_a, codes_b), lambda: floats_a @ floats_b, limit_s=3))
print(f"{rate:.0f} G operations/s, {rate / limit:.0%} of {limit:.0f}, {limit / peak:.0f} times the peak of float32")
figure = plots.speed_ladder(rungs, 2 * n**3, peak)

# %% [markdown]
# **Reflect.** Each rung does the same exact sums. Which step was the largest, and how far is the last rung from the
# limit? With pairs, every product of a tile takes two instructions that compete for the same units, so that the limit
# is harder to reach than with the dot product instruction.
#
# ### When integers win
#
# The operands below are integers already, so that only the products are compared, NumPy's on one thread too. Packing
# moves every element of A and B once, K (M + N) moves for M K N products; a call has a fixed cost besides.

# %% [markdown]
# **Predict.** From which size on is the int8 product faster than float32, on your machine?

# %%
my_prediction_first_win = None

# %% tags=["measure"]
rng = np.random.default_rng(4)
sizes, timings = [16, 64, 128, 256, 512, 1024], {"float32, NumPy": [], "int8": [], "int16": []}
wins = []
for size in sizes:
    A, B = rng.integers(-127, 128, (2, size, size)).astype(np.int8)
    for name, dtype in zip(timings, (np.float32, np.int8, np.int16), strict=True):
        multiply = np.matmul if dtype == np.float32 else integer_matmul
        timings[name].append(bench.measure(multiply, A.astype(dtype), B.astype(dtype), samples=9))
    float_us, *whole_us = (times[-1].median_us for times in timings.values())
    print(f"{size:5}: int8 {float_us / whole_us[0]:.2f} times and int16 {float_us / whole_us[1]:.2f} times as fast as "
          f"float32, which takes {float_us:.0f} µs")
    wins += [size] if whole_us[0] < float_us else []
print(f"int8 is the faster at {', '.join(map(str, wins)) or 'none of these'}; you said: from {my_prediction_first_win}")

# %% tags=["measure"]
figure = plots.time_vs_size(sizes, timings, None, "rows and columns")
one_thread.restore_original_limits()

# %% [markdown]
# **Reflect.** Where does int8 lose, and what does it spend its time on there? int16 multiplies everything twice, by
# the high and by the low halves of B: does it beat float32 anywhere in your table? What would you use it for if not?

# %% [markdown]
# ## Multiply floats through integers
#
# With codes `qa`, `qb` and scales `sa`, `sb`, every product is `(sa * qa) * (sb * qb) = (sa * sb) * (qa * qb)`. Both
# scales are constants, so they leave the sum: `A @ B` is nearly `(sa * sb) * (qa @ qb)`. All of the multiplying and
# adding is exact; errors are made in two places only, in `quantize` and in the last rounding to float32.
#
# `C * factor` in NumPy makes a float64 array of all of C, and a pass over a large C fetches all of it once more. Given
# the factor, `blocked_product` does without both: it scales a panel of C as soon as the last terms have been added to it,
# while it's in the first cache. An int32 and a float32 have the same size, so the floats take the place of the sums.

# %% [markdown]
# **Predict.** A and B hold 512 x 512 standard normal numbers. How large is the error of the eight-bit product, relative
# to the product (root mean square over root mean square)? Does it grow with K?

# %%
my_prediction_product_error = None

# %% [markdown]
# **Implement** `quantized_matmul` (about six lines): first through `integer_matmul`, whatever its result type; then, for
# int8 codes of matrices that aren't vectors and whose sums fit int32, through `blocked_product`.

# %% nbgrader={"grade": false, "grade_id": "quantized_matmul", "solution": true}
#| export
def quantized_matmul(A: np.ndarray, B: np.ndarray, bits: int = 8) -> np.ndarray:
    """C = A @ B through integers: both quantized, multiplied exactly, scaled back.

    A: (M, K), B: (K, N), real numbers, any strides.  bits: 8 or 16.
    Returns (M, N) float32: the exact product of the codes times both scales, rounded to float32 once.
    Each element is within about K * (max|A| * scale_B + max|B| * scale_A) / 2 of the exact product of A and B.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D, and for other bits, NaN or
    infinity.
    """
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"quantized_matmul needs shapes (M, K) and (K, N), got {A.shape} and {B.shape}")
    ### BEGIN SOLUTION
    codes_a, scale_a = quantize(A, bits)
    codes_b, scale_b = quantize(B, bits)
    factor = scale_a * scale_b
    if bits == 8 and min(A.shape[0], B.shape[1]) > 1 and A.shape[1] <= INT32_LIMIT:
        return blocked_product(codes_a, codes_b, factor)
    return (integer_matmul(codes_a, codes_b) * factor).astype(np.float32)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_quantized_matmul", "points": 3}
def test_unit_quantization_kernels():
    rng = np.random.default_rng(5)
    A, B = rng.standard_normal((40, 70)).astype(np.float32), rng.standard_normal((70, 50)).astype(np.float32)
    for bits in (8, 16):
        (qa, sa), (qb, sb) = quantize(A, bits), quantize(B, bits)
        expected = (qa.astype(np.int64) @ qb.astype(np.int64)) * (sa * sb)
        C = quantized_matmul(A, B, bits=bits)
        assert (C.dtype, C.shape) == (np.float32, (40, 50)), f"float32 (40, 50) expected, got {C.dtype} {C.shape}"
        assert np.allclose(C, expected, rtol=1e-6, atol=0), f"{bits} bits: not the integer product times both scales"
    wide = np.full((1, 40_000), 1.0, np.float32)
    C = quantized_matmul(wide, wide.T, bits=16)
    assert abs(C[0, 0] / 40_000 - 1) < 1e-6, f"40,000 ones in 16 bits: expected 40000, got {C[0, 0]}: an overflow?"


test_unit_quantization_kernels()

# %% [markdown]
# **Speed** is half of this exercise's points. The reference puts both others together: the NumPy expression for the codes,
# `integer_loops` for their product.
#
# {bands: quantized_product}

# %% tags=["measure"]
def plain_quantized_product(A, B):
    (codes_a, scale_a), (codes_b, scale_b) = numpy_codes(A), numpy_codes(B)
    return (plain_product(codes_a, codes_b) * (scale_a * scale_b)).astype(np.float32)


P, Q = np.random.default_rng(5).standard_normal((2, 380, 380), dtype=np.float32)
print(in_bands(lambda: quantized_matmul(P, Q), lambda: plain_quantized_product(P, Q), BANDS["quantized_product"]))

# %% [markdown]
# **Measure.** The error as K grows, and for 8 and 16 bits.

# %% tags=["measure"]
rng = np.random.default_rng(6)
for K in (16, 128, 1024):
    A, B = rng.standard_normal((256, K)), rng.standard_normal((K, 256))
    exact = A @ B
    row = [np.sqrt(np.mean((quantized_matmul(A, B, bits) - exact) ** 2) / np.mean(exact**2)) for bits in (8, 16)]
    print(f"K = {K:5}: relative error {row[0]:.2e} in 8 bits, {row[1]:.2e} in 16 bits")

# %% [markdown]
# **Reflect.** Compare with your prediction. The absolute error grows with K: why does the relative one hardly change?
# What would a nonzero mean of the rounding error do to it?

# %% [markdown]
# ## Stay in integers for ReLU
#
# Symmetric codes keep zero at zero and keep the sign, so `max(x, 0)` of the floats is `max(q, 0)` of the codes. Between
# two integer layers nothing needs to become a float.

# %% [markdown]
# **Predict.** How much can the result differ from the float32 ReLU of the same `x`, in steps?

# %%
my_prediction_relu_error_steps = None

# %% [markdown]
# **Implement** `relu_codes`, one pass over the integers that cuts off at 0 and scales (two lines), and `quantized_relu`
# (about five lines). `x` stays as it is.
#
# The type of `scale` decides what the pass costs: times a Python float, a float64, each code becomes a float64 and the
# product a float32 again, and a register holds half as many of those. float32 holds every code exactly, so a scale in
# float32 adds one rounding to that of the product. It must be a scale that float32 holds well, as for `fast_codes`.

# %% nbgrader={"grade": false, "grade_id": "quantized_relu", "solution": true}
#| export
@njit(cache=_INSTALLED, nogil=True, error_model="numpy")
def relu_codes(q: np.ndarray, scale: float | np.float32, out: np.ndarray) -> None:
    """out[i] = max(q[i], 0) * scale as float32, computed in the type of `scale`; both arrays are 1-D."""
    ### BEGIN SOLUTION
    for i in range(q.size):
        out[i] = np.float32(max(np.int32(q[i]), np.int32(0))) * scale
    ### END SOLUTION


def quantized_relu(x: np.ndarray, bits: int = 8) -> np.ndarray:
    """max(x, 0) through integers: quantized, cut off at code 0, scaled back.

    x: any shape and strides, real numbers.  bits: 8 or 16.
    Returns float32 of x's shape, within scale / 2 of max(x, 0) up to two roundings to float32, of scale and product.
    Raises ValueError for other bits, NaN or infinity.
    """
    ### BEGIN SOLUTION
    q, scale = quantize(x, bits)
    out = np.empty(q.shape, np.float32)
    relu_codes(q.reshape(-1), np.float32(scale) if 1e-30 < scale < 1e30 else scale, out.reshape(-1))
    return out
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_quantized_relu", "points": 2}
def test_unit_quantized_relu():
    x = np.array([[-127.0, -0.6, 0.4], [0.6, 2.5, 100.0]], np.float32)
    y = quantized_relu(x)
    assert (y.dtype, y.shape) == (np.float32, x.shape), f"float32 of x's shape, got {y.dtype} {y.shape}"
    assert y.tolist() == [[0, 0, 0], [1, 2, 100]], f"the scale is 1.0; expected whole numbers, got {y.tolist()}"
    assert x[0, 0] == -127.0, "x was changed"
    long = np.linspace(-2, 1, 10_001)
    error = np.abs(quantized_relu(long, bits=16) - np.maximum(long, 0)).max()
    assert error <= 0.501 * 2 / 32767, f"16 bits: an error of {error * 32767 / 2:.2f} steps, half a step is the most"


test_unit_quantized_relu()

# %% [markdown]
# **Speed** is half of this exercise's points; the reference is the NumPy expression, from float to float.
#
# {bands: relu_codes}

# %% tags=["measure"]
def numpy_quantized_relu(x):
    codes, scale = numpy_codes(x)
    return (np.maximum(codes, 0) * scale).astype(np.float32)


print(in_bands(lambda: quantized_relu(raced), lambda: numpy_quantized_relu(raced), BANDS["relu_codes"]))

# %% [markdown]
# **Measure.** Bytes that ReLU reads and writes as float32 and as int8; then the whole way from float32 to float32, in
# three passes of ours and as NumPy would write it.

# %% tags=["measure"]
def relu_in_numpy(x):
    scale = np.abs(x).max() / 127
    return np.maximum(np.clip(np.rint(x / scale), -127, 127).astype(np.int8), 0) * np.float32(scale)


x = np.random.default_rng(7).standard_normal(1_000_000).astype(np.float32)
q, scale = quantize(x)
for name, array in (("float32", x), ("int8", q)):
    timing = bench.measure(np.maximum, array, array.dtype.type(0), out=np.empty_like(array))
    print(f"np.maximum of {name:8} {2 * array.nbytes / 1e6:4.1f} MB moved, {timing.median_us:7.1f} µs")
print(f"quantized_relu from float to float {bench.measure(quantized_relu, x).median_us:7.1f} µs, against NumPy:")
print(bench.compare(lambda: quantized_relu(x), lambda: relu_in_numpy(x), limit_s=3))

# %% [markdown]
# **Reflect.** Which of the two `np.maximum` lines is faster on your machine, and by how much less than the bytes
# suggest? Alone, `quantized_relu` pays for two conversions, so that it costs more than either. How many integer
# operations must stand between `quantize` and `dequantize` before eight bits are worth it for an operation that does
# one step per element?

# %% [markdown]
# ## Is it worth it here?
#
# A decision needs a limit that was stated beforehand and a measurement on the machine in question. The limit below is
# our choice for this lesson: a relative error of 2 %. Speed is judged by pairs of runs in turn, and "faster" means that
# the whole 95 % interval of the ratio lies above 1, with quantization of both operands inside the measured time. NumPy
# runs as it is installed here, on all cores if it likes; our product runs on one.

# %%
#| export
RELATIVE_ERROR_LIMIT = 0.02  # root mean square of the error over that of the product; an assumption of this lesson


def analyze_quantization_impact() -> dict[str, float | bool]:
    """Error, memory and speed of the eight-bit product of 1024 x 1024 standard normal matrices, measured now.

    Returns matmul_accuracy_8bit (mean squared error against float64), relative_error and relative_error_limit,
    memory_reduction (bytes of the float32 operands over bytes of the quantized ones), speedup (float32 time over
    eight-bit time, with its 95 % interval speedup_low to speedup_high), and deployment_ready: within the limit, and
    surely faster, in this run.
    """
    A, B = np.random.default_rng(13).standard_normal((2, 1024, 1024)).astype(np.float32)
    exact = A.astype(np.float64) @ B.astype(np.float64)
    mse = float(np.mean((quantized_matmul(A, B) - exact) ** 2))
    relative = float(np.sqrt(mse / np.mean(exact**2)))
    speed = compare(lambda: quantized_matmul(A, B), lambda: A @ B, limit_s=5.0)
    return {
        "matmul_accuracy_8bit": mse,
        "relative_error": relative,
        "relative_error_limit": RELATIVE_ERROR_LIMIT,
        "memory_reduction": (A.nbytes + B.nbytes) / (quantize(A)[0].nbytes + quantize(B)[0].nbytes),
        "speedup": speed.ratio,
        "speedup_low": speed.low,
        "speedup_high": speed.high,
        "deployment_ready": relative <= RELATIVE_ERROR_LIMIT and speed.low > 1.0,
    }


# %% tags=["measure"]
for name, value in analyze_quantization_impact().items():
    print(f"{name:22} {value if isinstance(value, bool) else format(value, '.4g')}")
print(plots.caption())

# %% [markdown]
# **Reflect.** Which of the two conditions decided? In a network the weights are quantized once, not in every call:
# which part of the measured time would go away? And would you accept 2 % in every layer of a deep network?
#
# You can now trade precision for memory and speed, say how large the error is, and prove that no sum overflows. The
# last lesson puts timing, caches, SIMD, threads and quantization on one roofline and asks where to optimise first.
