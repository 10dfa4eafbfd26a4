"""One submission's lessons: a student process for each while its checks run, and their kept outcomes."""

from __future__ import annotations

import time
from pathlib import Path

from tinytorch.grading.base.result import CellRun, Finding
from tinytorch.grading.base.student_errors import StudentTrouble
from tinytorch.grading.checks.running import About, RunningCheck
from tinytorch.grading.checks.student import Student
from tinytorch.grading.run.keys import Keys
from tinytorch.grading.run.notebooks import Notebooks
from tinytorch.grading.run.outcomes import CellsOfLesson, KeptLesson
from tinytorch.grading.sandbox.session import Notebook, Session, Setting


class Lessons:
    """One submission as the hidden checks use it; sessions start lazily, and only one lesson's are open at a time."""

    def __init__(self, notebooks: Notebooks, setting: Setting, keys: Keys, outcomes_dir: Path | None) -> None:
        self.notebooks, self._setting = notebooks, setting
        self._keys, self._outcomes_dir = keys, outcomes_dir
        self._sessions: dict[str, Session] = {}
        self._kept: dict[str, KeptLesson] = {}
        self._cells_kept: dict[str, CellsOfLesson] = {}
        self._reference: Session | None = None
        self._open: str | None = None

    def not_run_reason(self, lesson: str) -> str:
        if lesson not in self.notebooks.cells:
            return f"the release has no lesson {lesson}"
        return self.notebooks.absent.get(lesson, "")

    def kept(self, about: About, code: str) -> Finding | None:
        return self._kept_of(about.lesson).find(code)

    def keep(self, about: About, code: str, finding: Finding) -> Finding:
        """What the cells did is kept first: lessons that import this one need it, and a run can be killed any time."""
        if about.lesson in self._sessions:
            self._keep_cells(about.lesson, self._sessions[about.lesson])
        return self._kept_of(about.lesson).keep(code, finding, self._is_time_up())

    def student(self, lesson: str, check: RunningCheck) -> Student:
        """The fixture for a lesson's checks, its notebook run; the lesson that was open before is closed."""
        session = self._session(lesson)
        check.is_after_strikes = session.has_struck
        session.ensure_started()
        return Student(session, self._reference_session, check)

    def earlier_failure(self, lesson: str) -> str:
        """For errors that may follow from it: what became of the first cell that failed."""
        for cell in self.notebooks.cells[lesson]:
            run = self._sessions[lesson].run_of(cell) if lesson in self._sessions else None
            if run is not None and run.status not in ("ok", "skipped"):
                return f"cell {cell.number} of {lesson} failed before: {run.words}"
        return ""

    def cell_runs(self) -> tuple[CellRun, ...]:
        """Returns the runs of all cells; a lesson without runs, kept or from a check, is run now."""
        present = [lesson for lesson in self.notebooks.cells if lesson not in self.notebooks.absent]
        return tuple(run for lesson in present for run in self._runs_of(lesson))

    def close(self) -> None:
        """Ends every process and keeps what their cells did."""
        for session in self._sessions.values():
            session.close()
        if self._reference is not None:
            self._reference.close()
        for lesson, session in self._sessions.items():
            self._keep_cells(lesson, session)

    def _runs_of(self, lesson: str) -> tuple[CellRun, ...]:
        if lesson not in self._sessions:
            outcomes = self._kept_of(lesson).cells()
            if outcomes is not None:
                return outcomes.runs
        session = self._session(lesson)
        if not session.cell_runs:
            try:
                session.ensure_started()
            except StudentTrouble:
                return session.cell_runs  # which say why, as far as they go
        return session.cell_runs

    def _kept_of(self, lesson: str) -> KeptLesson:
        if lesson not in self._kept:
            key = self._keys.lesson_key(self.notebooks.read_by(lesson))
            self._kept[lesson] = KeptLesson(self._outcomes_dir, key, self.notebooks.digest)
        return self._kept[lesson]

    def _keep_cells(self, lesson: str, session: Session) -> None:
        """Keeps the runs of a notebook that was run to its end; one cut short by time may get further next time."""
        cells = CellsOfLesson(session.cell_runs, frozenset(session.left_out))
        is_whole = len(cells.runs) == len(session.notebook.cells) and not self._is_time_up()
        if is_whole and cells != self._cells_kept.get(lesson):
            self._kept_of(lesson).keep_cells(cells)
            self._cells_kept[lesson] = cells

    def _is_time_up(self) -> bool:
        return time.monotonic() >= self._setting.until

    def _session(self, lesson: str) -> Session:
        if self._open not in (None, lesson):
            self._sessions[self._open].close()
        self._open = lesson
        if lesson not in self._sessions:
            packages = self.notebooks.packages_for(lesson, self._left_out)
            self._sessions[lesson] = Session(Notebook(lesson, self.notebooks.cells[lesson], packages), self._setting)
        return self._sessions[lesson]

    def _left_out(self, lesson: str) -> frozenset[int]:
        """Cells that hung or killed their own lesson's process are not run for other lessons' imports either."""
        if lesson in self._sessions:
            return frozenset(self._sessions[lesson].left_out)
        outcomes = self._kept_of(lesson).cells()
        return outcomes.left_out if outcomes is not None else frozenset()

    def _reference_session(self) -> Session:
        """A process like a student's, without any code of theirs."""
        if self._reference is None:
            self._reference = Session(Notebook("reference"), self._setting)
        return self._reference
