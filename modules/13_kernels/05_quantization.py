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
# rounding error: the only error is the one made when a float becomes an integer. At the end of the lesson you have
#
# * `quantize` and `dequantize`, with a bound on their error that you can prove, and an exact `integer_matmul`,
# * `quantized_matmul`, `quantized_relu`, and a measurement that says whether eight bits are worth their error here.

# %%
#| default_exp core.kernels.quantization

# %%
#| export
import numpy as np

from tinytorch import simd
from tinytorch.analyses.eight_bits import Impact, impact
from tinytorch.core.kernels.timing import as_array
from tinytorch.gemm.codes import as_values, fast_codes, held_by_float32
from tinytorch.gemm.codes import largest_code, largest_magnitude
from tinytorch.gemm.int8 import TILE_COLUMNS, TILE_ROWS, as_input, long_product, product

# %%
from functools import partial

from threadpoolctl import threadpool_limits
from tinytorch import bench, hardware, plots
from tinytorch.bench import in_bands
from tinytorch.testing import refused

# %% [markdown]
# ## Round floats to integer codes (5 points)
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
# the rounding of float arithmetic. The picture shows it with 3 bits, which leaves seven codes.

# %% tags=["measure"]
plots.rounding(bits=3)

# %% [markdown]
# Two details decide whether sums of codes are unbiased. Ties go to the **even** neighbor (0.5 to 0, 1.5 to 2):
# rounding every tie upward would push all sums up. And `x / scale` is computed in **float64**: the scale of a float32
# array can be too small for a float32, and a float32 division can move a value across a tie.
#
# **Predict.** One weight in a thousand is 100 times larger than all the others. How large is the error of those others,
# measured in steps, and relative to the values themselves? Fill in the largest relative error you expect in 8 bits for
# values from 0.5 to 1.0 when the outlier is 100.0.

# %%
my_prediction_relative_error = None

# %% [markdown]
# **Implement** `quantize`. `round_to_codes` is the compiled loop over the elements (about three lines); `quantize`
# finds the scale and calls it (about twelve). These functions of `tinytorch/gemm/codes.py` are given:
#
# * `largest_code(bits)`: `top`, or a ValueError; `as_values(x)`: the values as a 1-D array of float32 or float64;
# * `largest_magnitude(values)`: `max(abs(values))`, 0.0 of no values, and NaN if there is one, which `max` may lose;
# * `fast_codes(values, scale, top, codes)`: your codes for long float32 arrays in 8 bits. It multiplies by `1 / scale`,
#   several times as fast, and divides only next to a tie. It returns False where it does not apply; then call yours.
#
# An array of zeros, or with no elements, has scale 1.0. NaN and infinity have no code: raise a `ValueError`. For the
# smallest float64 numbers `largest / top` can round to 0.0; there `np.nextafter(0.0, 1.0)` is a scale that works.

# %% nbgrader={"grade": false, "grade_id": "quantize", "solution": true}
#| export
@simd.jit
def round_to_codes(values: np.ndarray, scale: float, top: int, codes: np.ndarray) -> None:
    """codes[i] = values[i] / scale, rounded half to even, in -top .. top; both arrays are 1-D."""
    ### BEGIN SOLUTION
    for i in range(values.size):
        code = np.rint(np.float64(values[i]) / scale)
        codes[i] = min(max(code, -top), top)
    ### END SOLUTION


