"""What grading one submission yields: plain data, kept as JSON between runs."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """What can become of one check; only `PASSED`, `PARTIAL` and `UNDECIDED` earn of its weight."""

    PASSED = "passed"
    PARTIAL = "partial"  # right, and in a speed band that earns a part
    FAILED = "failed"
    ERRORED = "errored"  # the submission's code raised
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"  # signal, memory, or an answer that was not a message
    UNDECIDED = "undecided"  # timing too noisy: counts for the student
    NOT_RUN = "not_run"

    @property
    def earns(self) -> bool:
        return self in (Outcome.PASSED, Outcome.PARTIAL, Outcome.UNDECIDED)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One hidden check. `requirement` is its docstring, `words` what was found, for the student's eyes.

    `share` is what an outcome that earns does earn of the weight, `races` the measurements that decided it, `hint` the
    likely mistake where one was recognised.
    """

    check: str
    lesson: str
    grade_id: str
    weight: float
    outcome: Outcome
    requirement: str
    words: str = ""
    seconds: float = 0.0
    share: float = 1.0
    races: tuple[dict[str, Any], ...] = ()
    hint: str = ""

    @property
    def earned(self) -> float:
        """The part of the weight that it earns."""
        return self.weight * self.share if self.outcome.earns else 0.0


@dataclass(frozen=True, slots=True)
class ExerciseResult:
    """The points of one grade cell: `score` of `points`, shared by the checks' weights."""

    lesson: str
    grade_id: str
    points: float
    score: float
    checks: tuple[CheckResult, ...]


@dataclass(frozen=True, slots=True)
class CellRun:
    """What one code cell did in the student process; outputs are nbformat output dicts, shortened."""

    lesson: str
    cell_id: str
    status: str  # "ok", "error", "timed_out", "crashed", "skipped"
    outputs: tuple[dict[str, Any], ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What one grading ran with, beyond seed and sandbox, as plain data: enough to explain it and to repeat it."""

    graded_at: str = ""  # "2026-11-20 10:00:00 UTC"
    notebooks: dict[str, str] = field(default_factory=dict)  # file handed in -> SHA-256 of its bytes
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, dict[str, Any]] = field(default_factory=dict)  # the card, fact by fact
    limits: dict[str, float] = field(default_factory=dict)
    vectors: dict[str, str] = field(default_factory=dict)  # forced by the environment


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """Everything grading one submission found; a pure function of submission, checks and grader.

    But for what a clock says: seconds, races, and the circumstances.
    """

    exercises: tuple[ExerciseResult, ...]
    cells: tuple[CellRun, ...] = ()
    repairs: tuple[str, ...] = ()
    fault: str = ""  # not empty: our own fault, the submission is not graded
    seed: int = 0
    sandbox: str = "bwrap"
    seconds: float = 0.0
    hashes: dict[str, str] = field(default_factory=dict)  # of submission, release, checks, grader
    circumstances: Circumstances = field(default_factory=Circumstances)

    @property
    def score(self) -> float:
        return sum(exercise.score for exercise in self.exercises)

    @property
    def points(self) -> float:
        return sum(exercise.points for exercise in self.exercises)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> SubmissionResult:
        raw = json.loads(text)
        exercises = tuple(
            ExerciseResult(**{**item, "checks": tuple(_check(check) for check in item["checks"])})
            for item in raw.pop("exercises")
        )
        cells = tuple(CellRun(**{**cell, "outputs": tuple(cell["outputs"])}) for cell in raw.pop("cells"))
        circumstances = Circumstances(**raw.pop("circumstances", {}))
        repairs = tuple(raw.pop("repairs"))
        return cls(exercises=exercises, cells=cells, repairs=repairs, circumstances=circumstances, **raw)

    def write(self, path: Path) -> None:
        path.write_text(self.to_json(), encoding="utf-8")


def _check(raw: dict[str, Any]) -> CheckResult:
    return CheckResult(**{**raw, "outcome": Outcome(raw["outcome"]), "races": tuple(raw.get("races", ()))})
