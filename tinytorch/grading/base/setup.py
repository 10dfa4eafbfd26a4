"""The setup that a class is graded with: release, hidden checks, limits, sandbox and seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from tinytorch.bench.band_file import Shares, StatedBands, read_band_file
from tinytorch.errors import GradingError
from tinytorch.grading.base.limits import Limits

DEFAULT_SEED = 13
Sandbox = Literal["bwrap", "none"]
DEFAULT_SANDBOX: Sandbox = "bwrap"
SANDBOXES: tuple[Sandbox, ...] = get_args(Sandbox)


def sandbox_named(name: str) -> Sandbox:
    """Returns the sandbox of that name; an unknown name is an error, never the open sandbox."""
    for known in SANDBOXES:
        if name == known:
            return known
    choices = " or ".join(SANDBOXES)
    raise GradingError(f"there is no sandbox {name!r}; write {choices} in --sandbox and in nbgrader_config.py")


def plain_bands(stated: Mapping[str, StatedBands]) -> dict[str, Shares]:
    """Returns the part of a module's bands that decides a grade: ratios and shares by name, without table text."""
    return {name: bands.shares for name, bands in stated.items()}


def bands_from(path: Path) -> dict[str, Shares]:
    """The bands in a module's file of bands; GradingError if it cannot be read."""
    try:
        return plain_bands(read_band_file(path))
    except ValueError as error:
        raise GradingError(str(error)) from error
    except OSError as error:
        raise GradingError(f"{path} cannot be read: {error.strerror}; give the module's file of bands.") from error


@dataclass(frozen=True, slots=True)
class Required:
    """A lesson of another module that the lessons import from: its notebook as students get it, as JSON."""

    lesson: str
    notebook: str


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a class is graded with, apart from the submissions.

    The outcomes of single checks are kept in `outcomes_dir` between runs; None keeps none. Hidden checks ask for
    `bands`, those of the module, by name.
    """

    release_dir: Path
    hidden_dir: Path
    limits: Limits = field(default_factory=Limits)
    sandbox: Sandbox = DEFAULT_SANDBOX
    seed: int = DEFAULT_SEED
    required: tuple[Required, ...] = ()
    outcomes_dir: Path | None = None
    bands: Mapping[str, Shares] = field(default_factory=dict, hash=False)