def quantize(x: np.ndarray, bits: int = 8) -> tuple[np.ndarray, float]:
    """Returns codes and scale of x, symmetric for the whole array: x is close to codes * scale.

    x: any shape and strides, real numbers.  bits: 8 or 16.
    Returns (q, scale): q of x's shape, int8 or int16; scale = max|x| / top, 1.0 if all are zero.
    Raises ValueError for other bits, NaN or infinity; TypeError for what is not a real number.
    """
    x = as_array(x)
    top = largest_code(bits)
    if x.dtype.kind not in "biuf":
        raise TypeError(f"quantize needs real numbers, got an array of {x.dtype}")
    ### BEGIN SOLUTION
    values = as_values(x)
    largest = largest_magnitude(values)
    if not np.isfinite(largest):
        raise ValueError("quantize: x holds NaN or infinity, which have no integer code")
    scale = 1.0
    if largest > 0:
        scale = max(largest / top, float(np.nextafter(0.0, 1.0)))
    q = np.empty(x.shape, np.int8 if bits == 8 else np.int16)
    codes = q.reshape(-1)
    if not fast_codes(values, scale, top, codes):
        round_to_codes(values, scale, top, codes)
    return q, scale
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_quantize", "points": 5}
def test_unit_quantize():
    q, scale = quantize(np.array([[127.0, 0.5, 1.5], [-2.5, 2.5, -127.0]], np.float32))
    assert scale == 1.0, f"max|x| is 127, so the scale is 127 / 127 = 1.0, not {scale}"
    expected = np.array([[127, 0, 2], [-2, 2, -127]], np.int8)
    np.testing.assert_array_equal(q, expected, "ties go to the even neighbor", strict=True)
    for bits in (8, 16):
        x = np.linspace(-3, 1, 1001)
        q, scale = quantize(x, bits)
        steps = np.abs(x - q * scale).max() / scale
        assert steps <= 0.5000001, f"{bits} bits: off by {steps:.2f} steps; half a step is the most"
    assert quantize(np.zeros(3))[1] == 1.0, "all zeros have scale 1.0"
    with refused(ValueError):
        quantize(np.array([1.0, np.nan]))

test_unit_quantize()

# %% [markdown]
# **Measure.** Speed earns a part of the points, in bands of ratio to a stated reference, timed in turn on one machine.
# Here that's the NumPy expression; each of its steps is a pass over memory. The last two lines show the outlier of your
# prediction: the same thousand values, with and without one value of 100.
#
# {bands: codes}

# %% tags=["measure"]
def numpy_codes(x):
    scale = float(np.abs(x).max()) / 127
    return np.clip(np.rint(x.astype(np.float64) / scale), -127, 127).astype(np.int8), scale


raced = np.random.default_rng(1).standard_normal(200_000, dtype=np.float32)
print(in_bands(lambda: quantize(raced), lambda: numpy_codes(raced), BANDS["codes"]))
values = np.random.default_rng(1).uniform(0.5, 1.0, 1000).astype(np.float32)
for name, x in (("no outlier", values), ("one of 100", np.append(values, np.float32(100)))):
    q, scale = quantize(x)
    worst = np.max(np.abs(q[:1000] * scale - values) / values)
    print(f"{name}: scale {scale:.5f}, largest relative error of the 1000 values {worst:.1%}")

# %% [markdown]
# **Reflect.** Compare with your prediction. The error in *steps* did not change; the step did. Which other way to
# choose the scale would help the thousand values, and what would happen to the outlier then?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Turn codes back into floats (2 points)
#
# `dequantize` multiplies by the scale. The product is computed in float64 and rounded to float32 once: in float32 the
# scale would be rounded first, and near the largest float32 `127 * scale` could round to infinity.
#
# **Predict.** Each further bit halves the step. By which factor does the mean squared error fall from 8 to 16 bits?

# %%
my_prediction_mse_ratio = None

# %% [markdown]
# **Implement** `dequantize`: two lines. `np.multiply(q, scale, dtype=np.float64)` says in which type to multiply.

# %% nbgrader={"grade": false, "grade_id": "dequantize", "solution": true}
#| export
def dequantize(q: np.ndarray, scale: float) -> np.ndarray:
    """Returns q * scale, the floats that the codes stand for: float32, rounded once."""
    q = as_array(q)
    ### BEGIN SOLUTION
    exact = np.multiply(q, float(scale), dtype=np.float64)
    return np.asarray(exact).astype(np.float32)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_dequantize", "points": 2}
