"""A course whose outcomes are kept, for the tests of what is run again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.courses.three_lessons import Course
from tinytorch.grading.base.result import Finding
from tinytorch.grading.checks.running import About
from tinytorch.grading.run.lessons import Lessons
from tinytorch.grading.sandbox.session import Session


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Notes the checks that ran and the lessons whose process was started."""
    ran: list[str] = []
    started: list[str] = []
    keep, launch = Lessons.keep, Session._launch

    def noted(self: Lessons, about: About, key: str, finding: Finding) -> Finding:
        ran.append(about.name.partition("::")[2])
        return keep(self, about, key, finding)

    def launched(self: Session) -> None:
        started.append(self.notebook.lesson)
        launch(self)

    monkeypatch.setattr(Lessons, "keep", noted)
    monkeypatch.setattr(Session, "_launch", launched)
    return Course(tmp_path, ran, started)
