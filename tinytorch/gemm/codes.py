"""The given parts of rounding floats to eight-bit codes: the largest magnitude, and codes without dividing."""

from __future__ import annotations

import numpy as np

from tinytorch import simd
from tinytorch.gemm.operands import kernel_input

W = simd.W
#: Values that are rounded together; if one of them lies next to a tie, all of these are divided.
CHUNK = 32 * W
#: Between these float32 holds a scale and its reciprocal well.
LEAST_SCALE, MOST_SCALE = 1e-30, 1e30


def largest_code(bits: int) -> int:
    """Returns the largest code of symmetric quantization: 127 for 8 bits, 32767 for 16.

    Raises ValueError for any other number of bits.
    """
    if bits not in (8, 16):
        raise ValueError(f"bits must be 8 or 16, got {bits!r}")
    return 127 if bits == 8 else 32767


def as_values(x: np.ndarray) -> np.ndarray:
    """Returns x as a read-only 1-D C-ordered array of float32 or float64: kernels are compiled for these two types.

    x: any shape and strides, real numbers; anything but float32 becomes float64. Copied only where that is needed.
    """
    dtype = x.dtype if x.dtype == np.float32 else np.dtype(np.float64)
    return kernel_input(x, dtype).reshape(-1)


def held_by_float32(scale: float) -> bool:
    """Returns True for a scale that float32 holds with a relative error of at most 2**-24, and its reciprocal too."""
    return LEAST_SCALE < scale < MOST_SCALE


def largest_magnitude(values: np.ndarray) -> float:
    """Returns max(abs(values)) of a 1-D array of float32 or float64, 0.0 if it is empty, NaN if any element is NaN."""
    return float(_largest(values)) if values.size else 0.0


def fast_codes(values: np.ndarray, scale: float, top: int, codes: np.ndarray) -> bool:
    """Fills `codes` with values / scale, rounded half to even, and returns True; returns False where it does not apply.

    values: 1-D float32.  scale: max(abs(values)) / top.  codes: 1-D int8, of the size of `values`.
    It multiplies by 1 / scale, and divides only near ties, so the codes are always those of the division in float64.
    It applies to float32 values in 8 bits, from CHUNK values on, with a scale that float32 holds well.
    """
    fits = values.dtype == np.float32 and codes.dtype == np.int8 and values.size >= CHUNK
    if fits and held_by_float32(scale):
        _multiplied(values, scale, top, codes)
        return True
    return False


@simd.jit
def _largest(values: np.ndarray) -> float:
    """max|values|: four vectors of maxima side by side, as a scalar maximum of floats waits for the last one."""
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
    largest: float = simd.max_lane(simd.maximum(simd.maximum(m0, m1), simd.maximum(m2, m3)))
    return largest


@simd.jit
def _divided(values: np.ndarray, scale: float, top: int, codes: np.ndarray) -> None:
    """Codes by division in float64, clipped to -top .. top; for the few values next to a tie and the last ones."""
    quotients = values.astype(np.float64) / scale
    codes[:] = np.minimum(np.maximum(np.rint(quotients), -top), top).astype(codes.dtype)


@simd.jit
def _multiplied(values: np.ndarray, scale: float, top: int, codes: np.ndarray) -> None:
    """Codes by multiplication in float32; chunks with a value next to a tie are divided.

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
            _divided(values[start:stop], scale, top, codes[start:stop])
    _divided(values[whole:], scale, top, codes[whole:])
