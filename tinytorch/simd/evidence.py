"""Evidence about kernels: vector operations in compiled code, and loads and stores of a kernel's plain body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import config

from tinytorch.simd.plain import Counts, counting


@contextmanager
def without_vectors() -> Iterator[None]:
    """Turns vectorization off for functions that Numba compiles inside the `with` block, at their first call."""
    before = config.LOOP_VECTORIZE  # type: ignore[attr-defined]  # set when Numba reads the environment
    config.LOOP_VECTORIZE = 0  # type: ignore[attr-defined]
    try:
        yield
    finally:
        config.LOOP_VECTORIZE = before  # type: ignore[attr-defined]


def holds_vectors(kernel: Any, operation: str = "") -> bool | None:
    """True if the compiled code of `kernel` has an operation on vectors of floats; None if it isn't Numba's.

    operation: LLVM's name of one, "fadd", or any of them if left out. The kernel must have been called before.
    """
    if not hasattr(kernel, "inspect_llvm"):
        return None
    return any(re.search(rf"{operation}.*<\d+ x float>", code) for code in kernel.inspect_llvm().values())


def counted(kernel: Any, *args: Any) -> Counts:
    """Runs the plain Python body of `kernel` on `args`, which should be small, and counts the vectors that it moves."""
    with counting() as counts:
        getattr(kernel, "py_func", kernel)(*args)
    return counts
