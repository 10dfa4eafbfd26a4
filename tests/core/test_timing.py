"""Lesson 01's package: arrays in any wrapping, and a stopwatch whose clock the test moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from types import SimpleNamespace

import numpy as np
import pytest

from tinytorch.core.kernels import timing
from tinytorch.core.kernels.timing import analyze_timing_overhead, as_array, enough_samples, time_kernel


class Clock:
    """Stands in for the module `time`; work moves it."""

    def __init__(self) -> None:
        self.now = 0
        self.calls = 0

    def perf_counter_ns(self) -> int:
        return self.now

    def work(self, durations_us: Iterable[float]) -> Callable[[], int]:
        durations = iter(durations_us)

        def call() -> int:
            self.calls += 1
            self.now += int(next(durations) * 1000)
            return self.calls

        return call


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timing, "time", clock)
    return clock


def test_first_call_is_not_timed(clock: Clock) -> None:
    assert time_kernel(clock.work(chain([900_000], repeat(12))))[1] == 12.0


def test_time_is_the_median_in_microseconds(clock: Clock) -> None:
    durations = [1, *([10, 10, 400, 11, 10] * 7)]
    assert time_kernel(clock.work(durations))[1] == 10.0


def test_agreeing_samples_end_after_five(clock: Clock) -> None:
    time_kernel(clock.work(repeat(10)))
    assert clock.calls == 1 + 5


def test_noise_asks_for_more_calls_up_to_a_limit(clock: Clock) -> None:
    time_kernel(clock.work(chain.from_iterable(repeat((10, 20, 30)))))
    assert clock.calls == 1 + timing.MAX_CALLS


def test_slow_function_is_called_twice(clock: Clock) -> None:
    result, microseconds = time_kernel(clock.work(repeat(2e6)))
    assert (result, microseconds, clock.calls) == (2, 2e6, 2)


def test_empty_list_of_samples_is_not_enough() -> None:
    assert not enough_samples([])


def test_samples_of_length_zero_come_to_an_end(clock: Clock) -> None:
    assert time_kernel(clock.work(repeat(0)))[1] == 0.0


def test_arguments_and_result_pass_through() -> None:
    A = np.arange(12.0).reshape(3, 4)
    result, _ = time_kernel(np.sum, A, axis=0)
    np.testing.assert_array_equal(result, A.sum(axis=0))


def test_result_is_the_same_object() -> None:
    kept = object()
    assert time_kernel(lambda: kept)[0] is kept


@pytest.mark.parametrize("at_call", [1, 2])
def test_exception_passes_unchanged(at_call: int) -> None:
    raised = LookupError("as it was")
    outcomes = iter([None] * (at_call - 1) + [raised])

    def fails() -> None:
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome

    with pytest.raises(LookupError) as caught:
        time_kernel(fails)
    assert caught.value is raised


def test_real_wait_is_measured_within_the_time_it_took() -> None:
    began = time.perf_counter()
    _, microseconds = time_kernel(time.sleep, 0.06)
    wall_us = (time.perf_counter() - began) * 1e6
    assert 0.06e6 * 0.98 <= microseconds <= wall_us - 0.06e6


def test_several_threads_time_at_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: time_kernel(sum, range(n))[0], range(100, 120)))
    assert results == [sum(range(n)) for n in range(100, 120)]


def test_overhead_is_measured_and_the_limit_follows_from_it() -> None:
    overhead = analyze_timing_overhead()
    assert set(overhead) == {"avg_overhead_us", "precision_percent", "reliable_for_operations_above_us"}
    assert overhead["avg_overhead_us"] > 0
    assert overhead["precision_percent"] >= 0
    assert overhead["reliable_for_operations_above_us"] == pytest.approx(100 * overhead["avg_overhead_us"])


def test_array_is_passed_on_without_a_copy() -> None:
    x = np.arange(10.0)[::2]
    assert as_array(x) is x


def test_tensor_gives_its_array() -> None:
    x = np.arange(6).reshape(2, 3)
    assert as_array(SimpleNamespace(data=x)) is x


@pytest.mark.parametrize(
    "x", [[1, 2, 3], (1.5, 2.5), 7, np.float32(2.5), memoryview(b"abc"), True], ids=lambda x: type(x).__name__
)
def test_anything_numpy_takes_becomes_an_array(x: object) -> None:
    array = as_array(x)
    assert type(array) is np.ndarray
    np.testing.assert_array_equal(array, np.asarray(x))


def test_subclass_becomes_a_plain_array() -> None:
    assert type(as_array(np.ma.masked_array([1, 2], mask=[0, 1]))) is np.ndarray
