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
import numpy as np

from tinytorch import simd
from tinytorch.bench import compare
from tinytorch.core.kernels.timing import as_array
from tinytorch.gemm.codes import as_values, fast_codes, held_by_float32, largest_magnitude
from tinytorch.gemm.int8 import TILE_COLUMNS, TILE_ROWS, as_input, product

# %% tags=["measure"]
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

# %%
plots.rounding(bits=3)

# %% [markdown]
# Two details decide whether sums of codes are unbiased. Ties go to the **even** neighbor (0.5 to 0, 1.5 to 2):
# rounding every tie upwards would push all sums up. And `x / scale` is computed in **float64**: the scale of a float32
# array can be too small for a float32, and a float32 division can move a value across a tie.

# %%
#| export
def largest_code(bits: int) -> int:
    """Returns the largest code of symmetric quantization: 127 for 8 bits, 32767 for 16; else raises ValueError."""
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
# **Implement** `quantize`. `round_to_codes` is the compiled loop over the elements (about three lines); `quantize` finds
# the scale and calls it (about twelve). Three functions of `tinytorch/gemm/codes.py` are given:
#
# * `as_values(x)`: the values as a 1-D array of float32 or float64, which your loop is compiled for;
# * `largest_magnitude(values)`: `max(abs(values))`, 0.0 of no values, and NaN if there is one, which `max` may lose;
# * `fast_codes(values, scale, top, codes)`: the codes of the division without dividing, for long float32 arrays in 8
#   bits. A float64 division takes several times as long as a product, so it multiplies by `1 / scale` in float32 and
#   divides only where the result lies next to a tie. It returns False where it does not apply; then call your loop.
#
# An array of zeros, or with no elements, has scale 1.0. NaN and infinity have no code: raise a `ValueError`. For the
# smallest float64 numbers `largest / top` can round to 0.0; there `np.nextafter(0.0, 1.0)`, the smallest positive
# float64, is a scale that works.

# %% nbgrader={"grade": false, "grade_id": "quantize", "solution": true}
#| export
@simd.jit
def round_to_codes(values: np.ndarray, scale: float, top: int, codes: np.ndarray) -> None:
    """codes[i] = values[i] / scale, rounded half to even, clipped to -top .. top; both arrays are 1-D."""
    ### BEGIN SOLUTION
    for i in range(values.size):
        code = np.rint(np.float64(values[i]) / scale)
        codes[i] = min(max(code, -top), top)
    ### END SOLUTION


