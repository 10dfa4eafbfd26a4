"""Explains a grade: its receipt, the marks in the gradebook, and what has changed since."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass

from tinytorch.errors import GradingError
from tinytorch.grading.base.result import CheckResult, ExerciseResult
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.marks import Mark, marks_of
from tinytorch.grading.gradebook.receipts import read_receipt
from tinytorch.grading.gradebook.setup import setup_for
from tinytorch.grading.run.keys import Keys
from tinytorch.grading.run.receipt import Receipt, points_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """`marks` and `total` are the gradebook's. `changed` names what is no longer as it was graded.

    `shown` is the receipt of the checks that were asked for, `worth` the points that each check decides.
    """

    receipt: Receipt
    shown: Receipt
    worth: dict[str, float]
    marks: tuple[Mark, ...]
    late_penalty: float
    total: float
    changed: tuple[str, ...]
    disagreements: tuple[str, ...]  # between receipt and gradebook, in words

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON, with the checks that were asked for."""
        data = dataclasses.asdict(self)
        return {"receipt": data.pop("shown"), **{name: value for name, value in data.items() if name != "receipt"}}


def explain(class_folder: ClassFolder, student: str, check: str = "") -> Explanation:
    """Explains the student's grade in the gradebook; `check` restricts that to the checks it names.

    Raises GradingError when the student isn't graded, or no check has that name.
    """
    [submission] = class_folder.submissions((student,))
    full = read_receipt(class_folder, student)
    if full is None:
        raise GradingError(_no_receipt(class_folder, student))
    held = marks_of(class_folder, student)
    now = Keys(setup_for(class_folder, full.sandbox, full.seed)).hashes(submission.folder)
    return Explanation(
        receipt=full,
        shown=only(full, check),
        worth={item.check: points_of(item, exercise) for exercise in full.exercises for item in exercise.checks},
        marks=held.marks,
        late_penalty=held.late_penalty,
        total=sum(mark.score for mark in held.marks) - held.late_penalty,
        changed=tuple(name for name, value in now.items() if full.hashes.get(name) != value),
        disagreements=tuple(_disagreements(full.exercises, held.marks)),
    )


def only(full: Receipt, check: str) -> Receipt:
    """The receipt of the checks that `check` names: by themselves, or by their exercise, or by their lesson."""
    if not check:
        return full
    exercises = []
    for exercise in full.exercises:
        checks = tuple(item for item in exercise.checks if is_named(item, check))
        if checks:
            exercises.append(dataclasses.replace(exercise, checks=checks))
    if not exercises:
        raise GradingError(_no_check(full, check))
    return dataclasses.replace(full, exercises=tuple(exercises))


def is_named(item: CheckResult, name: str) -> bool:
    """A check is named by its function, with or without its file and its case, by its grade cell, or by its lesson."""
    short = item.check.partition("::")[2]
    return name in (item.check, short, short.partition("[")[0], item.grade_id, item.lesson)


def _no_check(full: Receipt, check: str) -> str:
    every = [item for exercise in full.exercises for item in exercise.checks]
    names = {name: None for item in every for name in (item.check.partition("::")[2], item.grade_id, item.lesson)}
    near = difflib.get_close_matches(check, names, n=3, cutoff=0.4)
    advice = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(list(names)[:8])}, ..."
    return f"{full.student}'s receipt has no check, exercise or lesson called {check!r}; {advice}"


def _no_receipt(class_folder: ClassFolder, student: str) -> str:
    again = f"run `tito grade autograde {class_folder.module} --student {student}`"
    if class_folder.recorded_key(student) is None:
        return f"{student}: not graded yet; {again} first."
    return f"{student}: the result that this grade came from is no longer in {class_folder.results}; {again}."


def _disagreements(exercises: tuple[ExerciseResult, ...], marks: tuple[Mark, ...]) -> list[str]:
    """Returns a sentence for each exercise whose marks in gradebook and receipt differ."""
    known = {(mark.lesson, mark.grade_id): mark for mark in marks}
    disagreements = []
    for exercise in exercises:
        mark = known.get((exercise.lesson, exercise.grade_id))
        where = f"{exercise.grade_id} of {exercise.lesson}"
        if mark is None:
            disagreements.append(f"{where} is not in the gradebook")
        elif mark.automatic is None or abs(mark.automatic - exercise.score) > 1e-4:
            disagreements.append(f"{where}: {mark.automatic} in the gradebook, {exercise.score:g} on the receipt")
        elif mark.by_hand is not None:
            disagreements.append(f"{where}: {mark.by_hand:g} given by hand counts, not {exercise.score:g}")
    return disagreements
