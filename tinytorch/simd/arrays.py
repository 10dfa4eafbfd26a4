"""Arrays as kernels need them: 1-D, contiguous, of one float type; and the array that a result goes into."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNEL_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))


def output_for(x: np.ndarray, dtype: np.dtype[Any], out: np.ndarray | None) -> np.ndarray:
    """Returns `out` after a check, or a new array of the shape and memory order of `x` and of `dtype` if it is None.

    Raises TypeError if `out` is no NumPy array; ValueError if its shape or dtype differs or it is read-only.
    """
    if out is None:
        return np.empty_like(x, dtype)
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array, got {type(out).__name__}")
    if out.shape != x.shape or out.dtype != dtype:
        raise ValueError(f"out must have shape {x.shape} and dtype {dtype}, got {out.shape} and {out.dtype}")
    if not out.flags.writeable:
        raise ValueError("out is read-only; pass an array that can be written to")
    return out


def overlap_apart(x: np.ndarray, out: np.ndarray) -> bool:
    """True when `x` and `out` may share memory without being the same elements at the same positions."""
    if x.flags.owndata and out.flags.owndata:  # each has memory of its own, or they are one array
        return False
    if not np.may_share_memory(x, out):
        return False
    return x.ctypes.data != out.ctypes.data or x.strides != out.strides


def flat_views(x: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns `x` and `out` as 1-D contiguous views in memory order, or None where there are no such views.

    Both arrays must be float32 or both float64, both in C order or both in Fortran order, and aligned.
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
    """Returns `flat_views(x, out)`, or None also where `out` overlaps `x` at another position.

    There a vector would read what the vector before it wrote. For an `out` that is new, `flat_views` is enough.
    """
    return None if overlap_apart(x, out) else flat_views(x, out)


def as_real(x: Any) -> np.ndarray:
    """Returns `x` as an array of real numbers; booleans become the int64 values 0 and 1.

    Raises TypeError for complex numbers, text and objects.
    """
    array = np.asarray(x)
    if array.dtype.kind not in "buif":
        raise TypeError(f"needs real numbers, got an array of dtype {array.dtype}")
    return array.astype(np.int64) if array.dtype.kind == "b" else array


def flat_operands(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns x and y as 1-D contiguous arrays of one float type: float32 if both are float32, else float64."""
    dtype = np.float32 if x.dtype == y.dtype == np.float32 else np.float64
    return np.require(x, dtype, ["C", "A"]).reshape(-1), np.require(y, dtype, ["C", "A"]).reshape(-1)
