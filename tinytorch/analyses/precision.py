"""Operations run in fewer bits: each run beside its float32 one, and the tables made of the figures."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tinytorch.analyses.kernel_run import name_of, square_operands
from tinytorch.analyses.results import Decision, Figures, PrecisionFigures
from tinytorch.analyses.words import listed
from tinytorch.bench.progress import stage
from tinytorch.bench.turns import Ratio, in_turn, ratio_of

Operation = Callable[..., Any]
Accuracy = dict[str, dict[int, dict[int, Figures]]]  # operation, size, bits


@dataclass(frozen=True, slots=True)
class Trial:
    """One operation in float32 and in fewer bits: both results (float64 arrays) and both times in microseconds."""

    exact: np.ndarray
    result: np.ndarray
    float_us: float
    time_us: float


@dataclass(frozen=True, slots=True)
class PrecisionRun:
    """A trial of one operation at one size in so many bits, and the bytes of its operands.

    ratio: float32 time over this one, round by round, with its interval.
    """

    name: str
    size: int
    bits: int
    trial: Trial
    memory_bytes: int
    ratio: Ratio


def checked_levels(levels: Sequence[int] | None) -> list[int]:
    """The bits to try, 16 and 8 for None; ValueError for none, and for anything but 8, 16 and 32."""
    chosen = [16, 8] if levels is None else list(levels)
    if not chosen or any(bits not in (8, 16, 32) for bits in chosen):
        raise ValueError(f"precision_levels must be some of 8, 16 and 32 bits, got {chosen!r}")
    return [int(bits) for bits in chosen]


def rms(x: np.ndarray) -> float:
    """The root of the mean of the squares; 0.0 of nothing."""
    return math.sqrt(float(np.mean(np.square(x)))) if x.size else 0.0


def rounded_to(x: np.ndarray, bits: int) -> np.ndarray:
    """`x` rounded to the nearest of 2**bits - 1 equally spaced values around 0, as float32."""
    scale = float(np.max(np.abs(x), initial=0.0)) / (2 ** (bits - 1) - 1) or 1.0
    return (np.rint(x / scale) * scale).astype(np.float32)


def run_in_bits(
    operations: Mapping[str, Operation],
    sizes: Sequence[int],
    levels: Sequence[int],
    in_bits: Callable[[Operation, int], Operation],
) -> list[PrecisionRun]:
    """Every operation at every size and number of bits on square matrices; `in_bits(op, bits)` is what runs.

    32 bits are float32 itself. All forms of an operation are timed in turn. Its exceptions pass through, with a note
    that says where.
    """
    runs = []
    for name, op in operations.items():
        for size in sizes:
            forms = {bits: in_bits(op, bits) for bits in levels if bits != 32}
            with stage(f"{name} in {listed(levels)} bits at {size} x {size}"):
                runs += _runs_at(name, op, size, forms, levels)
    return runs


def _runs_at(
    name: str, op: Operation, size: int, forms: Mapping[int, Operation], levels: Sequence[int]
) -> list[PrecisionRun]:
    """One operation at one size in each of the levels; float32 is run in any case."""
    operands = square_operands(op, size)
    calls = {32: partial(op, *operands), **{bits: partial(form, *operands) for bits, form in forms.items()}}
    results = {}
    for bits, call in calls.items():
        try:
            results[bits] = np.asarray(call(), dtype=np.float64)
        except Exception as err:
            form = "float32" if bits == 32 else f"{bits} bits"
            err.add_note(f"raised while {name} ran in {form} on operands of shape {operands[0].shape}")
            raise
    turns = in_turn(calls)
    elements = sum(operand.size for operand in operands)
    return [
        PrecisionRun(
            name=name,
            size=size,
            bits=bits,
            trial=Trial(results[32], results[bits], turns[32].median_us, turns[bits].median_us),
            memory_bytes=elements * bits // 8,
            ratio=ratio_of(turns[32].samples_us, turns[bits].samples_us),
        )
        for bits in levels
    ]


def named_operations(
    operations: Sequence[Operation | str], by_name: Callable[[str], Operation]
) -> dict[str, Operation]:
    """The operations by name, a second one of a name with a number; `by_name` finds what a text stands for."""
    named: dict[str, Operation] = {}
    for op in operations:
        name = op if isinstance(op, str) else name_of(op)
        count = 1 + sum(key == name or key.startswith(f"{name} (") for key in named)
        named[name if count == 1 else f"{name} ({count})"] = by_name(op) if isinstance(op, str) else op
    return named


def run_entry(run: PrecisionRun, judged: PrecisionFigures) -> Figures:
    """A run with its judgment, as named figures."""
    figures = {
        "accuracy_mse": rms(run.trial.result - run.trial.exact) ** 2,
        "relative_error": judged["relative"],
        "execution_time_us": run.trial.time_us,
        "memory_bytes": run.memory_bytes,
        "relative_performance": judged["gain"],
        "performance_interval": [run.ratio.low, run.ratio.high],
        "relative_memory": 32 / run.bits,
        "acceptable_accuracy": judged["acceptable"],
        "source": "measured",
    }
    if judged["relative"] is None:
        figures["reason"] = "the float32 result is all zero, so no error is relative to it"
    return figures


def decision_figures(bits: int, decision: Decision) -> Figures:
    """Whether so many bits are worth having: the share of acceptable runs, their mean gain, and the decision."""
    return {
        "accuracy_success_rate": decision["success"],
        "avg_performance_gain": decision["gain"],
        "avg_memory_reduction": 32 / bits,
        "recommended_for_production": decision["recommended"],
        "source": "derived",
    }


def by_operation(runs: Sequence[PrecisionRun], figures: Sequence[Figures]) -> Accuracy:
    """The figures of the runs, by operation, size and bits."""
    table: Accuracy = {}
    for run, entry in zip(runs, figures, strict=True):
        table.setdefault(run.name, {}).setdefault(run.size, {})[run.bits] = entry
    return table


def mean_by_bits(accuracy: Accuracy, levels: Sequence[int], field: str) -> dict[str, dict[int, float]]:
    """For each operation and number of bits, the mean of one field over the sizes."""
    return {
        name: {bits: statistics.fmean(by_bits[bits][field] for by_bits in by_size.values()) for bits in levels}
        for name, by_size in accuracy.items()
    }


def float32_times(runs: Sequence[PrecisionRun]) -> dict[str, float]:
    """The float32 time of each operation and size, in microseconds."""
    return {f"{run.name} {run.size}": run.trial.float_us for run in runs}
