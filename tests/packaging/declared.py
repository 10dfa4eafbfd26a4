"""What pyproject.toml asks for, and what the files below requirements/ lock."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
DEV_LOCK = ROOT / "requirements" / "dev.txt"
STUDENT_BOUNDS = ROOT / "requirements" / "oldest-student.txt"
INSTRUCTOR_BOUNDS = ROOT / "requirements" / "oldest-instructor.txt"
LOCKS = (DEV_LOCK, STUDENT_BOUNDS, INSTRUCTOR_BOUNDS)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked distribution: its canonical name, the one version, where it applies, the digests of its files."""

    name: str
    version: Version
    marker: Marker | None
    hashes: tuple[str, ...]

    def applies(self, python: str) -> bool:
        """True on the first release of this Python minor version, on the platform that runs the tests."""
        environment = {"python_version": python, "python_full_version": f"{python}.0"}
        return self.marker is None or self.marker.evaluate(environment)


def logical_lines(lock: Path) -> list[str]:
    """The requirements of a lock file, each with its hashes on one line."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def read_lock(lock: Path) -> list[Pin]:
    return [_pin(line) for line in logical_lines(lock)]


def _pin(line: str) -> Pin:
    wanted, *hashes = line.split("--hash=")
    requirement = Requirement(wanted.strip())
    (specifier,) = requirement.specifier
    if specifier.operator != "==":
        raise ValueError(f"{requirement}: a lock names one version, with ==")
    digests = tuple(digest.strip() for digest in hashes)
    return Pin(canonicalize_name(requirement.name), Version(specifier.version), requirement.marker, digests)


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(*extras: str) -> list[Requirement]:
    """What the base install and these extras ask for, with the extras that an extra names."""
    project = pyproject()["project"]
    return [Requirement(text) for text in project["dependencies"]] + list(_of_extras(project, extras))


def extra(name: str) -> list[Requirement]:
    """What one extra asks for beside the base install."""
    return list(_of_extras(pyproject()["project"], (name,)))


def lower_bound(requirement: Requirement) -> Version:
    (specifier,) = requirement.specifier
    return Version(specifier.version)


def _of_extras(project: dict[str, Any], extras: tuple[str, ...]) -> Iterator[Requirement]:
    for extra in extras:
        for text in project["optional-dependencies"][extra]:
            requirement = Requirement(text)
            if requirement.name == project["name"]:
                yield from _of_extras(project, tuple(sorted(requirement.extras)))
            else:
                yield requirement
