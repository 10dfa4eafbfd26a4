"""One submission's lessons: their notebooks, and a student process for each while its checks run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tinytorch.grading.base.result import CellRun
from tinytorch.grading.base.student_errors import StudentTrouble
from tinytorch.grading.checks.student import Student
from tinytorch.grading.handed_in.cells import Cell, code_cells, meant_for_export, modules
from tinytorch.grading.handed_in.frame import take_in
from tinytorch.grading.sandbox.session import Notebook, Session, Setting


class Lessons:
    """Reads a submission folder against the release; sessions start lazily and one lesson's are open at a time.

    A lesson whose notebook is missing or unreadable has the reason in `absent`; other lessons that import from it
    get the release's given parts, so that it costs them nothing but what its answers would have added.
    """

    def __init__(self, submission_dir: Path, releases: Sequence[Path], setting: Setting) -> None:
        self.setting = setting
        self.repairs: list[str] = []
        self.absent: dict[str, str] = {}
        self._cells: dict[str, tuple[Cell, ...]] = {}
        self._given: dict[str, tuple[Cell, ...]] = {}
        self._sessions: dict[str, Session] = {}
        self._reference: Session | None = None
        self._open: str | None = None
        for path in releases:
            release = nbformat.read(path, as_version=4)
            self._given[path.stem] = code_cells(f"{path.stem} as released", release, release)
            self._cells[path.stem] = code_cells(path.stem, self._submitted(submission_dir, path, release), release)
            meant = meant_for_export(self._cells[path.stem], self._given[path.stem])
            self.repairs += [f"{path.stem}: {words}" for words in meant.values()]

    def not_run_reason(self, lesson: str) -> str:
        if lesson not in self._cells:
            return f"the release has no lesson {lesson}"
        return self.absent.get(lesson, "")

    def student(self, lesson: str) -> Student:
        """The fixture for a lesson's checks, its notebook run; the lesson that was open before is closed."""
        session = self._session(lesson)
        session.ensure_started()
        return Student(session, self._reference_session)

    def cell_runs(self) -> tuple[CellRun, ...]:
        """What every cell did; lessons that no check has reached are run now."""
        for lesson in self._cells:
            if lesson in self.absent or (lesson in self._sessions and self._sessions[lesson].cell_runs):
                continue
            try:
                self._session(lesson).ensure_started()
            except StudentTrouble:
                continue  # its cell runs, or their absence, say so already
        ran = [self._sessions[lesson] for lesson in self._cells if lesson in self._sessions]
        return tuple(run for session in ran for run in session.cell_runs)

    def close(self) -> None:
        """Ends every process."""
        for session in self._sessions.values():
            session.close()
        if self._reference is not None:
            self._reference.close()

    def _submitted(self, submission_dir: Path, release_path: Path, release: NotebookNode) -> NotebookNode:
        lesson = release_path.stem
        path = submission_dir / release_path.name
        if not path.is_file():
            self.absent[lesson] = f"the submission has no notebook {path.name}"
            return release
        taken = take_in(path, release)
        self.repairs += taken.repairs
        if taken.unreadable:
            self.absent[lesson] = f"the notebook cannot be read: {taken.unreadable}"
            return release
        return taken.notebook

    def _session(self, lesson: str) -> Session:
        if self._open not in (None, lesson):
            self._sessions[self._open].close()
        self._open = lesson
        if lesson not in self._sessions:
            imported = modules(self._cells, self._given, self._casualties())
            self._sessions[lesson] = Session(Notebook(lesson, self._cells[lesson], imported), self.setting)
        return self._sessions[lesson]

    def _casualties(self) -> dict[str, set[int]]:
        """Cells that hung or killed their own lesson's process are not run for other lessons' imports either."""
        return {lesson: session.left_out for lesson, session in self._sessions.items()}

    def _reference_session(self) -> Session:
        """A process like a student's, without any code of theirs."""
        if self._reference is None:
            self._reference = Session(Notebook("reference"), self.setting)
        return self._reference
