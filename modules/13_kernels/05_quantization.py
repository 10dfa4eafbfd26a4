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
# **Implement** `quantize`. `round_to_codes` is the compiled loop over the elements (about four lines); `quantize` finds
# the scale and calls it (about ten). An array of zeros, or with no elements, has scale 1.0. NaN and infinity have no
# code: raise a `ValueError`. NumPy's `maximum` passes a NaN on, Python's `max` may not. For the smallest float64
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
    values = x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)
    largest = float(np.maximum(values.max(), -values.min())) if x.size else 0.0
    if not np.isfinite(largest):
        raise ValueError("quantize: x holds NaN or infinity, which have no integer code; remove or replace them first")
    scale = max(largest / top, np.nextafter(0.0, 1.0)) if largest else 1.0
    q = np.empty(x.shape, np.int8 if top == 127 else np.int16)
    round_to_codes(np.ascontiguousarray(values).reshape(-1), scale, top, q.reshape(-1))
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
# **Measure.** The error of a round trip against the bound of half a step, for three kinds of data.

# %% tags=["measure"]
from tinytorch import plots

rng = np.random.default_rng(2)
samples = {"uniform": rng.uniform(-1, 1, 100_000), "normal": rng.standard_normal(100_000)}
samples["heavy tails"] = rng.standard_t(3, 100_000)
errors = {name: [] for name in samples}
for name, x in samples.items():
    for bits in (8, 16):
        q, scale = quantize(x, bits)
        errors[name].append(float(np.sqrt(np.mean((x - q * scale) ** 2) / np.mean(x**2))))
        worst = np.abs(x - q * scale).max() / scale
        print(f"{name:12} {bits:2} bits: worst error {worst:.4f} steps, relative RMS error {errors[name][-1]:.2e}")

# %% tags=["measure"]
figure = plots.quantization_error([8, 16], list(errors.values()), list(errors))

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
# The processor does have one. Its integer dot product instruction multiplies four neighbouring bytes of one register by
# four of another and adds the four products to an int32 lane, in all lanes at once: with 64-byte vectors 64
# multiplications and additions in one instruction, where float32 does 16. Intel calls it VPDPBUSD (Software Developer's
# Manual, volume 2, "Multiply and Add Unsigned and Signed Bytes"); `simd.dot4_u8s8` uses it where the processor has it
# and a slower equivalent where not.

# %% [markdown]
# The instruction asks for two things.
#
# **Groups of four.** The four bytes of a lane must be neighbours *along K*. A row of A has that already; B must be
# packed. We pack B in panels of two vectors of columns, so that the inner loop reads memory in order (the letters are
# columns of B, the digits rows):
#
# ```
# B row 0   a0 b0 c0 ...          panel   a0 a1 a2 a3  b0 b1 b2 b3  c0 c1 c2 c3 ...   <- one vector: 4 rows, W columns
#   row 1   a1 b1 c1 ...   --->           a4 a5 a6 a7  b4 b5 b6 b7  ...               <- the next group of 4 rows
# ```
#
# **One unsigned operand.** We add 128 to every code of A, which makes it a byte in 0 .. 255, and take the surplus off
# again: `sum((a + 128) * b) - 128 * sum(b) = sum(a * b)`. The correction `-128 * sum(b)` belongs to a column of B, is
# computed once, and is where the accumulators start. Sums of int32 wrap around, so the intermediate sums may leave
# int32 as long as the end result is in range.

# %%
#| export
INT8_ROWS = 6
INT8_COLUMNS = 2 * simd.W
SLICE = 16_384  # rows of B packed at a time: int32 sums of a slice are at most 2**28, and a panel stays in the L2 cache


INT32_LIMIT = 131_072  # the largest K whose int8 product has an int32 result


