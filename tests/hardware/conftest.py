"""Machines to read: folders that look like /sys and /proc, made from the files in machines/.

`linux_virtual` and `linux_epyc` were recorded from virtual machines; the others are written after the formats'
documentation. The sweeps were recorded on the machine of `linux_epyc`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

MACHINES = Path(__file__).parent / "machines"


@pytest.fixture
def plant(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Writes files, given as path below the root and text, and returns the root."""

    def write(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def machine(plant: Callable[[Mapping[str, str]], Path]) -> Callable[[str], Path]:
    """The root of the Linux machine of that name."""
    return lambda name: plant(json.loads((MACHINES / f"linux_{name}.json").read_text(encoding="utf-8")))


@pytest.fixture
def sysctl() -> Callable[[str], str]:
    """What `sysctl` prints on the macOS machine of that name."""
    return lambda name: (MACHINES / f"macos_{name}.txt").read_text(encoding="utf-8")
