"""nbgrader's feedback pages, written for students whose grades or notebooks changed, and the student's receipt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch.errors import GradingError
from tinytorch.grading.gradebook.converters import feedback_student
from tinytorch.grading.gradebook.folder import ClassFolder
from tinytorch.grading.gradebook.marks import check_gradebook
from tinytorch.grading.gradebook.receipts import read_receipt, write_for_student


@dataclass(frozen=True, slots=True)
class Pages:
    """One student's feedback; `made` is False when it was up to date. `receipt` is None when its result is gone."""

    student: str
    folder: Path
    pages: tuple[Path, ...]
    receipt: Path | None
    made: bool
    done: int
    total: int


def make_feedback(class_folder: ClassFolder, students: tuple[str, ...] = (), *, again: bool = False) -> Iterator[Pages]:
    """Writes feedback for the students named, or for everyone graded; yields each as it is done."""
    module, graded = class_folder.module, class_folder.autograded_students()
    missing = [student for student in students if student not in graded]
    if missing:
        raise GradingError(f"{', '.join(missing)}: not graded yet; run `tito grade autograde {module}` first.")
    if not graded:
        raise GradingError(f"{module}: nobody is graded yet; run `tito grade autograde {module}` first.")
    chosen = students or graded
    check_gradebook(class_folder)
    for number, student in enumerate(chosen, start=1):
        is_new = again or not is_current(class_folder, student)
        if is_new:
            feedback_student(class_folder, student)
        yield _pages(class_folder, student, is_new, number, len(chosen))


def _pages(class_folder: ClassFolder, student: str, is_new: bool, done: int, total: int) -> Pages:
    """Returns the pages in the student's folder; writes the receipt of the result that new pages show."""
    folder, path = class_folder.feedback(student), class_folder.receipt(student)
    if is_new:
        path.unlink(missing_ok=True)  # nbgrader copies all files beside the notebooks: this one must be the grader's
        full = read_receipt(class_folder, student)
        if full is not None:
            write_for_student(class_folder, full)
    pages = tuple(sorted(folder.glob("*.html")))
    return Pages(student, folder, pages, path if path.is_file() else None, made=is_new, done=done, total=total)


def is_current(class_folder: ClassFolder, student: str) -> bool:
    """A page for each notebook, none older than it or than the gradebook, where marks given by hand arrive."""
    notebooks = list(class_folder.autograded(student).glob("*.ipynb"))
    pages = [class_folder.feedback(student) / f"{path.stem}.html" for path in notebooks]
    if not notebooks or not all(page.is_file() for page in pages):
        return False
    newest = max(path.stat().st_mtime_ns for path in [*notebooks, class_folder.gradebook])
    return min(page.stat().st_mtime_ns for page in pages) >= newest
