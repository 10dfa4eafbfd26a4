"""An answer and the expected values in types that allow arithmetic. Evidence never leaves the trusted side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGEST = 1 << 22  # elements; beyond, looking for the mistake would take longer than the check
SLACK = 1000  # roundings: what is the same mistake may have been summed in another order


@dataclass(frozen=True, slots=True)
class Evidence:
    """`came` and `due` have one shape; `good` is True where the answer is right. `dtype` is the answer's own.

    Real numbers of every kind are held as float64 or int64 in `came` and `due`.
    """

    came: np.ndarray
    due: np.ndarray
    good: np.ndarray
    dtype: np.dtype

    @property
    def bad(self) -> np.ndarray:
        return ~self.good

    @property
    def is_whole(self) -> bool:
        """Integers on both sides."""
        return self.came.dtype.kind == "i" and self.due.dtype.kind == "i"

    @property
    def allowed(self) -> float:
        """By how much elements may differ that are the same but for rounding."""
        if self.dtype.kind != "f":
            return 0.0
        sizes = np.abs(self.due[np.isfinite(self.due)])
        information = np.finfo(self.dtype)
        return SLACK * float(information.eps) * float(sizes.max(initial=0.0)) + float(information.smallest_subnormal)

    def are_near(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Element by element, as near as rounding leaves them; NaN is near NaN."""
        with np.errstate(all="ignore"):
            near: np.ndarray = (np.abs(left - right) <= self.allowed) | (left == right)
            near |= np.isnan(left) & np.isnan(right)
        return near

    def is_explained_by(self, candidate: np.ndarray) -> bool:
        """Says whether the answer is what this mistake would have given, in every element."""
        return candidate.shape == self.came.shape and bool(np.all(self.are_near(self.came, candidate)))


def gather(came: np.ndarray, due: np.ndarray, good: np.ndarray) -> Evidence | None:
    """Evidence to look for the mistake in; None where no mistake could be recognized."""
    is_comparable = came.shape == due.shape and came.dtype.kind in "iuf" and due.dtype.kind in "iuf"
    if not is_comparable or not 1 <= came.size <= LARGEST:
        return None
    return Evidence(numbers(came), numbers(due), good, came.dtype)


def numbers(array: np.ndarray) -> np.ndarray:
    """A real array in the type that its arithmetic is done in here."""
    return array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
