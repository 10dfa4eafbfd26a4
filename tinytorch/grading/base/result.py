"""The result of grading one submission: plain data, kept as JSON between runs."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """The outcomes of a check; only `PASSED`, `PARTIAL` and `UNDECIDED` earn points."""

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
class RaceRecord:
    """One race as it was measured, and where its ratio stands in its bands.

    `ratio` is the median of reference time over candidate time; (`low`, `high`) holds the true one with `confidence`,
    an end that is None is open. `share` is what the ratio earns of the check, from 0 to 1.
    """

    ratio: float
    low: float | None
    high: float | None
    confidence: float
    verdict: str
    bound: float  # the one that the verdict is about
    bounds: tuple[float, ...]
    candidate_us: tuple[float, ...]
    reference_us: tuple[float, ...]
    notes: tuple[str, ...]
    bands: dict[str, float]  # ratio from which on -> share
    share: float

    @property
    def pairs(self) -> int:
        """The number of pairs of runs."""
        return len(self.candidate_us)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> RaceRecord:
        listed = {name: tuple(raw[name]) for name in ("bounds", "candidate_us", "reference_us", "notes")}
        return cls(**{**raw, **listed})


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding of one check, apart from its weight; the student reads `words`.

    `share` is the share of the weight that the outcome earns, `races` the measurements that decided it, `hint` the
    likely mistake where one was recognized, `ran_at` when that was.
    """

    outcome: Outcome
    words: str = ""
    seconds: float = 0.0
    share: float = 1.0
    races: tuple[RaceRecord, ...] = ()
    hint: str = ""
    ran_at: str = ""  # "2026-11-20 10:00:00 UTC"

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Finding:
        races = tuple(map(RaceRecord.from_dict, raw["races"]))
        return cls(**{**raw, "outcome": Outcome(raw["outcome"]), "races": races})


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One hidden check of a graded submission: what its author wrote, its weight, and the fields of its `Finding`.

    `requirement` is its docstring.
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
    races: tuple[RaceRecord, ...] = ()
    hint: str = ""
    ran_at: str = ""

    @property
    def earned(self) -> float:
        """The part of the weight that the check earns."""
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
    """The run of one code cell in the student process; outputs are nbformat output dicts, shortened."""

    lesson: str
    cell_id: str
    status: str  # "ok", "error", "timed_out", "crashed", "skipped"
    outputs: tuple[dict[str, Any], ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The circumstances of one grading beside seed and sandbox, as plain data: enough to explain and repeat it."""

    graded_at: str = ""  # "2026-11-20 10:00:00 UTC"
    notebooks: dict[str, str] = field(default_factory=dict)  # file handed in -> SHA-256 of its bytes
    versions: dict[str, str] = field(default_factory=dict)
    machine: dict[str, dict[str, Any]] = field(default_factory=dict)  # the card, fact by fact
    limits: dict[str, float] = field(default_factory=dict)
    vectors: dict[str, str] = field(default_factory=dict)  # forced by the environment


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """The complete result of grading one submission.

    A pure function of submission, checks and grader, except for seconds, races and circumstances.
    """

    exercises: tuple[ExerciseResult, ...]
    cells: tuple[CellRun, ...] = ()
    repairs: tuple[str, ...] = ()
    fault: str = ""  # not empty: a fault of the grader, the submission is not graded
    seed: int = 0
    sandbox: str = "bwrap"
    seconds: float = 0.0
    hashes: dict[str, str] = field(default_factory=dict)  # of submission, release, checks, bands, grader
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
    races = tuple(map(RaceRecord.from_dict, raw["races"]))
    return CheckResult(**{**raw, "outcome": Outcome(raw["outcome"]), "races": races})
