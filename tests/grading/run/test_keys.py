"""A result's key changes with everything that the result depends on, and with nothing else."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

import tinytorch
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.setup import Required, Setup
from tinytorch.grading.run import keys
from tinytorch.grading.run.keys import GRADER_ROOMS, Keys, grader_digest, rooms_digest


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    for name, file in (("release", "01_first.ipynb"), ("hidden", "test_a.py"), ("handed", "01_first.ipynb")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(f"{name} text")
    return Setup(tmp_path / "release", tmp_path / "hidden")


def key(setup: Setup, tmp_path: Path) -> str:
    return Keys(setup).key(tmp_path / "handed")


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


@pytest.mark.parametrize(
    "change",
    [{"seed": 99}, {"sandbox": "none"}, {"limits": Limits(call_s=1.0)}, {"bands": {"near": ((0.5, 1.0),)}}],
    ids=repr,
)
def test_every_setting_counts(setup: Setup, tmp_path: Path, change: dict) -> None:
    assert key(dataclasses.replace(setup, **change), tmp_path) != key(setup, tmp_path)


def test_what_required_modules_release_counts(setup: Setup, tmp_path: Path) -> None:
    keys = {key(dataclasses.replace(setup, required=(Required("01_base", text),)), tmp_path) for text in ("a", "b")}
    assert len({*keys, key(setup, tmp_path)}) == 3


# What cannot change a score or a word of feedback that was computed with it.
AFTERWARDS = ("tito", "course", "core/kernels", "core/stability", "grading/gradebook", "grading/report", "_modidx.py")


def test_every_file_that_decides_a_grade_is_hashed_and_no_other(tmp_path: Path) -> None:
    package = tmp_path / "tinytorch"
    real = Path(tinytorch.__file__).parent
    shutil.copytree(real, package, ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
    before = rooms_digest(package, GRADER_ROOMS)
    missed, needless = [], []
    for path in sorted(package.rglob("*.*")):
        name, text = path.relative_to(package).as_posix(), path.read_bytes()
        path.write_bytes(text + b"#")
        has_changed = rooms_digest(package, GRADER_ROOMS) != before
        path.write_bytes(text)
        is_afterwards = any(name == room or name.startswith(f"{room}/") for room in AFTERWARDS)
        decides = not is_afterwards or name in ("course/__init__.py", "course/files.py")
        missed += [name] if decides and not has_changed else []
        needless += [name] if has_changed and not decides else []
    assert (missed, needless) == ([], [])


@pytest.mark.parametrize("library", ["numpy", "scipy", "ipython", "pytest"])
def test_another_version_of_what_runs_cells_and_checks_is_another_grader(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    before = grader_digest()
    real = keys._version
    monkeypatch.setattr(keys, "_version", lambda name: "9999" if name == library else real(name))
    assert grader_digest() != before


def test_a_process_s_grader_is_the_code_that_it_read_and_not_what_lies_there_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = grader_digest()
    monkeypatch.setattr(tinytorch, "__file__", str(tmp_path / "__init__.py"))
    assert grader_digest() == before


def test_a_new_file_in_a_room_is_another_grader(tmp_path: Path) -> None:
    (tmp_path / "grading" / "checks").mkdir(parents=True)
    before = rooms_digest(tmp_path, GRADER_ROOMS)
    (tmp_path / "grading" / "checks" / "bands.toml").write_text("")
    assert rooms_digest(tmp_path, GRADER_ROOMS) != before


def test_what_was_compiled_on_the_way_is_no_part_of_the_grader(tmp_path: Path) -> None:
    room = tmp_path / "simd" / "__pycache__"
    room.mkdir(parents=True)
    before = rooms_digest(tmp_path, GRADER_ROOMS)
    (room / "rows.nbi").write_text("")
    assert rooms_digest(tmp_path, GRADER_ROOMS) == before


def test_the_lesson_s_key_is_of_what_is_sent_and_of_the_setting(setup: Setup) -> None:
    sent = {"lesson": "01_first", "cells": []}
    same, other = Keys(setup).lesson_key(sent), Keys(setup).lesson_key({**sent, "cells": ["x"]})
    assert same == Keys(setup).lesson_key(dict(reversed(sent.items())))
    assert len({same, other, Keys(dataclasses.replace(setup, seed=99)).lesson_key(sent)}) == 3


def test_bands_are_in_the_key_by_name_and_not_in_the_lesson_s(setup: Setup, tmp_path: Path) -> None:
    bands = {"near": ((0.5, 1.0),), "far": ((2.0, 1.0),)}
    one, same, other = (
        dataclasses.replace(setup, bands=given)
        for given in (bands, dict(reversed(bands.items())), {**bands, "far": ((3.0, 1.0),)})
    )
    assert key(one, tmp_path) == key(same, tmp_path) != key(other, tmp_path)
    assert Keys(one).lesson_key("sent") == Keys(other).lesson_key("sent")
    assert Keys(one).hashes(tmp_path)["bands"] != Keys(other).hashes(tmp_path)["bands"]


def test_checks_and_release_are_not_in_the_lesson_s_key(setup: Setup, tmp_path: Path) -> None:
    before = Keys(setup).lesson_key("sent")
    (tmp_path / "hidden" / "test_a.py").write_text("changed")
    (tmp_path / "release" / "01_first.ipynb").write_text("changed")
    assert Keys(setup).lesson_key("sent") == before


def test_a_forced_vector_width_is_another_result(setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TINYTORCH_SIMD_BYTES", raising=False)
    before = key(setup, tmp_path)
    monkeypatch.setenv("TINYTORCH_SIMD_BYTES", "16")
    assert key(setup, tmp_path) != before
