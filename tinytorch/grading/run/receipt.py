"""Receipts: how a grade came about. The instructor's receipt shows every field, the student's what students may know.

The instructor's receipt is the kept result. The student's is built from it field by field, so that a new field of a
result stays out until it is added here. Left out are

* the seed, and the key (a hash over the seed: with the other hashes known, seeds could be tried out), since hidden
  inputs are drawn from the seed;
* names and weights of checks, and what the notebook's cells printed, which stands in the pages themselves.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from tinytorch.grading.base.result import CheckResult, Circumstances, ExerciseResult, RaceRecord, SubmissionResult

_MACHINE = (
    *("cpu_name", "physical_cores", "usable_cores", "l1d_bytes", "l2_bytes", "l3_bytes", "simd_bytes", "memory_bytes"),
    *("max_frequency_ghz", "os", "blas"),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The instructor's receipt. `key` names the kept result."""

    module: str
    student: str
    key: str
    score: float
    points: float
    hashes: dict[str, str]
    circumstances: Circumstances
    sandbox: str
    seed: int
    seconds: float
    exercises: tuple[ExerciseResult, ...]
    repairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpeedLine:
    """A race as its student may see it; an end of the ratio's interval that is None is open."""

    ratio: float
    low: float | None
    high: float | None
    confidence: float
    pairs: int
    bands: dict[str, float]
    share: float
    candidate_us: tuple[float, ...]
    reference_us: tuple[float, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, race: RaceRecord) -> SpeedLine:
        return cls(**{field.name: getattr(race, field.name) for field in dataclasses.fields(cls)})


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check as its student may see it; `points` is its part of the exercise's. `speed` has each race's figures."""

    requirement: str
    outcome: str
    points: float
    earned: float
    words: str
    hint: str
    speed: tuple[SpeedLine, ...]


@dataclass(frozen=True, slots=True)
class ExerciseLines:
    lesson: str
    exercise: str
    points: float
    score: float
    checks: tuple[CheckLine, ...]


@dataclass(frozen=True, slots=True)
class StudentReceipt:
    """The student's receipt; `notebooks` are SHA-256 sums, as `sha256sum` prints them, of the files handed in."""

    module: str
    student: str
    graded_at: str
    score: float
    points: float
    notebooks: dict[str, str]
    hashes: dict[str, str]
    versions: dict[str, str]
    machine: dict[str, Any]
    limits: dict[str, float]
    sandbox: str
    exercises: tuple[ExerciseLines, ...]
    repairs: tuple[str, ...]

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)


def receipt(result: SubmissionResult, module: str, student: str, key: str) -> Receipt:
    return Receipt(
        module=module,
        student=student,
        key=key,
        score=result.score,
        points=result.points,
        hashes=result.hashes,
        circumstances=result.circumstances,
        sandbox=result.sandbox,
        seed=result.seed,
        seconds=result.seconds,
        exercises=result.exercises,
        repairs=result.repairs,
    )


def for_student(full: Receipt) -> StudentReceipt:
    """Returns the student's receipt for an instructor's one."""
    noted = full.circumstances
    return StudentReceipt(
        module=full.module,
        student=full.student,
        graded_at=noted.graded_at,
        score=full.score,
        points=full.points,
        notebooks=noted.notebooks,
        hashes={
            name: full.hashes[name]
            for name in ("submission", "release", "checks", "bands", "grader")
            if name in full.hashes
        },
        versions=noted.versions,
        machine=machine_values(noted),
        limits=noted.limits,
        sandbox=full.sandbox,
        exercises=tuple(map(_exercise, full.exercises)),
        repairs=full.repairs,
    )


def machine_values(noted: Circumstances) -> dict[str, Any]:
    """Returns the values of the machine card, without the source of each fact."""
    return {name: noted.machine[name]["value"] for name in _MACHINE if name in noted.machine}


def points_of(check: CheckResult, exercise: ExerciseResult) -> float:
    """Returns a check's points: its part, by weight, of the exercise's points."""
    return exercise.points * check.weight / (sum(item.weight for item in exercise.checks) or 1.0)


def _exercise(exercise: ExerciseResult) -> ExerciseLines:
    lines = tuple(_line(check, exercise) for check in exercise.checks)
    return ExerciseLines(exercise.lesson, exercise.grade_id, exercise.points, exercise.score, lines)


def _line(check: CheckResult, exercise: ExerciseResult) -> CheckLine:
    worth = points_of(check, exercise)
    return CheckLine(
        requirement=check.requirement,
        outcome=check.outcome.value,
        points=round(worth, 6),
        earned=round(worth * check.earned / check.weight, 6),
        words=check.words,
        hint=check.hint,
        speed=tuple(map(SpeedLine.of, check.races)),
    )
