"""Attempts on several workers, and what follows from their times."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch.analyses.races import Race, potential, race, race_figures
from tinytorch.analyses.scaling import (
    Attempt,
    attempt_figures,
    diminishing_returns,
    optimal_figures,
    overhead_figures,
    serial_fraction,
    summary_figures,
    try_all,
    try_worker_counts,
)


def test_workers_are_passed_by_name_where_the_workload_names_them() -> None:
    seen: list[tuple[object, int]] = []

    def like_batch_processing(batch: object, operation: object = None, num_workers: int = 4) -> None:
        seen.append((operation, num_workers))
        time.sleep(0.0005)

    assert try_all(like_batch_processing, [0.0], [2])[2].time_us is not None
    assert set(seen) == {(None, 2)}


def test_an_exception_of_a_workload_becomes_its_text() -> None:
    def broken(data: object, workers: int) -> None:
        raise KeyError("gone")

    assert try_all(broken, [0.0], [2])[2] == Attempt(None, "KeyError: 'gone'")


def test_one_worker_is_tried_once_and_counts_ascend() -> None:
    one, attempts = try_worker_counts(lambda data, workers: None, [0.0], [4, 1])
    assert list(attempts) == [1, 4]
    assert attempts[1] is one


@given(st.floats(0, 1), st.integers(2, 64))
def test_amdahl_gives_its_serial_fraction_back(serial: float, workers: int) -> None:
    speedup = 1 / (serial + (1 - serial) / workers)
    assert serial_fraction(speedup, workers) == pytest.approx(serial, abs=1e-9)


@pytest.mark.parametrize(("speedup", "workers"), [(0.0, 2), (1.0, 1)])
def test_a_serial_fraction_needs_a_speedup_on_several_workers(speedup: float, workers: int) -> None:
    with pytest.raises(ValueError, match="at least 2 workers"):
        serial_fraction(speedup, workers)


@pytest.mark.parametrize(
    ("speedups", "count"),
    [({1: 1.0, 2: 2.0, 4: 4.0}, 4), ({1: 1.0, 2: 1.9, 4: 2.2}, 2), ({1: 1.0, 2: 1.0}, 1), ({3: 0.5}, 3)],
)
def test_returns_diminish_where_half_a_worker_is_lost(speedups: dict[int, float], count: int) -> None:
    assert diminishing_returns(speedups) == count


def test_attempts_become_figures_or_errors() -> None:
    attempts = {1: Attempt(100.0, "", (100.0,) * 9), 2: Attempt(50.0, "", (50.0,) * 9), 3: Attempt(None, "no")}
    figures = attempt_figures(attempts, {1: 1.0, 2: 2.0}, {1: 1.0, 2: 1.0}, attempts[1])
    assert figures[2] == {
        "execution_time_us": 50.0,
        "speedup": 2.0,
        "efficiency": 1.0,
        "samples_us": [50.0] * 9,
        "speedup_interval": [2.0, 2.0],
        "source": "measured",
    }
    assert figures[3] == {"error": "no", "source": "measured"}


def test_without_a_baseline_every_speedup_is_none_with_a_reason() -> None:
    figures = attempt_figures({2: Attempt(50.0)}, {}, {}, Attempt(None, "no one"))
    assert figures[2]["speedup"] is None
    assert "no one" in figures[2]["reason"]
    assert summary_figures({}, None)["reason"]
    assert overhead_figures(figures)["serial_fraction"] is None


def test_the_fewest_workers_near_the_best_time_are_optimal() -> None:
    times = {1: 100.0, 2: 51.0, 4: 50.0, 8: 49.0}
    figures = {p: {"execution_time_us": us, "speedup": 100 / us, "efficiency": 1.0} for p, us in times.items()}
    assert optimal_figures(figures)["optimal_workers"] == 2
    assert optimal_figures({2: {"error": "no"}})["optimal_workers"] is None


def test_a_race_adds_the_times_of_its_shapes() -> None:
    slow = lambda: time.sleep(0.002)  # noqa: E731
    both = race([(slow, lambda: None), (slow, lambda: None)])
    assert both.scalar_us > 3800
    assert both.vectorized_us < both.scalar_us / 10


@pytest.mark.parametrize(
    ("speedup", "word"), [(4.0, "high"), (3.9, "medium"), (1.5, "medium"), (1.4, "low"), (None, "unknown")]
)
def test_words_for_speedups(speedup: float | None, word: str) -> None:
    assert potential(speedup) == word


def test_what_was_not_run_keeps_its_reason() -> None:
    races = {"add": Race(8.0, 2.0), "conv2d": None}
    figures = race_figures(races, {"add": 4.0}, {"conv2d": "no such form"})
    assert (figures["add"]["potential"], figures["add"]["speedup"]) == ("high", 4.0)
    assert (figures["conv2d"]["speedup"], figures["conv2d"]["reason"]) == (None, "no such form")
