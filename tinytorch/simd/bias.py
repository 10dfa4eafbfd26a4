"""A bias along the last axis, in the form that kernels need, and a NumPy version where no kernel fits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinytorch.simd.arrays import overlap_apart

SHORTEST_PATTERN = 256  # elements; 16 vectors or more for each partial one
SLICE_BYTES = 2**16  # of the result at a time: the sums are still in the second cache for the maximum


def bias_for(x: np.ndarray, bias: Any, out: np.ndarray | None = None) -> np.ndarray:
    """Returns `bias` as a 1-D array of 1 or N elements in the dtype of `x + bias`; N is the length of x's last axis.

    bias: (N,), one number, or either with leading axes of length 1. A Python number takes the dtype of x where that
    can hold its kind. The result is a copy where it would share memory with `out`.
    Raises ValueError, naming both shapes, for a bias that varies along another axis or has another length.
    """
    values = np.asarray(bias)
    if values.ndim == 1 and values.shape == x.shape[-1:] and values.dtype == x.dtype and values.flags.carray:
        run = values
    else:
        run = _run(x, bias, values)
    return run.copy() if out is not None and np.may_share_memory(run, out) else run


def _run(x: np.ndarray, bias: Any, values: np.ndarray) -> np.ndarray:
    """`bias_for` where `values`, the array of `bias`, can't stay as it is."""
    along_last = values.ndim == 0 or (
        values.ndim <= x.ndim and values.size == values.shape[-1] and values.shape[-1] in (1, x.shape[-1])
    )
    if not along_last:
        raise ValueError(
            f"bias of shape {values.shape} doesn't run along the last axis of x, which has shape {x.shape}"
        )
    given = bias if isinstance(bias, (bool, int, float)) else values
    run = np.ascontiguousarray(given, dtype=np.result_type(x, given)).reshape(-1)
    return run if run.flags.aligned else run.copy()


def bias_pattern(bias: np.ndarray) -> np.ndarray:
    """Returns the bias of consecutive elements in memory until it repeats: `bias` itself, or a short one several times.

    bias: 1-D, at least one element. The result has a multiple of its length, SHORTEST_PATTERN elements or more.
    """
    if bias.size >= SHORTEST_PATTERN:
        return bias
    rows = np.empty((math.ceil(SHORTEST_PATTERN / bias.size), bias.size), bias.dtype)
    rows[:] = bias
    return rows.reshape(-1)


def relu_bias_in_slices(x: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:
    """out = max(x + bias, 0) by NumPy, for any layout and dtype, some rows at a time.

    bias: as `bias_for` returns it. out: the shape of x, the dtype of bias; it may overlap x.
    """
    rows = np.atleast_2d(x.copy() if overlap_apart(x, out) else x)
    results = np.atleast_2d(out)
    step = max(1, SLICE_BYTES * len(rows) // max(1, out.nbytes))
    for start in range(0, len(rows), step):
        part = results[start : start + step]
        np.add(rows[start : start + step], bias, out=part)
        np.maximum(part, part.dtype.type(0), out=part)
