"""The locked versions are complete, are those that pyproject.toml allows, and can be checked by their hashes."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.declared import (
    DEV_LOCK,
    INSTRUCTOR_BOUNDS,
    LOCKS,
    PYTHONS,
    STUDENT_BOUNDS,
    Pin,
    extra,
    logical_lines,
    lower_bound,
    pyproject,
    read_lock,
    requirements,
)

HASH = re.compile(r"sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module")
def pins() -> list[Pin]:
    return read_lock(DEV_LOCK)


def locked(pins: list[Pin], name: str, python: str) -> list[Pin]:
    return [pin for pin in pins if pin.name == canonicalize_name(name) and pin.applies(python)]


@pytest.mark.parametrize("requirement", requirements("dev"), ids=str)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_is_locked_once_for_each_python(
    pins: list[Pin], requirement: Requirement, python: str
) -> None:
    versions = [pin.version for pin in locked(pins, requirement.name, python)]
    assert len(versions) == 1, f"{requirement} on Python {python}: {versions}; run `make lock`"
    assert requirement.specifier.contains(versions[0]), f"{requirement}: {versions[0]} is locked; run `make lock`"


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_the_oldest_environment_of_a_student_has_the_lower_bounds(requirement: Requirement) -> None:
    versions = [pin.version for pin in locked(read_lock(STUDENT_BOUNDS), requirement.name, "3.11")]
    assert versions == [lower_bound(requirement)], "run `make lock`"


@pytest.mark.parametrize("requirement", extra("instructor"), ids=str)
def test_the_oldest_environment_of_an_instructor_has_the_lower_bounds(requirement: Requirement) -> None:
    versions = [pin.version for pin in locked(read_lock(INSTRUCTOR_BOUNDS), requirement.name, "3.11")]
    assert versions == [lower_bound(requirement)], "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_file_is_known_by_its_hash(lock: Path) -> None:
    unchecked = [pin.name for pin in read_lock(lock) if not pin.hashes or not all(map(HASH.fullmatch, pin.hashes))]
    assert unchecked == []


def test_what_the_locked_distributions_ask_for_is_locked_too(pins: list[Pin]) -> None:
    """Read from what is installed here, which is what the lock names."""
    named = {pin.name for pin in pins}
    missing = [
        f"{pin.name} asks for {requirement}"
        for pin in pins
        if pin.marker is None or pin.marker.evaluate()
        for requirement in map(Requirement, importlib.metadata.requires(pin.name) or [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if canonicalize_name(requirement.name) not in named
    ]
    assert missing == []


def test_the_lock_names_no_registry_and_no_folder() -> None:
    assert [
        line for line in logical_lines(DEV_LOCK) if "://" in line or line.lstrip().startswith(("-", "/", "."))
    ] == []


def test_the_build_of_the_project_is_locked_as_an_extra_says_it() -> None:
    described = pyproject()
    assert described["project"]["optional-dependencies"]["build"] == described["build-system"]["requires"]
