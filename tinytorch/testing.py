"""Helpers for the visible checks in the lessons: small assertions with messages that a student can act on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from numbers import Real

__all__ = ["agree", "refused"]


@contextmanager
def refused(error: type[Exception] | tuple[type[Exception], ...], *mentions: object) -> Iterator[None]:
    """Passes if the block raises `error` with a message that contains the text of each of `mentions`.

        with refused(ValueError, (2, 3), (4, 5)):
            matmul_naive(np.ones((2, 3)), np.ones((4, 5)))

    Raises AssertionError if nothing is raised or the message lacks one of them; another exception passes through.
    """
    kinds = error if isinstance(error, tuple) else (error,)
    expected = " or ".join(kind.__name__ for kind in kinds)
    try:
        yield
    except error as raised:
        missing = [str(text) for text in mentions if str(text) not in str(raised)]
        if missing:
            raise AssertionError(
                f"the {type(raised).__name__} should mention {' and '.join(missing)}; its message is: {raised}"
            ) from raised
    else:
        raise AssertionError(f"this call must raise {expected}, and it returned instead")


def agree(result: object, **expected: object) -> None:
    """Passes if the dictionary `result` has these entries; numbers may differ by rounding, at any depth.

        agree(scaling_figures(6.0, {2: 3.0}), speedups={2: 2.0}, best=2)

    Raises AssertionError that names the first entry that differs, with what was expected and what came.
    """
    assert isinstance(result, Mapping), f"the result must be a dictionary with {', '.join(expected)}; got {result!r}"
    for name, value in expected.items():
        assert name in result, f"the result has no {name!r}; it has {', '.join(map(str, result)) or 'nothing'}"
        assert _is_close(result[name], value), f"{name!r} must be {value!r}; got {result[name]!r}"


def _is_close(result: object, expected: object) -> bool:
    """True if both are the same but for the rounding of numbers; a truth value is no number."""
    if isinstance(result, Mapping) and isinstance(expected, Mapping):
        return result.keys() == expected.keys() and all(_is_close(result[key], expected[key]) for key in expected)
    if _is_number(result) and _is_number(expected):
        return math.isclose(result, expected, rel_tol=1e-9)  # type: ignore[arg-type]
    return bool(result == expected)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
