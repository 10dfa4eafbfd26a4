"""Shares as they were taken, and how long it took until a second thread began."""

from __future__ import annotations

import threading

import pytest

from tinytorch.threads import record, recorded, wake_timing
from tinytorch.threads.record import Taken


def test_every_share_is_noted_with_its_thread_and_times() -> None:
    both_run = threading.Barrier(2)
    taken = recorded(lambda share: both_run.wait(timeout=30), 2, 2)
    assert sorted(one.share for one in taken) == [0, 1]
    assert len({one.thread for one in taken}) == 2
    assert all(0 <= one.start_ms <= one.stop_ms for one in taken)


def test_a_failure_reaches_the_caller() -> None:
    def fail(share: int) -> None:
        raise OSError(f"share {share}")

    with pytest.raises(OSError, match="share 0"):
        recorded(fail, 3, 1)


def test_the_wake_time_is_that_of_the_second_thread_s_first_share(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = threading.current_thread().name
    call = [
        Taken(caller, 0, 0.01, 1.0),
        Taken("helper", 2, 3.0, 4.0),
        Taken("helper", 1, 0.5, 2.0),
        Taken(caller, 3, 1.0, 2.0),
    ]
    alone = [Taken(caller, share, 0.01, 0.02) for share in range(4)]
    calls = iter([call, alone, call])
    monkeypatch.setattr(record, "recorded", lambda work, shares, workers: next(calls))
    timing = wake_timing(lambda share: None, calls=3)
    assert timing is not None
    assert timing.samples_us == (500.0, 500.0)


def test_where_no_second_thread_began_there_is_no_wake_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "recorded", lambda work, shares, workers: [])
    assert wake_timing(lambda share: None, calls=3) is None
