"""Operations in two forms, one element at a time and with vectors, ready for the caller to time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

NAMES = ("add", "multiply", "relu", "exp", "dot", "matmul")
SAME_AS = {
    "element_wise_add": "add",
    "element_wise_multiply": "multiply",
    "vectorized_relu": "relu",
    "dot_product": "dot",
    "matrix_multiply": "matmul",
    "matmul_baseline": "matmul",
}
CHANGES = {
    "dot": "several independent partial sums, because one sum has to wait for itself",
    "matmul": "vectors along a row of B, then register tiles, so that a loaded row serves several rows of A",
}
OTHER_CHANGE = "full vectors along contiguous memory, a part vector at the end; fused if it gains little alone"

Call = Callable[[], object]


def why_not_run(op: str, shape: Sequence[int]) -> str:
    """Returns the reason why `op` can't be run on data of this shape; empty if it can."""
    plain = SAME_AS.get(op, op)
    if plain not in NAMES:
        return f"there is no scalar and vector form of {op!r} to run; known: {', '.join(NAMES)}"
    if plain == "matmul" and len(shape) != 2:
        return f"{op} needs a shape of two sizes, not {tuple(shape)}"
    return ""


def scalar_and_vector(op: str, shape: Sequence[int]) -> tuple[Call, Call]:
    """`op` on random float32 of that shape, twice: one element at a time and with vectors, both on one core.

    Both have run and agreed when they are returned. A product multiplies by a matrix of the transposed shape.
    Raises ValueError if `op` can't be run on that shape.
    """
    if why := why_not_run(op, shape):
        raise ValueError(why)
    plain = SAME_AS.get(op, op)
    x, y = np.random.default_rng(0).standard_normal((2, math.prod(shape)), dtype=np.float32)
    out_shape: tuple[int, ...] = (1,) if plain == "dot" else x.shape
    if plain == "matmul":
        x, y, out_shape = x.reshape(shape), y.reshape(shape[::-1]), (shape[0], shape[0])
    outs = np.zeros((2, *out_shape), dtype=np.float32)
    scalar, vector = _scalar_call(plain, x, y, outs[0]), _vector_call(plain, x, y, outs[1])
    scalar()
    vector()
    if not np.allclose(outs[0], outs[1], rtol=1e-3, atol=1e-6 * x.size):
        raise RuntimeError(f"the scalar and the vector form of {op} disagree on shape {tuple(shape)}")
    return scalar, vector


def _scalar_call(op: str, x: np.ndarray, y: np.ndarray, out: np.ndarray) -> Call:
    from tinytorch.hardware import loops

    loop, never = getattr(loops, f"scalar_{op}"), np.float32(np.nan)
    return lambda: loop(x, y, out, never)


def _vector_call(op: str, x: np.ndarray, y: np.ndarray, out: np.ndarray) -> Call:
    from tinytorch.hardware import loops

    calls: dict[str, Call] = {
        "add": lambda: np.add(x, y, out=out),
        "multiply": lambda: np.multiply(x, y, out=out),
        "relu": lambda: np.maximum(x, 0, out=out),
        "exp": lambda: np.exp(x, out=out),
        "dot": lambda: np.copyto(out, np.dot(x, y)),
        "matmul": lambda: loops.vector_matmul(x, y, out),
    }
    return calls[op]


def changes_for(ops: Iterable[str]) -> list[str]:
    """Returns, for each operation, the change in the code that its speedup takes."""
    return [f"{op}: {CHANGES.get(SAME_AS.get(op, op), OTHER_CHANGE)}" for op in ops]


def layout_requirements(shapes: Iterable[Sequence[int]], lanes: int | None) -> dict[str, dict[str, Any]]:
    """For each shape: along which axis vectors run, and how many elements of a row are left over after full vectors."""
    extra = {"source": "derived"} if lanes else {"source": "derived", "reason": "the SIMD width is not known"}
    return {
        str(shape): {
            "vectorize_along": "the last axis: its elements are neighbors in memory",
            "left_over_elements": shape[-1] % lanes if lanes else None,
            "alignment_bytes": 4 * lanes if lanes else None,
            **extra,
        }
        for shape in shapes
    }
