"""What an analysis found, one sentence for each entry of its figures."""

from __future__ import annotations

from collections.abc import Mapping

from tinytorch.analyses.results import Figures
from tinytorch.analyses.words import count, holds_one, listed, pace

GOOD_FIT = 0.1  # a law that misses the times by more describes nothing

BOUND_WORDS = {
    "memory": "memory is the bottleneck: move less (fuse, block), or reuse what is in a cache",
    "compute": "arithmetic is the nearer roof: far below it, look at the order of memory first, then at vectors",
    None: "the bottleneck is unknown, because the bandwidth is",
}


def cache_advice(efficiency: Mapping[int, Figures], bandwidth: Mapping[int, Figures], blocks: Figures) -> list[str]:
    """How near each size comes to the roof, and what holds it back; then the best block size, where there is one."""
    advice = []
    for n, entry in efficiency.items():
        share = entry["efficiency_estimate"]
        shown = "an unknown share" if share is None else f"{share:.1%}"
        doubts = "".join(f" In doubt: {note}" for note in entry.get("notes", ()))
        advice.append(f"size {n}: {shown} of the roof's speed; {BOUND_WORDS[bandwidth[n]['bottleneck']]}.{doubts}")
    return advice + _block_advice(blocks)


def _block_advice(blocks: Figures) -> list[str]:
    """The best block size as measured, whether that is settled, and how good the rule of three blocks in a cache is."""
    best = blocks["best_block_size"]
    if best is None:
        return []
    sentences = [f"block size {best} was the fastest of those tried at size {blocks['size']}"]
    if not blocks["is_settled"]:
        fastest = [f"{block} in {times}" for block, times in blocks["fastest_in_rounds"].items()]
        rounds = count(blocks["rounds"], "round")
        sentences.append(f"the order changed from round to round: of {rounds}, the fastest was {listed(fastest)}")
    others = [block for block in blocks["as_good"] if block != best]
    if others:
        sentences.append(f"this run cannot tell it from {listed(others)}")
    rules = [_rule_advice(level, rule, blocks["confidence"]) for level, rule in blocks["by_rule"].items()]
    return ["; ".join([*sentences, *rules])]


def _rule_advice(level: str, rule: Figures, confidence: float) -> str:
    """What the largest three blocks that fit one cache level lose."""
    blocks = f"three blocks of side {rule['block_size']} fit {level}"
    low, high = rule["low"], rule["high"]
    if low == high == 1.0:
        return f"{blocks}: the fastest"
    if low is None or high is None:
        return f"{blocks}: {rule['times_the_best']:.2f} times the best time, in too few rounds to be sure"
    interval = f"{low:.2f} to {high:.2f} times the best time, at {confidence:.0%}"
    if low <= 1.0:
        return f"{blocks}: as good within the noise ({interval})"
    return f"{blocks}: slower ({interval})"


def vector_advice(opportunities: Mapping[str, Figures]) -> list[str]:
    """What vectors bring to each operation."""
    return [f"{op}: {_vector_words(entry)}" for op, entry in opportunities.items()]


def _vector_words(entry: Figures) -> str:
    """What vectors bring to one operation; where every interval holds 1, that this run cannot say."""
    if entry["speedup"] is None:
        return f"not run: {entry.get('reason')}"
    ratios = entry.get("ratios", ())
    if ratios and all(holds_one(ratio["low"], ratio["high"]) for ratio in ratios):
        return f"{entry['potential']} potential; in this run vectors and scalars cannot be told apart"
    doubt = ", in too few rounds to be sure" if any(ratio["low"] is None for ratio in ratios) else ""
    return f"{entry['potential']} potential; the vector form {pace(entry['speedup'], 'the scalar form')}{doubt}"


def scaling_advice(optimal: Mapping[int, Figures], laws: Mapping[int, Figures], cores: int | None) -> list[str]:
    """How many workers each data size should have, and which law describes its scaling."""
    return [
        f"size {size}: {_worker_words(choice['optimal_workers'], cores)}{_law_advice(laws[size])}"
        for size, choice in optimal.items()
    ]


def _worker_words(workers: int | None, cores: int | None) -> str:
    """How many workers to use."""
    if workers is None:
        return "every worker count ended in an error"
    if workers == 1:
        return "stay with one worker: more did not make it faster beyond chance"
    if cores and workers > cores:
        return f"use {workers} workers, more than the {count(cores, 'core')}"
    return f"use {workers} workers"


def _law_advice(laws: Figures) -> str:
    """The better of the two laws, its parameters, and its best worker count; neither, where both miss the times."""
    for law in (laws["amdahl"], laws["universal"]):
        if law is not None and law["name"] == laws["better"]:
            return f"; {_law_words(law)}"
    return ""


def _law_words(law: Figures) -> str:
    """One law in words."""
    if law["residual"] > GOOD_FIT:
        return f"neither law describes these times: the nearer one, {law['name']}, misses them by {law['residual']:.1%}"
    kappa = f", kappa {law['kappa']:.2g}" if law["kappa"] else ""
    fit = f"{law['name']} (sigma {law['sigma']:.2g}{kappa}) describes it within {law['residual']:.1%}"
    best = law["best_worker_count"]
    if best is None:
        return f"{fit}; {law['reason']}"
    if best == 1:
        return f"{fit}; by this law one worker is best"
    return f"{fit}; by this law {best} workers are best"


Accuracy = Mapping[str, Mapping[int, Mapping[int, Figures]]]  # operation, size, bits


def quantization_advice(deployment: Mapping[int, Figures], threshold: float, accuracy: Accuracy) -> list[str]:
    """Whether each number of bits is worth having."""
    return [_bits_advice(bits, entry, threshold, accuracy) for bits, entry in deployment.items()]


def _bits_advice(bits: int, entry: Figures, threshold: float, accuracy: Accuracy) -> str:
    """One number of bits: the decision, and the error, time and bytes that it follows from."""
    decision = "recommended" if entry["recommended_for_production"] else "not recommended"
    runs = [by_bits[bits] for by_size in accuracy.values() for by_bits in by_size.values()]
    alike = sum(holds_one(*run["performance_interval"]) for run in runs)
    doubt = f" ({alike} of {count(len(runs), 'run')} cannot be told apart from it)" if alike else ""
    saved = "as many bytes as in float32" if bits == 32 else f"1/{entry['avg_memory_reduction']:.0f} of float32's bytes"
    return (
        f"{bits} bits: {decision}; the relative error is within {threshold:g} in {entry['accuracy_success_rate']:.0%} "
        f"of the runs, the mean speed is {entry['avg_performance_gain']:.2f} times that of float32{doubt}, "
        f"and the operands take {saved}"
    )
