"""A case becomes a row: wrong results fail, slow ones do not, and bars for other machines give no verdict."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.tools.benchmarks import oracle
from tests.tools.benchmarks.bars import Bar, Standing, World
from tests.tools.benchmarks.case import FULL, QUICK, Case, Race
from tests.tools.benchmarks.runner import pairs_for, run_case
from tinytorch.bench import clock, compare_timed

HERE = World(32, has_dot4=False, blas="Haswell")
TRUE = np.arange(6, dtype=np.float32).reshape(2, 3)


def a_case(candidate, reference=lambda: TRUE, bar=None) -> Case:
    return Case("a", "group", "ours", "theirs", lambda: Race(candidate, reference, oracle.equal_to(TRUE)), bar)


def clocked(candidate_s: float, reference_s: float):
    """A comparison by a clock that shows these seconds, whatever the callables take."""

    def compare(candidate, reference, **limits):
        return compare_timed(lambda: candidate_s, lambda: reference_s, **limits)

    return compare


def wrong() -> np.ndarray:
    return np.where(TRUE == 4, np.nan, TRUE).astype(np.float32)


def broken() -> np.ndarray:
    raise ZeroDivisionError("no such tile")


@pytest.mark.parametrize("result", [wrong, lambda: TRUE.astype(np.float64), lambda: TRUE[:1], lambda: None])
def test_a_wrong_result_fails_and_says_whose(result):
    for sides, whose in (((result, lambda: TRUE), "the candidate"), ((lambda: TRUE, result), "the reference")):
        row = run_case(a_case(*sides), HERE, QUICK, clocked(1, 1))
        assert (row.standing, row.value) == (Standing.FAILED, None)
        assert whose in row.why


def test_a_kernel_that_raises_fails_with_its_words():
    row = run_case(a_case(broken), HERE, QUICK, clocked(1, 1))
    assert row.standing is Standing.FAILED
    assert row.why == "ZeroDivisionError: no such tile"


def test_a_slow_kernel_is_short_and_not_failed():
    row = run_case(a_case(lambda: TRUE, bar=Bar(1.8, 0.9)), HERE, QUICK, clocked(10.0, 1.0))
    assert (row.standing, row.value, row.bar) == (Standing.SHORT, 0.1, 0.9)


def test_a_fast_kernel_meets_the_bar_and_its_samples_are_kept():
    row = run_case(a_case(lambda: TRUE, bar=Bar(1.8, 0.9)), HERE, QUICK, clocked(1.0, 2.0))
    assert row.standing is Standing.MET
    assert row.samples == {"candidate": [1e6] * 7, "reference": [2e6] * 7}
    assert row.spread == {"candidate": 0.0, "reference": 0.0}


def test_a_bar_for_other_machines_leaves_the_figure_without_a_verdict():
    row = run_case(a_case(lambda: TRUE, bar=Bar(6.5, None, dot4=True)), HERE, QUICK, clocked(1.0, 2.0))
    assert (row.standing, row.value, row.bar) == (Standing.NOT_HERE, 2.0, None)
    assert "VNNI" in row.why


def test_without_a_bar_the_ratio_is_recorded():
    row = run_case(a_case(lambda: TRUE), HERE, QUICK, clocked(1.0, 2.0))
    assert (row.standing, row.value) == (Standing.NO_BAR, 2.0)


def test_a_case_that_takes_too_long_without_a_dot_product_is_left_out():
    case = replace(a_case(broken), needs_dot4="a call takes a minute")
    assert run_case(case, HERE, QUICK).standing is Standing.NOT_HERE
    assert run_case(case, replace(HERE, has_dot4=True), QUICK).standing is Standing.FAILED


def test_long_calls_get_fewer_pairs_but_never_too_few_for_an_interval(monkeypatch):
    race = Race(lambda: TRUE, lambda: TRUE, oracle.equal_to(TRUE))
    ticks_ns = iter([0, 10**9, 0, 10**12, 0, 1])
    monkeypatch.setattr(clock, "now_ns", lambda: next(ticks_ns))
    assert [pairs_for(race, FULL) for _ in range(3)] == [10, 7, 15]


def test_the_real_clock_is_the_default():
    row = run_case(a_case(lambda: TRUE), HERE, QUICK)
    assert 0 < row.value < math.inf
    json.dumps(row.as_dict(), allow_nan=False)
