"""From results to possible changes, their order, and the words about them."""

from __future__ import annotations

from typing import Any

import pytest

from tinytorch.analyses.advice import cache_advice, quantization_advice, scaling_advice, vector_advice
from tinytorch.analyses.changes import Change, changes_of
from tinytorch.analyses.roadmap import ANALYSES, checked_metrics, impact_of, opportunity, plan_of, rank, roadmap_advice
from tinytorch.bench.scaling_laws import law_figures

CACHE = {
    "cache_efficiency": {
        64: {"execution_time_us": 100.0, "efficiency_estimate": 0.25},
        128: {"execution_time_us": 100.0, "efficiency_estimate": 0.9},
        256: {"execution_time_us": 100.0, "efficiency_estimate": None},
    },
    "bandwidth_utilization": {n: {"bottleneck": "compute"} for n in (64, 128, 256)},
}
VECTORS = {
    "operations_analyzed": ["add", "add", "dot"],
    "simd_opportunities": {
        "add": {"potential": "high", "scalar_us": 40.0, "vectorized_us": 10.0},
        "dot": {"potential": "low", "scalar_us": 10.0, "vectorized_us": 9.0},
    },
}
PARALLEL = {
    "efficiency_analysis": {
        10: {"best_worker_count": 4, "max_speedup": 3.0},
        20: {"best_worker_count": 1, "max_speedup": 1.0},
        30: {"best_worker_count": None, "max_speedup": None},
    },
    "scaling_results": {10: {4: {"execution_time_us": 100.0}}},
}


def quantized(success: float, recommended: bool) -> dict[str, Any]:
    entry = {"execution_time_us": 50.0, "relative_performance": 2.0, "relative_error": 0.001}
    advice = {"accuracy_success_rate": success, "recommended_for_production": recommended, "avg_memory_reduction": 4.0}
    return {"accuracy_analysis": {"op": {32: {8: entry}}}, "deployment_recommendations": {8: advice}}


def change(kind: str = "vectorization", **more: float) -> Change:
    return Change(kind, "do it", 100.0, 50.0, ("seen",), **more)


def found(improvement: float, **more: float) -> dict[str, Any]:
    return opportunity(change(**more), 200.0, improvement)


def test_no_analysis_speaks_for_no_change() -> None:
    assert changes_of({}, ["performance"]) == []


@pytest.mark.parametrize(
    ("name", "result", "before_us", "after_us"),
    [
        ("cache_efficiency", CACHE, 100.0, 25.0),
        ("vectorization_potential", VECTORS, 80.0, 20.0),
        ("parallel_scaling", PARALLEL, 300.0, 100.0),
        ("quantization_trade_offs", quantized(1.0, True), 100.0, 50.0),
    ],
    ids=["tuning", "vectors", "workers", "bits"],
)
def test_a_change_is_made_of_the_parts_worth_changing(
    name: str, result: dict[str, Any], before_us: float, after_us: float
) -> None:
    (item,) = changes_of({name: result}, ["performance"])
    assert (item.before_us, item.after_us) == (pytest.approx(before_us), pytest.approx(after_us))
    assert len(item.evidence) == 1


@pytest.mark.parametrize(
    ("success", "metric", "count"), [(1.0, "memory", 1), (1.0, "performance", 0), (0.5, "memory", 0)]
)
def test_slower_bits_are_worth_it_only_for_memory(success: float, metric: str, count: int) -> None:
    assert len(changes_of({"quantization_trade_offs": quantized(success, False)}, [metric])) == count


@pytest.mark.parametrize(("improvement", "word"), [(1.5, "high"), (1.2, "medium"), (1.05, "low")])
def test_words_for_improvements(improvement: float, word: str) -> None:
    assert impact_of(improvement) == word


@pytest.mark.parametrize(
    ("metrics", "best"),
    [(["performance"], "fast"), (["memory"], "small"), (["accuracy"], "fast"), (["energy"], "fast")],
)
def test_the_first_metric_that_is_known_decides(metrics: list[str], best: str) -> None:
    items = {"fast": found(2.0), "small": found(1.1, memory_reduction=4.0, relative_error=0.01)}
    assert max(items, key=lambda name: rank(items[name], metrics)) == best


def test_an_opportunity_has_its_share_and_its_local_speedup() -> None:
    assert (found(1.3)["share"], found(1.3)["local_speedup"]) == (0.5, 2.0)


def test_an_effort_is_called_an_opinion() -> None:
    assert "opinion" in found(2.0)["implementation_effort"]


def test_every_step_of_a_plan_says_when_it_is_done() -> None:
    (step,) = plan_of([found(2.0)])
    assert (step["step"], step["done_when"]) == (1, "measured again: seen")


def test_metrics_follow_the_target_unless_given() -> None:
    assert checked_metrics(None, "cloud")[0] == "performance"
    assert checked_metrics(None, "mobile")[0] == "memory"
    assert checked_metrics(["accuracy"], "cloud") == ["accuracy"]
    with pytest.raises(ValueError, match="priority_metrics"):
        checked_metrics("memory", "cloud")


def test_advice_names_what_is_missing_and_what_is_not_measured() -> None:
    words = " ".join(roadmap_advice([], ["energy"], ["cache_efficiency"]))
    assert "none of the measurements" in words
    assert "nothing here measures energy" in words
    assert all(name in words for name in ANALYSES[1:])


