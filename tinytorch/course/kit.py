"""The student kit: a folder and a zip that work on a machine that has never seen this repository."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch.course import files, kit_text
from tinytorch.course.export import export_notebooks
from tinytorch.course.kit_card import KitCard, digests, read_card, write_card
from tinytorch.course.leaks import find_leaks
from tinytorch.course.module_facts import module_facts
from tinytorch.course.names import Module, lessons
from tinytorch.course.project import KIT_FILE, Project
from tinytorch.course.required import released_packages, required_modules
from tinytorch.errors import ExportError, WorkspaceError

# The zip must be the same bytes whenever and wherever it is made; this is the earliest date a zip can hold.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Kit:
    """The files written for students."""

    folder: Path
    archive: Path
    notebooks: tuple[str, ...]


def build_kit(project: Project, module: Module, to: Path) -> Kit:
    """Writes the kit of `module` from its release notebooks into `to`, as a folder and as a zip beside it.

    An existing kit is replaced, unless somebody has worked in it.
    """
    if project.kind != "checkout":
        raise WorkspaceError("a kit is made in the instructor's checkout; this is a kit already.")
    notebooks = _release(project, module)
    name = f"tinytorch-{module.short}"
    folder, archive = to / name, to / f"{name}.zip"
    _refuse_to_replace(folder)
    with files.sentences(to):
        to.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=to) as workplace:
            stage = Path(workplace, name)
            _fill(stage, project, module, notebooks)
            packed = _packed(stage)
            _swap(stage, folder, Path(workplace, "old"))
    files.write_bytes(archive, packed)
    return Kit(folder, archive, tuple(path.name for path in notebooks))


def _release(project: Project, module: Module) -> list[Path]:
    """Returns the release notebooks of every lesson; raises if one is missing or leaks something."""
    folder = project.release_dir(module)
    paths = [folder / lesson.notebook for lesson in lessons(project, module)]
    missing = ", ".join(path.name for path in paths if not path.is_file())
    if missing or not paths:
        raise ExportError(f"{folder} lacks {missing or 'every lesson'}; run `tito grade generate {module}` first.")
    leaks = find_leaks(folder, project, module)
    if leaks:
        raise ExportError(f"the release is not fit for students: {leaks[0]}; generate it again ({len(leaks)} leaks).")
    return paths


def _refuse_to_replace(folder: Path) -> None:
    if not folder.exists():
        return
    if not (folder / KIT_FILE).is_file():
        raise WorkspaceError(f"{folder} exists and is no kit; move it away or choose another folder.")
    if not _is_untouched(folder):
        raise WorkspaceError(f"somebody has worked in the kit {folder}; move it away or choose another folder.")


def _is_untouched(folder: Path) -> bool:
    """Returns whether notebooks and modules are as they were given out, with nothing completed."""
    try:
        given = read_card(folder).modules
    except WorkspaceError:
        return False
    present = {path.parent.name for path in (folder / "notebooks").glob("*/*.ipynb")}
    is_same = all(digests(folder / "notebooks" / name) == given.get(name) for name in {*present, *given})
    return is_same and not (folder / "progress.json").exists()


def _fill(kit: Path, project: Project, module: Module, notebooks: list[Path]) -> None:
    stage = Project(kit, "kit")
    described, facts = kit_text.project_table(project.root), module_facts(project, module)
    own = [stage.notebooks_dir(module) / path.name for path in notebooks]
    for path, copy in zip(notebooks, own, strict=True):
        files.copy(path, copy)
        files.copy(path, stage.originals_dir / module.name / path.name)
    for path in _package_files(project, module):
        files.copy(path, kit / path.relative_to(project.root))
    files.copy(project.root / "LICENSE", kit / "LICENSE")
    pyproject = kit_text.pyproject(described, facts)
    required = required_modules(project, module)
    files.write_bytes(kit / "pyproject.toml", pyproject.encode())
    files.write_bytes(
        kit / "README.md",
        kit_text.readme(module, facts, lessons(project, module), required, described["requires-python"]).encode(),
    )
    for name, content in released_packages(project, module, pyproject).items():
        files.write_bytes(stage.given_dir / name, content)
    write_card(kit, KitCard(described["version"], {module.name: digests(stage.notebooks_dir(module))}))
    export_notebooks(own, kit)


def _package_files(project: Project, module: Module) -> Iterator[Path]:
    """The package without the grader and without what the lessons of any module export: the reference solutions."""
    grading, core = project.package_dir / "grading", project.package_dir / "core"
    by_hand = project.exported_dir(module) / "__init__.py"
    for path in sorted(project.package_dir.rglob("*")):
        parts = path.relative_to(project.package_dir).parts
        generated = path.suffix in (".pyc", ".nbi", ".nbc") or path.name == "_modidx.py" or "__pycache__" in parts
        hidden = any(part.startswith(".") for part in parts)
        of_a_module = path.is_relative_to(core) and path.parent != core and path != by_hand
        if path.is_file() and not (generated or hidden or of_a_module or path.is_relative_to(grading)):
            yield path


def _packed(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), _ZIP_DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _swap(new: Path, folder: Path, old: Path) -> None:
    if folder.exists():
        os.replace(folder, old)
    os.replace(new, folder)
