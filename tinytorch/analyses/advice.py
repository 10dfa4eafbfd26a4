"""What an analysis found, one sentence for each entry of its figures."""

from __future__ import annotations

from collections.abc import Mapping

from tinytorch.analyses.results import Figures

GOOD_FIT = 0.1  # a law that misses the times by more describes nothing

BOUND_WORDS = {
    "memory": "memory is the bottleneck: move less (fuse, block), or reuse what is in a cache",
    "compute": "arithmetic is the bottleneck: vector instructions and more accumulators come first",
    None: "the bottleneck is not known, because the bandwidth isn't",
}


def cache_advice(efficiency: Mapping[int, Figures], bandwidth: Mapping[int, Figures], blocks: Figures) -> list[str]:
    """How near each size comes to the roof, and what holds it back; then the best block size, where there is one."""
    advice = []
    for n, entry in efficiency.items():
        share = entry["efficiency_estimate"]
        shown = "an unknown share" if share is None else f"{share:.1%}"
        advice.append(f"size {n}: {shown} of the roof's speed; {BOUND_WORDS[bandwidth[n]['bottleneck']]}")
    return advice + _block_advice(blocks)


def _block_advice(blocks: Figures) -> list[str]:
    """The best block size as measured, what is as good, and how good the rule of three blocks in a cache was."""
    best = blocks["best_block_size"]
    if best is None:
        return []
    others = [block for block in blocks["as_good"] if block != best]
    as_good = f"; as good: {', '.join(map(str, others))}" if others else ""
    rules = [
        f"three blocks in {level} ({rule['block_size']}) take {rule['times_the_best']:.2f} times the best time"
        + (
            ""
            if rule.get("low") is None
            else f" ({rule['low']:.2f} to {rule['high']:.2f} at {blocks['confidence']:.0%})"
        )
        for level, rule in blocks["by_rule"].items()
    ]
    return ["; ".join([f"block size {best} was the fastest of those tried at size {blocks['size']}{as_good}", *rules])]


def vector_advice(opportunities: Mapping[str, Figures]) -> list[str]:
    """What vectors bring to each operation."""
    return [
        f"{op}: not run: {entry.get('reason')}"
        if entry["speedup"] is None
        else f"{op}: {entry['potential']} potential, vectors are {entry['speedup']:.1f} times as fast as scalars here"
        for op, entry in opportunities.items()
    ]


def scaling_advice(optimal: Mapping[int, Figures], laws: Mapping[int, Figures], cores: int | None) -> list[str]:
    """How many workers each data size should have, and which law describes its scaling."""
    advice = []
    for size, choice in optimal.items():
        workers = choice["optimal_workers"]
        words = f"{workers} workers"
        if workers is None:
            words = "every worker count ended in an error"
        elif workers == 1:
            words = "stay with one worker: more didn't make it faster"
        elif cores and workers > cores:
            words += f", more than the {cores} cores"
        advice.append(f"size {size}: {words}{_law_advice(laws[size])}")
    return advice


def _law_advice(laws: Figures) -> str:
    """The better of the two laws, its parameters, and the worker count it predicts to be the best."""
    fitted = [law for law in (laws["amdahl"], laws["universal"]) if law is not None and law["name"] == laws["better"]]
    if not fitted:
        return ""
    law = fitted[0]
    kappa = f", kappa {law['kappa']:.2g}" if law["kappa"] else ""
    best = law["best_worker_count"]
    peak = {None: law.get("reason"), 1: "by it one worker is best"}.get(best, f"by it {best} workers are best")
    fit = "describes it within" if law["residual"] <= GOOD_FIT else "is the nearer of the two laws, and misses it by"
    return f"; {law['name']} (sigma {law['sigma']:.2g}{kappa}) {fit} {law['residual']:.1%}; {peak}"


def quantization_advice(deployment: Mapping[int, Figures], threshold: float) -> list[str]:
    """Whether each number of bits is worth having."""
    return [
        f"{bits} bits {'recommended' if entry['recommended_for_production'] else 'not recommended'}: relative error "
        f"within {threshold:g} in {entry['accuracy_success_rate']:.0%} of the runs, "
        f"{entry['avg_performance_gain']:.2f} times the speed of float32, "
        f"{entry['avg_memory_reduction']:.1f} times fewer operand bytes"
        for bits, entry in deployment.items()
    ]
