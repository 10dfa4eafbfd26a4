"""Possible changes to a program, from what analyses measured: the time before, the time after, the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinytorch.analyses.results import CacheResult, Figures, ParallelResult, QuantizationResult, VectorizationResult
from tinytorch.analyses.words import count, listed, pace

WORTHWHILE = 1.1  # a smaller improvement is within what two runs differ by


@dataclass(frozen=True, slots=True)
class Change:
    """One possible change: microseconds of what it touches, before and after it, and what says so."""

    type: str
    description: str
    before_us: float
    after_us: float
    evidence: tuple[str, ...] = ()
    memory_reduction: float = 1.0
    relative_error: float = 0.0


Changes = Sequence[Change]
Part = tuple[float, float, str]  # microseconds before and after, evidence


def changes_of(results: Mapping[str, Any], metrics: Sequence[str]) -> list[Change]:
    """The changes that the analyses kept so far speak for, when the first of `metrics` matters most."""
    collectors: dict[str, Callable[[Any], list[Change]]] = {
        "cache_efficiency": _tuning,
        "vectorization_potential": _vectorization,
        "parallel_scaling": _parallelization,
        "quantization_trade_offs": lambda result: _quantization(result, metrics),
    }
    return [change for name, collect in collectors.items() if name in results for change in collect(results[name])]


def _change(kind: str, description: str, parts: Sequence[Part], **more: float) -> list[Change]:
    """One change made of its parts; none if there is no part."""
    if not parts:
        return []
    before_us, after_us, evidence = zip(*parts, strict=True)
    return [Change(kind, description, sum(before_us), sum(after_us), tuple(evidence), **more)]


def _tuning(result: CacheResult) -> list[Change]:
    """The sizes at which the kernel reaches less than half of the roof's speed; after the change: the roof."""
    parts, held_by = [], set()
    for n, entry in result["cache_efficiency"].items():
        time_us, share = entry["execution_time_us"], entry["efficiency_estimate"]
        if share is None or share >= 0.5:
            continue
        held_by.add(str(result["bandwidth_utilization"][n]["bottleneck"]))
        parts.append((time_us, time_us * share, f"cache_efficiency[{n}]: {time_us:.1f} us, {share:.1%} of the roof"))
    bounds = listed(sorted(held_by))
    parts = _with_block_evidence(parts, result.get("block_sweep") or {})
    return _change("kernel_tuning", f"tune the kernel, at most up to the roof ({bounds} bound)", parts)


def _with_block_evidence(parts: list[Part], blocks: Figures) -> list[Part]:
    """The last part with what the sweep says beside its own evidence, where the default block size is not as good."""
    times_us, best, default = (blocks.get(name) for name in ("times_us", "best_block_size", "default"))
    if not parts or not times_us or default not in times_us or default in blocks["as_good"]:
        return parts
    gain = times_us[default] / times_us[best]
    before_us, after_us, evidence = parts[-1]
    sweep = f"block_sweep at size {blocks['size']}: block size {best} is {gain:.2f} times as fast as {default}"
    return [*parts[:-1], (before_us, after_us, f"{evidence}; {sweep}")]


def _vectorization(result: VectorizationResult) -> list[Change]:
    """The operations of high or medium potential, as often as the sequence names them."""
    counts = Counter(result["operations_analyzed"])
    good = {op: e for op, e in result["simd_opportunities"].items() if e["potential"] in ("high", "medium")}
    parts = []
    for op, entry in good.items():
        scalar_us, vectorized_us = entry["scalar_us"], entry["vectorized_us"]
        evidence = f"simd_opportunities[{op!r}]: {scalar_us:.1f} us scalar, {vectorized_us:.1f} us vectorized"
        parts.append((counts[op] * scalar_us, counts[op] * vectorized_us, evidence))
    return _change("vectorization", f"use vector instructions in {listed(good)}", parts)


def _parallelization(result: ParallelResult) -> list[Change]:
    """The sizes for which some worker count was faster than one worker, and not by chance."""
    parts = []
    for n, entry in result["efficiency_analysis"].items():
        workers, speedup = entry["best_worker_count"], entry["max_speedup"]
        if speedup is None or speedup < WORTHWHILE:
            continue
        chosen = result["scaling_results"][n][workers]
        if chosen.get("speedup_interval", [speedup])[0] <= 1.0:
            continue
        time_us = chosen["execution_time_us"]
        evidence = f"scaling_results[{n}][{workers}]: {count(workers, 'worker')}: {speedup:.2f} times as fast as one"
        parts.append((time_us * speedup, time_us, evidence))
    return _change("parallelization", "run on several workers where the data is large enough", parts)


def _quantization(result: QuantizationResult, metrics: Sequence[str]) -> list[Change]:
    """The fewest bits that were acceptable throughout, and faster (unless "memory" is the most important metric)."""
    memory_first = metrics[0] == "memory"
    advice = {bits: entry for bits, entry in result["deployment_recommendations"].items() if bits < 32}
    fit = [
        bits
        for bits, entry in advice.items()
        if entry["recommended_for_production"] or (memory_first and entry["accuracy_success_rate"] == 1.0)
    ]
    if not fit:
        return []
    bits = min(fit)
    parts, errors = [], [0.0]
    for op, by_size in result["accuracy_analysis"].items():
        for n, by_bits in by_size.items():
            entry = by_bits[bits]
            time_us, gain, error = (entry[k] for k in ("execution_time_us", "relative_performance", "relative_error"))
            evidence = f"accuracy_analysis[{op!r}][{n}][{bits}]: relative error {error:.1e}"
            parts.append((time_us * gain, time_us, f"{evidence}, {pace(gain, 'float32')}"))
            errors.append(error)
    memory = advice[bits]["avg_memory_reduction"]
    return _change("quantization", f"use {bits} bits", parts, memory_reduction=memory, relative_error=max(errors))
