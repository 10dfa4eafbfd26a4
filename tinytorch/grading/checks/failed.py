"""The exception for an answer that does not meet the task."""

from __future__ import annotations

from tinytorch.grading.base.student_errors import StudentTrouble
from tinytorch.grading.checks.evidence import Evidence


class CheckFailed(StudentTrouble):
    """The answer does not meet the task.

    `hint` names the likely mistake where it is known already; `evidence` is what the plugin may recognize it from, and
    holds what was expected: it never leaves the trusted side.
    """

    def __init__(self, message: str, hint: str = "", evidence: Evidence | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.evidence = evidence
