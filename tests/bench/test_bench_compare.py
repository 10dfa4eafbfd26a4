"""Verdicts from pairs, with durations that the test makes up."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable

import pytest

from tinytorch.bench import Comparison, Timing, Verdict, clock, compare, compare_timed

CARD = {"cpu_name": {"value": "a processor", "unit": "", "source": "detected", "how": "made for this test"}}


@pytest.mark.parametrize("result", [compare_timed(lambda: 1.0, lambda: 2.0), Timing((1.0, 2.0), 4, 1)])
def test_a_result_carries_the_machine_s_card_if_given(result: Comparison | Timing) -> None:
    assert json.loads(json.dumps(result.as_dict(CARD)))["machine"] == CARD
    assert "machine" not in result.as_dict()


def durations(seconds: Iterable[float]) -> Callable[[], float]:
    remaining = iter(seconds)
    return lambda: next(remaining)


def steady(seconds: float) -> Callable[[], float]:
    return lambda: seconds


def noisy(seconds: float, rng: random.Random) -> Callable[[], float]:
    """Mostly near `seconds`, sometimes much longer, as on a shared machine."""
    return lambda: seconds * rng.lognormvariate(0, 0.2) * (5 if rng.random() < 0.1 else 1)


@pytest.mark.parametrize(
    ("candidate_s", "reference_s", "verdict"),
    [(0.001, 0.002, Verdict.ABOVE), (0.002, 0.001, Verdict.BELOW), (0.001, 0.001, Verdict.ABOVE)],
    ids=["faster", "slower", "exactly at the bound"],
)
def test_steady_callables_are_decided_at_the_first_look(
    candidate_s: float, reference_s: float, verdict: Verdict
) -> None:
    result = compare_timed(steady(candidate_s), steady(reference_s))
    assert (result.verdict, result.pairs) == (verdict, 7)
    assert result.low == result.ratio == result.high == reference_s / candidate_s


def test_seven_pairs_give_the_range_of_the_ratios() -> None:
    candidate = durations([1.0] * 7)
    reference = durations([2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    result = compare_timed(candidate, reference)
    assert (result.low, result.ratio, result.high) == (2.0, 5.0, 8.0)


def test_more_pairs_are_taken_while_in_doubt() -> None:
    ratios = [0.5] + [2.0] * 59
    result = compare_timed(steady(1.0), durations(ratios))
    assert (result.verdict, result.pairs) == (Verdict.ABOVE, 14)


def test_lasting_doubt_ends_undecided_with_a_note() -> None:
    result = compare_timed(steady(1.0), durations([0.5, 2.0] * 30), max_pairs=60)
    assert (result.verdict, result.pairs) == (Verdict.UNDECIDED, 60)
    assert any("left it open" in note for note in result.notes)


def test_bound_is_what_the_ratio_is_judged_against() -> None:
    assert compare_timed(steady(0.010), steady(0.001), bound=0.05).verdict is Verdict.ABOVE


@pytest.mark.parametrize(
    ("ratio", "verdict", "bound", "words"),
    [
        (0.4, Verdict.BELOW, 0.5, "below 0.5"),
        (0.7, Verdict.ABOVE, 0.5, "above 0.5, below 1"),
        (1.0, Verdict.ABOVE, 1.0, "above 1, below 2"),
        (3.0, Verdict.ABOVE, 2.0, "above 2"),
    ],
)
def test_of_several_bounds_the_verdict_is_about_the_highest_reached(
    ratio: float, verdict: Verdict, bound: float, words: str
) -> None:
    result = compare_timed(steady(1.0), steady(ratio), bound=[2.0, 0.5, 1.0])
    assert (result.verdict, result.bound, result.pairs) == (verdict, bound, 7)
    assert result.bounds == (0.5, 1.0, 2.0)
    assert str(result).endswith(words)


def test_it_goes_on_while_the_interval_holds_any_bound() -> None:
    between = compare_timed(steady(1.0), durations([1.2, 1.8] * 30), bound=[1.0, 2.0])
    assert (between.verdict, between.bound, between.pairs) == (Verdict.ABOVE, 1.0, 7)
    astride = compare_timed(steady(1.0), durations([0.4, 1.8] * 30), bound=[0.5, 1.0, 2.0], max_pairs=60)
    assert (astride.verdict, astride.bound, astride.pairs) == (Verdict.UNDECIDED, 1.0, 60)


def test_false_verdicts_on_any_of_several_bounds_stay_below_the_stated_error() -> None:
    rng = random.Random(11)
    bounds = (0.8, 1.0, 1.25)
    results = [compare_timed(noisy(1.0, rng), noisy(1.0, rng), bound=bounds, limit_s=1e9) for _ in range(400)]
    wrong = sum(not (result.low <= 1.0 <= result.high) for result in results)
    assert wrong <= 0.05 * len(results)


def test_members_of_a_pair_take_turns_in_going_first() -> None:
    order = []

    def run(name: str) -> Callable[[], float]:
        return lambda: order.append(name) or 1.0

    compare_timed(run("c"), run("r"), bound=0.5, min_pairs=7)
    assert "".join(order) == "crrc" * 3 + "cr"


def test_time_limit_ends_the_search_but_never_before_the_first_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [0.0]
    monkeypatch.setattr(clock, "now_ns", lambda: int(now_s[0] * 1e9))

    def slow() -> float:
        now_s[0] += 1.0
        return 1.0

    result = compare_timed(slow, durations([0.5, 2.0] * 30), limit_s=10.0)
    assert (result.pairs, result.verdict) == (10, Verdict.UNDECIDED)
    assert compare_timed(slow, steady(2.0), limit_s=0.5).pairs == 7


@pytest.mark.parametrize(
    ("ratios", "pairs"), [([0.5, 2.0, 0.5] * 20, 28), ([2.0, 0.5, 2.0] * 20, 7)], ids=["below", "above"]
)
def test_doubt_above_the_median_is_looked_into_for_longer(
    monkeypatch: pytest.MonkeyPatch, ratios: list[float], pairs: int
) -> None:
    now_s = [0.0]
    monkeypatch.setattr(clock, "now_ns", lambda: int(now_s[0] * 1e9))

    def slow() -> float:
        now_s[0] += 1.0
        return 1.0

    result = compare_timed(slow, durations(ratios), limit_s=5.0, longest_s=28.0)
    assert (result.verdict, result.pairs) == (Verdict.UNDECIDED, pairs)
    assert f"all that fitted into {28 if pairs == 28 else 5} s" in result.notes[0]


def test_false_verdicts_stay_below_the_stated_error() -> None:
    rng = random.Random(20240817)
    results = [compare_timed(noisy(1.0, rng), noisy(1.0, rng), limit_s=1e9) for _ in range(600)]
    wrong = sum(result.verdict is not Verdict.UNDECIDED for result in results)
    assert wrong <= 0.05 * len(results)


def test_a_clear_difference_is_found_in_noise() -> None:
    rng = random.Random(7)
    results = [compare_timed(noisy(1.0, rng), noisy(2.0, rng)) for _ in range(50)]
    assert all(result.verdict is Verdict.ABOVE for result in results)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_durations_are_refused(seconds: float) -> None:
    with pytest.raises(clock.ClockError, match="candidate reported"):
        compare_timed(steady(seconds), steady(1.0))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bound": 0.0}, "bound"),
        ({"bound": []}, "bound"),
        ({"bound": [1.0, float("nan")]}, "bound"),
        ({"min_pairs": 9, "max_pairs": 8}, "max_pairs"),
        ({"confidence": 1.0}, "confidence"),
    ],
)
def test_impossible_arguments_are_refused(arguments: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        compare_timed(steady(1.0), steady(1.0), **arguments)


def test_callables_are_warmed_up_and_timed_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = [0]
    monkeypatch.setattr(clock, "now_ns", lambda: now_ns[0])
    first = {"quick": True, "slow": True}

    def call(name: str, takes_ns: int) -> Callable[[], None]:
        def work() -> None:
            now_ns[0] += 10**9 if first.pop(name, False) else takes_ns

        return work

    result = compare(call("quick", 3_000), call("slow", 12_000))
    assert result.ratio == pytest.approx(4.0)
    assert result.candidate_us == pytest.approx((3.0,) * 7)


def test_result_survives_json() -> None:
    data = json.loads(json.dumps(compare_timed(steady(1.0), steady(2.0), min_pairs=3, max_pairs=3).as_dict()))
    assert (data["low"], data["high"]) == (0.0, None)  # three pairs say nothing at 95 percent
    assert (data["verdict"], data["pairs"], data["candidate_us"]) == ("undecided", 3, [1e6] * 3)


def test_text_says_ratio_interval_and_verdict() -> None:
    text = str(compare_timed(steady(1.0), steady(2.0)))
    assert text == "reference time / candidate time = 2 (2 to 2 at 95%, 7 pairs): above 1"
