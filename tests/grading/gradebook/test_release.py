"""Is the release made from the sources, refused when it leaks, and the old one kept when that fails?"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.courses.toy import MODULE, AtOnce, Toy, class_folder_of, judge, look
from tinytorch.course.project import Project
from tinytorch.errors import GraderFaultError, ReleaseError, TinyTorchError
from tinytorch.grading.base.result import Outcome, SubmissionResult
from tinytorch.grading.gradebook.gate import GateReport, check_release
from tinytorch.grading.gradebook.release import generate_release, stale_lessons
from tinytorch.grading.run import pool


def source(toy: Toy) -> Path:
    return toy.project.modules_dir / MODULE / "01_first.py"


def released(toy: Toy) -> Path:
    return toy.project.release_dir(toy.module) / "01_first.ipynb"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def gate(toy: Toy) -> GateReport:
    return check_release(toy.class_folder, sandbox="none", open_executor=AtOnce)


def test_a_first_release_has_every_lesson(checkout: Project) -> None:
    generation = generate_release(class_folder_of(checkout))
    assert [path.name for path in generation.notebooks] == ["01_first.ipynb", "02_second.ipynb"]
    assert generation.changed == ("01_first", "02_second")


def test_the_release_has_stubs_and_room_for_answers(toy: Toy) -> None:
    text = released(toy).read_text() + (released(toy).parent / "02_second.ipynb").read_text()
    assert "add_first: not written yet" in text
    assert "Write your answer here." in text
    assert "total_of_both" not in text


def test_the_gradebook_knows_the_points(toy: Toy) -> None:
    with Gradebook(f"sqlite:///{toy.class_folder.gradebook}") as gradebook:
        assert gradebook.find_assignment(MODULE).max_score == 19.0


def test_the_same_sources_give_the_same_bytes(toy: Toy) -> None:
    before = released(toy).read_bytes()
    assert generate_release(toy.class_folder).changed == ()
    assert released(toy).read_bytes() == before


def test_a_changed_source_makes_the_release_stale_until_generated(toy: Toy) -> None:
    edit(source(toy), "A lesson", "One lesson")
    assert [lesson.name for lesson, _ in stale_lessons(toy.class_folder)] == ["01_first"]
    assert generate_release(toy.class_folder).changed == ("01_first",)
    assert stale_lessons(toy.class_folder) == ()


def test_a_failure_keeps_the_old_release(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = released(toy).read_bytes()
    monkeypatch.setattr("nbconvert.writers.FilesWriter.write", full)
    with pytest.raises(TinyTorchError, match="the disk is full"):
        generate_release(toy.class_folder)
    assert released(toy).read_bytes() == before


def test_cells_that_come_after_grading_are_refused_in_a_sentence(toy: Toy) -> None:
    toy.hand_in("ada")
    toy.grade()
    edit(source(toy), "add_first", "sum_first")
    with pytest.raises(TinyTorchError, match="once there are grades, cells stay"):
        generate_release(toy.class_folder)


def test_the_gate_lets_a_good_release_out(toy: Toy) -> None:
    report = gate(toy)
    report.require()
    assert (report.untouched_score, report.reference_score, report.points) == (0.0, 14.0, 14.0)


def test_the_gate_grades_once(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    gate(toy)
    monkeypatch.setattr(pool, "grade_folder", lambda *_: pytest.fail("graded again"))
    assert gate(toy).passed


def test_the_gate_refuses_a_leak(toy: Toy) -> None:
    edit(source(toy), "A lesson for tests.", "A lesson, written in /home/ada/lessons.")
    generate_release(toy.class_folder)
    with pytest.raises(ReleaseError, match=r"01_first\.ipynb, cell 1: absolute path: /home/ada"):
        gate(toy).require()


def test_the_gate_refuses_points_for_nothing(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def generous(folder: Path, setup: object) -> SubmissionResult:
        result = look(folder, setup)
        return SubmissionResult(tuple(judge(e.lesson, "all right", fake_check(e)) for e in result.exercises))

    monkeypatch.setattr(pool, "grade_folder", generous)
    with pytest.raises(ReleaseError, match="the untouched release earns 10 points for check_add_first"):
        gate(toy).require()


def test_the_gate_refuses_a_reference_that_fails(toy: Toy) -> None:
    edit(source(toy), "total_of_both = a + b", "total_of_both = a + b  # half")
    generate_release(toy.class_folder)
    with pytest.raises(ReleaseError, match=r"the reference fails test_1 of check_add_first \(failed\)"):
        gate(toy).require()


def test_the_gate_refuses_a_reference_too_slow_for_full_points(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(folder: Path, setup: object) -> SubmissionResult:
        graded = look(folder, setup)
        first = graded.exercises[0]
        checks = tuple(
            dataclasses.replace(check, outcome=Outcome.PARTIAL, share=0.6) if check.outcome.earns else check
            for check in first.checks
        )
        return dataclasses.replace(graded, exercises=(dataclasses.replace(first, checks=checks), *graded.exercises[1:]))

    monkeypatch.setattr(pool, "grade_folder", slow)
    with pytest.raises(ReleaseError, match="the reference earns only 60 % of test_0 of check_add_first"):
        gate(toy).require()


def test_the_gate_refuses_points_no_check_decides(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "grade_folder", lambda *_: SubmissionResult(exercises=()))
    with pytest.raises(ReleaseError, match="hidden checks decide 0 points, the notebooks have 14"):
        gate(toy).require()


def test_the_gate_does_not_judge_by_a_fault(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "grade_folder", lambda *_: SubmissionResult(exercises=(), fault="stumbled"))
    with pytest.raises(GraderFaultError, match="stumbled"):
        gate(toy)


def test_the_gate_wants_a_fresh_release(toy: Toy) -> None:
    shutil.rmtree(toy.project.release_dir(toy.module))
    with pytest.raises(ReleaseError, match="missing"):
        gate(toy)


def fake_check(exercise: object) -> object:
    """What `judge` reads of a check cell."""
    from nbformat import NotebookNode

    marks = NotebookNode(grade_id=exercise.grade_id, points=exercise.points)  # type: ignore[attr-defined]
    return NotebookNode(metadata=NotebookNode(nbgrader=marks))


def test_the_gate_refuses_points_that_are_not_those_declared(toy: Toy) -> None:
    edit(toy.project.modules_dir / MODULE / "module.toml", "automatic = 14", "automatic = 15")
    message = "the notebooks' automatic points add up to 14, and module.toml declares 15"
    with pytest.raises(ReleaseError, match=message):
        gate(toy).require()
