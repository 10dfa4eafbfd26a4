"""A module is a folder: no module's name or points stand in the code that serves them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinytorch.course.names import modules
from tinytorch.course.project import find_project

CHECKOUT = find_project(Path(__file__).parents[2])
FILES = [path for room in ("course", "tito") for path in sorted((CHECKOUT.package_dir / room).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_modules_name_stands_in_code(path: Path) -> None:
    names = [name for module in modules(CHECKOUT) for name in (module.name, f"core.{module.short}")]
    text = path.read_text(encoding="utf-8")
    assert [name for name in names if name in text] == []
    assert re.findall(r"\b(?:85|15)\b|Kernels module", text) == []
