"""What a class is graded with: release, hidden checks, limits, sandbox and seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tinytorch.grading.base.limits import Limits

DEFAULT_SEED = 13
DEFAULT_SANDBOX = "bwrap"
SANDBOXES = (DEFAULT_SANDBOX, "none")


@dataclass(frozen=True, slots=True)
class Required:
    """A lesson of another module that the lessons import from: its notebook as students get it, as JSON."""

    lesson: str
    notebook: str


@dataclass(frozen=True, slots=True)
class Setup:
    """What a class is graded with, apart from what was handed in.

    In `outcomes_dir` the outcomes of single checks are kept between runs; None keeps none.
    """

    release_dir: Path
    hidden_dir: Path
    limits: Limits = field(default_factory=Limits)
    sandbox: str = DEFAULT_SANDBOX
    seed: int = DEFAULT_SEED
    required: tuple[Required, ...] = ()
    outcomes_dir: Path | None = None
