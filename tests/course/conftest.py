"""Fixtures for notebooks, packages and kits."""

from __future__ import annotations

from tests.courses.tiny import first, kit, module, project, released, second

__all__ = ["first", "kit", "module", "project", "released", "second"]
