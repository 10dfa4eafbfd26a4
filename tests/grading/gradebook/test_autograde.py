"""Does a class come out of nbgrader with the right scores, however it is graded, broken or stopped?"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.courses.toy import MODULE, REPOSITORY, Toy, look
from tinytorch.errors import GradingError, ReleaseError, TinyTorchError
from tinytorch.grading.gradebook import autograde, preprocessor
from tinytorch.grading.gradebook.converters import autograde_student
from tinytorch.grading.gradebook.marks import check_gradebook
from tinytorch.grading.gradebook.release import generate_release
from tinytorch.grading.run import pool


@contextmanager
def book(toy: Toy) -> Iterator[Gradebook]:
    with Gradebook(f"sqlite:///{toy.class_folder.gradebook}") as gradebook:
        yield gradebook


def scores(toy: Toy) -> dict[str, dict[str, float | None]]:
    """What the gradebook's machine scores are, by student and cell."""
    with book(toy) as gradebook:
        return {
            item.student.id: {grade.name: grade.auto_score for nb in item.notebooks for grade in nb.grades}
            for item in gradebook.assignment_submissions(MODULE)
        }


FULL, HALF, NONE = (
    {"check_add_first": 10 * share, "check_add_second": 4 * share, "question_why": 0.0} for share in (1.0, 0.5, 0.0)
)


def test_full_partial_and_no_credit_arrive(toy: Toy) -> None:
    bodies = {"ada": "    return a + b", "bob": "    return a + b  # half", "cem": "    raise NotImplementedError"}
    for student, body in bodies.items():
        toy.hand_in(student, body)
    toy.grade()
    assert scores(toy) == {"ada": FULL, "bob": HALF, "cem": NONE}


def test_nbgrader_run_by_hand_gives_the_same_scores(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.hand_in("bob", "    return a + b  # half")
    toy.hand_in("cem", lessons=("01_first",))
    (toy.submitted("ada") / "02_second.ipynb").write_bytes(b"\xef\xbb\xbf not json")
    toy.grade()
    ours, keys = scores(toy), {name: toy.class_folder.recorded_key(name) for name in ("ada", "bob", "cem")}
    shutil.rmtree(toy.assignments / "autograded")
    toy.class_folder.gradebook.unlink()
    generate_release(toy.class_folder)
    with (toy.project.root / "nbgrader_config.py").open("a") as settings:
        settings.write(f"c.GradeByHiddenChecks.keys = {keys}\n")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "nbgrader", "autograde", MODULE]
    run = subprocess.run(command, cwd=toy.project.root, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert scores(toy) == ours


def test_a_result_that_is_not_stored_is_computed_on_the_spot(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preprocessor, "grade_folder", look)
    toy.hand_in("ada")
    autograde_student(toy.class_folder, "ada", key="")
    assert scores(toy) == {"ada": FULL}


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"\xff\xfe\x00", b'{"cells": 1}', b'{"nbformat": 99, "cells": []}'],
    ids=["empty", "text", "bytes", "no-cells", "future"],
)
def test_a_broken_notebook_earns_nothing_and_stops_nobody(toy: Toy, content: bytes) -> None:
    toy.hand_in("ada")
    (toy.hand_in("bob") / "01_first.ipynb").write_bytes(content)
    toy.grade()
    assert scores(toy) == {"ada": FULL, "bob": {**FULL, "check_add_first": 0.0}}


def test_a_missing_notebook_earns_nothing(toy: Toy) -> None:
    toy.hand_in("ada", lessons=("01_first",))
    toy.grade()
    assert scores(toy) == {"ada": {**FULL, "check_add_second": 0.0}}


