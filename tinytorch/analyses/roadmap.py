"""What an optimization roadmap says about each change beside the figures: its order, its impact, its effort."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tinytorch.analyses.changes import WORTHWHILE, Change
from tinytorch.analyses.results import Figures
from tinytorch.analyses.words import listed

METRICS = ("performance", "memory", "accuracy")
ANALYSES = ("cache_efficiency", "vectorization_potential", "parallel_scaling", "quantization_trade_offs")
OPINION = "an opinion, not a measurement: "
JUDGMENT = {  # difficulty, effort
    "kernel_tuning": ("high", OPINION + "a kernel rewritten, and tested at every ragged size"),
    "vectorization": ("medium", OPINION + "one loop rewritten, and its tail tested"),
    "parallelization": ("medium", OPINION + "the split is short, its mistakes are rare and show late"),
    "quantization": ("high", OPINION + "the accuracy of the whole model has to be tested again"),
}


def checked_metrics(metrics: Sequence[str] | None, target: str) -> list[str]:
    """The metrics as a list; for None, performance comes first in the cloud, memory on edge and mobile devices."""
    if metrics is None:
        return list(METRICS) if target == "cloud" else ["memory", "performance", "accuracy"]
    if isinstance(metrics, str) or not metrics:
        raise ValueError(f"priority_metrics must be a list of some of {', '.join(METRICS)}; got {metrics!r}")
    return list(metrics)


def impact_of(improvement: float) -> str:
    """The word for an improvement of the whole: "high" from 1.5 times on, "medium" from 1.1 on, otherwise "low"."""
    if improvement >= 1.5:
        return "high"
    return "medium" if improvement >= WORTHWHILE else "low"


def opportunity(change: Change, total_us: float, improvement: float) -> Figures:
    """A change with its share of the total time, its speedup there, and the improvement of the whole."""
    difficulty, effort = JUDGMENT[change.type]
    return {
        "type": change.type,
        "impact": impact_of(improvement),
        "difficulty": difficulty,
        "description": change.description,
        "expected_improvement": improvement,
        "share": change.before_us / total_us,
        "local_speedup": change.before_us / change.after_us,
        "memory_reduction": change.memory_reduction,
        "relative_error": change.relative_error,
        "implementation_effort": effort,
        "evidence": list(change.evidence),
        "source": "derived",
    }


def rank(item: Figures, metrics: Sequence[str]) -> tuple[float, ...]:
    """What to sort opportunities by, larger is better: the metrics in their order, then the improvement."""
    improvement = item["expected_improvement"]
    value = {"performance": improvement, "memory": item["memory_reduction"], "accuracy": -item["relative_error"]}
    return tuple([value[metric] for metric in metrics if metric in value] + [improvement])


def plan_of(opportunities: Sequence[Figures]) -> list[Figures]:
    """One step for each opportunity, in order, and the measurement that decides whether it worked."""
    return [
        {
            "step": step,
            "optimization": item["type"],
            "description": item["description"],
            "effort": item["implementation_effort"],
            "done_when": f"measured again: {'; '.join(item['evidence'])}",
        }
        for step, item in enumerate(opportunities, start=1)
    ]


def roadmap_advice(opportunities: Sequence[Figures], metrics: Sequence[str], analyses: Collection[str]) -> list[str]:
    """What to do first, which analyses are missing, and which metrics nothing measures."""
    missing = [name for name in ANALYSES if name not in analyses]
    unknown = [metric for metric in metrics if metric not in METRICS]
    advice = []
    if not opportunities and len(missing) < len(ANALYSES):
        advice.append("none of the measurements speaks for a change")
    for first in opportunities[:1]:
        improvement = first["expected_improvement"]
        gain = f"everything measured would be {improvement:.2f} times as fast"
        if improvement < WORTHWHILE:
            gain = f"that changes everything measured by less than {WORTHWHILE - 1:.0%}, as much as two runs differ by"
        advice.append(f"start with {first['type']}: {first['description']}; {gain}")
    if missing:
        advice.append(f"not analyzed yet: {listed(missing)}; the roadmap says nothing about it")
    if unknown:
        advice.append(f"nothing here measures {listed(unknown)}; the order does not depend on it")
    return advice
