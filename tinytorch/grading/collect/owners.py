"""The student and the lesson of a file, from the names that people and learning platforms give, and from content."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from tinytorch.course.names import Lesson, Module
from tinytorch.grading.handed_in.notebook import Piece, UnreadableNotebook, pieces_of
from tinytorch.notebooks.cells import grade_id, is_solution
from tinytorch.notebooks.exports import functions

MAX_ID_CHARS = 80

# What the kit, browsers, platforms and people append to a name: the time, " (1)", "-2", "-Copy1", "_final".
_TIME = r"-\d{4}-\d\d-\d\d-\d{6}"
_COPY = re.compile(rf"(?:{_TIME}|\s*\(\d+\)|-\d{{1,2}}|[ _-]*copy\d*|[ _-]+(?:final|new|v\d+))+$", re.IGNORECASE)
_MOODLE = re.compile(r"(?P<who>.+?)_(?P<id>\d+)_assignsubmission_[a-z]+_(?P<rest>.*)", re.DOTALL)
_CANVAS = re.compile(r"(?P<who>[^_]+)(?:_LATE)?_(?P<id>\d{3,})_\d{3,}_(?P<rest>.+)", re.DOTALL)
_FOLDERS = frozenset({"notebooks", "modules", "submission", "submissions", "submitted", "assignments", "src", "work"})


@dataclass(frozen=True, slots=True)
class Owner:
    """The student in a name (None if there is none) and the rest of the name."""

    student: str | None
    rest: str


class Names:
    """Reads student and lesson out of the names of one module's files."""

    def __init__(self, module: Module, lessons: Sequence[Lesson]) -> None:
        self._lessons = lessons
        course = {module.name, module.short}
        self._course = course | {name for lesson in lessons for name in (lesson.name, lesson.short)}
        endings = "|".join(re.escape(name) for name in sorted(self._course, key=len, reverse=True))
        self._ending = re.compile(rf"(?P<who>.+?)[_\-. ]+(?P<rest>{endings})", re.IGNORECASE | re.DOTALL)

    def is_course_word(self, name: str) -> bool:
        """A folder that is named after the module, a lesson, or nobody."""
        plain = _COPY.sub("", name).lower()
        return plain in self._course or plain in _FOLDERS

    def is_platforms(self, name: str) -> bool:
        """A folder that a learning platform has named after one student."""
        return any(pattern.fullmatch(each) for pattern in (_MOODLE, _CANVAS) for each in (name, f"{name}_"))

    def owner_of_file(self, stem: str) -> Owner:
        """The student a loose file's name starts with, as platforms write it; None when it starts with none."""
        for pattern in (_MOODLE, _CANVAS):
            if match := pattern.fullmatch(stem):
                return Owner(f"{match['who']}_{match['id']}", match["rest"])
        plain = _COPY.sub("", stem)
        match = self._ending.fullmatch(plain)
        if match is None or plain.lower() in self._course or self.is_course_word(match["who"]):
            return Owner(None, stem)
        return Owner(match["who"], match["rest"])

    def owner_of_folder(self, name: str) -> Owner:
        """The student that a folder or zip belongs to: what its name starts with, or all of it."""
        if self.is_course_word(name):
            return Owner(None, name)
        # A folder of Moodle's ends where the file's name would begin.
        owner = self.owner_of_file(name if not name.endswith("assignsubmission_file") else f"{name}_")
        return owner if owner.student else Owner(name, "")

    def lesson(self, stem: str) -> Lesson | None:
        """The lesson that a file's own name means, if it means just one."""
        plain = _COPY.sub("", stem).lower()
        for lesson in self._lessons:
            if plain in (lesson.name, lesson.short):
                return lesson
        for attribute in ("name", "short"):
            matching = [lesson for lesson in self._lessons if getattr(lesson, attribute) in plain]
            if len(matching) == 1:
                return matching[0]
        number = re.match(r"0*(\d+)(?!\d)", plain)
        matching = [lesson for lesson in self._lessons if number and int(number[1]) == int(lesson.number)]
        return matching[0] if len(matching) == 1 else None


class Contents:
    """Recognizes a lesson by the content of a notebook."""

    def __init__(self, released: Sequence[tuple[Lesson, NotebookNode]]) -> None:
        self._lessons = [lesson for lesson, _ in released]
        self._marks = [_marks(notebook) for _, notebook in released]
        self._names = [_exercise_names(notebook) for _, notebook in released]

    def lesson(self, data: bytes) -> Lesson | None:
        """The lesson most of whose cells are there; None when the notebook is unreadable or fits none, or two alike."""
        try:
            pieces, _ = pieces_of(data)
        except UnreadableNotebook:
            return None
        ids = {piece.grade_id for piece in pieces if piece.grade_id}
        return (
            self._best([len(ids & marks) for marks in self._marks])
            or self._exporting(pieces)
            or self._best([len(_defined(pieces) & names) for names in self._names])
        )

    def _exporting(self, pieces: list[Piece]) -> Lesson | None:
        text = "\n".join(piece.source for piece in pieces if "default_exp" in piece.source)
        matching = [
            lesson for lesson in self._lessons if re.search(rf"default_exp\s+{re.escape(lesson.target)}\b", text)
        ]
        return matching[0] if len(matching) == 1 else None

    def _best(self, counts: list[int]) -> Lesson | None:
        top = max(counts, default=0)
        return self._lessons[counts.index(top)] if top and counts.count(top) == 1 else None


def safe_id(text: str) -> str:
    """A student's name as a folder's name: letters, digits, `.`, `-` and `_`; empty when nothing is left."""
    plain = unicodedata.normalize("NFKC", text)
    allowed = "".join(letter if letter.isalnum() or letter in ".-_" else "_" for letter in plain)
    return re.sub(r"_+", "_", allowed).strip("_.-")[:MAX_ID_CHARS].rstrip("_.-")


def _marks(notebook: NotebookNode) -> frozenset[str]:
    return frozenset(name for cell in notebook.cells if (name := grade_id(cell)))


def _exercise_names(notebook: NotebookNode) -> frozenset[str]:
    answers = [cell for cell in notebook.cells if is_solution(cell)]
    return frozenset().union(*(functions(cell.source) for cell in answers if cell.cell_type == "code"))


def _defined(pieces: list[Piece]) -> frozenset[str]:
    return frozenset().union(*(functions(piece.source) for piece in pieces if piece.kind == "code"))
