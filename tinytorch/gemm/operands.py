"""Operands as compiled loops take them: C-ordered, of one type that they can compute in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def loop_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Returns the type that compiled loops compute in for a result type.

    float16 is computed in float32, as few processors compute in it; booleans are counted as int64.
    Raises TypeError for types that compiled loops cannot compute in.
    """
    if dtype == np.float16:
        return np.dtype(np.float32)
    if dtype.kind == "b":
        return np.dtype(np.int64)
    if dtype.kind not in "iufc" or dtype in (np.longdouble, np.clongdouble):
        raise TypeError(f"there are no compiled loops for dtype {dtype}; convert the operands, for example to float64")
    return dtype


def kernel_input(A: np.ndarray, dtype: type | np.dtype[Any]) -> np.ndarray:
    """Returns A as a read-only C-ordered array of a dtype: the same memory if A is that already, otherwise a copy.

    Read-only, because to Numba a writable and a read-only array are two types, each with code of its own.
    """
    view = np.ascontiguousarray(A, dtype).view()
    view.flags.writeable = False
    return view


def run_loops(loops: Callable[..., None], A: np.ndarray, B: np.ndarray, *settings: int) -> np.ndarray:
    """Returns what `loops(A, B, C, *settings)` adds to a C of zeros, (M, N) of dtype np.result_type(A, B).

    loops: takes A (M, K), B (K, N) and C (M, N), all C-ordered and of one dtype, `loop_dtype` of the result's.
    Raises TypeError for types that compiled loops cannot compute in.
    """
    dtype = np.result_type(A, B)
    working = loop_dtype(dtype)
    C = np.zeros((A.shape[0], B.shape[1]), working)
    loops(kernel_input(A, working), kernel_input(B, working), C, *settings)
    return C.astype(dtype, copy=False)
