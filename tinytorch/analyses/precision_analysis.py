"""What fewer bits cost and bring: the engine of `analyze_quantization_trade_offs`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch.analyses.advice import quantization_advice
from tinytorch.analyses.arguments import checked_figures, checked_list
from tinytorch.analyses.kernel_run import PRODUCTS, name_of
from tinytorch.analyses.precision import (
    Operation,
    PrecisionRun,
    Trial,
    by_operation,
    checked_levels,
    decision_figures,
    float32_times,
    mean_by_bits,
    named_operations,
    rounded_to,
    run_entry,
    run_in_bits,
)
from tinytorch.analyses.results import Decision, Figures, PrecisionFigures, QuantizationResult
from tinytorch.analyses.state import AnalysisState
from tinytorch.analyses.written import Purpose, first_written

SIZES = (32, 256)
BY_NAME = ("matmul", "relu")
RELUS = ("vectorized_relu", "parallel_relu", "numpy_relu")
#: the kernel of lesson 5 for an operation, by the operation's name, and how many operands it takes
QUANTIZED = dict.fromkeys(PRODUCTS, ("quantized_matmul", 2)) | dict.fromkeys(RELUS, ("quantized_relu", 1))


class PrecisionAnalysis(AnalysisState):
    """What fewer bits cost in accuracy, and what they bring in bytes and time."""

    def precision_figures(self, trial: Trial, threshold: float) -> PrecisionFigures:
        """What one trial means, by the lesson's function of this name."""
        return checked_figures(self.ask("precision_figures", trial, threshold), PrecisionFigures, "precision_figures")

    def deployment_decision(self, judged: Sequence[PrecisionFigures]) -> Decision:
        """Whether a number of bits is worth having, by the lesson's function of this name."""
        return checked_figures(self.ask("deployment_decision", judged), Decision, "deployment_decision")

    def analyze_quantization_trade_offs(
        self,
        operations: Sequence[Callable[..., Any] | str],
        precision_levels: Sequence[int] | None = None,
        accuracy_threshold: float = 0.01,
    ) -> QuantizationResult:
        """Runs each operation in float32 and in fewer bits on square matrices of normally distributed numbers.

        operations: functions of one or two arrays, or "matmul", "relu". precision_levels: of 8, 16, 32; default 16, 8.
        A kernel of an earlier lesson that is not written gives way to another one; `notes` says so.
        relative_error: RMS of the error over RMS of the float32 result. Memory is that of the operands.
        recommended_for_production: every error acceptable, and faster on average, in this run.
        Raises ValueError for other levels, no operation, a negative threshold; an operation's exception passes through.
        """
        levels = checked_levels(precision_levels)
        if not accuracy_threshold >= 0:
            raise ValueError(f"accuracy_threshold must be a relative error of at least 0, got {accuracy_threshold!r}")
        notes: list[str] = []
        named = named_operations(checked_list(operations, "operations"), lambda name: self._by_name(name, notes))
        runs = run_in_bits(named, SIZES, levels, lambda op, bits: self._in_bits(op, bits, notes))
        judged = [self.precision_figures(run.trial, accuracy_threshold) for run in runs]
        accuracy = by_operation(runs, [run_entry(run, figures) for run, figures in zip(runs, judged, strict=True)])
        decisions = {bits: self._decision(bits, runs, judged) for bits in levels}
        result = QuantizationResult(
            precision_levels_tested=levels,
            operations_analyzed=list(named),
            accuracy_threshold=accuracy_threshold,
            accuracy_analysis=accuracy,
            performance_analysis=mean_by_bits(accuracy, levels, "relative_performance"),
            memory_analysis=mean_by_bits(accuracy, levels, "relative_memory"),
            deployment_recommendations=decisions,
            notes=notes,
            recommendations=[*notes, *quantization_advice(decisions, accuracy_threshold, accuracy)],
        )
        return self.keep("quantization_trade_offs", result, float32_times(runs))

    def _decision(self, bits: int, runs: Sequence[PrecisionRun], judged: Sequence[PrecisionFigures]) -> Figures:
        own = [figures for run, figures in zip(runs, judged, strict=True) if run.bits == bits]
        return decision_figures(bits, self.deployment_decision(own))

    def _by_name(self, name: str, notes: list[str]) -> Operation:
        """The kernel that "matmul" or "relu" stands for."""
        if name not in BY_NAME:
            raise ValueError(f'operation {name!r} is not known by its name; pass "matmul", "relu", or a function')
        choice = self.written(name)
        _add_note(notes, choice.note)
        return choice.kernel

    def _in_bits(self, op: Operation, bits: int, notes: list[str]) -> Operation:
        """`op` in so many bits: lesson 5's kernel for a product or ReLU, otherwise `op` on rounded operands."""

        def rounded(*operands: np.ndarray) -> Any:
            return op(*[rounded_to(operand, bits) for operand in operands])

        name = name_of(op)
        if name not in QUANTIZED:
            return rounded
        kernel, operands = QUANTIZED[name]
        purpose = Purpose((("quantization", kernel),), operands, rounded, f"{name} on rounded operands")
        choice = first_written(purpose, self.kernel, bits=bits)
        _add_note(notes, choice.note)
        return choice.kernel


def _add_note(notes: list[str], note: str) -> None:
    """Each note once."""
    if note and note not in notes:
        notes.append(note)