def test_unit_dequantize():
    x = dequantize(np.array([[-127, 0, 3]], np.int8), 0.1)
    np.testing.assert_array_equal(x, np.array([[-12.7, 0.0, 0.3]], np.float32), strict=True)
    q = np.arange(-32767, 32768, 1111).astype(np.int16)
    again, _ = quantize(dequantize(q, 2.0**-10), bits=16)
    assert np.array_equal(again, q), "dequantized codes should have the same codes again"

test_unit_dequantize()

# %% [markdown]
# **Measure.** The relative error of a round trip by bits, for three kinds of data.

# %% tags=["measure"]
rng = np.random.default_rng(2)
samples = {"uniform": rng.uniform(-1, 1, 100_000), "normal": rng.standard_normal(100_000)}
samples["heavy tails"] = rng.standard_t(3, 100_000)
errors = {name: {} for name in samples}
for name, x in samples.items():
    for bits in range(2, 17, 2):
        step = np.abs(x).max() / (2 ** (bits - 1) - 1)
        codes = quantize(x, bits)[0] if bits in (8, 16) else np.rint(x / step)
        error = np.sqrt(np.mean((x - dequantize(codes, step)) ** 2) / np.mean(x**2))
        errors[name][bits] = float(error)
curves = [list(by_bits.values()) for by_bits in errors.values()]
print(bench.keep("05: relative error by bits", errors["normal"], "of 1", plots.caption()))
plots.quantization_error(range(2, 17, 2), curves, list(errors))

# %% [markdown]
# **Reflect.** A uniformly distributed rounding error has the variance `scale**2 / 12`. Does that explain the ratio you
# measured and your prediction? Why do heavy tails have the largest relative error with the same number of bits?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Multiply integers exactly (4 points)
#
# Integer addition is exact as long as no sum leaves its type. Two int8 numbers multiply to at most `2**14`, so
#
# | operands | largest product | sum type | safe for K up to |
# | --- | --- | --- | --- |
# | int8 | 2**14 | int8 | nothing: one product overflows |
# | int8 | 2**14 | int32 | 2**17 = 131,072, less one product |
# | int8, int16 | 2**30 | int64 | 2**33, less one product |
#
# NumPy's `@` on int8 arrays returns int8: it wraps around without a word. And NumPy has no fast integer product,
# because BLAS knows only floats. So the bottom rung is three loops, as in lesson 02. They add in the type of C.

# %%
#| export
INT32_LIMIT = 131_072  # the largest K whose int8 product has an int32 result


@simd.jit
def integer_loops(A: np.ndarray, B: np.ndarray, C: np.ndarray) -> None:
    """C += A @ B.  A: (M, K), B: (K, N) integers, C: (M, N) int32 or int64; all C-ordered."""
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += C.dtype.type(A[i, k]) * C.dtype.type(B[k, j])


# %% [markdown]
# ### When integers can win
#
# These loops turn every int8 into an int32 before they multiply, so a register holds no more codes than floats.
# Processors do better when the numbers to be added up are *neighbors along K*, in a *group* for each 32-bit lane:
#
# | one instruction on a vector of W lanes | products | where |
# | --- | --- | --- |
# | float32 multiply-add | W | everywhere |
# | int16 pairs, multiplied and added; a second instruction adds them to the sums | 2 W | all x86, Arm in steps |
# | int8 fours, multiplied and added to the sums: the integer dot product, `simd.HAS_DOT4` | 4 W | newer x86 |
#
# So the limit is four times the rate of float32, or at most twice. Either way the codes must be regrouped, and the dot
# product takes unsigned codes of A. That is done while packing: `tinytorch/gemm/int8_pack.py` explains how.
#
# **Predict.** How many times faster (or slower) than NumPy's float32 product on one thread will the loops be, for
# 512 x 512 matrices? And a packed tile in registers? From which size on will the tile win? Packing moves K (M + N)
# elements for M K N products, and a call has a fixed cost besides.

# %%
my_prediction_loops, my_prediction_tile, my_prediction_first_win = None, None, None