def test_a_fault_of_ours_is_no_zero(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.hand_in("bob", "    return a + b  # fault")
    steps = toy.grade()
    assert scores(toy) == {"ada": FULL}
    [ungraded] = [step for step in steps if step.stage == "ungraded"]
    assert (ungraded.student, "stumbled" in ungraded.words) == ("bob", True)
    assert not (toy.assignments / "autograded" / "bob").exists()


def test_a_fault_keeps_an_earlier_grade(toy: Toy) -> None:
    toy.hand_in("bob")
    toy.grade()
    toy.hand_in("bob", "    return a + b  # fault")
    toy.grade()
    assert scores(toy) == {"bob": FULL}
    assert (toy.assignments / "autograded" / "bob").exists()


def test_a_lost_gradebook_is_filled_again(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.grade()
    toy.class_folder.gradebook.unlink()
    generate_release(toy.class_folder)
    assert [step.stage for step in toy.grade()] == ["checked", "recorded"]


def test_marks_given_by_hand_survive_a_new_grading(toy: Toy) -> None:
    folder = toy.hand_in("ada")
    path = folder / "02_second.ipynb"
    path.write_text(path.read_text().replace("*Write your answer here.*", "Because."))
    toy.grade()
    assert scores(toy)["ada"]["question_why"] is None
    with book(toy) as gradebook:
        grade = gradebook.find_grade("question_why", "02_second", MODULE, "ada")
        grade.manual_score, grade.needs_manual_grade = 4.0, False
        gradebook.db.commit()
    assert [step.stage for step in toy.grade()] == ["checked", "current"]
    toy.grade(again=True)
    with book(toy) as gradebook:
        assert gradebook.find_submission(MODULE, "ada").score == 18.0


def test_only_the_students_named_are_graded(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.hand_in("bob")
    toy.grade("bob")
    assert set(scores(toy)) == {"bob"}


def test_a_name_that_nbgrader_takes_for_wildcards_is_left_ungraded(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.hand_in("[a]*")
    [words] = [step.words for step in toy.grade() if step.stage == "ungraded"]
    assert "rename it" in words
    assert set(scores(toy)) == {"ada"}


def test_an_unknown_student_is_named(toy: Toy) -> None:
    toy.hand_in("ada")
    with pytest.raises(GradingError, match="no submission of 13_kernels from bob"):
        toy.grade("bob")


def test_a_notebook_of_another_name_is_pointed_out(toy: Toy) -> None:
    folder = toy.hand_in("ada")
    (folder / "01_first.ipynb").rename(folder / "homework.ipynb")
    assert "homework.ipynb" in toy.grade()[-1].words
    assert scores(toy)["ada"]["check_add_first"] == 0.0


def test_a_folder_without_notebooks_is_ungraded(toy: Toy) -> None:
    toy.hand_in("ada", lessons=())
    assert toy.grade()[-1].stage == "ungraded"


def test_an_interrupt_loses_nothing_that_was_recorded(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    for student in ("ada", "bob"):
        toy.hand_in(student)
    real, seen = autograde.autograde_student, []

    def interrupted(class_folder, student, key) -> None:  # type: ignore[no-untyped-def]
        seen.append(student)
        if student == "bob":
            raise KeyboardInterrupt
        real(class_folder, student, key)

    monkeypatch.setattr(autograde, "autograde_student", interrupted)
    with pytest.raises(KeyboardInterrupt):
        toy.grade()
    monkeypatch.setattr(autograde, "autograde_student", real)
    monkeypatch.setattr(pool, "grade_folder", lambda *_: pytest.fail("graded again"))
    stages = {(step.student, step.stage) for step in toy.grade()}
    assert {("ada", "current"), ("bob", "recorded")} < stages


def test_a_locked_gradebook_is_a_sentence(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinytorch.grading.gradebook.marks._LOCK_WAIT_S", 0.1)
    toy.hand_in("ada")
    other = sqlite3.connect(toy.class_folder.gradebook, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(GradingError, match="locked by another program"):
        toy.grade()
    other.execute("ROLLBACK")
    other.close()
    assert toy.grade()[-1].stage == "recorded"


def test_a_gradebook_that_is_none_is_a_sentence(toy: Toy) -> None:
    toy.class_folder.gradebook.write_text("not a database, just text that is long enough to be read as one")
    with pytest.raises(GradingError, match="cannot be used"):
        check_gradebook(toy.class_folder)


def test_a_full_disk_while_writing_is_a_sentence(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    toy.hand_in("ada")
    monkeypatch.setattr("nbconvert.writers.FilesWriter.write", full)
    with pytest.raises(TinyTorchError, match="the disk is full"):
        toy.grade()


def test_an_unwritable_folder_is_a_sentence(toy: Toy) -> None:
    toy.hand_in("ada")
    (toy.assignments / "autograded").write_text("a file in the way")
    with pytest.raises(TinyTorchError, match="autograded"):
        toy.grade()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda toy: shutil.rmtree(toy.assignments / "release"), "missing"),
        (lambda toy: edit(source(toy), "A lesson", "One lesson"), "older than its"),
        (lambda toy: edit(released(toy) / "01_first.ipynb", "A lesson", "x"), "older than its"),
        (lambda toy: (released(toy) / "09_old.ipynb").write_text("{}"), "no lesson of that name"),
    ],
    ids=["missing", "stale", "edited", "left-over"],
)
def test_a_missing_or_stale_release_is_refused(toy: Toy, spoil, words: str) -> None:  # type: ignore[no-untyped-def]
    spoil(toy)
    with pytest.raises(ReleaseError, match=words):
        toy.grade()


def source(toy: Toy) -> Path:
    return toy.project.modules_dir / MODULE / "01_first.py"


def released(toy: Toy) -> Path:
    return toy.assignments / "release" / MODULE


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def test_no_gradebook_is_a_sentence(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.class_folder.gradebook.unlink()
    with pytest.raises(GradingError, match="no gradebook"):
        toy.grade()


def test_a_late_submission_gets_nbgraders_penalty(toy: Toy) -> None:
    with (toy.project.root / "nbgrader_config.py").open("a") as settings:
        settings.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    toy.hand_in("ada", stamp="2026-12-01 00:00:00 UTC")
    with book(toy) as gradebook:
        gradebook.update_or_create_assignment(MODULE, duedate="2026-11-30 00:00:00 UTC")
    toy.grade()
    with book(toy) as gradebook:
        assert gradebook.find_submission(MODULE, "ada").late_submission_penalty == 14.0


def test_the_autograded_notebook_names_its_result(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.grade()
    path = toy.assignments / "autograded" / "ada" / MODULE / "01_first.ipynb"
    key = json.loads(path.read_text())["metadata"]["tinytorch_result"]
    assert (toy.assignments / "results" / f"{key}.json").is_file()


def test_nothing_is_printed(toy: Toy, capfd: pytest.CaptureFixture[str]) -> None:
    toy.hand_in("ada")
    toy.grade()
    assert capfd.readouterr() == ("", "")
