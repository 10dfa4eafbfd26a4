"""What a class is graded with: release, hidden checks, limits, sandbox and seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tinytorch.grading.base.limits import Limits

DEFAULT_SEED = 13
DEFAULT_SANDBOX = "bwrap"
SANDBOXES = (DEFAULT_SANDBOX, "none")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a class is graded with, apart from what was handed in.

    `required_dirs` hold the released notebooks of other modules that the lessons import from. In `outcomes_dir` the
    outcomes of single checks are kept between runs; None keeps none.
    """

    release_dir: Path
    hidden_dir: Path
    limits: Limits = field(default_factory=Limits)
    sandbox: str = DEFAULT_SANDBOX
    seed: int = DEFAULT_SEED
    required_dirs: tuple[Path, ...] = ()
    outcomes_dir: Path | None = None
