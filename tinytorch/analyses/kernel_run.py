"""One run of a kernel on square matrices: its time, what it moves, what it computes, how many cores it keeps busy."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch.analyses.words import count
from tinytorch.bench.progress import stage
from tinytorch.bench.sample import Timing, measure

PRODUCTS = (
    "matmul",
    "dot",
    "matmul_baseline",
    "matmul_naive",
    "cache_friendly_matmul",
    "matmul_simd",
    "parallel_matmul",
)
ELEMENTWISE = ("add", "subtract", "multiply", "maximum", "vectorized_relu", "parallel_relu")
#: the operations of kernels that have no attribute `flops`, by their names: size -> operations
KNOWN_FLOPS: dict[str, Callable[[int], int]] = {
    **dict.fromkeys(PRODUCTS, lambda n: 2 * n**3),
    **dict.fromkeys(ELEMENTWISE, lambda n: n * n),
    "fused_relu_bias": lambda n: 2 * n * n,
}


@dataclass(frozen=True, slots=True)
class KernelRun:
    """One kernel at one size: microseconds, bytes of operands and result, and operations, None if nobody states them.

    streaming_us: a pass that only moves the same operands. cores_busy: CPU seconds per second.
    notes: reasons to doubt the time.
    """

    time_us: float
    moved_bytes: int
    flops: int | None = None
    streaming_us: float = 0.0
    cores_busy: float = 1.0
    notes: tuple[str, ...] = ()


def quickly(func: Callable[..., Any], *args: Any) -> Timing:
    """Samples of a call that suffice for a median: nine of half a millisecond."""
    return measure(func, *args, samples=9, min_sample_s=0.0005)


def name_of(func: Callable[..., Any]) -> str:
    """What to call a kernel in a result."""
    return getattr(func, "__name__", type(func).__name__)


def operand_count(func: Callable[..., Any]) -> int:
    """How many arrays a kernel takes: its arguments without a default; 2 where Python cannot tell."""
    if isinstance(func, np.ufunc):
        return func.nin
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 2
    operands = sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    if operands not in (1, 2):
        raise ValueError(f"{name_of(func)} takes {operands} operands; wrap it in a function of one or two")
    return operands


def square_operands(func: Callable[..., Any], size: int) -> list[np.ndarray]:
    """As many size x size float32 matrices of normally distributed numbers as `func` takes, always the same ones."""
    return list(np.random.default_rng(size).standard_normal((operand_count(func), size, size), dtype=np.float32))


def run_kernel(
    func: Callable[..., Any], size: int, known_flops: Mapping[str, Callable[[int], int]] = KNOWN_FLOPS
) -> KernelRun:
    """Run `func` on `square_operands`; its exceptions pass through, with a note that says where.

    Its operations at a size are what its attribute `flops` says, or `known_flops` under its name.
    """
    operands = square_operands(func, size)
    with stage(f"{name_of(func)} at {size} x {size}"):
        try:
            result = func(*operands)
            timing = quickly(func, *operands)
        except Exception as err:
            err.add_note(f"raised by {name_of(func)} on {count(len(operands), 'operand')} of {size} x {size}")
            raise
        return _completed(func, size, operands, result, timing, known_flops)


def _completed(
    func: Callable[..., Any],
    size: int,
    operands: Sequence[np.ndarray],
    result: Any,
    timing: Timing,
    known_flops: Mapping[str, Callable[[int], int]],
) -> KernelRun:
    """The run with what belongs to its time: bytes, operations, a pass that only moves, cores."""
    stated = getattr(func, "flops", None) or known_flops.get(name_of(func))
    return KernelRun(
        time_us=timing.median_us,
        moved_bytes=sum(operand.nbytes for operand in operands) + getattr(result, "nbytes", 0),
        flops=None if stated is None else int(stated(size)),
        streaming_us=quickly(np.add if len(operands) == 2 else np.positive, *operands).median_us,
        cores_busy=_cores_busy(func, operands, timing.median_us),
        notes=timing.notes,
    )


def _cores_busy(func: Callable[..., Any], operands: Sequence[np.ndarray], time_us: float) -> float:
    """CPU seconds per second while `func` runs for about ten milliseconds: 1.0 is one core all the time."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    for _ in range(max(1, min(1000, int(10_000 / time_us)))):
        func(*operands)
    return (time.process_time() - cpu_s) / max(time.perf_counter() - wall_s, 1e-9)
