"""The steps of a student's work on a module: start, test, complete, reset, submit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tinytorch.course import files, progress
from tinytorch.course.build import build_source
from tinytorch.course.export import export_notebooks
from tinytorch.course.kit_card import complete_card
from tinytorch.course.names import Lesson, Module, lessons
from tinytorch.course.notebooks import read_notebook
from tinytorch.course.progress import Completion
from tinytorch.course.project import Project
from tinytorch.course.standing import digest, lessons_of, notebook_path, original_path, worked_on
from tinytorch.course.visible import LIMIT_S, LessonRun, run_checks
from tinytorch.errors import SourceError, WorkspaceError


@dataclass(frozen=True, slots=True)
class Started:
    """The files that were put in place, and the existing notebooks, which stay as they are."""

    placed: tuple[Path, ...]
    kept: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Completed:
    """One lesson's run; only if it passed, `at` is set and `exported` names the changed files of the package."""

    lesson: Lesson
    run: LessonRun
    exported: tuple[Path, ...] = ()
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """The notebooks that were restored to the release, and the paths of the student's own."""

    restored: tuple[Path, ...]
    backups: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """The zip to hand in, and the notebooks that are `missing` or `unreadable`, as warnings to the student."""

    archive: Path
    notebooks: tuple[str, ...]
    missing: tuple[str, ...]
    unreadable: tuple[str, ...]


def start(project: Project, target: Module | Lesson) -> Started:
    """Puts the notebooks and what they import of required modules in place where missing; nothing is replaced."""
    _only_in_a_kit(project, "start", "the sources are in modules/")
    complete_card(project.root)
    placed, present = _place_given(project), []
    for lesson in lessons_of(project, target):
        path = notebook_path(project, lesson)
        if path.exists():
            present.append(path)
        else:
            files.copy(original_path(project, lesson), path)
            placed.append(path)
    return Started(tuple(placed), tuple(present))


def test(project: Project, target: Module | Lesson, *, limit_s: float = LIMIT_S) -> Iterator[LessonRun]:
    """Runs the visible checks, lesson by lesson; in a checkout, on notebooks made from the sources now."""
    lessons = lessons_of(project, target)
    _refresh(project, target)
    return (_run(project, lesson, limit_s) for lesson in lessons)


def complete(
    project: Project, target: Module | Lesson, *, limit_s: float = LIMIT_S, now: datetime | None = None
) -> Iterator[Completed]:
    """Runs the checks and, lesson by lesson, exports each that passes into the package and records it."""
    lessons = lessons_of(project, target)
    _refresh(project, target)
    return (_complete(project, lesson, limit_s, now or progress.now()) for lesson in lessons)


def reset(project: Project, target: Module | Lesson, *, now: datetime | None = None) -> Reset:
    """Restores the untouched notebooks and moves the present ones to backups/.

    What was exported from them stays in the package, so that later lessons still find it.
    """
    _only_in_a_kit(project, "reset", "use git to take a source back")
    stamp = (now or progress.now()).strftime("%Y-%m-%d-%H%M%S")
    restored, backups = [], []
    for lesson in lessons_of(project, target):
        path, original = notebook_path(project, lesson), original_path(project, lesson)
        if path.exists() and digest(path) != digest(original):
            backup = _free(project.root / "backups" / lesson.module.name / f"{lesson.name}-{stamp}.ipynb")
            files.copy(path, backup)
            backups.append(backup)
        files.copy(original, path)
        progress.forget(project, lesson)
        restored.append(path)
    return Reset(tuple(restored), tuple(backups))


def submit(project: Project, module: Module, *, to: Path | None = None, now: datetime | None = None) -> Submission:
    """Packs the notebooks into one new zip in the folder `to`, by default the kit; nothing is overwritten."""
    _only_in_a_kit(project, "submit", "students hand in from their kits")
    stamp = (now or progress.now()).strftime("%Y-%m-%d-%H%M%S")
    paths = [notebook_path(project, lesson) for lesson in lessons(project, module)]
    present = [path for path in paths if path.is_file()]
    if not present:
        raise WorkspaceError(f"{project.notebooks_dir(module)} holds no notebook to hand in; run `tito module start`.")
    archive = _free((to or project.root) / f"{module}-{stamp}.zip")
    files.write_bytes(archive, _zipped(present))
    return Submission(
        archive,
        tuple(path.name for path in present),
        tuple(path.name for path in paths if path not in present),
        tuple(problem for path in present if (problem := _unreadable(path))),
    )


def _only_in_a_kit(project: Project, verb: str, instead: str) -> None:
    if project.kind != "kit":
        raise WorkspaceError(f"`tito module {verb}` is for a student's kit, and this is a checkout: {instead}.")


def _refresh(project: Project, target: Module | Lesson) -> None:
    """Updates what the lessons need to run: notebooks in a checkout, given packages in a kit."""
    if project.kind == "checkout":
        build_source(project, target.module if isinstance(target, Lesson) else target)
    else:
        _place_given(project)


def _place_given(project: Project) -> list[Path]:
    """Copies missing files of required modules' packages into place; files that a student exported stay."""
    placed = []
    for path in sorted(project.given_dir.rglob("*.py")):
        target = project.root / path.relative_to(project.given_dir)
        if not target.exists():
            files.copy(path, target)
            placed.append(target)
    return placed


def _run(project: Project, lesson: Lesson, limit_s: float) -> LessonRun:
    original = original_path(project, lesson) if project.kind == "kit" else None
    return run_checks(notebook_path(project, lesson), limit_s=limit_s, package_root=project.root, original=original)


def _complete(project: Project, lesson: Lesson, limit_s: float, now: datetime) -> Completed:
    run = _run(project, lesson, limit_s)
    if not run.passed:
        return Completed(lesson, run)
    exported = tuple(export_notebooks([notebook_path(project, lesson)], project.root))
    completion = Completion(now.isoformat(), digest(worked_on(project, lesson)), len(run.checks))
    progress.record(project, lesson, completion)
    return Completed(lesson, run, exported, now.isoformat())


def _free(path: Path) -> Path:
    """Returns `path`, or the first of `name-2`, `name-3`, ... that does not exist."""
    candidate, number = path, 2
    while candidate.exists():
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate


def _zipped(paths: list[Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            with files.sentences(path):
                archive.write(path, path.name)
    return buffer.getvalue()


def _unreadable(path: Path) -> str:
    try:
        read_notebook(path)
    except SourceError as error:
        return str(error)
    return ""
