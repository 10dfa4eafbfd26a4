"""The class folder: the paths of a class's files, and the progress of each student. No other file builds these paths.

nbgrader lays it out: a folder for each step, in it one for each student, in that one for each assignment.
"""

from __future__ import annotations

import functools
import json
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tinytorch.course import files
from tinytorch.course.names import Module
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.base.digests import text_digest, tree_digest
from tinytorch.grading.base.submission import Submission

# In an autograded notebook's metadata: the key of the result that its scores came from.
RESULT_MARK = "tinytorch_result"
# And the hash of the code that wrote the notebook: another wording is written anew, though nothing is graded again.
WRITER_MARK = "tinytorch_writer"

_TIMESTAMP = "timestamp.txt"  # nbgrader's own name for it


@dataclass(frozen=True, slots=True)
class ClassFolder:
    """The class folder of a checkout, as it concerns one module."""

    project: Project
    module: Module

    @property
    def assignments(self) -> Path:
        """The whole class folder: nbgrader's course root."""
        return self.project.assignments_dir

    @property
    def lessons(self) -> Path:
        """The module's sources, outside the class folder."""
        return self.project.modules_dir / self.module.name

    @property
    def source(self) -> Path:
        """The instructor's notebooks, with solutions."""
        return self.project.source_dir(self.module)

    @property
    def release(self) -> Path:
        """The notebooks as students get them."""
        return self.project.release_dir(self.module)

    @property
    def release_before(self) -> Path:
        """The copy of the old release while a new one is generated."""
        return self.assignments / f".release-before-{self.module}"

    @property
    def hidden(self) -> Path:
        """The hidden checks, which lie outside the class folder."""
        return self.project.hidden_dir(self.module)

    @property
    def gradebook(self) -> Path:
        """nbgrader's database, one for all modules."""
        return self.assignments / "gradebook.db"

    @property
    def results(self) -> Path:
        """The kept results of grading, of all modules."""
        return self.assignments / "results"

    @property
    def outcomes(self) -> Path:
        """The kept outcomes of single checks, lesson by lesson, of all modules."""
        return self.results / "lessons"

    @property
    def kits(self) -> Path:
        """The list of student kits made, of all modules."""
        return self.assignments / "kits.json"

    def log(self, name: str) -> Path:
        return self.assignments / "logs" / f"{name}.log"

    def submitted(self, student: str) -> Path:
        """The folder of a student's submission."""
        return self.assignments / "submitted" / student / self.module.name

    def timestamp(self, student: str) -> Path:
        """The file that says when a student handed in."""
        return self.submitted(student) / _TIMESTAMP

    def autograded(self, student: str) -> Path:
        """A student's notebooks with outputs, scores and the checks' words."""
        return self.assignments / "autograded" / student / self.module.name

    def feedback(self, student: str) -> Path:
        """A student's feedback pages."""
        return self.assignments / "feedback" / student / self.module.name

    def receipt(self, student: str) -> Path:
        """The receipt that goes to the student with the feedback pages."""
        return self.feedback(student) / "receipt.json"

    def backups(self, student: str) -> Path:
        """The copies of replaced submissions, in a folder that nbgrader does not read."""
        return self.assignments / "backups" / "submitted" / student

    def make_stage(self) -> Path:
        """Makes an empty folder for files on their way into the class folder; whoever asks for it removes it."""
        with files.sentences(self.assignments):
            self.assignments.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix=".collect-", dir=self.assignments))

    def handed_in(self) -> dict[str, Path]:
        """The folder of everyone who handed in, by student; empty when nobody did."""
        folders = (self.assignments / "submitted").glob(f"*/{self.module}")
        return {path.parent.name: path for path in sorted(folders) if path.is_dir()}

    def handed_in_at(self, student: str) -> str:
        """The time of the submission, from its time stamp; empty without one."""
        path = self.timestamp(student)
        return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""

    def submissions(self, students: tuple[str, ...] = ()) -> tuple[Submission, ...]:
        """Everyone's submission, or that of the students named; raises GradingError when there is none by that name."""
        handed_in = self.handed_in()
        submitted, module = self.assignments / "submitted", self.module
        unknown = [student for student in students if student not in handed_in]
        if unknown:
            raise GradingError(f"{submitted}: no submission of {module} from {', '.join(unknown)}; collect it first.")
        if not handed_in:
            raise GradingError(f"{submitted}: no submission of {module}; run `tito grade collect {module} FROM` first.")
        return tuple(Submission(student, handed_in[student]) for student in (students or handed_in))

    def strays(self, student: str) -> tuple[str, ...]:
        """Notebooks handed in that are not named as a released lesson, so that nbgrader would pass over them."""
        return tuple(sorted(_notebooks(self.submitted(student)) - _notebooks(self.release)))

    def autograded_students(self) -> tuple[str, ...]:
        """Those with autograded notebooks."""
        paths = (self.assignments / "autograded").glob(f"*/{self.module}/*.ipynb")
        return tuple(sorted({path.parent.parent.name for path in paths}))

    def recorded_key(self, student: str) -> str | None:
        """The result that a student's autograded notebooks were written from; None if they disagree or are missing."""
        keys = {key for key, _ in self._marks(student)}
        return keys.pop() if len(keys) == 1 else None

    def is_recorded(self, student: str, key: str) -> bool:
        """Says whether the autograded notebooks are what would be written now: the result `key` of just these files."""
        submitted, autograded = self.submitted(student), self.autograded(student)
        return (
            _notebooks(autograded) == _notebooks(submitted) & _notebooks(self.release)
            and self._marks(student) == {(key, writer_digest())}
            and _timestamp(autograded) == _timestamp(submitted)
        )

    def _marks(self, student: str) -> set[tuple[str | None, str | None]]:
        return {_marks_of(path) for path in self.autograded(student).glob("*.ipynb")}


@functools.cache
def writer_digest() -> str:
    """Hash of the code that turns a result into notebooks and pages, nbgrader's included."""
    code = tree_digest(Path(__file__).parent, "*.py")
    return text_digest({"code": code, **{name: version(name) for name in ("nbgrader", "nbconvert")}})


def _notebooks(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.ipynb")}


def _timestamp(folder: Path) -> bytes:
    path = folder / _TIMESTAMP
    return path.read_bytes() if path.is_file() else b""


def _marks_of(path: Path) -> tuple[str | None, str | None]:
    """The result and the writer of an autograded notebook."""
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        result, writer = metadata.get(RESULT_MARK), metadata.get(WRITER_MARK)
    except (OSError, ValueError, KeyError, AttributeError):
        return None, None  # half written or of another program: counts as missing
    return (result if isinstance(result, str) else None), (writer if isinstance(writer, str) else None)