# %% [markdown]
# **Implement** `integer_matmul`, right first: choose the type of the result, make zeros of that type, and let
# `integer_loops` add to them (about six lines). `as_input(x)`, given, is x in C order; `A.astype(np.int16)` makes one
# type of mixed operands, and so one compilation. One sum of K = 131,072 terms does not fit int32: that of nothing but
# -128 wraps around to `-2**31`, which no other sum reaches. Raise an `OverflowError`. All checks but those of speed
# pass then, and everything later works.
#
# **The tile (stretch, 0.8 points)** is worth the last 40 % of the points for speed. You know it from lesson 02:
#
# 1. `multiply_tile` (about 18 lines): six rows r0 .. r5, each `simd.load_row(start, j)` at first. For every group along
#    K load a row of the panel and bring each r up to date: `simd.dot_row(r, simd.broadcast_group(codes, a), row)` adds
#    the products of the group of A at codes[a] and a row of B. At the end `simd.store_row(sums, s, r)` stores a row.
#    Write the six rows out: only variables with names live in registers, an array would live in memory.
# 2. `multiply_block` (about four lines): every panel of columns, and in it every six rows, is a tile.
# 3. `product(multiply_block, A, B)`, given, packs int8 operands and calls your function for each block, for K up to
#    131,072; `long_product(multiply_block, A, B)` adds up more terms in int64. int16 stays with the loops.

# %% nbgrader={"grade": false, "grade_id": "integer_matmul", "solution": true}
#| export
@simd.jit
def multiply_tile(codes, i, length, panels, p, start, j, sums, s, stride):
    """Six rows of A, row r at codes[i + r * length], times the panel of B at panels[p].

    Its sums begin with start[j] and what follows; those of row r go to sums[s + r * stride].
    A group is simd.lanes(codes) // simd.W codes: a row of A has `length` codes in all, and a
    panel holds TILE_COLUMNS groups for each group of that row. All arrays are 1-D.
    """
    ### BEGIN SOLUTION
    r0 = r1 = r2 = r3 = r4 = r5 = simd.load_row(start, j)
    group = simd.lanes(codes) // simd.W
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


@simd.jit
def multiply_block(codes, length, panels, start, sums, first, stride, rows, columns):
    """Multiplies `rows` rows of A by `columns` columns of B: whole tiles, TILE_ROWS x TILE_COLUMNS.

    Row i is at codes[i * length], the panel of column j at panels[j * length] and start[j]; their
    tile goes to sums[first + i * stride + j].
    """
    ### BEGIN SOLUTION
    for j in range(0, columns, TILE_COLUMNS):
        for i in range(0, rows, TILE_ROWS):
            s = first + i * stride + j
            multiply_tile(codes, i * length, length, panels, j * length, start, j, sums, s, stride)
    ### END SOLUTION