def quantize(x: np.ndarray, bits: int = 8) -> tuple[np.ndarray, float]:
    """Returns codes and scale of x, symmetric for the whole array: x is close to codes * scale.

    x: any shape and strides, real numbers.  bits: 8 or 16.
    Returns (q, scale): q of x's shape, int8 or int16, in -top .. top, top = 2**(bits - 1) - 1;
    scale = max|x| / top, 1.0 when x is all zeros or empty; abs(x - q * scale) <= scale / 2.
    Raises ValueError for other bits, NaN or infinity; TypeError if x does not hold real numbers.
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
    found = f"{q.dtype} {q.shape}"
    assert found == "int8 (2, 3)", f"8 bits make int8 codes of x's shape, got {found}"
    assert scale == 1.0, f"max|x| is 127, so the scale is 127 / 127 = 1.0, not {scale}"
    expected = [[127, 0, 2], [-2, 2, -127]]
    assert q.tolist() == expected, f"ties go to the even neighbor, got {q.tolist()}"
    x = np.linspace(-3, 1, 1001)
    for bits, dtype in ((8, np.int8), (16, np.int16)):
        q, scale = quantize(x, bits=bits)
        assert q.dtype == dtype, f"{bits} bits make {np.dtype(dtype)} codes, got {q.dtype}"
        steps = np.abs(x - q * scale).max() / scale
        assert steps <= 0.5000001, f"{bits} bits: off by {steps:.2f} steps; half a step is the most"
    q, scale = quantize(np.zeros(3))
    assert (scale, q.tolist()) == (1.0, [0, 0, 0]), "all zeros have scale 1.0 and codes 0"
    for wrong in (np.array([1.0, np.nan]), np.array([-np.inf, 1.0])):
        with refused(ValueError):
            quantize(wrong)


test_unit_quantize()

# %% [markdown]
# **Speed** earns a part of the points, in bands of ratio to a stated reference, timed in turn on one machine. Here that's
# the NumPy expression; each of its steps is a pass over memory.
#
# {bands: codes}

# %% tags=["measure"]
def numpy_codes(x):
    scale = float(np.abs(x).max()) / 127
    return np.clip(np.rint(x.astype(np.float64) / scale), -127, 127).astype(np.int8), scale


raced = np.random.default_rng(1).standard_normal(200_000, dtype=np.float32)
print(in_bands(lambda: quantize(raced), lambda: numpy_codes(raced), BANDS["codes"]))

# %% [markdown]
# **Measure.** The outlier of your prediction: the same thousand values, with and without one value of 100.

# %% tags=["measure"]
values = np.random.default_rng(1).uniform(0.5, 1.0, 1000).astype(np.float32)
with_outlier = np.append(values, np.float32(100))
for name, x in (("no outlier", values), ("one outlier of 100", with_outlier)):
    q, scale = quantize(x)
    relative = np.abs(q[:1000] * scale - values) / values
    print(f"{name:20} scale {scale:.5f}, different codes {np.unique(q).size:3}, "
          f"largest relative error of the 1000 values {relative.max():.1%}")

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

# %% [markdown]
# **Predict.** Each further bit halves the step. By which factor does the mean squared error fall from 8 to 16 bits?

# %%
my_prediction_mse_ratio = None

# %% [markdown]
# **Implement** `dequantize`: one or two lines. `np.multiply(q, scale, dtype=np.float64)` says in which type to multiply.

# %% nbgrader={"grade": false, "grade_id": "dequantize", "solution": true}
#| export
def dequantize(q: np.ndarray, scale: float) -> np.ndarray:
    """Returns q * scale: the floats that the codes stand for.

    q: integers, any shape.  scale: as returned by quantize.
    Returns float32 of q's shape, each the float32 nearest to the float64 product.
    """
    q = as_array(q)
    ### BEGIN SOLUTION
    exact = np.multiply(q, float(scale), dtype=np.float64)
    return np.asarray(exact).astype(np.float32)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_dequantize", "points": 2}
def test_unit_dequantize():
    x = dequantize(np.array([[-127, 0, 3]], np.int8), 0.1)
    found = f"{x.dtype} {x.shape}"
    assert found == "float32 (1, 3)", f"float32 of the codes' shape, got {found}"
    expected = np.array([[-12.7, 0.0, 0.3]], np.float32)
    assert np.array_equal(x, expected), f"-127, 0, 3 times 0.1, got {x}"
    q = np.arange(-32767, 32768, 1111).astype(np.int16)
    again, _ = quantize(dequantize(q, 2.0**-10), bits=16)
    assert np.array_equal(again, q), "the codes of dequantized codes should be the same codes"


test_unit_dequantize()

# %% [markdown]
# **Measure.** The error of a round trip against the bound of half a step, for three kinds of data. The figure rounds to
# other numbers of bits too, by the same rule.

# %% tags=["measure"]
rng = np.random.default_rng(2)
samples = {"uniform": rng.uniform(-1, 1, 100_000), "normal": rng.standard_normal(100_000)}
samples["heavy tails"] = rng.standard_t(3, 100_000)
for name, x in samples.items():
    for bits in (8, 16):
        q, scale = quantize(x, bits)
        worst = np.abs(x - q * scale).max() / scale
        relative = np.sqrt(np.mean((x - q * scale) ** 2) / np.mean(x**2))
        print(f"{name:12} {bits:2} bits: worst error {worst:.4f} steps, "
              f"relative RMS error {relative:.2e}")

# %% tags=["measure"]
errors = {name: [] for name in samples}
for name, x in samples.items():
    for bits in range(2, 17, 2):
        step = np.abs(x).max() / (2 ** (bits - 1) - 1)
        error = np.sqrt(np.mean((x - np.rint(x / step) * step) ** 2) / np.mean(x**2))
        errors[name].append(float(error))
figure = plots.quantization_error(range(2, 17, 2), list(errors.values()), list(errors))
by_bits = dict(zip(range(2, 17, 2), errors["normal"], strict=True))
bench.keep("05: relative error of normal numbers by bits", by_bits, "share", plots.caption())

# %% [markdown]
# **Reflect.** A uniformly distributed rounding error has the variance `scale**2 / 12`. Does that explain the ratio you
# measured and your prediction? Why do heavy tails have the largest relative error with the same number of bits?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Multiply integers exactly (4 points)
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
# Processors do better when the numbers to be added up are *neighbors along K*: one instruction multiplies them in twos
# or fours and adds the products of each 32-bit lane. A vector has W such lanes.
#
# | per instruction | products | where |
# | --- | --- | --- |
# | float32 multiply-add, `simd.fma` | W | everywhere |
# | int16 pairs, a second instruction adds them to the sums | 2 W | all x86, Arm in steps |
# | int8 fours, added to the sums: the integer dot product | 4 W | newer x86 |
#
# So the limit is four times the rate of float32, or twice, and less where a processor cannot start twice as many
# integer instructions as multiply-adds in a cycle. Both forms want the codes of B regrouped, and the dot product takes
# unsigned codes of A, so that 128 is added and its share subtracted again. That is done while packing, and it is given:
# `tinytorch/gemm/int8_pack.py` explains it on its first page.
#
# Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, VPDPBUSD and PMADDWD.

# %% tags=["measure"]
W = simd.W
if simd.HAS_DOT4:
    print(f"The integer dot product: {4 * W} products in an instruction, {W} in float32.")
else:
    print(f"Pairs of int16: {2 * W} products in two instructions, {W} in float32.")

# %% [markdown]
# **Predict.** How many times faster (or slower) than NumPy's float32 product on one thread will the three loops be, for
# 512 x 512 matrices? And a packed tile in registers?

# %%
my_prediction_loops, my_prediction_tile = None, None

# %% [markdown]
# **Implement** `integer_matmul`, right first: choose the type of the result, make zeros of that type, and let
# `integer_loops` add to them (about six lines). int16 operands stay with the loops. `as_input(x)`, given, returns x in
# C order as one array type; `A.astype(np.int16)` makes one type of mixed operands, and so one compilation.
#
# One sum of K = 131,072 terms does not fit: where a row and a column hold nothing but -128 it is `2**31`, wraps around
# to `-2**31`, which no other sum reaches, and must raise an `OverflowError`.
#
# All checks but those of speed pass then, and everything later works. Calling the loops is worth 60 % of the two points
# for speed. The other 40 % are for **the tile (stretch, 0.8 points)**. You have written the same for floats in lesson 02:
#
# 1. `multiply_tile` (about 18 lines): six rows r0 .. r5, each `simd.load_row(start, j)` at first. For every group along
#    K load a row of the panel and bring each r up to date: `simd.dot_row(r, simd.broadcast_group(codes, i), row)` adds
#    the products of one group of A with a row of B. At the end `simd.store_row` puts row r at `sums[s + r * stride]`.
#    Write the six rows out: only variables with names live in registers, an array would live in memory.
# 2. `multiply_block` (three lines): every panel of columns, and for each every six rows, is a tile.
# 3. `product(multiply_block, A, B)`, given, packs blocks of int8 operands and calls your function for each. Its int32 sums
#    serve K up to 131,072; for more terms add such products of `SLICE` terms each to an int64 result.

# %% nbgrader={"grade": false, "grade_id": "integer_matmul", "solution": true}
#| export
SLICE = 65_536  # terms of an int8 product added up in int32 when the result is int64


@simd.jit
def multiply_tile(codes, i, length, panels, p, start, j, sums, s, stride):
    """Six packed rows of A times one panel of B, `length` codes each, starting from `start`, into `sums`.

    codes[i:]: row r begins at i + r * length.  A group is simd.lanes(codes) // simd.W codes.
    panels[p:]: for each group TILE_COLUMNS groups, one after the other; start[j:]: how a row of sums begins.
    sums[s + r * stride:]: int32, where row r of the tile goes.  All arrays are 1-D.
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
    """A packed block: `rows` rows of A, a multiple of TILE_ROWS, times `columns` columns, of TILE_COLUMNS.

    Row i begins at codes[i * length], the panel of column j at panels[j * length] and start[j].
    Its product belongs to sums[first + i * stride + j] and what follows it.
    """
    ### BEGIN SOLUTION
    for j in range(0, columns, TILE_COLUMNS):
        for i in range(0, rows, TILE_ROWS):
            s = first + i * stride + j
            multiply_tile(codes, i * length, length, panels, j * length, start, j, sums, s, stride)
    ### END SOLUTION


