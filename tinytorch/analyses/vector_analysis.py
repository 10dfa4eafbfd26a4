"""What vector instructions bring, operation by operation: the engine of `analyze_vectorization_potential`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tinytorch import hardware
from tinytorch.analyses.advice import vector_advice
from tinytorch.analyses.arguments import checked_figures, checked_list, checked_shapes
from tinytorch.analyses.races import Race, Races, race, race_figures
from tinytorch.analyses.results import Figures, SpeedupFigures, VectorizationResult
from tinytorch.analyses.state import AnalysisState

SHAPES = ((10_000,), (128, 128))  # where the caller names none


class VectorAnalysis(AnalysisState):
    """What vector instructions bring, operation by operation."""

    def speedup_figures(self, races: Races, counts: Mapping[str, int]) -> SpeedupFigures:
        """What the times of each operation mean, by the lesson's function of this name; counts: how often each runs."""
        return checked_figures(self.ask("speedup_figures", races, counts), SpeedupFigures, "speedup_figures")

    def analyze_vectorization_potential(
        self, operation_sequence: Sequence[str], data_shapes: Sequence[Sequence[int] | int] | None = None
    ) -> VectorizationResult:
        """Runs each named operation scalar and vectorized, on float32 data of each shape, and compares the times.

        data_shapes: (10000,) and (128, 128) if None. A name that cannot be run has potential "unknown", speedup None.
        Raises ValueError for an empty sequence and for sizes below 1.
        """
        sequence = checked_list(operation_sequence, "operation_sequence")
        shapes = checked_shapes(data_shapes, default=SHAPES)
        counts = Counter(sequence)
        reasons = {op: why for op in counts if (why := why_none_fits(op, shapes))}
        races: Races = {op: None if op in reasons else race_of(op, shapes) for op in counts}
        judged = self.speedup_figures(races, counts)
        speedups = judged["speedups"]
        opportunities = race_figures(races, speedups, reasons)
        result = VectorizationResult(
            operations_analyzed=sequence,
            simd_opportunities=opportunities,
            data_layout_requirements=hardware.layout_requirements(shapes, self.hardware_config["simd_width"]),
            speedup_estimates=_estimates(judged),
            algorithm_modifications=hardware.changes_for(speedups),
            recommendations=vector_advice(opportunities),
        )
        times_us = {op: counts[op] * run.scalar_us for op, run in races.items() if run is not None}
        return self.keep("vectorization_potential", result, times_us)


def why_none_fits(op: str, shapes: Sequence[tuple[int, ...]]) -> str:
    """Why `op` can be run on none of the shapes; empty if it can on one."""
    reasons = [hardware.why_not_run(op, shape) for shape in shapes]
    return reasons[0] if all(reasons) else ""


def race_of(op: str, shapes: Sequence[tuple[int, ...]]) -> Race:
    """Both forms of `op`, timed on float32 data of each shape that fits it; at least one must."""
    fitting = [shape for shape in shapes if not hardware.why_not_run(op, shape)]
    return race([hardware.scalar_and_vector(op, shape) for shape in fitting])


def _estimates(judged: SpeedupFigures) -> Figures:
    """The estimates for the whole sequence, with a reason where there are none."""
    estimates: Figures = {"overall": judged["overall"], "best_case": judged["best_case"], "source": "derived"}
    if judged["overall"] is None:
        estimates["reason"] = "none of the operations could be run"
    return estimates
