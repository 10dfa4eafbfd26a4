"""Fixtures for what lies around grading one submission."""

from __future__ import annotations

from toy_course import checkout, generated, graded, graded_root, toy

__all__ = ["checkout", "generated", "graded", "graded_root", "toy"]
