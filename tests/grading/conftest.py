"""For the grader's tests: sessions in the real sandbox, ended when the test is over, and the toy course."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.courses.samples import ABOUT, plain_notebook
from tests.courses.toy import checkout, generated, graded, graded_root, toy
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.checks.running import RunningCheck
from tinytorch.grading.checks.student import Student
from tinytorch.grading.sandbox.bubblewrap import check_available
from tinytorch.grading.sandbox.session import Notebook, Session, Setting
from tinytorch.notebooks.code import code_cells

__all__ = ["checkout", "generated", "graded", "graded_root", "toy"]

OpenSession = Callable[..., Session]


@pytest.fixture(scope="session")
def sandbox() -> str:
    try:
        check_available()
    except SandboxUnavailableError as err:
        pytest.skip(str(err))
    return "bwrap"


@pytest.fixture
def open_session(sandbox: str) -> Iterator[OpenSession]:
    """Makes a session whose notebook has the given cells; keywords are limits."""
    made: list[Session] = []

    def open_one(*sources: str, kind: str = sandbox, **limits: float) -> Session:
        cells = code_cells("01_first", plain_notebook(*sources), None)
        session = Session(Notebook("01_first", cells), Setting(Limits(**limits), kind))
        made.append(session)
        return session

    yield open_one
    for session in made:
        session.close()


@pytest.fixture
def open_student(open_session: OpenSession) -> Callable[..., Student]:
    """A student fixture over a notebook with the given cells."""

    def open_one(*sources: str, **limits: float) -> Student:
        return Student(open_session(*sources, **limits), lambda: open_session(), RunningCheck(ABOUT))

    return open_one
