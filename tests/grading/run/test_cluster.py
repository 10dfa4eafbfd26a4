"""Does grading on a cluster say what is missing?"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import ClassVar

import pytest

from tinytorch.errors import GradingError
from tinytorch.grading.run.cluster import cluster_executor


class _Client:
    """As much of Dask's client as is used."""

    threads: ClassVar[dict[str, int]] = {}

    def __init__(self, address: str, **_: object) -> None:
        if address == "nowhere":
            raise OSError("timed out")
        self.options: dict[str, object] = {}

    def nthreads(self) -> dict[str, int]:
        return self.threads

    def get_executor(self, **options: object) -> tuple[str, dict[str, object]]:
        return "executor", options

    def close(self) -> None:
        pass


@pytest.fixture
def dask(monkeypatch: pytest.MonkeyPatch) -> type[_Client]:
    module = ModuleType("distributed")
    module.Client = _Client  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "distributed", module)
    return _Client


def test_without_dask_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(GradingError, match=r"pip install 'tinytorch-kernels\[cluster\]'"):
        cluster_executor("tcp://here:8786")


def test_a_scheduler_that_does_not_answer_is_named(dask: type[_Client]) -> None:
    with pytest.raises(GradingError, match="'nowhere'"):
        cluster_executor("nowhere")


@pytest.mark.parametrize(("threads", "words"), [({}, "no workers"), ({"a": 1, "b": 4}, "several threads")])
def test_workers_that_cannot_grade_are_refused(
    dask: type[_Client], monkeypatch: pytest.MonkeyPatch, threads: dict[str, int], words: str
) -> None:
    monkeypatch.setattr(dask, "threads", threads)
    with pytest.raises(GradingError, match=words):
        cluster_executor("tcp://here:8786")


def test_as_many_are_graded_at_once_as_there_are_workers(dask: type[_Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "threads", {"a": 1, "b": 1})
    open_executor, at_once = cluster_executor("tcp://here:8786")
    assert at_once == 2
    assert open_executor() == ("executor", {"pure": False, "retries": 0})
