"""Samples of one callable, by a clock that the test moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import chain, repeat

import pytest

from tinytorch.bench import Timing, clock, measure
from tinytorch.bench.notes import doubts


class Machine:
    """A clock, and work that moves it by the durations given, in nanoseconds."""

    def __init__(self) -> None:
        self.now = 0
        self.calls = 0

    def work(self, durations_ns: Iterable[int]) -> Callable[..., int]:
        durations = iter(durations_ns)

        def call(*args: object, **kwargs: object) -> int:
            self.calls += 1
            self.now += next(durations)
            return self.calls

        return call


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(clock, "now_ns", lambda: machine.now)
    monkeypatch.setattr(clock, "tick_ns", lambda: 50)
    return machine


def test_samples_are_microseconds_per_call(machine: Machine) -> None:
    timing = measure(machine.work(repeat(2_500_000)), samples=4)
    assert timing.samples_us == (2500.0,) * 4


def test_short_work_is_repeated_until_a_sample_is_long_enough(machine: Machine) -> None:
    timing = measure(machine.work(repeat(300)), samples=3, min_sample_s=0.001)
    assert timing.loops == 4096  # the first power of two with 4096 * 300 ns > 1 ms
    assert timing.samples_us == pytest.approx((0.3,) * 3)


def test_warm_up_calls_are_not_samples(machine: Machine) -> None:
    timing = measure(machine.work(chain([9e9, 8e9], repeat(2_000_000))), samples=5, warmups=2)
    assert timing.median_us == 2000.0
    assert timing.warmups == 2


def test_quartiles_come_from_the_samples() -> None:
    timing = Timing((5.0, 1.0, 3.0, 2.0, 4.0), 1, 1)
    assert (timing.low_us, timing.median_us, timing.high_us) == (2.0, 3.0, 4.0)


def test_arguments_are_passed_on(machine: Machine) -> None:
    seen = []

    def work(*args: object, **kwargs: object) -> None:
        seen.append((args, kwargs))
        machine.now += 2_000_000

    measure(work, 1, samples=2, word="yes")
    assert seen == [((1,), {"word": "yes"})] * 4  # warm-up, calibration, two samples


def test_exceptions_pass_through(machine: Machine) -> None:
    with pytest.raises(KeyError, match="missing"):
        measure({}.__getitem__, "missing")


def test_a_clock_that_stands_still_is_an_error(machine: Machine) -> None:
    with pytest.raises(clock.ClockError, match="give the function more work"):
        clock.loops_for(machine.work(repeat(0)), 1000, max_loops=64)


@pytest.mark.parametrize(("name", "value"), [("samples", 0), ("warmups", -1)])
def test_impossible_counts_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=name):
        measure(int, **{name: value})


def test_timing_survives_json() -> None:
    data = json.loads(json.dumps(Timing((1.0, 2.0), 4, 1, ("a note",)).as_dict()))
    assert (data["samples_us"], data["loops"], data["notes"]) == ([1.0, 2.0], 4, ["a note"])


def test_text_shows_median_spread_and_notes() -> None:
    text = str(Timing((10.0, 12.0, 14.0), 1, 1, ("something ran in between",)))
    assert text == "12 us (middle half 11 to 13, 3 samples)\n  note: something ran in between"


@pytest.mark.parametrize(
    ("samples", "loops", "words"),
    [
        ((1.0,) * 9, 1, "steps of the clock"),
        ((80.0, 100.0, 120.0) * 3, 1, "middle half"),
        ((100.0,) * 8 + (300.0,), 1, "3.0 times the median"),
        ((120.0,) * 5 + (100.0,) * 5, 1, "17% faster"),
    ],
    ids=["too short", "wide", "interrupted", "drifting"],
)
def test_doubtful_samples_get_a_note(samples: tuple[float, ...], loops: int, words: str) -> None:
    assert any(words in note for note in doubts(samples, loops, tick_us=0.05))


def test_steady_samples_get_no_note() -> None:
    assert doubts((100.0, 101.0, 99.0) * 5, 1, tick_us=0.05) == ()


def test_real_clock_has_a_step_above_zero() -> None:
    assert clock.tick_ns() > 0
