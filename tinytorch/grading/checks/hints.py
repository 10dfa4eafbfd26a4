"""Names the likely mistake behind a wrong answer, where it is one that many make.

A hint names the mistake, never the expected result: no expected value, no input, and no factor but the thousands
between units. Each recognizer claims its mistake only when that explains every wrong element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tinytorch.grading.checks.evidence import Evidence, numbers

UNITS = (1e3, 1e6)  # from milliseconds and from seconds to microseconds
WRAP = 256  # what an int8 wraps by; wider integers wrap by a multiple of it
MULTIPLICATIONS = 1 << 27  # in a product that is only tried


def for_array(evidence: Evidence, inputs: Sequence[object] = ()) -> str:
    """The first mistake that explains the answer, in a sentence; empty where none does. `inputs` of the call."""
    with np.errstate(all="ignore"):
        if evidence.came.size == 1:
            return _lonely(float(evidence.came.item()), float(evidence.due.item()))
        if evidence.is_explained_by(evidence.due):
            return "The errors are small beside the largest element: look at rounding, and at the type of each step."
        return next((hint for recognize in _RECOGNIZERS if (hint := recognize(evidence, inputs))), "")


def for_shape(came: tuple[int, ...], due: tuple[int, ...]) -> str:
    """A hint from the two shapes alone."""
    if len(due) > 1 and came == due[::-1]:
        return "The shape is turned around: the result may be transposed."
    if len(due) == 1 and came == 2 * due:
        return "A column and a row of that length were broadcast into a table; give both the same shape first."
    if not came:
        return "One number came back: a sum or a maximum may have run over every axis."
    if len(came) == len(due) and all(mine <= theirs for mine, theirs in zip(came, due, strict=True)):
        return "Rows or columns are missing: what is left over after the last whole block or share may be dropped."
    if np.prod(came) == np.prod(due):
        return "The number of elements is right: the result may lack its last reshape, or an axis was added or lost."
    return ""


def for_dtype(came: np.dtype, due: np.dtype) -> str:
    """A hint from the two types alone."""
    if due.kind == "f" and came.kind == "f":
        if came.itemsize > due.itemsize:
            return (
                f"NumPy computes in {came} as soon as one array is {came}; np.zeros, np.empty and lists make float64 "
                "unless they are given a dtype."
            )
        return f"{came} holds fewer digits than {due}: take the type from the operands (np.result_type)."
    if due.kind == "f" and came.kind in "iub":
        return "Whole numbers came back: fractions may be cut off where the result is stored."
    if due.kind in "iu" and came.kind == "f":
        return "Integers went through floating point, which cannot hold all of them: keep the work in integers."
    if due.kind in "iu" and came.kind in "iu" and came.itemsize < due.itemsize:
        return f"Sums in {came} wrap around: widen the operands before they are multiplied."
    return ""


def for_number(value: float, expected: float | None = None, low: float | None = None, high: float | None = None) -> str:
    """A hint from one number, and what was expected of it: a value, or bounds on both sides."""
    if expected is None and (low is None or high is None or not low > 0):
        return ""
    if expected is not None and (expected == 0 or not math.isfinite(expected)):
        return ""

    def fits(other: float) -> bool:
        if expected is not None:
            return abs(other - expected) <= 1e-6 * abs(expected)
        return low is not None and high is not None and low <= other <= high

    if expected is not None and fits(value):
        return "It is nearly right: part of the work may be done in float32."
    for unit in UNITS:
        if fits(value * unit):
            return "It is too small by a power of a thousand: look at the unit (seconds, milliseconds, microseconds)."
        if fits(value / unit):
            return "It is too large by a power of a thousand: look at the unit (seconds, milliseconds, microseconds)."
    if fits(-value):
        return "The sign is the wrong way round."
    if expected is None or value == 0:
        return ""
    if value > 0 and fits(value**0.5):
        return "The square root is missing."
    if fits(1 / value):
        return "The ratio is upside down."
    if value.is_integer() and float(expected).is_integer() and (value - expected) % WRAP == 0:
        return _WRAPPED
    return ""


CHANGED = (
    "+=, out= and assignment to x[...] write into the array itself, and asarray, reshape, ravel and slices may share "
    "its memory: work on a copy, or write into a new array."
)

_WRAPPED = "Small integers wrap around: widen them (astype) before they are multiplied or added, not after."


def _lonely(came: float, due: float) -> str:
    """Hints for one element, which by chance would fit many mistakes of whole arrays."""
    return for_number(came, due) if math.isfinite(came) else ""


def _nothing_written(evidence: Evidence, inputs: Sequence[object]) -> str:
    if evidence.came.any():
        return ""
    return "Every element is zero: the result may be written into a copy, or never."


def _nan(evidence: Evidence, inputs: Sequence[object]) -> str:
    came, due = np.isnan(evidence.came[evidence.bad]), np.isnan(evidence.due[evidence.bad])
    if np.all(due & ~came):
        return "NaN is lost: every comparison with NaN is False, so a test such as x > 0 drops it. NaN must stay NaN."
    if np.all(came & ~due):
        return "NaN came back where there is no reason for it: memory of np.empty never written, 0 / 0, or NaN * 0."
    return ""


def _turned(evidence: Evidence, inputs: Sequence[object]) -> str:
    if evidence.due.ndim > 1 and evidence.is_explained_by(evidence.due.T):
        return "The result is transposed."
    return ""


def _order(evidence: Evidence, inputs: Sequence[object]) -> str:
    due, came = evidence.due, evidence.came
    if due.ndim == 0 or len(due) < 2:
        return ""
    if evidence.is_explained_by(due[::-1]):
        return "The order is reversed along the first axis."
    rows, expected_rows = came.reshape(len(came), -1), due.reshape(len(due), -1)
    if expected_rows.shape[1] and evidence.is_explained_by(due[np.lexsort(expected_rows.T)][_ranks(rows)]):
        return "The right slices came back in another order: put results together by position, not as they finish."
    return ""


def _ranks(rows: np.ndarray) -> np.ndarray:
    """Returns the rank of each row in sorted order."""
    return np.argsort(np.lexsort(rows.T))


def _relu(evidence: Evidence, inputs: Sequence[object]) -> str:
    if np.any(evidence.came < 0) and np.all(evidence.are_near(np.maximum(evidence.came, 0), evidence.due)):
        return "Negative elements are let through: the ReLU is missing at the end."
    return ""


def _sign(evidence: Evidence, inputs: Sequence[object]) -> str:
    return "Every element has the wrong sign." if evidence.is_explained_by(-evidence.due) else ""


def _bias_axis(evidence: Evidence, inputs: Sequence[object]) -> str:
    match [numbers(item) for item in inputs if isinstance(item, np.ndarray) and item.dtype.kind in "iuf"]:
        case [x, bias, *_] if x.ndim > 1 and bias.shape == x.shape[:1]:
            summed = x + bias.reshape(-1, *[1] * (x.ndim - 1))
            if any(map(evidence.is_explained_by, (summed, np.maximum(summed, 0)))):
                return "The bias was added along the wrong axis: it belongs to the last one."
    return ""


def _terms(evidence: Evidence, inputs: Sequence[object]) -> str:
    """Sums of a matrix product that end early, and elements at the edges that were never reached."""
    match [numbers(item) for item in inputs if isinstance(item, np.ndarray) and item.dtype.kind in "iuf"]:
        case [A, B, *_] if A.ndim == B.ndim == 2 and A.shape[1:] == B.shape[:1]:
            pass
        case _:
            return ""
    reached = np.argwhere(evidence.bad & (np.abs(evidence.came) > evidence.allowed))
    is_small = A.size * B.shape[1] <= MULTIPLICATIONS
    if (len(A), B.shape[1]) != evidence.came.shape or not len(reached) or not is_small:
        return ""
    i, j = reached[0]
    partial = np.cumsum(A[i] * B[:, j])[:-1]
    for k in np.flatnonzero(evidence.are_near(partial, evidence.came[i, j]))[:4] + 1:
        near = evidence.are_near(A[:, :k] @ B[:k], evidence.came)
        if np.all(near):
            return "Only the first terms of each sum are added: the last block along the inner dimension is left out."
        if np.all(near | (evidence.came == 0)):
            return "What no whole block covers is left out: at the edges of the result, and at the end of each sum."
    return ""


def _edges(evidence: Evidence, inputs: Sequence[object]) -> str:
    """A leading part that is right, and around it hardly anything that is."""
    good = evidence.good
    if good.ndim == 0 or not good.flat[0]:
        return ""
    box = tuple(slice(0, _right_until(good, axis)) for axis in range(good.ndim))
    outside = np.ones(good.shape, bool)
    outside[box] = False
    by_chance = good & (evidence.came == 0)  # a zero that was never written is sometimes right
    is_alone = np.count_nonzero(evidence.bad) < 2
    if is_alone or not np.all(good[box]) or np.mean((good & ~by_chance)[outside]) > 0.1:
        return ""
    cut = [(part.stop, length) for part, length in zip(box, good.shape, strict=True) if part.stop < length]
    if all(2 * stop <= length for stop, length in cut):
        return "Only the first block is right: the loop over blocks may end after one."
    return (
        "All is right up to some row or column, and wrong from there to the end: what is left over after the last "
        "whole block, vector or share may be missing."
    )


def _right_until(good: np.ndarray, axis: int) -> int:
    """Returns the number of leading right elements along one axis, at the start of all the others."""
    line = good[tuple(slice(None) if at == axis else 0 for at in range(good.ndim))]
    return len(line) if np.all(line) else int(np.argmin(line))


def _wraps(evidence: Evidence, inputs: Sequence[object]) -> str:
    if not evidence.is_whole:
        return ""
    difference = (evidence.came - evidence.due)[evidence.bad]
    if len(difference) > 1 and np.all(difference % WRAP == 0):
        return _WRAPPED
    return ""


def _rounding(evidence: Evidence, inputs: Sequence[object]) -> str:
    came, due = evidence.came[evidence.bad], evidence.due[evidence.bad]
    if not evidence.is_whole or len(came) < 2 or np.any(np.abs(came - due) != 1):
        return ""
    if np.all(due % 2 == 0) and np.all(np.abs(came) > np.abs(due)):
        return "Halves are rounded away from zero; they belong to the nearest even code (np.rint)."
    if np.all(due % 2 == 0) and (np.all(came > due) or np.any(came > due) != np.any(came < due)):
        return "Halves are rounded in one direction; they belong to the nearest even code (np.rint)."
    if np.all(np.abs(came) < np.abs(due)):
        return "Fractions are cut off: astype does not round (np.rint does)."
    if np.all(came < due):
        return "Fractions are rounded down (floor, //); they belong to the nearest code (np.rint)."
    return "Elements are off by one: look at how fractions are rounded."


def _precision(evidence: Evidence, inputs: Sequence[object]) -> str:
    finite = np.isfinite(evidence.due)
    size = np.abs(evidence.due[finite]).max(initial=0.0)
    error = np.abs(evidence.came[finite] - evidence.due[finite]).max(initial=0.0)
    if evidence.dtype.kind != "f" or not np.all(finite == np.isfinite(evidence.came)) or size == 0:
        return ""
    if evidence.dtype.itemsize > 4 and error <= 16 * np.finfo(np.float32).eps * size:
        return "The error is of the size of float32 rounding: part of the work may be done in it."
    return ""


def _constant(evidence: Evidence, inputs: Sequence[object]) -> str:
    came, due = evidence.came.astype(np.float64), evidence.due.astype(np.float64)
    sure = np.abs(due) > 0.01 * np.abs(due).max()
    is_usable = np.all(np.isfinite(came)) and np.all(np.isfinite(due)) and np.count_nonzero(sure) > 1
    if not is_usable or not np.all(evidence.bad[sure]):
        return ""
    factor = float(np.median(came[sure] / due[sure]))
    if factor and abs(factor - 1) > 1e-3 and np.all(np.abs(came - factor * due) <= 1e-4 * np.abs(came).max()):
        if any(np.isclose(max(factor, 1 / factor), unit, rtol=1e-3) for unit in UNITS if factor > 0):
            return "Every element is off by a power of a thousand: look at the unit."
        return "Every element is off by one and the same factor: look at the scale."
    offset = float(np.median(came - due))
    if offset and np.all(evidence.bad) and np.all(np.abs(came - due - offset) <= 1e-4 * abs(offset)):
        return "Every element is off by one and the same amount."
    return ""


_RECOGNIZERS: tuple[Callable[[Evidence, Sequence[object]], str], ...] = (
    _wraps,  # before zeros: a power of two may wrap to one
    _nothing_written,
    _nan,
    _turned,
    _order,
    _relu,
    _sign,
    _bias_axis,
    _terms,
    _edges,
    _rounding,
    _constant,
    _precision,
)
