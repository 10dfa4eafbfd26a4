"""What an analysis found, one sentence for each entry of its figures; and how it shows that it goes on."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tinytorch.bench.results import Figures

BOUND_WORDS = {
    "memory": "memory is the bottleneck: move less (fuse, block), or reuse what is in a cache",
    "compute": "arithmetic is the bottleneck: vector instructions and more accumulators come first",
    None: "the bottleneck is not known, because the bandwidth isn't",
}


def cache_advice(efficiency: Mapping[int, Figures], bandwidth: Mapping[int, Figures]) -> list[str]:
    """How near each size comes to the roof, and what holds it back."""
    advice = []
    for n, entry in efficiency.items():
        share = entry["efficiency_estimate"]
        shown = "an unknown share" if share is None else f"{share:.1%}"
        advice.append(f"size {n}: {shown} of the roof's speed; {BOUND_WORDS[bandwidth[n]['bottleneck']]}")
    return advice


def vector_advice(opportunities: Mapping[str, Figures]) -> list[str]:
    """What vectors bring to each operation."""
    return [
        f"{op}: not run: {entry.get('reason')}"
        if entry["speedup"] is None
        else f"{op}: {entry['potential']} potential, vectors are {entry['speedup']:.1f} times as fast as scalars here"
        for op, entry in opportunities.items()
    ]


def scaling_advice(optimal: Mapping[int, Figures], overhead: Mapping[int, Figures], cores: int | None) -> list[str]:
    """How many workers each data size should have."""
    advice = []
    for size, choice in optimal.items():
        workers, fraction = choice["optimal_workers"], overhead[size]["serial_fraction"]
        serial = "" if fraction is None else f"; {max(0.0, fraction):.0%} of it behaves as if it were serial"
        beyond = f"; that is more than the {cores} cores" if cores and workers and workers > cores else ""
        words = f"{workers} workers{serial}{beyond}"
        if workers is None:
            words = "every worker count ended in an error"
        elif workers == 1:
            words = "stay with one worker: more didn't make it faster"
        advice.append(f"size {size}: {words}")
    return advice


def quantization_advice(deployment: Mapping[int, Figures], threshold: float) -> list[str]:
    """Whether each number of bits is worth having."""
    return [
        f"{bits} bits {'recommended' if entry['recommended_for_production'] else 'not recommended'}: relative error "
        f"within {threshold:g} in {entry['accuracy_success_rate']:.0%} of the runs, "
        f"{entry['avg_performance_gain']:.2f} times the speed of float32, "
        f"{entry['avg_memory_reduction']:.1f} times fewer operand bytes"
        for bits, entry in deployment.items()
    ]


def terminal_line(words: str) -> None:
    """Show one line of progress, if somebody sits at a terminal."""
    if sys.stderr.isatty():
        print(words, file=sys.stderr)
