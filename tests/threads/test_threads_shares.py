"""Cuts cover everything once, worker counts stay within the cores, and results have one entry for each sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch import hardware
from tinytorch.hardware import Fact
from tinytorch.threads import (
    checked_result,
    checked_workers,
    core_workers,
    panels,
    read_only,
    shares,
    slices,
    usable_cores,
)


@given(length=st.integers(0, 200), parts=st.integers(1, 70))
def test_slices_cover_a_length_in_order(length: int, parts: int) -> None:
    cuts = slices(length, parts)
    assert [i for cut in cuts for i in range(length)[cut]] == list(range(length))
    sizes = [cut.stop - cut.start for cut in cuts]
    assert max(sizes) - min(sizes) <= 1
    assert len(cuts) == max(1, min(parts, length))


@given(length=st.integers(0, 300), unit=st.integers(1, 40), parts=st.integers(0, 20))
def test_panels_cover_a_length_with_edges_at_whole_units(length: int, unit: int, parts: int) -> None:
    cuts = panels(length, unit, parts)
    assert [i for cut in cuts for i in range(length)[cut]] == list(range(length))
    assert all(cut.start % unit == 0 for cut in cuts)
    assert 1 <= len(cuts) <= max(1, parts)


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_worker_is_refused(workers: int) -> None:
    with pytest.raises(ValueError, match=f"num_workers must be at least 1, got {workers}"):
        checked_workers(workers)
    with pytest.raises(ValueError, match="at least 1"):
        core_workers(workers)


def test_a_fraction_of_a_worker_is_refused() -> None:
    with pytest.raises(TypeError):
        checked_workers(1.5)  # type: ignore[arg-type]


def test_numpy_s_integers_are_worker_counts() -> None:
    assert type(checked_workers(np.int64(3))) is int  # type: ignore[arg-type]


def test_cores_that_are_not_known_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Card:
        usable_cores: Fact[int] = Fact(None, "", "unavailable", "made for this test")

    monkeypatch.setattr(hardware, "card", Card)
    assert usable_cores.__wrapped__() == 1


@pytest.mark.parametrize(("asked", "expected"), [(1, 1), (3, 3), (9, 4), (None, 2)])
def test_workers_that_compute_stay_within_the_cores(
    monkeypatch: pytest.MonkeyPatch, asked: int | None, expected: int
) -> None:
    class Card:
        physical_cores = Fact(2, "", "detected", "made for this test")

    monkeypatch.setattr(hardware, "card", Card)
    monkeypatch.setattr(shares, "usable_cores", lambda: 4)
    assert core_workers(asked) == expected


def test_a_read_only_view_leaves_the_batch_writeable() -> None:
    batch = np.arange(4.0)
    view = read_only(batch)
    assert np.shares_memory(view, batch)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    batch[0] = 7
    assert view[0] == 7


@pytest.mark.parametrize("result", [np.ones((3, 2)), [1, 2, 3]], ids=["array", "list"])
def test_a_result_with_an_entry_for_each_sample_is_passed_on_as_an_array(result: Any) -> None:
    assert isinstance(checked_result(result, 3), np.ndarray)
    np.testing.assert_array_equal(checked_result(result, 3), result)


@pytest.mark.parametrize("result", [np.ones(()), 3.0, np.ones((1, 3)), np.ones((6, 3))])
def test_a_result_without_one_entry_for_each_sample_is_refused(result: Any) -> None:
    with pytest.raises(ValueError, match="slice of 3 samples; it must return one entry for each sample"):
        checked_result(result, 3)
