"""Is a result found again exactly when nothing it depends on has changed?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tinytorch.errors import TinyTorchError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import CellRun, CheckResult, ExerciseResult, Outcome, SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run.keys import Keys, grader_digest
from tinytorch.grading.run.store import Store

CHECK = CheckResult("test_a", "01_first", "check_a", 1.0, Outcome.FAILED, "It adds.", "got 3", 0.5)
RESULT = SubmissionResult(
    exercises=(ExerciseResult("01_first", "check_a", 4.0, 2.0, (CHECK,)),),
    cells=(CellRun("01_first", "c1", "ok", ({"output_type": "stream", "text": "hi"},)),),
    repairs=("01_first: mended",),
    seed=3,
)


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    for name, file in (("release", "01_first.ipynb"), ("hidden", "test_a.py"), ("handed", "01_first.ipynb")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(f"{name} text")
    return Setup(tmp_path / "release", tmp_path / "hidden")


def key(setup: Setup, tmp_path: Path) -> str:
    return Keys(setup).key(tmp_path / "handed")


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


def test_the_same_things_have_the_same_key(setup: Setup, tmp_path: Path) -> None:
    assert key(setup, tmp_path) == key(setup, tmp_path)


def test_time_stamps_do_not_change_the_key(setup: Setup, tmp_path: Path) -> None:
    before = key(setup, tmp_path)
    (tmp_path / "handed" / "timestamp.txt").write_text("2026-01-01 00:00:00 UTC")
    assert key(setup, tmp_path) == before


@pytest.mark.parametrize(
    "file",
    [
        "handed/01_first.ipynb",
        "handed/02_second.ipynb",
        "hidden/test_a.py",
        "hidden/data.json",
        "release/01_first.ipynb",
    ],
)
def test_every_file_counts(setup: Setup, tmp_path: Path, file: str) -> None:
    before = key(setup, tmp_path)
    (tmp_path / file).write_text("changed")
    assert key(setup, tmp_path) != before


@pytest.mark.parametrize("change", [{"seed": 99}, {"sandbox": "none"}, {"limits": Limits(call_s=1.0)}], ids=repr)
def test_every_setting_counts(setup: Setup, tmp_path: Path, change: dict) -> None:
    assert key(dataclasses.replace(setup, **change), tmp_path) != key(setup, tmp_path)


def test_the_grader_is_hashed_without_what_only_reports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "tinytorch"
    (package / "grading").mkdir(parents=True)
    (package / "grading" / "check.py").write_text("1")
    (package / "grading" / "report.py").write_text("1")
    monkeypatch.setattr("tinytorch.__file__", str(package / "__init__.py"))
    before = grader_digest()
    (package / "grading" / "report.py").write_text("2")
    assert grader_digest() == before
    (package / "grading" / "check.py").write_text("2")
    assert grader_digest() != before


def test_a_forced_vector_width_is_another_result(setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINYTORCH_SIMD_BYTES", raising=False)
    before = key(setup, tmp_path)
    monkeypatch.setenv("TINYTORCH_SIMD_BYTES", "16")
    assert key(setup, tmp_path) != before
