"""Helpers for the visible checks in the lessons: small assertions with messages that a student can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["refused"]


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
