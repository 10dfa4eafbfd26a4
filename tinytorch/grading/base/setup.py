"""What a class is graded with: release, hidden checks, limits, sandbox and seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from tinytorch.errors import GradingError
from tinytorch.grading.base.limits import Limits

DEFAULT_SEED = 13
Sandbox = Literal["bwrap", "none"]
DEFAULT_SANDBOX: Sandbox = "bwrap"
SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)


def sandbox_named(name: str) -> Sandbox:
    """The sandbox of that name; any other name is an error, and never the open one."""
    for known in SANDBOXES:
        if name == known:
            return known
    choices = " or ".join(SANDBOXES)
    raise GradingError(f"there is no sandbox {name!r}; write {choices} in --sandbox and in nbgrader_config.py")


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
    sandbox: Sandbox = DEFAULT_SANDBOX
    seed: int = DEFAULT_SEED
    required: tuple[Required, ...] = ()
    outcomes_dir: Path | None = None