def round_up(size: int, step: int) -> int:
    """The smallest multiple of step that is not below size."""
    return -(-size // step) * step


def pack_rows(A: np.ndarray) -> np.ndarray:
    """A + 128 as uint8, filled up to whole tiles of rows and whole groups of four columns."""
    M, K = A.shape
    packed = np.zeros((round_up(M, INT8_ROWS), round_up(K, 4)), np.uint8)
    packed[:M, :K] = A.view(np.uint8) ^ np.uint8(128)
    return packed


def split_int16(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 arrays (high, low) with A = 256 * high + low + 128."""
    A = A.astype(np.int16, copy=False)
    return (A >> 8).astype(np.int8), ((A & 255) - 128).astype(np.int8)


@njit(cache=_INSTALLED, nogil=True)
def pack_panels(B: np.ndarray, panels: np.ndarray, correction: np.ndarray) -> None:
    """Four codes of a column become one int32 of panels[p, g, j], lowest byte first.

    B: int8, whole groups of four rows and whole panels of columns.  correction: -128 * (sum of each column) is added.
    """
    width = panels.shape[2]
    for p in range(panels.shape[0]):
        for g in range(panels.shape[1]):
            for j in range(width):
                column = p * width + j
                b0, b1 = np.int32(B[4 * g, column]), np.int32(B[4 * g + 1, column])
                b2, b3 = np.int32(B[4 * g + 2, column]), np.int32(B[4 * g + 3, column])
                panels[p, g, j] = (b0 & 255) | ((b1 & 255) << 8) | ((b2 & 255) << 16) | (b3 << 24)
                correction[column] -= 128 * (b0 + b1 + b2 + b3)


# %% [markdown]
# **Predict.** How many times faster (or slower) than NumPy's float32 product will the int8 product of 512 x 512
# matrices be on your machine? NumPy uses all cores, this kernel one.

# %%
my_prediction_int8_speedup = None

# %% [markdown]
# **Implement** `integer_matmul` and its kernel.
#
# * `multiply_tile` (about seventeen lines) computes 6 rows by 2 vectors of C. Keep the twelve sums in variables of
#   their own; for each group load two vectors of the panel (`simd.load4`), repeat four bytes of each row
#   (`simd.broadcast4`) and add with `simd.dot4_u8s8(sum, a, b)`. `dot_row` does the last two steps for one row.
# * `multiply_int8` and `int8_product` are given: they loop over the tiles, pack, and cut off what was filled up.
# * `int16_product` (about ten lines) needs no kernel of its own: with `a = 256 * high + low + 128`, where `high = a >>
#   8` and `low = (a & 255) - 128` are both int8, a product of int16 matrices is four products of int8 matrices and two
#   sums.
# * `integer_matmul` (about ten lines) chooses the type of the result and adds up slices of K.
#
# A plain compiled loop over `i, k, j` with sums of the right type is a right answer too, and slower. Whatever you
# write: no intermediate result may overflow, for any input.

# %% nbgrader={"grade": false, "grade_id": "integer_matmul", "solution": true}
#| export
@simd.jit
def dot_row(sum0, sum1, codes: np.ndarray, at: int, b0, b1):
    """The two sums of one row, each with four more products per lane."""
    a = simd.broadcast4(codes, at)
    return simd.dot4_u8s8(sum0, a, b0), simd.dot4_u8s8(sum1, a, b1)


@simd.jit
def store_pair(C: np.ndarray, at: int, sum0, sum1) -> None:
    """Write two neighbouring vectors of sums."""
    simd.store(C, at, sum0)
    simd.store(C, at + simd.W, sum1)


@simd.jit
def multiply_tile(codes: np.ndarray, K: int, panel: np.ndarray, start0, start1, C: np.ndarray, N: int, at: int) -> None:
    """Six rows of codes (K bytes each) times one panel; row r goes to C[at + r * N:], two vectors long. All 1-D."""
    ### BEGIN SOLUTION
    c00, c10, c20, c30, c40, c50 = start0, start0, start0, start0, start0, start0
    c01, c11, c21, c31, c41, c51 = start1, start1, start1, start1, start1, start1
    for g in range(K // 4):
        b0 = simd.load4(panel, 8 * simd.W * g)
        b1 = simd.load4(panel, 8 * simd.W * g + 4 * simd.W)
        c00, c01 = dot_row(c00, c01, codes, 4 * g, b0, b1)
        c10, c11 = dot_row(c10, c11, codes, 4 * g + K, b0, b1)
        c20, c21 = dot_row(c20, c21, codes, 4 * g + 2 * K, b0, b1)
        c30, c31 = dot_row(c30, c31, codes, 4 * g + 3 * K, b0, b1)
        c40, c41 = dot_row(c40, c41, codes, 4 * g + 4 * K, b0, b1)
        c50, c51 = dot_row(c50, c51, codes, 4 * g + 5 * K, b0, b1)
    store_pair(C, at, c00, c01)
    store_pair(C, at + N, c10, c11)
    store_pair(C, at + 2 * N, c20, c21)
    store_pair(C, at + 3 * N, c30, c31)
    store_pair(C, at + 4 * N, c40, c41)
    store_pair(C, at + 5 * N, c50, c51)
    ### END SOLUTION


@simd.jit
def multiply_int8(codes: np.ndarray, panels: np.ndarray, start: np.ndarray, C: np.ndarray) -> None:
    """C = the product of packed rows and packed columns, tile by tile; a panel stays in the cache for all rows."""
    M, N = C.shape
    K = codes.shape[1]
    rows, columns, sums = codes.reshape(-1), panels.reshape(-1), C.reshape(-1)
    for p in range(panels.shape[0]):
        j = p * INT8_COLUMNS
        start0, start1 = simd.load(start, j), simd.load(start, j + simd.W)
        panel = columns[j * K : (j + INT8_COLUMNS) * K]
        for i in range(0, M, INT8_ROWS):
            multiply_tile(rows[i * K : (i + INT8_ROWS) * K], K, panel, start0, start1, sums, N, i * N + j)


def int8_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """The int32 product of int8 matrices; sums beyond int32 would wrap around."""
    M, (K, N) = A.shape[0], B.shape
    codes = pack_rows(A)
    filled = np.zeros((codes.shape[1], round_up(N, INT8_COLUMNS)), np.int8)
    filled[:K, :N] = B
    panels = np.empty((filled.shape[1] // INT8_COLUMNS, filled.shape[0] // 4, INT8_COLUMNS), np.int32)
    correction = np.zeros(filled.shape[1], np.int32)
    pack_panels(filled, panels, correction)
    C = np.empty((codes.shape[0], filled.shape[1]), np.int32)
    multiply_int8(codes, panels.view(np.int8), correction, C)
    return np.ascontiguousarray(C[:M, :N])


def int16_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """The int64 product of int16 matrices of at most SLICE inner size, from four int8 products."""
    (high_a, low_a), (high_b, low_b) = split_int16(A), split_int16(B)
    ### BEGIN SOLUTION
    C = int8_product(high_a, high_b).astype(np.int64)
    C *= 256
    C += int8_product(high_a, low_b)
    C += int8_product(low_a, high_b)
    C *= 256
    C += int8_product(low_a, low_b)
    C += 128 * A.sum(1, np.int64, keepdims=True)
    C += 128 * B.sum(0, np.int64) - 128 * 128 * A.shape[1]
    return C
    ### END SOLUTION


def integer_matmul(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """C = A @ B in integers, exact.

    A: (M, K), B: (K, N), each int8 or int16, any strides.
    Returns (M, N): int32 if both are int8 and K <= 131,072, else int64.
    Raises ValueError, naming both shapes, if inner sizes differ or an input is not 2-D; TypeError for other dtypes;
    OverflowError if K is 131,072 and a row and a column hold nothing but -128, as 2**31 is no int32.
    Working set of one step: a panel of min(K, 16,384) * 8 * W bytes and 6 rows of A.
    Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, VPDPBUSD.
    """
    A, B = as_array(A), as_array(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"integer_matmul needs shapes (M, K) and (K, N), got {A.shape} and {B.shape}")
    if A.dtype not in (np.int8, np.int16) or B.dtype not in (np.int8, np.int16):
        raise TypeError(f"integer_matmul multiplies int8 or int16 operands, got {A.dtype} and {B.dtype}")
    ### BEGIN SOLUTION
    K, all_int8 = A.shape[1], A.dtype == B.dtype == np.int8
    product = int8_product if all_int8 else int16_product
    C = product(A[:, :SLICE], B[:SLICE])
    if not all_int8 or K > INT32_LIMIT:
        C = C.astype(np.int64, copy=False)
    for k in range(SLICE, K, SLICE):
        C += product(A[:, k : k + SLICE], B[k : k + SLICE])
    if all_int8 and K == INT32_LIMIT and C.min(initial=0) == -(2**31):
        raise OverflowError(f"integer_matmul: {K} times (-128) * (-128) is 2**31, which is no int32; use a smaller K")
    return C
    ### END SOLUTION


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
# **Measure.** The same sizes as integers and as float32; the operands are integers already, so that only the products
# are compared.

# %% tags=["measure"]
from tinytorch import bench

rng = np.random.default_rng(4)
sizes, timings = [64, 128, 256, 512, 1024], {"float32, NumPy": [], "int8": [], "int16": []}
for size in sizes:
    A, B = rng.integers(-127, 128, (2, size, size)).astype(np.int8)
    for name, dtype in zip(timings, (np.float32, np.int8, np.int16), strict=True):
        multiply = np.matmul if dtype == np.float32 else integer_matmul
        timings[name].append(bench.measure(multiply, A.astype(dtype), B.astype(dtype), samples=9))
    rates = {name: 2 * size**3 / times[-1].median_us / 1000 for name, times in timings.items()}
    print(f"{size:5}  " + "   ".join(f"{name} {rate:6.1f} G/s" for name, rate in rates.items()))

# %% tags=["measure"]
figure = plots.time_vs_size(sizes, timings, None, "rows and columns")
print(f"integer dot product instruction used: {simd.HAS_DOT4}; vectors of {simd.BYTES} bytes")

# %% [markdown]
# **Reflect.** The instruction does four times the work of a float32 one. Which share of that did you get, and where
# does the rest go? (Packing moves every element of A and B once: compare `K * N` with `M * K * N`.)

# %% [markdown]
# ## Multiply floats through integers
#
# With codes `qa`, `qb` and scales `sa`, `sb`, every product is `(sa * qa) * (sb * qb) = (sa * sb) * (qa * qb)`. Both
# scales are constants, so they leave the sum: `A @ B` is nearly `(sa * sb) * (qa @ qb)`. All of the multiplying and
# adding is exact; errors are made in two places only, in `quantize` and in the last rounding to float32.
#
# That last step should read the integers once and write float32 once. `scale_product` does it in one compiled pass; in
# NumPy the float64 between would go through memory.

# %%
#| export
@njit(cache=_INSTALLED, nogil=True, error_model="numpy")
def scale_product(C: np.ndarray, factor: float, out: np.ndarray) -> None:
    """out[i] = C[i] * factor, computed in float64 and rounded to float32 once; both arrays are 1-D."""
    for i in range(C.size):
        out[i] = np.float32(np.float64(C[i]) * factor)


# %% [markdown]
# **Predict.** A and B hold 512 x 512 standard normal numbers. How large is the error of the eight-bit product, relative
# to the product (root mean square over root mean square)? Does it grow with K?

# %%
my_prediction_product_error = None

# %% [markdown]
# **Implement** `quantized_matmul` (about six lines).

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
    C = integer_matmul(codes_a, codes_b)
    out = np.empty(C.shape, np.float32)
    scale_product(C.reshape(-1), scale_a * scale_b, out.reshape(-1))
    return out
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
# **Implement** `quantized_relu`: one pass over the integers, then the scale (about three lines). `x` stays as it is.

# %% nbgrader={"grade": false, "grade_id": "quantized_relu", "solution": true}
#| export
def quantized_relu(x: np.ndarray, bits: int = 8) -> np.ndarray:
    """max(x, 0) through integers: quantized, cut off at code 0, scaled back.

    x: any shape and strides, real numbers.  bits: 8 or 16.
    Returns float32 of x's shape, within scale / 2 of max(x, 0) up to the rounding to float32.
    Raises ValueError for other bits, NaN or infinity.
    """
    x = as_array(x)
    ### BEGIN SOLUTION
    q, scale = quantize(x, bits)
    np.maximum(q, 0, out=q)
    return dequantize(q, scale)
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
# **Measure.** Bytes that ReLU reads and writes as float32 and as int8, and the time of both.

# %% tags=["measure"]
x = np.random.default_rng(7).standard_normal(1_000_000).astype(np.float32)
q, scale = quantize(x)
for name, array in (("float32", x), ("int8", q)):
    timing = bench.measure(np.maximum, array, array.dtype.type(0), out=np.empty_like(array))
    print(f"{name:8} {2 * array.nbytes / 1e6:4.1f} MB moved, {timing.median_us:7.1f} us")
print(f"quantized_relu from float to float: {bench.measure(quantized_relu, x).median_us:7.1f} us")

# %% [markdown]
# **Reflect.** If int8 isn't the faster of the two lines on your machine, NumPy's loop for it isn't vectorized: fewer
# bytes help only code that keeps the memory busy. Alone, `quantized_relu` pays for two conversions. How many integer
# operations must stand between `quantize` and `dequantize` before eight bits are worth it for an operation that does
# one step per element?

# %% [markdown]
# ## Is it worth it here?
#
# A decision needs a limit that was stated beforehand and a measurement on the machine in question. The limit below is
# our choice for this lesson: a relative error of 2 %. Speed is judged by pairs of runs in turn, and "faster" means that
# the whole 95 % interval of the ratio lies above 1, with quantization of both operands inside the measured time.

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