def test_advice_starts_with_the_best() -> None:
    (line,) = roadmap_advice([found(2.0)], ["memory"], ANALYSES)
    assert line == "start with vectorization: do it; everything measured would be 2.00 times as fast"


def test_advice_promises_no_gain_that_is_within_the_noise() -> None:
    (line,) = roadmap_advice([found(1.02)], ["memory"], ANALYSES)
    assert "by less than 10%" in line
    assert "1.02" not in line


@pytest.mark.parametrize(
    ("workers", "words"), [(None, "ended in an error"), (1, "one worker"), (8, "more than the 2 cores")]
)
def test_advice_about_workers(workers: int | None, words: str) -> None:
    laws = law_figures({1: 100.0, 2: 70.0, 4: 65.0, 8: 90.0})
    (line,) = scaling_advice({10: {"optimal_workers": workers}}, {10: laws}, 2)
    assert words in line
    assert "the universal scalability law (sigma " in line
    assert "describes it within 1.3%; by this law 3 workers are best" in line


@pytest.mark.parametrize(
    ("times_us", "words"),
    [
        (
            {1: 100.0, 2: 60.0, 4: 40.0},
            "describes it within 0.0%; by this law every further worker helps: the speedup tends to 5",
        ),
        ({1: 100.0, 2: 100.1, 4: 99.8}, "by this law one worker is best"),
        ({1: 100.0, 2: 300.0, 4: 60.0}, "neither law describes these times: the nearer one, "),
    ],
    ids=["serial share", "no gain", "erratic"],
)
def test_advice_about_workers_says_what_the_law_promises(times_us: dict[int, float], words: str) -> None:
    laws = {10: law_figures(times_us)}
    assert words in scaling_advice({10: {"optimal_workers": 2}}, laws, 8)[0]


def test_advice_about_workers_names_no_law_that_was_not_fitted() -> None:
    (line,) = scaling_advice({10: {"optimal_workers": 2}}, {10: law_figures({})}, 2)
    assert "law" not in line


def test_advice_names_the_best_block_size_and_what_the_rule_loses() -> None:
    (line,) = cache_advice({}, {}, sweep(is_settled=True))
    assert line.startswith("block size 64 was the fastest of those tried at size 256; this run cannot tell it from 32;")
    assert "three blocks of side 52 fit L1: slower (1.10 to 1.50 times the best time, at 95%)" in line
    assert "three blocks of side 60 fit L2: as good within the noise (0.90 to 1.20 times" in line
    assert line.endswith("three blocks of side 64 fit L3: the fastest")


def test_advice_says_that_the_order_of_block_sizes_changed() -> None:
    (line,) = cache_advice({}, {}, sweep(is_settled=False))
    assert "the order changed from round to round: of 9 rounds, the fastest was 64 in 5 and 32 in 4" in line


def sweep(is_settled: bool) -> dict[str, Any]:
    def rule(block: int, low: float, high: float) -> dict[str, Any]:
        return {"block_size": block, "times_the_best": (low + high) / 2, "low": low, "high": high}

    return {
        "best_block_size": 64,
        "as_good": [32, 64],
        "size": 256,
        "rounds": 9,
        "fastest_in_rounds": {64: 5, 32: 4},
        "is_settled": is_settled,
        "by_rule": {"L1": rule(52, 1.1, 1.5), "L2": rule(60, 0.9, 1.2), "L3": rule(64, 1.0, 1.0)},
        "confidence": 0.95,
    }


def test_advice_about_what_is_not_known() -> None:
    (line,) = cache_advice({8: {"efficiency_estimate": None}}, {8: {"bottleneck": None}}, {"best_block_size": None})
    assert "unknown share" in line
    (line,) = vector_advice({"conv2d": {"speedup": None, "reason": "no such form"}})
    assert line == "conv2d: not run: no such form"


def test_doubts_about_a_time_stand_beside_it() -> None:
    entry = {"efficiency_estimate": 0.5, "notes": ["the samples drift."]}
    (line,) = cache_advice({8: entry}, {8: {"bottleneck": "memory"}}, {"best_block_size": None})
    assert line.endswith("In doubt: the samples drift.")


@pytest.mark.parametrize(
    ("speedup", "low", "high", "words"),
    [
        (2.0, 1.8, 2.2, "the vector form is 2.00 times as fast as the scalar form"),
        (0.5, 0.4, 0.6, "the vector form takes 2.00 times as long as the scalar form"),
        (1.1, 0.9, 1.3, "vectors and scalars cannot be told apart"),
        (9.0, None, None, "is 9.00 times as fast as the scalar form, in too few rounds to be sure"),
    ],
)
def test_advice_about_vectors(speedup: float, low: float | None, high: float | None, words: str) -> None:
    entry = {"speedup": speedup, "potential": "low", "ratios": [{"low": low, "high": high}]}
    assert words in vector_advice({"add": entry})[0]


def test_advice_about_bits() -> None:
    entry = {"accuracy_success_rate": 0.5, "avg_performance_gain": 1.2, "avg_memory_reduction": 4.0}
    runs = {"op": {32: {8: {"performance_interval": [0.9, 1.5]}}, 256: {8: {"performance_interval": [1.1, 1.5]}}}}
    (line,) = quantization_advice({8: {**entry, "recommended_for_production": False}}, 0.01, runs)
    assert line == (
        "8 bits: not recommended; the relative error is within 0.01 in 50% of the runs, the mean speed is 1.20 times "
        "that of float32 (1 of 2 runs cannot be told apart from it), and the operands take 1/4 of float32's bytes"
    )
