"""Amdahl's and the universal scalability law, fitted to times that are known to follow one of them."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch.bench.scaling_laws import better_law, fit_amdahl, fit_universal, law_figures, law_of

COUNTS = (1, 2, 3, 4, 6, 8, 12, 16)


def times_by(sigma: float, kappa: float, counts: tuple[int, ...] = COUNTS) -> dict[int, float]:
    """Microseconds of a workload that follows the law exactly."""
    return {p: 1000 * (1 + sigma * (p - 1) + kappa * p * (p - 1)) / p for p in counts}


@given(sigma=st.floats(0, 1), kappa=st.floats(0, 0.5))
def test_the_universal_law_gives_its_parameters_back(sigma: float, kappa: float) -> None:
    law = fit_universal(times_by(sigma, kappa))
    assert (law.sigma, law.kappa) == pytest.approx((sigma, kappa), abs=1e-9)
    assert law.residual < 1e-9


@given(sigma=st.floats(0, 1))
def test_amdahl_s_law_gives_its_serial_share_back(sigma: float) -> None:
    law = fit_amdahl(times_by(sigma, 0.0))
    assert (law.sigma, law.kappa) == (pytest.approx(sigma, abs=1e-9), 0.0)
    assert [law.speedup(p) for p in (1, 4)] == pytest.approx([1.0, 1 / (sigma + (1 - sigma) / 4)])


@pytest.mark.parametrize(
    ("sigma", "kappa", "expected"),
    [
        (0.0, 0.0, "Amdahl's law"),
        (0.2, 0.0, "Amdahl's law"),
        (1.0, 0.0, "Amdahl's law"),
        (0.05, 0.02, "the universal scalability law"),
        (1.0, 1.0, "the universal scalability law"),
    ],
    ids=["perfect", "partly serial", "none", "falls again", "negative"],
)
def test_the_law_that_made_the_times_is_the_better_one(sigma: float, kappa: float, expected: str) -> None:
    times = times_by(sigma, kappa)
    law, why = better_law(fit_amdahl(times), fit_universal(times))
    assert law.name == expected
    assert "misses the times by" in why


def test_noise_is_no_reason_for_a_second_parameter() -> None:
    rng = random.Random(3)
    times = {p: time_us * rng.uniform(0.97, 1.03) for p, time_us in times_by(0.1, 0.0).items()}
    assert better_law(fit_amdahl(times), fit_universal(times), noise=0.04)[0].name == "Amdahl's law"


@pytest.mark.parametrize(
    ("sigma", "kappa", "best"),
    [(0.1, 0.01, 9), (0.0, 0.04, 5), (1.0, 1.0, 1), (0.3, 0.0, None), (0.0, 0.0, None), (0.2, 0.9, 1)],
)
def test_best_worker_count_is_where_the_law_has_its_maximum(sigma: float, kappa: float, best: int | None) -> None:
    law = fit_universal(times_by(sigma, kappa))
    assert law.best_workers() == best


def test_the_maximum_is_a_whole_number_that_no_neighbor_beats() -> None:
    law = fit_universal(times_by(0.02, 0.003))
    best = law.best_workers()
    assert law.speedup(best) == max(law.speedup(p) for p in range(1, 100))


def test_more_than_perfect_is_taken_as_perfect_with_a_residual() -> None:
    law = fit_universal({1: 1000.0, 2: 400.0, 4: 150.0})
    assert (law.sigma, law.kappa) == (0.0, 0.0)
    assert law.residual > 0.2


def test_residual_is_the_share_by_which_the_law_misses() -> None:
    law = fit_amdahl({1: 100.0, 2: 200.0})
    assert law.sigma == 1.0
    assert law.residual == pytest.approx(0.5)


@pytest.mark.parametrize("times", [{1: 10.0}, {1: 10.0, 2: 6.0}], ids=["one count", "two counts"])
def test_too_few_counts_decide_nothing(times: dict[int, float]) -> None:
    law, why = better_law(fit_amdahl(times), fit_universal(times))
    assert law is None
    assert "at least two further counts" in why


def test_two_further_counts_fit_exactly_and_that_is_said() -> None:
    times = times_by(0.5, 0.2, (1, 2, 4))
    law, why = better_law(fit_amdahl(times), fit_universal(times))
    assert law.name == "the universal scalability law"
    assert "nothing tests this one" in why


@pytest.mark.parametrize("times", [{}, {2: 5.0}, {1: 0.0, 2: 1.0}], ids=["nothing", "no baseline", "no time"])
def test_times_without_a_baseline_are_refused(times: dict[int, float]) -> None:
    with pytest.raises(ValueError, match="that of one worker"):
        fit_amdahl(times)


def test_figures_hold_both_laws_and_lead_back_to_them() -> None:
    times = times_by(0.05, 0.02)
    figures = json.loads(json.dumps(law_figures(times)))
    assert figures["better"] == "the universal scalability law"
    assert law_of(figures["universal"]) == fit_universal(times)
    assert figures["universal"]["best_worker_count"] == 7
    assert figures["amdahl"]["best_worker_count"] is None
    assert figures["amdahl"]["reason"]
    assert figures["amdahl"]["residual"] > figures["universal"]["residual"]


def test_figures_without_a_baseline_have_a_reason() -> None:
    figures = law_figures({2: 5.0, 4: 3.0})
    assert (figures["amdahl"], figures["universal"], figures["better"]) == (None, None, None)
    assert figures["reason"]
