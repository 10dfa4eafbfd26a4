"""nbgrader's feedback pages, made for those whose grades or notebooks changed since, and the student's receipt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch.course.names import Module
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.gradebook.converters import check_gradebook, feedback_student, gradebook_path
from tinytorch.grading.gradebook.students import autograded_dir
from tinytorch.grading.run.receipt import FILE_NAME, read_receipt, write_for_student


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


def feedback_dir(project: Project, module: Module, student: str) -> Path:
    return project.assignments_dir / "feedback" / student / module.name


def make_feedback(
    project: Project, module: Module, students: tuple[str, ...] = (), *, again: bool = False
) -> Iterator[Pages]:
    """Writes feedback for the students named, or for everyone graded; yields each as it is done."""
    graded = graded_students(project, module)
    missing = [student for student in students if student not in graded]
    if missing:
        raise GradingError(f"{', '.join(missing)}: not graded yet; run `tito grade autograde {module}` first.")
    if not graded:
        raise GradingError(f"{module}: nobody is graded yet; run `tito grade autograde {module}` first.")
    chosen = students or graded
    check_gradebook(project)
    for number, student in enumerate(chosen, start=1):
        made = again or not is_current(project, module, student)
        if made:
            feedback_student(project, module, student)
        yield _pages(project, module, student, made, (number, len(chosen)))


def _pages(project: Project, module: Module, student: str, made: bool, count: tuple[int, int]) -> Pages:
    """What lies in the student's folder, with the receipt of the result that the pages show."""
    folder = feedback_dir(project, module, student)
    path = folder / FILE_NAME
    if made:
        path.unlink(missing_ok=True)  # nbgrader copies whatever lay beside the notebooks: this one must be ours
        full = read_receipt(project, module, student)
        if full is not None:
            write_for_student(full, folder)
    pages = tuple(sorted(folder.glob("*.html")))
    return Pages(student, folder, pages, path if path.is_file() else None, made, *count)


def graded_students(project: Project, module: Module) -> tuple[str, ...]:
    """Those with autograded notebooks."""
    found = (project.assignments_dir / "autograded").glob(f"*/{module}/*.ipynb")
    return tuple(sorted({path.parent.parent.name for path in found}))


def is_current(project: Project, module: Module, student: str) -> bool:
    """A page for each notebook, none older than it or than the gradebook, where marks given by hand arrive."""
    notebooks = list(autograded_dir(project, module, student).glob("*.ipynb"))
    pages = [feedback_dir(project, module, student) / f"{path.stem}.html" for path in notebooks]
    if not notebooks or not all(page.is_file() for page in pages):
        return False
    newest = max(path.stat().st_mtime_ns for path in [*notebooks, gradebook_path(project)])
    return min(page.stat().st_mtime_ns for page in pages) >= newest
