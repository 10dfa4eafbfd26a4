"""A race that claims more than the machine can do is a fault; a machine that is busy while measured makes none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tinytorch.bench import Comparison, compare_timed
from tinytorch.errors import GraderFaultError
from tinytorch.grading.checks.plausible import Roof, Work, check_possible, measured_roof

WORK = Work(operations=2e6, moved_bytes=1e6)


def race(candidate_s: float, reference_s: float = 1.0) -> Comparison:
    return compare_timed(lambda: candidate_s, lambda: reference_s)


def test_the_scarcer_of_arithmetic_and_bandwidth_decides() -> None:
    assert Roof(100, 10).least_s(WORK) == pytest.approx(1e-4)
    assert Roof(1, 10).least_s(WORK) == pytest.approx(2e-3)
    assert Roof(None, None).least_s(WORK) == 0


def test_a_claim_beyond_the_roof_is_a_fault() -> None:
    with pytest.raises(GraderFaultError, match=r"f seems to take 10 us .* in less than 100 us"):
        check_possible(race(8e-5), WORK, 8, "f", lambda attempt: Roof(100, 10))


def test_error_of_measuring_is_allowed_for() -> None:
    check_possible(race(7e-5), WORK, 1, "f", lambda attempt: Roof(100, 10))


def test_a_roof_measured_too_low_is_measured_again() -> None:
    roofs: Iterator[Roof] = iter([Roof(1, 1), Roof(100, 100)])
    check_possible(race(3e-5), WORK, 1, "f", lambda attempt: next(roofs))


def test_nothing_is_measured_for_one_no_faster_than_its_reference() -> None:
    check_possible(race(1.0), WORK, 1, "f", lambda attempt: pytest.fail("measured"))


def test_work_must_be_stated() -> None:
    with pytest.raises(GraderFaultError, match="must be positive"):
        Work()


def test_the_roof_here_is_that_of_a_machine() -> None:
    roof = measured_roof(1)
    assert roof.peak is None or 0.5 < roof.peak < 1e5
    assert roof.bandwidth is None or 1 < roof.bandwidth < 1e5
    assert roof.peak is None or roof.peak >= measured_roof(0).peak