def integer_matmul(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Returns C = A @ B in integers, exact.

    A: (M, K), B: (K, N), each int8 or int16, any strides.
    Returns (M, N): int32 if both are int8 and K <= 131,072, else int64.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D; TypeError for
    other dtypes; OverflowError if a sum is 2**31 where the result is int32.
    """
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"integer_matmul: shapes {A.shape} and {B.shape} are not (M, K) and (K, N)")
    if not {A.dtype.name, B.dtype.name} <= {"int8", "int16"}:
        raise TypeError(f"integer_matmul needs int8 or int16 operands, got {A.dtype} and {B.dtype}")
    ### BEGIN SOLUTION
    K = A.shape[1]
    is_int8 = A.itemsize == 1 and B.itemsize == 1
    if is_int8 and K <= INT32_LIMIT:
        C = product(multiply_block, A, B)
        if K == INT32_LIMIT and C.min(initial=0) == -(2**31):
            raise OverflowError("integer_matmul: a sum is 2**31, which is no int32; use a smaller K")
        return C
    C = np.zeros((A.shape[0], B.shape[1]), np.int64)
    if is_int8:
        for k in range(0, K, SLICE):
            C += product(multiply_block, A[:, k : k + SLICE], B[k : k + SLICE])
    else:
        integer_loops(as_input(A.astype(np.int16)), as_input(B.astype(np.int16)), C)
    return C
    ### END SOLUTION


# %% [markdown]
# **Check.** The most extreme codes show an overflow that random ones hide.

# %% nbgrader={"grade": true, "grade_id": "check_integer_matmul", "points": 4}
def test_unit_integer_matmul():
    rng = np.random.default_rng(3)
    cases = ((np.int8, 5, 7, 3), (np.int8, 33, 130, 65), (np.int16, 9, 31, 17), (np.int8, 2, 0, 3))
    for dtype, M, K, N in cases:
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        A = rng.integers(least, most + 1, (M, K)).astype(dtype)
        B = rng.integers(least, most + 1, (K, N)).astype(dtype)
        C = integer_matmul(A, B)
        exact = A.astype(np.int64) @ B.astype(np.int64)
        operands = f"{np.dtype(dtype)} operands of shapes {A.shape} and {B.shape}"
        wide = np.dtype(np.int32 if dtype == np.int8 else np.int64)
        assert C.dtype == wide, f"{operands}: expected {wide}, got {C.dtype}"
        assert np.array_equal(C, exact), f"wrong for {operands}"
    ones = np.ones((1, 70_000), np.int8)
    for a, b in ((-128, -128), (-128, 127), (127, 127)):
        C, expected = integer_matmul(a * ones, b * ones.T), 70_000 * a * b
        assert expected == C[0, 0], f"70,000 times {a} * {b} is {expected}, got {C[0, 0]}"
    with refused(ValueError, (2, 3), (4, 5)):
        integer_matmul(np.ones((2, 3), np.int8), np.ones((4, 5), np.int8))


test_unit_integer_matmul()

# %% [markdown]
# **Speed** is half of this exercise's points. The reference is `integer_loops`, as given above.
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
one_thread = threadpool_limits(1)
n = 512
codes_a, codes_b = np.random.default_rng(4).integers(-128, 128, (2, n, n)).astype(np.int8)
floats_a, floats_b = codes_a.astype(np.float32), codes_b.astype(np.float32)
rungs = {
    "three integer loops": bench.measure(plain_product, codes_a, codes_b, samples=3),
    "NumPy, float32, one thread": bench.measure(np.matmul, floats_a, floats_b),
    "packed tile": bench.measure(integer_matmul, codes_a, codes_b),
}
peak = hardware.measure_peak().value
limit = (4 if simd.HAS_DOT4 else 2) * peak
rate = 2 * n**3 / rungs["packed tile"].median_us / 1000
print(f"predicted {my_prediction_loops} and {my_prediction_tile} times NumPy; the tile reaches "
      f"{rate:.0f} G operations/s, {rate / limit:.0%} of the limit of {limit:.0f}")
print(bench.compare(lambda: integer_matmul(codes_a, codes_b), lambda: floats_a @ floats_b, limit_s=3))
figure = plots.speed_ladder(rungs, 2 * n**3, peak)

# %% [markdown]
# **Predict.** Packing moves every element of A and B once, K (M + N) moves for M K N products, and a call has a fixed
# cost besides. From which size on is the int8 product faster than float32, on your machine?

# %%
my_prediction_first_win = None

# %% tags=["measure"]
rng = np.random.default_rng(4)
sizes, timings = [16, 64, 128, 256, 512, 1024], {"float32, NumPy": [], "int8": []}
wins = {}
for size in sizes:
    A, B = rng.integers(-127, 128, (2, size, size)).astype(np.int8)
    of_floats = bench.measure(np.matmul, A.astype(np.float32), B.astype(np.float32), samples=9)
    of_codes = bench.measure(integer_matmul, A, B, samples=9)
    timings["float32, NumPy"].append(of_floats)
    timings["int8"].append(of_codes)
    wins[size] = of_floats.median_us / of_codes.median_us
faster = [size for size, ratio in wins.items() if ratio > 1]
print(f"int8 is the faster at {faster}; you said: from {my_prediction_first_win}")
print(bench.keep("05: int8 against float32 by size", wins, "times as fast", plots.caption()))
figure = plots.time_vs_size(sizes, timings, None, "rows and columns")
one_thread.restore_original_limits()

# %% [markdown]
# **Reflect.** Each rung does the same exact sums. How far is the last one from the limit? Where does int8 lose, and what
# does it spend its time on there? With pairs, every product of a tile takes two instructions that compete for the same
# units. And int16 stays with the loops here: what would you use it for?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Multiply floats through integers (3 points)
#
# With codes `qa`, `qb` and scales `sa`, `sb`, every product is `(sa * qa) * (sb * qb) = (sa * sb) * (qa * qb)`. Both
# scales are constants, so they leave the sum: `A @ B` is nearly `(sa * sb) * (qa @ qb)`. All of the multiplying and
# adding is exact; errors are made in two places only, in `quantize` and in the last rounding to float32.
#
# `C * factor` in NumPy makes a float64 array of all of C, and a pass over a large C fetches all of it once more.
# `product(multiply_block, A, B, factor)` does without both: it scales a block of C as soon as its sums are complete,
# while it's in a cache, and returns float32.

# %% [markdown]
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
    """Returns A @ B through integers: both quantized, multiplied exactly, scaled back.

    A: (M, K), B: (K, N), real numbers, any strides.  bits: 8 or 16.
    Returns (M, N) float32: the exact product of the codes times both scales, rounded to float32 once; each
    element is within about K * (max|A| * scale_B + max|B| * scale_A) / 2 of the exact product of A and B.
    Raises ValueError, naming both shapes, if they do not fit; ValueError for other bits, NaN or infinity.
    """
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"quantized_matmul: shapes {A.shape} and {B.shape} are not (M, K) and (K, N)")
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
    A = rng.standard_normal((40, 70)).astype(np.float32)
    B = rng.standard_normal((70, 50)).astype(np.float32)
    for bits in (8, 16):
        (qa, sa), (qb, sb) = quantize(A, bits), quantize(B, bits)
        expected = (qa.astype(np.int64) @ qb.astype(np.int64)) * (sa * sb)
        C = quantized_matmul(A, B, bits=bits)
        found = f"{C.dtype} {C.shape}"
        assert found == "float32 (40, 50)", f"float32 (40, 50) expected, got {found}"
        close = np.allclose(C, expected, rtol=1e-6, atol=0)
        assert close, f"{bits} bits: not the integer product times both scales"
    wide = np.full((1, 40_000), 1.0, np.float32)
    C = quantized_matmul(wide, wide.T, bits=16)
    assert abs(C[0, 0] / 40_000 - 1) < 1e-6, f"expected 40000, got {C[0, 0]}: an overflow?"


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
plain = lambda: plain_quantized_product(P, Q)
print(in_bands(lambda: quantized_matmul(P, Q), plain, BANDS["quantized_product"]))

# %% [markdown]
# **Measure.** The error as K grows, and for 8 and 16 bits.

# %% tags=["measure"]
rng = np.random.default_rng(6)
for K in (16, 128, 1024):
    A, B = rng.standard_normal((256, K)), rng.standard_normal((K, 256))
    exact = A @ B
    for bits in (8, 16):
        error = np.mean((quantized_matmul(A, B, bits) - exact) ** 2)
        print(f"K = {K:5}, {bits:2} bits: relative error {np.sqrt(error / np.mean(exact**2)):.2e}")

# %% [markdown]
# **Reflect.** Compare with your prediction. The absolute error grows with K: why does the relative one hardly change?
# What would a nonzero mean of the rounding error do to it?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Stay in integers for ReLU (2 points)
#
# Symmetric codes keep zero at zero and keep the sign, so `max(x, 0)` of the floats is `max(q, 0)` of the codes. Between
# two integer layers nothing needs to become a float.

# %% [markdown]
# **Predict.** How much can the result differ from the float32 ReLU of the same `x`, in steps?

# %%
my_prediction_relu_error_steps = None

# %% [markdown]
# **Implement** `relu_codes`, one pass over the integers that cuts off at 0 and scales (two lines), and `quantized_relu`
# (about seven lines). `x` stays as it is.
#
# The type of `scale` decides what the pass costs: times a Python float, a float64, each code becomes a float64 and the
# product a float32 again, and a register holds half as many of those. float32 holds every code exactly, so a scale in
# float32 adds one rounding to that of the product. `held_by_float32(scale)`, given, says where float32 holds it well.

# %% nbgrader={"grade": false, "grade_id": "quantized_relu", "solution": true}
#| export
@simd.jit
def relu_codes(q: np.ndarray, scale: float | np.float32, out: np.ndarray) -> None:
    """out[i] = max(q[i], 0) * scale as float32, computed in the type of `scale`; both arrays are 1-D."""
    ### BEGIN SOLUTION
    for i in range(q.size):
        out[i] = np.float32(max(np.int32(q[i]), np.int32(0))) * scale
    ### END SOLUTION


def quantized_relu(x: np.ndarray, bits: int = 8) -> np.ndarray:
    """Returns max(x, 0) through integers: quantized, cut off at code 0, scaled back.

    x: any shape and strides, real numbers.  bits: 8 or 16.
    Returns float32 of x's shape, within scale / 2 of max(x, 0) up to two roundings to float32.
    Raises ValueError for other bits, NaN or infinity.
    """
    ### BEGIN SOLUTION
    q, scale = quantize(x, bits)
    out = np.empty(q.shape, np.float32)
    if held_by_float32(scale):
        relu_codes(q.reshape(-1), np.float32(scale), out.reshape(-1))
    else:
        relu_codes(q.reshape(-1), scale, out.reshape(-1))
    return out
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_quantized_relu", "points": 2}
def test_unit_quantized_relu():
    x = np.array([[-127.0, -0.6, 0.4], [0.6, 2.5, 100.0]], np.float32)
    y = quantized_relu(x)
    found = f"{y.dtype} {y.shape}"
    assert found == "float32 (2, 3)", f"float32 of x's shape, got {found}"
    expected = [[0, 0, 0], [1, 2, 100]]
    assert y.tolist() == expected, f"the scale is 1.0; expected {expected}, got {y.tolist()}"
    assert x[0, 0] == -127.0, "x was changed"
    long = np.linspace(-2, 1, 10_001)
    steps = np.abs(quantized_relu(long, bits=16) - np.maximum(long, 0)).max() * 32767 / 2
    assert steps <= 0.501, f"16 bits: an error of {steps:.2f} steps, half a step is the most"


test_unit_quantized_relu()

# %% [markdown]
# **Speed** is half of this exercise's points; the reference is the NumPy expression, from float to float.
#
# {bands: relu_codes}

# %% tags=["measure"]
def numpy_quantized_relu(x):
    codes, scale = numpy_codes(x)
    return (np.maximum(codes, 0) * scale).astype(np.float32)


reference = lambda: numpy_quantized_relu(raced)
print(in_bands(lambda: quantized_relu(raced), reference, BANDS["relu_codes"]))

# %% [markdown]
# **Measure.** Bytes that ReLU reads and writes as float32 and as int8; then the whole way from float32 to float32, in
# our three passes.

# %% tags=["measure"]
x = np.random.default_rng(7).standard_normal(1_000_000).astype(np.float32)
q, scale = quantize(x)
for name, array in (("float32", x), ("int8", q)):
    out = np.empty_like(array)
    timing = bench.measure(np.maximum, array, array.dtype.type(0), out=out)
    moved = 2 * array.nbytes / 1e6
    print(f"np.maximum of {name:8} {moved:4.1f} MB moved, {timing.median_us:7.1f} µs")
print(f"quantized_relu, float to float     {bench.measure(quantized_relu, x).median_us:7.1f} µs")

# %% [markdown]
# **Reflect.** Which of the two `np.maximum` lines is faster on your machine, and by how much less than the bytes
# suggest? Alone, `quantized_relu` pays for two conversions, so that it costs more than either. How many integer
# operations must stand between `quantize` and `dequantize` before eight bits are worth it for an operation that does
# one step per element?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# ## Is it worth it here?
#
# A decision needs a limit that was stated beforehand and a measurement on the machine in question. The limit below is
# our choice for this lesson: a relative error of 2 %. Speed is judged by pairs of runs in turn, and "faster" means that
# the whole 95 % interval of the ratio lies above 1, with quantization of both operands inside the measured time. NumPy
# runs as it is installed here, on all cores if it likes; our product runs on one.

# %%
#| export
RELATIVE_ERROR_LIMIT = 0.02  # root mean square of the error over that of the product; an assumption


def analyze_quantization_impact() -> dict[str, float | bool]:
    """Measures error, memory and speed of the eight-bit product of 1024 x 1024 standard normal matrices.

    Returns matmul_accuracy_8bit (mean squared error), relative_error and its limit, memory_reduction (bytes of
    float32 over bytes of codes), speedup (float32 time over eight-bit time, 95 % interval speedup_low to
    speedup_high), and deployment_ready: within the limit, and surely faster, in this run.
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
        "memory_reduction": A.nbytes / quantize(A)[0].nbytes,
        "speedup": speed.ratio,
        "speedup_low": speed.low,
        "speedup_high": speed.high,
        "deployment_ready": relative <= RELATIVE_ERROR_LIMIT and speed.low > 1.0,
    }


# %% tags=["measure"]
impact = analyze_quantization_impact()
print(bench.keep("05: is int8 worth it", impact, "see the names", plots.caption()))

# %% [markdown]
# **Reflect.** Which of the two conditions decided? In a network the weights are quantized once, not in every call:
# which part of the measured time would go away? And would you accept 2 % in every layer of a deep network?

# %% [markdown]
# *Your notes:*

# %% [markdown]
# You can now trade precision for memory and speed, say how large the error is, and prove that no sum overflows. The
# last lesson puts timing, caches, SIMD, threads and quantization on one roofline and asks where to optimize first.
