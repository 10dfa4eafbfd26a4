"""Memory for packed blocks that begins where a vector may."""

from __future__ import annotations

import numpy as np

from tinytorch import simd


def aligned_zeros(size: int, dtype: type) -> np.ndarray:
    """Returns a 1-D array of zeros whose first vector lies in one cache line, and so does every further one."""
    room: np.ndarray = np.zeros(size + simd.BYTES, dtype)
    return room[simd.aligned_offset(room) :][:size]
