"""Gains of workers on a machine that the test makes up, and what is said where nothing can be known."""

from __future__ import annotations

import dataclasses
import time

import pytest

from tinytorch.bench import Gain, amdahl_fit, clock, gain_figures, worker_gains
from tinytorch.bench.workers import OWN_CORE

FAST = Gain(2, 100.0, 1.9, 1.8, 2.0, cores=1.98, one_cores=1.0)
OPEN = Gain(2, 100.0, 1.3, 0.6, 2.2, cores=1.5, one_cores=1.0)
DISTURBED = Gain(2, 100.0, 1.49, 1.2, 1.7, cores=0.9, one_cores=0.6)


class Machine:
    """A clock and a processor clock that only calls move; `share` of a core is what one thread gets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sigma: float = 0.0, share: float = 1.0) -> None:
        self.wall_ns = self.cpu_ns = 0.0
        self.sigma, self.share = sigma, share
        monkeypatch.setattr(clock, "now_ns", lambda: int(self.wall_ns))
        monkeypatch.setattr(time, "process_time_ns", lambda: int(self.cpu_ns))

    def call(self, workers: int) -> None:
        """60 ms of work by Amdahl's law."""
        work_ns = 60e6
        self.wall_ns += work_ns * (self.sigma + (1 - self.sigma) / workers) / self.share
        self.cpu_ns += work_ns


def gains_by(sigma: float, counts: tuple[int, ...], off: float = 1.0) -> list[Gain]:
    """Gains that follow Amdahl's law but for a factor at the last count; known to about 2 percent."""
    ratios = [1 / (sigma + (1 - sigma) / p) for p in counts]
    ratios[-1] *= off
    return [Gain(p, 1.0, r, 0.98 * r, 1.02 * r, p, 1.0) for p, r in zip(counts, ratios, strict=True)]


def test_a_gain_is_the_ratio_to_one_worker_with_the_cores_kept_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    two, six = worker_gains(Machine(monkeypatch, sigma=0.2).call, (2, 6))
    assert (two.workers, two.time_us, two.ratio) == (2, pytest.approx(36e3), pytest.approx(1 / 0.6))
    assert (six.ratio, six.low, six.high) == pytest.approx((3.0, 3.0, 3.0))
    assert (two.cores, two.one_cores) == (pytest.approx(1 / 0.6), pytest.approx(1.0))


def test_one_worker_is_the_unit_and_only_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = worker_gains(Machine(monkeypatch).call, (1,))
    assert (one.time_us, one.ratio, one.low, one.high) == (pytest.approx(60e3), 1.0, 1.0, 1.0)
    assert "one worker" in str(one)


def test_a_machine_with_other_programs_on_its_cores_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    (gain,) = worker_gains(Machine(monkeypatch, share=0.5).call, (2,))
    assert gain.is_disturbed
    assert gain.one_cores == pytest.approx(0.5)


def test_an_exception_of_the_call_passes_through() -> None:
    def call(workers: int) -> None:
        raise LookupError(f"{workers} workers")

    with pytest.raises(LookupError, match="2 workers"):
        worker_gains(call, (2,))


def test_a_known_gain_is_said_with_its_interval() -> None:
    assert str(FAST) == "2 workers: 1.90 times as fast as one (1.80 to 2.00); they kept 2.0 cores busy"


def test_an_interval_that_holds_one_is_no_gain() -> None:
    assert "no difference from one can be seen (0.60 to 2.20" in str(OPEN)
    assert "1.3" not in str(OPEN)


def test_an_end_that_is_printed_as_one_counts_as_one() -> None:
    assert dataclasses.replace(FAST, low=0.9, ratio=0.95, high=0.998).is_open
    assert not dataclasses.replace(FAST, low=0.9, ratio=0.95, high=0.98).is_open


def test_a_busy_machine_gets_a_reason_in_place_of_a_ratio() -> None:
    words = str(dataclasses.replace(DISTURBED, cores=1.0))
    assert "no figure. One worker alone" in words
    assert "60% of a core" in words
    assert "1.49" not in words
    assert not dataclasses.replace(DISTURBED, one_cores=OWN_CORE, cores=OWN_CORE).is_disturbed


def test_several_workers_without_a_core_between_them_are_no_figure_either() -> None:
    starved = dataclasses.replace(FAST, ratio=0.23, low=0.08, high=0.96, cores=0.3)
    assert starved.is_disturbed
    assert "They got 30% of a core" in str(starved)


def test_figures_leave_out_what_is_not_known_and_one_worker() -> None:
    one = Gain(1, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert gain_figures({"a": [one, FAST], "b": [DISTURBED]}) == {
        "a, 2 workers": 1.9,
        "a, 2 workers, at least": 1.8,
        "a, 2 workers, at most": 2.0,
    }


@pytest.mark.parametrize(
    ("counts", "cores", "words"),
    [((2,), 2, "1 and 2"), ((2, 4, 8), 2, "1 and 2"), ((2, 4), 1, "here are 1.")],
    ids=["two counts", "two within the cores", "one core"],
)
def test_two_worker_counts_are_not_fitted(counts: tuple[int, ...], cores: int, words: str) -> None:
    fit = amdahl_fit(gains_by(0.1, counts), cores)
    assert fit.law is None
    assert "not fitted" in str(fit)
    assert words in str(fit)
    assert "%" not in str(fit)


def test_counts_within_the_cores_give_the_serial_part() -> None:
    fit = amdahl_fit(gains_by(0.1, (2, 4, 8)), cores=4)
    assert fit.law is not None
    assert fit.law.sigma == pytest.approx(0.1)
    assert fit.law.points == 2
    assert "serial part of 10% fits 1, 2 and 4 workers" in str(fit)


def test_times_that_the_law_misses_by_more_than_the_noise_are_not_called_its() -> None:
    fit = amdahl_fit(gains_by(0.1, (2, 4), off=0.6), cores=4)
    assert fit.law is not None
    assert fit.law.residual > 0.05
    assert "doesn't describe 1, 2 and 4 workers" in str(fit)


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        ([FAST, dataclasses.replace(DISTURBED, workers=4)], "other programs"),
        ([OPEN, dataclasses.replace(OPEN, workers=4)], "no worker count differs"),
        (gains_by(1.3, (2, 4)), "slower, not faster"),
    ],
    ids=["disturbed", "noise", "slower"],
)
def test_what_no_law_can_be_fitted_to_is_said(gains: list[Gain], words: str) -> None:
    fit = amdahl_fit(gains, cores=4)
    assert fit.law is None
    assert words in str(fit)
    assert "serial part of" not in str(fit)