def integer_matmul(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Returns the exact A @ B of int8 or int16 matrices (M, K) and (K, N), any strides.

    The result is int32 if both are int8 and K <= 131,072, else int64.
    Raises ValueError, naming both shapes, if they do not fit; TypeError for other dtypes;
    OverflowError if a sum is 2**31 where the result is int32.
    """
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"integer_matmul: {A.shape} and {B.shape} are not (M, K) and (K, N)")
    if A.dtype.kind != "i" or B.dtype.kind != "i" or max(A.itemsize, B.itemsize) > 2:
        raise TypeError(f"integer_matmul needs int8 or int16, got {A.dtype} and {B.dtype}")
    ### BEGIN SOLUTION
    K = A.shape[1]
    if A.itemsize == 2 or B.itemsize == 2:
        C = np.zeros((A.shape[0], B.shape[1]), np.int64)
        integer_loops(as_input(A.astype(np.int16)), as_input(B.astype(np.int16)), C)
        return C
    if K > INT32_LIMIT:
        return long_product(multiply_block, A, B)
    C = product(multiply_block, A, B)
    if K == INT32_LIMIT and C.min(initial=0) == -(2**31):
        raise OverflowError("integer_matmul: a sum is 2**31, which is no int32")
    return C
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_integer_matmul", "points": 4}
def test_unit_integer_matmul():
    rng = np.random.default_rng(3)
    for dtype, M, K, N in ((np.int8, 33, 130, 65), (np.int16, 9, 31, 17), (np.int8, 2, 0, 3)):
        most, wide = np.iinfo(dtype).max, np.int32 if dtype == np.int8 else np.int64
        A = rng.integers(-most - 1, most + 1, (M, K)).astype(dtype)
        B = rng.integers(-most - 1, most + 1, (K, N)).astype(dtype)
        exact = A.astype(wide) @ B.astype(wide)
        np.testing.assert_array_equal(integer_matmul(A, B), exact, f"{M, K, N}", strict=True)
    row = np.full((1, 70_000), -128, np.int8)
    assert integer_matmul(row, row.T)[0, 0] == 70_000 * 2**14, "70,000 times (-128) * (-128)"
    with refused(ValueError, (2, 3), (4, 5)):
        integer_matmul(np.ones((2, 3), np.int8), np.ones((4, 5), np.int8))

test_unit_integer_matmul()

# %% [markdown]
# **Measure.** Speed is half of this exercise's points. The reference is `integer_loops`, as given above. In the ladder
# a multiplication and an addition count as two operations for integers too. The dashed line is the *float32* peak; a
# rung of integers may lie beyond it.
#
# {bands: integer_product}

# %% tags=["measure"]
def plain_product(A, B):
    C = np.zeros((A.shape[0], B.shape[1]), np.int32)
    integer_loops(A, B, C)
    return C


rng = np.random.default_rng(4)
P, Q = rng.integers(-127, 128, (2, 250, 250)).astype(np.int8)
print(in_bands(lambda: integer_matmul(P, Q), lambda: plain_product(P, Q), BANDS["integer_product"]))
one_thread = threadpool_limits(1)
P, Q = rng.integers(-128, 128, (2, 512, 512)).astype(np.int8)
rungs = {
    "three integer loops": bench.measure(plain_product, P, Q, samples=3),
    "NumPy, float32": bench.measure(np.matmul, P.astype(np.float32), Q.astype(np.float32)),
    "packed tile": bench.measure(integer_matmul, P, Q),
}
plots.speed_ladder(rungs, 2 * 512**3, hardware.measure_peak().value)

# %% tags=["measure"]
wins = {}
for size in (16, 64, 128, 256, 512, 1024):
    A, B = rng.integers(-127, 128, (2, size, size)).astype(np.int8)
    floats = partial(np.matmul, A.astype(np.float32), B.astype(np.float32))
    wins[size] = bench.compare(partial(integer_matmul, A, B), floats, limit_s=1).ratio
print(bench.keep("05: int8 against float32 by size", wins, "times as fast", plots.caption()))
one_thread.restore_original_limits()

# %% [markdown]
# **Reflect.** Each rung does the same exact sums. How far is the last one from the limit? Where does int8 lose, and
# what does it spend its time on there? int16 stays with the loops: what would you use it for?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Multiply floats through integers (3 points)
#
# With codes `qa`, `qb` and scales `sa`, `sb`, every product is `(sa * qa) * (sb * qb) = (sa * sb) * (qa * qb)`. Both
# scales are constants, so they leave the sum: `A @ B` is nearly `(sa * sb) * (qa @ qb)`. All of the multiplying and
# adding is exact; errors are made in two places only, in `quantize` and in the last rounding to float32.
#
# `C * factor` in NumPy makes a float64 array of all of C, in another pass over memory. `product` does without both when
# it's given the factor: it scales a block of C as soon as its sums are complete, and returns float32.
#
# **Predict.** A and B hold 512 x 512 standard normal numbers. How large is the error of the eight-bit product, relative
# to the product (root mean square over root mean square)? Does it grow with K?

# %%
my_prediction_product_error = None

# %% [markdown]
# **Implement** `quantized_matmul` (about seven lines): first through `integer_matmul`, whatever its result type; then,
# for int8 codes whose sums fit int32, through `product` with the factor, if you have written the tile.

# %% nbgrader={"grade": false, "grade_id": "quantized_matmul", "solution": true}
#| export
def quantized_matmul(A: np.ndarray, B: np.ndarray, bits: int = 8) -> np.ndarray:
    """Returns A @ B through integers of 8 or 16 bits: (M, K) times (K, N), any strides, float32.

    It is the exact product of the codes times both scales, rounded once; each element is within
    about K * (max|A| * scale_B + max|B| * scale_A) / 2 of the exact product of A and B.
    Raises ValueError, naming both shapes, if they do not fit, for other bits, NaN or infinity.
    """
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"quantized_matmul: {A.shape} and {B.shape} are not (M, K) and (K, N)")
    ### BEGIN SOLUTION
    codes_a, scale_a = quantize(A, bits)
    codes_b, scale_b = quantize(B, bits)
    factor = scale_a * scale_b
    if bits == 8 and A.shape[1] <= INT32_LIMIT:
        return product(multiply_block, codes_a, codes_b, factor)
    C = integer_matmul(codes_a, codes_b)
    return (C * factor).astype(np.float32)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_quantized_matmul", "points": 3}
def test_unit_quantization_kernels():
    rng = np.random.default_rng(5)
    A, B = rng.standard_normal((40, 70)), rng.standard_normal((70, 50))
    for bits in (8, 16):
        (qa, sa), (qb, sb) = quantize(A, bits), quantize(B, bits)
        expected = (qa.astype(np.int64) @ qb.astype(np.int64)) * (sa * sb)
        C = quantized_matmul(A, B, bits=bits)
        assert C.dtype == np.float32, f"float32 expected, got {C.dtype}"
        np.testing.assert_allclose(C, expected, rtol=1e-6, err_msg=f"{bits} bits")


test_unit_quantization_kernels()

# %% [markdown]
# **Measure.** Speed is half of this exercise's points. The reference puts both others together: the NumPy expression
# for the codes, `integer_loops` for their product. The last lines show the error as K grows.
#
# {bands: quantized_product}

# %% tags=["measure"]
P, Q = np.random.default_rng(5).standard_normal((2, 380, 380), dtype=np.float32)


def plain_quantized_product():
    (codes_p, scale_p), (codes_q, scale_q) = numpy_codes(P), numpy_codes(Q)
    return (plain_product(codes_p, codes_q) * (scale_p * scale_q)).astype(np.float32)


print(in_bands(lambda: quantized_matmul(P, Q), plain_quantized_product, BANDS["quantized_product"]))
for K in (16, 128, 1024):
    A, B = np.random.default_rng(6).standard_normal((2, K, K))
    for bits in (8, 16):
        error = np.mean((quantized_matmul(A, B, bits) - A @ B) ** 2) / np.mean((A @ B) ** 2)
        print(f"K = {K:4}, {bits:2} bits: relative error {np.sqrt(error):.2e}")

# %% [markdown]
# **Reflect.** Compare with your prediction. The absolute error grows with K: why does the relative one grow so little?
# What would a nonzero mean of the rounding error do to it?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Stay in integers for ReLU (2 points)
#
# Symmetric codes keep zero at zero and keep the sign, so `max(x, 0)` of the floats is `max(q, 0)` of the codes. Between
# two integer layers nothing needs to become a float.
#
# **Predict.** How much can the result differ from the float32 ReLU of the same `x`, in steps?

# %%
my_prediction_relu_error_steps = None

# %% [markdown]
# **Implement** `relu_codes`, one pass over the integers that cuts off at 0 and scales (two lines), and `quantized_relu`
# (about five lines). `x` stays as it is. The type of `scale` decides what the pass costs: times a Python float, a
# float64, each code becomes a float64, and a register holds half as many. float32 holds every code exactly, so a float32
# scale adds one rounding; `held_by_float32(scale)`, given, says where float32 holds it well. Mind the code's type too: a
# plain 0 makes `max(q[i], 0)` an int64, which becomes float64 here. Write `np.float32(max(np.int32(q[i]), np.int32(0)))`.

# %% nbgrader={"grade": false, "grade_id": "quantized_relu", "solution": true}
#| export
@simd.jit
def relu_codes(q: np.ndarray, scale: float | np.float32, out: np.ndarray) -> None:
    """out[i] = max(q[i], 0) * scale as float32, in the type of `scale`; both arrays are 1-D."""
    ### BEGIN SOLUTION
    for i in range(q.size):
        out[i] = np.float32(max(np.int32(q[i]), np.int32(0))) * scale
    ### END SOLUTION


def quantized_relu(x: np.ndarray, bits: int = 8) -> np.ndarray:
    """Returns max(x, 0) through integers of 8 or 16 bits: quantized, cut off at code 0, scaled.

    It is float32 of x's shape, within scale / 2 of max(x, 0) up to two roundings to float32.
    Raises ValueError for other bits, NaN or infinity.
    """
    ### BEGIN SOLUTION
    q, scale = quantize(x, bits)
    out = np.empty(q.shape, np.float32)
    step = np.float32(scale) if held_by_float32(scale) else scale
    relu_codes(q.reshape(-1), step, out.reshape(-1))
    return out
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_quantized_relu", "points": 2}
def test_unit_quantized_relu():
    x = np.array([[-127.0, -0.6, 0.4], [0.6, 2.5, 100.0]], np.float32)
    expected = np.array([[0, 0, 0], [1, 2, 100]], np.float32)
    np.testing.assert_array_equal(quantized_relu(x), expected, "the scale is 1.0", strict=True)
    long = np.linspace(-2, 1, 10_001)
    steps = np.abs(quantized_relu(long, bits=16) - np.maximum(long, 0)).max() * 32767 / 2
    assert steps <= 0.501, f"16 bits: an error of {steps:.2f} steps, half a step is the most"

test_unit_quantized_relu()

# %% [markdown]
# **Measure.** Speed is half of this exercise's points; the reference is the NumPy expression, from float to float.
#
# {bands: relu_codes}

# %% tags=["measure"]
def numpy_quantized_relu():
    codes, scale = numpy_codes(raced)
    return (np.maximum(codes, 0) * scale).astype(np.float32)


print(in_bands(lambda: quantized_relu(raced), numpy_quantized_relu, BANDS["relu_codes"]))
print(bench.compare(lambda: quantized_relu(raced), lambda: np.maximum(raced, 0), limit_s=2))

# %% [markdown]
# **Reflect.** The last line compares with `np.maximum` of the floats: alone, `quantized_relu` pays for two conversions.
# How many integer operations must stand between `quantize` and `dequantize` before eight bits are worth it?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Is it worth it here?
#
# A decision needs a limit that was stated beforehand, here a relative error of 2 %, and a measurement on the machine in
# question: `tinytorch/analyses/eight_bits.py` times pairs of runs, quantization included, and "faster" means that the
# whole 95 % interval of the ratio lies above 1. NumPy runs on all cores if it likes, our product on one.

# %%
#| export
def analyze_quantization_impact() -> Impact:
    """Measures the eight-bit product of 1024 x 1024 normal matrices: error, memory, speed."""
    return impact(quantize, quantized_matmul, limit=0.02)


# %% tags=["measure"]
figures = analyze_quantization_impact()
print(bench.keep("05: is int8 worth it", figures, "the units of their names", plots.caption()))

# %% [markdown]
# **Reflect.** Which of the two conditions decided? In a network the weights are quantized once, not in every call:
# which part of the measured time would go away? Would you accept 2 % in every layer of a deep network?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# You can now trade precision for memory and speed, say how large the error is, and prove that no sum overflows. The
# last lesson puts timing, caches, SIMD, threads and quantization on one roofline and asks where to optimize first.
