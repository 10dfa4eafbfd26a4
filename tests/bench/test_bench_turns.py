"""Callables timed in turn by a clock that they move themselves, and what the ratios of their samples say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from tinytorch.analyses.blocks import block_figures
from tinytorch.bench import clock
from tinytorch.bench.turns import ROUNDS, in_turn, ratio_of


class Work:
    """A clock, and callables that take known times by it."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.order: list[str] = []

    def taking(self, name: str, times_us: Iterator[float]) -> Callable[[], None]:
        def call() -> None:
            self.order.append(name)
            self.now_ns += int(next(times_us) * 1000)

        return call


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    monkeypatch.setattr(clock, "now_ns", lambda: work.now_ns)
    return work


def test_every_round_has_each_callable_once_and_turns_the_order_around(work: Work) -> None:
    in_turn({"a": work.taking("a", repeat(700.0)), "b": work.taking("b", repeat(900.0))}, rounds=3)
    assert "".join(work.order[-6:]) == "abbaab"


def test_the_first_calls_are_not_timed(work: Work) -> None:
    slow_at_first = chain([50_000.0, 40_000.0], repeat(600.0))
    assert in_turn({"a": work.taking("a", slow_at_first)})["a"].time_us == 600.0


def test_a_drift_hits_all_alike(work: Work) -> None:
    def drifting(factor: float) -> Iterator[float]:
        return (factor * 1000 * 1.1**i for i in range(1000))

    turns = in_turn({"a": work.taking("a", drifting(2.0)), "b": work.taking("b", drifting(1.0))})
    assert ratio_of(turns["a"].samples_us, turns["b"].samples_us).ratio == pytest.approx(2.0)


def test_short_callables_are_repeated_within_a_sample(work: Work) -> None:
    turns = in_turn({"a": work.taking("a", repeat(10.0))}, rounds=1)
    assert turns["a"].samples_us == (10.0,)
    assert len(work.order) >= 50


def test_a_caught_exception_leaves_the_others_in_the_race(work: Work) -> None:
    def broken() -> None:
        raise KeyError("gone")

    turns = in_turn({"bad": broken, "good": work.taking("good", repeat(800.0))}, caught=Exception)
    assert (turns["bad"].time_us, str(turns["bad"].error)) == (None, "'gone'")
    assert turns["good"].samples_us == (800.0,) * ROUNDS


def test_an_exception_in_a_later_round_is_caught_too(work: Work) -> None:
    def tired() -> None:
        work.now_ns += 600_000
        work.order.append("tired")
        if len(work.order) > 4:
            raise OSError("tired")

    turns = in_turn({"tired": tired}, caught=Exception)
    assert turns["tired"].samples_us == ()
    assert isinstance(turns["tired"].error, OSError)


def test_other_exceptions_pass_through() -> None:
    with pytest.raises(ZeroDivisionError):
        in_turn({"bad": lambda: 1 / 0})


def test_the_time_limit_leaves_at_least_three_rounds(work: Work) -> None:
    assert len(in_turn({"a": work.taking("a", repeat(800.0))}, limit_s=0.0)["a"].samples_us) == 3


def test_nine_rounds_give_an_interval_and_three_do_not() -> None:
    nine = ratio_of([2.0] * 8 + [20.0], [1.0] * 9)
    assert (nine.ratio, nine.low, nine.high) == (2.0, 2.0, 2.0)
    three = ratio_of([2.0] * 3, [1.0] * 3)
    assert (three.low, three.high) == (None, None)


# block sizes


def blocked(work: Work, best: int) -> Callable[..., object]:
    """A kernel that is the slower, the farther its block size is from `best`."""

    def kernel(a: object, b: object, block_size: int = 16) -> object:
        work.now_ns += int(1_000_000 * max(block_size / best, best / block_size))
        return a

    return kernel


@pytest.mark.parametrize("best", [8, 32, 50, 64])
def test_the_best_block_size_is_the_one_that_was_fastest(work: Work, best: int) -> None:
    figures = block_figures(blocked(work, best), 64, {"L1": 50, "L2": 200, "L3": None})
    assert figures["best_block_size"] == best
    assert list(figures["times_us"]) == [8, 16, 32, 50, 64]
    assert best in figures["as_good"]
    assert (figures["default"], figures["source"]) == (16, "measured")


def test_the_rule_of_thumb_is_held_against_the_best(work: Work) -> None:
    figures = block_figures(blocked(work, 32), 64, {"L1": 16, "L2": 200})
    assert set(figures["by_rule"]) == {"L1"}
    assert figures["by_rule"]["L1"]["times_the_best"] == pytest.approx(2.0)


@pytest.mark.parametrize("kernel", [lambda a, b: a, max], ids=["no parameter", "no signature"])
def test_a_kernel_without_block_sizes_has_none_and_the_reason(kernel: Callable[..., object]) -> None:
    figures = block_figures(kernel, 16, {})
    assert figures["best_block_size"] is None
    assert "no parameter block_size" in figures["reason"]
