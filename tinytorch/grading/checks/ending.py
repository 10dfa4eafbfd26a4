"""The end of a hidden check as a finding: outcome, message for the student, share, and the likely mistake."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from datetime import UTC, datetime

from tinytorch.bench import Standing
from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.result import Finding, Outcome, RaceRecord
from tinytorch.grading.base.student_errors import Crashed, OutOfTime, TimedOut, is_students, student_error
from tinytorch.grading.checks import hints
from tinytorch.grading.checks.check import describe
from tinytorch.grading.checks.failed import CheckFailed
from tinytorch.grading.checks.running import RunningCheck
from tinytorch.text import clean_words

# A check that reads an answer of an unforeseen kind ends with one of these. It passes on the reference (the release
# gate sees to that), so the answer is the cause, not the check.
_MISREAD = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)

# The message may quote an exception of the student's; a long one could carry a check's inputs out of the sandbox.
MAX_WORDS = 600


@dataclass(frozen=True, slots=True)
class Ending:
    """Outcome and message of a check that the student's side ended."""

    outcome: Outcome
    words: str
    hint: str = ""

    def followed_by(self, clause: str) -> Ending:
        """Returns the ending with `clause` added to its message; unchanged if it is empty."""
        return dataclasses.replace(self, words=f"{self.words}; {clause}") if clause else self


def success(check: RunningCheck, seconds: float) -> Finding:
    """The finding of a check that ran to its end."""
    message = " ".join(standing.words for standing in check.standings)
    return finding_of(check, Ending(_outcome(check.standings), message), seconds)


def ending(check: RunningCheck, raised: BaseException) -> Ending | None:
    """Returns the finding of a check that raised; None if the student's side is not the cause."""
    if isinstance(raised, GraderFaultError):
        return None
    if is_students(raised):
        return _of_the_students(check, raised)
    if isinstance(raised, _MISREAD) and check.last_answer is not None:
        name, value = check.last_answer
        return Ending(Outcome.FAILED, f"what {name} returned cannot be used as the task says: {describe(value)}")
    return None


def finding_of(check: RunningCheck, end: Ending, seconds: float) -> Finding:
    """Returns the finding of an ending, with the records of its races."""
    share = min((standing.share for standing in check.standings), default=1.0)
    message = clean_words(end.words)
    return Finding(
        outcome=end.outcome,
        words=message if len(message) <= MAX_WORDS else message[: MAX_WORDS - 4] + " ...",
        seconds=round(seconds, 4),
        share=share if end.outcome.earns else 0.0,
        races=tuple(map(race_record, check.standings)),
        hint=end.hint,
        ran_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
    )


def _of_the_students(check: RunningCheck, raised: BaseException) -> Ending:
    if isinstance(raised, CheckFailed):
        return Ending(Outcome.FAILED, str(raised), _hint(raised, check))
    if isinstance(raised, TimedOut):
        return Ending(Outcome.TIMED_OUT, str(raised))
    if isinstance(raised, Crashed):
        return Ending(Outcome.CRASHED, str(raised))
    if isinstance(raised, OutOfTime):
        return Ending(Outcome.NOT_RUN, str(raised))
    error = student_error(raised)
    if error is None:
        return Ending(Outcome.ERRORED, f"it raised {type(raised).__name__}")
    if isinstance(raised, NotImplementedError):
        name = error.message.partition(":")[0]
        return Ending(Outcome.FAILED, f"{name or 'this function'} is not written yet")
    return Ending(Outcome.ERRORED, f"it raised {error.words()}")


def _hint(raised: CheckFailed, check: RunningCheck) -> str:
    """The likely mistake behind a failed check, where one is recognized."""
    if raised.hint or raised.evidence is None:
        return raised.hint
    return hints.for_array(raised.evidence, check.last_inputs)


def _outcome(standings: list[Standing]) -> Outcome:
    if any(standing.is_undecided for standing in standings):
        return Outcome.UNDECIDED
    return Outcome.PARTIAL if any(standing.share < 1 for standing in standings) else Outcome.PASSED


def race_record(standing: Standing) -> RaceRecord:
    """The measurement behind a share."""
    measured = standing.comparison
    return RaceRecord(
        ratio=measured.ratio,
        low=measured.low if math.isfinite(measured.low) else None,
        high=measured.high if math.isfinite(measured.high) else None,
        confidence=measured.confidence,
        verdict=str(measured.verdict),
        bound=measured.bound,
        bounds=measured.bounds,
        candidate_us=measured.candidate_us,
        reference_us=measured.reference_us,
        notes=measured.notes,
        bands={f"{edge:g}": share for edge, share in standing.bands.items()},
        share=standing.share,
    )
