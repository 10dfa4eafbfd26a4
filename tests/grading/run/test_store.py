"""A kept result comes back whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch.errors import TinyTorchError
from tinytorch.grading.base.result import CellRun, CheckResult, ExerciseResult, Outcome, SubmissionResult
from tinytorch.grading.run.store import Store

CHECK = CheckResult("test_a", "01_first", "check_a", 1.0, Outcome.FAILED, "It adds.", "got 3", 0.5)
RESULT = SubmissionResult(
    exercises=(ExerciseResult("01_first", "check_a", 4.0, 2.0, (CHECK,)),),
    cells=(CellRun("01_first", "c1", "ok", ({"output_type": "stream", "text": "hi"},)),),
    repairs=("01_first: mended",),
    seed=3,
)


def test_a_result_comes_back_equal(tmp_path: Path) -> None:
    store = Store(tmp_path / "results")
    store.put("k", RESULT)
    assert store.get("k") == RESULT


def test_an_unknown_key_has_no_result(tmp_path: Path) -> None:
    assert Store(tmp_path / "nowhere").get("k") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda t: t[: len(t) // 2],
        lambda t: "",
        lambda t: "[1]",
        lambda t: '{"a": 1}',
        lambda t: t.replace('"score": 2.0', '"score": 4.0'),
    ],
    ids=["cut", "empty", "list", "other", "altered"],
)
def test_a_damaged_entry_counts_as_absent(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    store = Store(tmp_path)
    store.put("k", RESULT)
    path = tmp_path / "k.json"
    path.write_text(damage(path.read_text()))
    assert store.get("k") is None


def test_a_fault_is_never_kept(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fault"):
        Store(tmp_path).put("k", SubmissionResult(exercises=(), fault="ours"))


def test_a_failed_write_leaves_no_entry_and_says_where(tmp_path: Path) -> None:
    blocked = tmp_path / "results"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(TinyTorchError, match="results"):
        Store(blocked).put("k", RESULT)
