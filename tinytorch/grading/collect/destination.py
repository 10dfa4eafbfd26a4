"""What taking submissions in has to know of the place they go to."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tinytorch.course.names import Module
from tinytorch.course.project import Project


class Destination(Protocol):
    """Where one module's submissions are kept. The class folder is one; whoever collects need not know the others."""

    @property
    def project(self) -> Project:
        """Whose lessons they are: students' notebooks are recognized by the release's."""
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
        """What that file says; empty without one."""
        ...

    def backups(self, student: str) -> Path:
        """The folder for copies of what newer submissions replaced."""
        ...
