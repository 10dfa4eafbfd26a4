"""What to change first: the engine of `generate_optimization_roadmap`."""

from __future__ import annotations

from collections.abc import Sequence

from tinytorch import hardware
from tinytorch.analyses.changes import Changes, changes_of
from tinytorch.analyses.results import Figures, RoadmapResult
from tinytorch.analyses.roadmap import checked_metrics, plan_of, roadmap_advice
from tinytorch.analyses.state import AnalysisState


class RoadmapAnalysis(AnalysisState):
    """What the measurements so far say should be done first."""

    def ordered_opportunities(self, changes: Changes, total_us: float, metrics: Sequence[str]) -> list[Figures]:
        """An opportunity for each change, best first, by the lesson's function of this name."""
        opportunities = self.ask("ordered_opportunities", changes, total_us, metrics)
        if not isinstance(opportunities, list):
            raise TypeError(f"ordered_opportunities must return a list; it returned {opportunities!r}")
        return opportunities

    def combined_improvement(self, changes: Changes, total_us: float) -> float | None:
        """How many times as fast the whole would be with all changes, by the lesson's function of this name."""
        improvement: float | None = self.ask("combined_improvement", changes, total_us)
        return improvement

    def generate_optimization_roadmap(
        self, target_hardware: str = "cloud", priority_metrics: Sequence[str] | None = None
    ) -> RoadmapResult:
        """Orders the changes that the analyses kept so far speak for, best first by the priority metrics.

        target_hardware: "cloud", "edge" or "mobile".
        priority_metrics: "performance", "memory", "accuracy", the most important first; by the target if None.
        expected_improvement: Amdahl's law, from the measured share of the time and the measured local speedup.
        Works before any analysis ran: no opportunities then. Raises ValueError for another target.
        """
        metrics = checked_metrics(priority_metrics, hardware.checked_target(target_hardware))
        changes = changes_of(self.analysis_results, metrics)
        total_us = sum(sum(times_us.values()) for times_us in self.baseline_measurements.values())
        opportunities = self.ordered_opportunities(changes, total_us, metrics)
        combined = self.combined_improvement(changes, total_us)
        outcomes: Figures = {"combined_improvement": combined, "source": "derived"}
        if combined is None:
            outcomes["reason"] = "no analysis has run, so there is no measured time to improve"
        result = RoadmapResult(
            target_hardware=target_hardware,
            priority_metrics=metrics,
            optimization_opportunities=opportunities,
            implementation_plan=plan_of(opportunities),
            resource_requirements=hardware.resources_of(self.hardware_config, target_hardware),
            expected_outcomes=outcomes,
            recommendations=roadmap_advice(opportunities, metrics, self.analysis_results),
        )
        return self.keep("optimization_roadmap", result, {})
