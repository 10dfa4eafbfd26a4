"""Tests of an answer for hidden checks; each raises CheckFailed with a message that a student can act on.

The message describes the answer (shape, dtype, first differing index, largest error) and never the expected value.
The exception carries the evidence for a hint about the likely mistake; see `tinytorch.grading.checks.hints`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinytorch.bench import Bands, Comparison, standing
from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.answer import Call
from tinytorch.grading.base.student_errors import StudentRaised, student_error
from tinytorch.grading.checks import hints, running
from tinytorch.grading.checks.evidence import gather
from tinytorch.grading.checks.failed import CheckFailed
from tinytorch.grading.sandbox.inside.values import Unsupported

__all__ = [
    "CheckFailed",
    "StudentRaised",
    "bands",
    "close",
    "exactly",
    "keys",
    "number",
    "raises",
    "require",
    "unchanged",
]

ROUNDINGS = 4  # roundings allowed for each term of a sum, in units of the dtype's eps


def require(condition: object, words: str) -> None:
    """Fails with the message `words` unless the condition is True."""
    if not isinstance(condition, (bool, np.bool_)):
        raise TypeError(f"check.require needs True or False, not {type(condition).__name__}")
    if not condition:
        raise CheckFailed(words)


def close(
    actual: object,
    expected: object,
    *,
    dtype: Any,
    terms: int = 1,
    shape: tuple[int, ...] | None = None,
    magnitude: object = None,
    what: str = "result",
) -> None:
    """Requires a plain array of exactly that dtype and shape, each element within rounding of `expected`.

    The allowance is ROUNDINGS * eps(dtype) * terms * magnitude; `magnitude` is the size of the terms that were summed,
    by default the element's own where there is one term, and the largest element's where there are more. NaN and
    infinity pass only where the same is expected. Integer and bool dtypes have no allowance.
    """
    exact = np.asarray(expected)
    array = _array(actual, np.dtype(dtype), exact.shape if shape is None else shape, what)
    if array.dtype.kind not in "fc":
        _equal(array, exact.astype(array.dtype), what)
        return
    finite = np.isfinite(exact)
    size = np.abs(exact) if magnitude is None else np.broadcast_to(np.abs(np.asarray(magnitude)), exact.shape)
    if magnitude is None and terms > 1:
        size = np.full(exact.shape, size[finite].max(initial=0.0))
    information = np.finfo(array.dtype)
    allowed = ROUNDINGS * float(information.eps) * max(1, terms) * np.where(finite, size, 0.0)
    allowed = allowed + float(information.smallest_subnormal)
    with np.errstate(all="ignore"):
        error = np.abs(array.astype(_wide(array)) - exact.astype(_wide(array)))
        good = np.where(finite, error <= allowed, _same(array, exact.astype(array.dtype)))
    _report(array, exact, good, what)


def exactly(actual: object, expected: object, *, dtype: Any = None, what: str = "result") -> None:
    """Requires equality in every element and in dtype; NaN equals NaN. Also for numbers, texts, and containers."""
    if isinstance(expected, np.ndarray):
        array = _array(actual, np.dtype(dtype if dtype is not None else expected.dtype), expected.shape, what)
        _equal(array, expected.astype(array.dtype), what)
        return
    _usable(actual, what)
    if isinstance(actual, np.ndarray) or not _is_equal(actual, expected):
        raise CheckFailed(f"{what} is not as required: {describe(actual)}", _number_hint(actual, expected))


def number(
    actual: object,
    expected: float | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    rel: float = 1e-9,
    what: str,
) -> None:
    """Requires a finite real number, near `expected` and within the bounds where these are given."""
    _usable(actual, what)
    if not isinstance(actual, (int, float, np.integer, np.floating)) or isinstance(actual, bool):
        raise CheckFailed(f"{what} must be a number; it is {describe(actual)}")
    value = float(actual)
    if not math.isfinite(value):
        raise CheckFailed(f"{what} must be a finite number; it is {value}")
    if expected is not None and not abs(value - expected) <= rel * max(abs(expected), abs(value)):
        raise CheckFailed(f"{what} is not right: {value:.6g} came back", hints.for_number(value, expected))
    if low is not None and not value >= low:
        raise CheckFailed(f"{what} is {value:.6g}; it must be at least {low:.6g}", _bounds_hint(value, low, high))
    if high is not None and not value <= high:
        raise CheckFailed(f"{what} is {value:.6g}; it must be at most {high:.6g}", _bounds_hint(value, low, high))


def keys(mapping: object, names: Iterable[object], what: str = "result") -> None:
    """Requires a dict that has at least these keys."""
    _usable(mapping, what)
    if not isinstance(mapping, dict):
        raise CheckFailed(f"{what} must be a dict; it is {describe(mapping)}")
    missing = [name for name in names if name not in mapping]
    if missing:
        raise CheckFailed(f"{what} lacks {', '.join(map(repr, missing))}; it has {sorted(map(str, mapping))[:12]}")


def at(mapping: Any, *path: object) -> Any:
    """Returns mapping[path[0]][path[1]]... of nested dicts; fails if a key is missing."""
    for key in path:
        keys(mapping, [key])
        mapping = mapping[key]
    return mapping


def unchanged(call: Call, *originals: object) -> None:
    """Requires that the call left its positional arguments unchanged."""
    for index, original in enumerate(originals):
        if not isinstance(original, np.ndarray):
            continue
        after = call.args[index] if index < len(call.args) else None
        is_alike = isinstance(after, np.ndarray) and (after.dtype, after.shape) == (original.dtype, original.shape)
        if after is None or not is_alike or not bool(np.all(_same(after, original))):
            message = f"{call.name} changed its argument number {index + 1}; it must leave its inputs alone"
            raise CheckFailed(message, hints.CHANGED)


@contextmanager
def raises(kind: type[Exception], mentions: Sequence[str] = ()) -> Iterator[None]:
    """Requires that the block raises `kind` with a message in which each of the texts occurs."""
    try:
        yield
    except Exception as raised:
        if student_error(raised) is None or (isinstance(raised, NotImplementedError) and kind is not type(raised)):
            raise
        _judge(raised, kind, mentions)
        return
    raise CheckFailed(f"no exception was raised; {kind.__name__} is required here")


def bands(comparison: Comparison, shares: Bands | str) -> None:
    """Gives the check the share of its weight that belongs to the highest ratio reached.

    shares: the name of bands in the module's `bands.toml`, or bands themselves, e.g. `{0.5: 0.4, 1.5: 1}`.
    Fails when the ratio's whole interval lies below them all; an interval on both sides of a ratio counts for the
    student. A check with several races earns the least of what they earn.
    """
    check = running.current()
    try:
        result = standing(comparison, check.bands.of(shares))
    except ValueError as err:
        raise GraderFaultError(f"a hidden check's bands: {err}") from err
    check.standings.append(result)
    if result.share == 0:
        raise CheckFailed(f"too slow: {result.words}")


def describe(value: object) -> str:
    """Returns a short description of an answer: its type, and shape or value."""
    if value is None:
        return "None (is there a return?)"
    if isinstance(value, Unsupported):
        return value.words
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)} items"
    shown = repr(value)
    return f"the {type(value).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"


def _usable(value: object, what: str) -> None:
    if isinstance(value, Unsupported):
        raise CheckFailed(f"{what} is {value.words}, which cannot be used here")


def _array(actual: object, dtype: np.dtype, shape: tuple[int, ...], what: str) -> np.ndarray:
    if type(actual) is not np.ndarray:
        raise CheckFailed(f"{what} must be a NumPy array; it is {describe(actual)}")
    if actual.shape != tuple(shape):
        hint = hints.for_shape(actual.shape, tuple(shape))
        raise CheckFailed(f"{what} has shape {actual.shape}; {tuple(shape)} is required (dtype {actual.dtype})", hint)
    if actual.dtype != dtype:
        hint = hints.for_dtype(actual.dtype, dtype)
        raise CheckFailed(f"{what} has dtype {actual.dtype}; {dtype} is required (shape {actual.shape})", hint)
    return actual


def _wide(array: np.ndarray) -> type:
    return np.complex128 if array.dtype.kind == "c" else np.float64


def _same(array: np.ndarray, expected: np.ndarray) -> np.ndarray:
    same: np.ndarray = array == expected
    if array.dtype.kind in "fc":
        same |= np.isnan(array) & np.isnan(expected)
    return same


def _equal(array: np.ndarray, expected: np.ndarray, what: str) -> None:
    _report(array, expected, _same(array, expected), what)


def _report(array: np.ndarray, expected: np.ndarray, good: np.ndarray, what: str) -> None:
    if bool(np.all(good)):
        return
    bad = np.argwhere(~good)
    first = tuple(int(index) for index in bad[0])
    message = f"{what} is wrong in {len(bad)} of {array.size} elements (shape {array.shape}, dtype {array.dtype})"
    if array.ndim:
        message += f", first at index {list(first)}, where {array[first]} came back"
    largest = _largest_error(array[~good], expected[~good])
    message += f"; the largest error is {largest:.3g}" if largest > 0 else ""
    raise CheckFailed(message, evidence=gather(array, expected, good))


def _largest_error(array: np.ndarray, expected: np.ndarray) -> float:
    if array.dtype.kind in "biu":
        return float(max(abs(int(came) - int(due)) for came, due in zip(array, expected, strict=True)))
    with np.errstate(all="ignore"):
        error = np.abs(array.astype(_wide(array)) - expected.astype(_wide(array)))
    return float(np.max(error[np.isfinite(error)], initial=0.0))


def _number_hint(actual: object, expected: object) -> str:
    kinds = (int, float, np.integer, np.floating)
    if isinstance(actual, bool) or isinstance(expected, bool):
        return ""
    if not (isinstance(actual, kinds) and isinstance(expected, kinds)):
        return ""
    return hints.for_number(float(actual), float(expected))


def _bounds_hint(value: float, low: float | None, high: float | None) -> str:
    return hints.for_number(value, low=low, high=high)


def _is_equal(actual: Any, expected: Any) -> bool:
    if isinstance(expected, (bool, np.bool_)) or isinstance(actual, (bool, np.bool_)):
        return isinstance(actual, (bool, np.bool_)) and isinstance(expected, (bool, np.bool_)) and actual == expected
    if isinstance(expected, (list, tuple)):
        is_alike = type(actual) is type(expected) and len(actual) == len(expected)
        return is_alike and all(_is_equal(mine, theirs) for mine, theirs in zip(actual, expected, strict=True))
    if isinstance(expected, Mapping):
        is_alike = isinstance(actual, dict) and set(actual) == set(expected)
        return is_alike and all(_is_equal(actual[key], expected[key]) for key in expected)
    if isinstance(actual, np.ndarray) or isinstance(expected, np.ndarray):
        return (
            isinstance(actual, np.ndarray)
            and isinstance(expected, np.ndarray)
            and actual.shape == expected.shape
            and actual.dtype == expected.dtype
            and bool(np.all(_same(actual, expected)))
        )
    if isinstance(expected, float) and math.isnan(expected):
        return isinstance(actual, float) and math.isnan(actual)
    return bool(actual == expected)


def _judge(raised: Exception, kind: type[Exception], mentions: Sequence[str]) -> None:
    error = student_error(raised)
    description = str(raised) if error is None else error.words()
    if not isinstance(raised, kind):
        raise CheckFailed(f"{kind.__name__} is required here; it raised {description}") from raised
    lacking = [text for text in mentions if text not in str(raised)]
    if lacking:
        missing = " and ".join(lacking)
        raise CheckFailed(f"the message of {kind.__name__} must mention {missing}; it says: {raised}") from raised
