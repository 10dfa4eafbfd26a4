"""The interface to the place where collected submissions are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tinytorch.course.names import Module
from tinytorch.course.project import Project


class Destination(Protocol):
    """The place where one module's submissions are kept, such as the class folder."""

    @property
    def project(self) -> Project:
        """The project of the lessons: students' notebooks are recognized by its release."""
        ...

    @property
    def module(self) -> Module: ...

    def make_stage(self) -> Path:
        """Makes an empty folder for files on their way in; whoever asks for it removes it."""
        ...

    def submitted(self, student: str) -> Path:
        """The folder of a student's notebooks."""
        ...

    def timestamp(self, student: str) -> Path:
        """The file that says when a student handed in."""
        ...

    def handed_in_at(self, student: str) -> str:
        """The content of that file; empty without one."""
        ...

    def backups(self, student: str) -> Path:
        """The folder for copies of what newer submissions replaced."""
        ...
