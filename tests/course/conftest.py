"""Fixtures for notebooks, packages and kits."""

from __future__ import annotations

from tiny_course import first, kit, module, project, released, second

__all__ = ["first", "kit", "module", "project", "released", "second"]
