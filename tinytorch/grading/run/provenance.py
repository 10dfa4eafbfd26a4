"""The circumstances of a grading, recorded where it runs, so that a receipt describes that machine."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tinytorch import __version__, hardware
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import Circumstances
from tinytorch.grading.sandbox.bubblewrap import vector_settings

_LIBRARIES = ("numpy", "numba", "llvmlite", "pytest")


def circumstances(submission_dir: Path, limits: Limits) -> Circumstances:
    """This machine, these versions, now, and the files about to be graded."""
    return Circumstances(
        graded_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        notebooks={path.name: _sha256(path) for path in sorted(submission_dir.glob("*.ipynb")) if path.is_file()},
        versions={"tinytorch": __version__, "python": platform.python_version(), **_versions()},
        machine=hardware.card().as_dict(),
        limits=dataclasses.asdict(limits),
        vectors=vector_settings(),
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _versions() -> dict[str, str]:
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions
