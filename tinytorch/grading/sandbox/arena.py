"""Memory shared with one process: inputs of timed calls lie in it before the clock starts, results before it stops.

Both happen at memory speed, while everything else of the process stands still. So no call can be worked on before
its time, and what is not in here when the process is stopped again was not computed in time.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import tempfile
from collections.abc import Sequence

import numpy as np

from tinytorch.errors import GraderFaultError
from tinytorch.grading.sandbox.inside.protocol import Input, Placed
from tinytorch.grading.sandbox.inside.wire import ALIGNMENT_BYTES, WireError

ARENA_BYTES = 64 << 20
PAGE_BYTES = 4096


class Arena:
    """The grader's end. `fd` is what the process gets; its size is sealed, so that no access here can fail."""

    def __init__(self) -> None:
        self.fd = _open()
        self._memory = mmap.mmap(self.fd, ARENA_BYTES)

    def place(self, arrays: Sequence[np.ndarray]) -> tuple[Input, ...]:
        """Copies the arrays in, each at its own alignment; what the process needs to find them."""
        inputs, at = [], 0
        for array in arrays:
            if not array.flags.c_contiguous:
                raise GraderFaultError("inputs of timed calls must be C-contiguous")
            start = at + array.ctypes.data % ALIGNMENT_BYTES
            at = -(-(start + array.nbytes) // PAGE_BYTES) * PAGE_BYTES
            if at > ARENA_BYTES:
                raise GraderFaultError(f"inputs of one timed sample take more than {ARENA_BYTES >> 20} MiB")
            np.copyto(self._view(array.dtype, array.shape, start), array)
            placed = Placed(array.dtype.str, array.shape, start)
            inputs.append(Input(placed, writeable=bool(array.flags.writeable)))
        return tuple(inputs)

    def read(self, places: Sequence[Placed]) -> tuple[np.ndarray, ...]:
        """Copies of the arrays that the process says are there; a WireError if they can't be."""
        arrays, total_bytes = [], 0
        for placed in places:
            dtype = np.dtype(placed.dtype)
            size_bytes = math.prod(placed.shape) * dtype.itemsize
            total_bytes += size_bytes
            if placed.at + size_bytes > ARENA_BYTES or total_bytes > ARENA_BYTES:
                raise WireError("a result lies outside the shared memory")
            arrays.append(self._view(dtype, placed.shape, placed.at).copy())
        return tuple(arrays)

    def close(self) -> None:
        self._memory.close()
        os.close(self.fd)

    def _view(self, dtype: np.dtype, shape: tuple[int, ...], at: int) -> np.ndarray:
        if not math.prod(shape):
            return np.empty(shape, dtype)
        return np.ndarray(shape, dtype, self._memory, offset=at)


def _open() -> int:
    if not hasattr(os, "memfd_create"):  # not Linux, so without a sandbox: a file that has no name any more
        with tempfile.NamedTemporaryFile(prefix="tinytorch-arena-") as file:
            descriptor = os.dup(file.fileno())
        os.ftruncate(descriptor, ARENA_BYTES)
        return descriptor
    descriptor = os.memfd_create("arena", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, ARENA_BYTES)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return descriptor
