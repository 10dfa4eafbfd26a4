"""The student kit: a folder and a zip that work on a machine that has never seen this repository."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch.course import files, kit_text
from tinytorch.course.export import export_notebooks
from tinytorch.course.leaks import find_leaks
from tinytorch.course.names import Module, lessons
from tinytorch.course.project import KIT_FILE, Project
from tinytorch.errors import ExportError, WorkspaceError

FORMAT = 1

# The zip must be the same bytes whenever and wherever it is made; this is the earliest date a zip can hold.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Kit:
    """What was written for students."""

    folder: Path
    archive: Path
    notebooks: tuple[str, ...]


def build_kit(project: Project, module: Module, to: Path) -> Kit:
    """Write the kit of `module` from its release notebooks into `to`, as a folder and as a zip beside it.

    A kit that is there already is replaced, but not one in which somebody has worked.
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
    """The release notebooks of every lesson, refused when one is missing or says too much."""
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
    try:
        made = json.loads((folder / KIT_FILE).read_text(encoding="utf-8"))["notebooks"]
        untouched = all(_digest(folder / "notebooks" / name) == digest for name, digest in made.items())
    except (ValueError, KeyError, AttributeError, OSError):
        untouched = False
    if not untouched or (folder / "progress.json").exists():
        raise WorkspaceError(f"somebody has worked in the kit {folder}; move it away or choose another folder.")


def _fill(kit: Path, project: Project, module: Module, notebooks: list[Path]) -> None:
    described = kit_text.project_table(project.root)
    own = [kit / "notebooks" / module.name / path.name for path in notebooks]
    for path, copy in zip(notebooks, own, strict=True):
        files.copy(path, copy)
        files.copy(path, kit / "originals" / module.name / path.name)
    for path in _package_files(project, module):
        files.copy(path, kit / path.relative_to(project.root))
    files.copy(project.root / "LICENSE", kit / "LICENSE")
    texts = {
        "pyproject.toml": kit_text.pyproject(described),
        "README.md": kit_text.readme(module, lessons(project, module), described),
        KIT_FILE: json.dumps(_card(module, described["version"], own), indent=1, sort_keys=True) + "\n",
    }
    for name, text in texts.items():
        files.write_bytes(kit / name, text.encode())
    export_notebooks(own, kit)


def _card(module: Module, version: str, notebooks: list[Path]) -> dict[str, object]:
    digests = {f"{module}/{path.name}": _digest(path) for path in notebooks}
    return {"format": FORMAT, "version": version, "module": module.name, "notebooks": digests}


def _package_files(project: Project, module: Module) -> Iterator[Path]:
    """The package without the grader and without what the lessons export: the reference solutions."""
    grading, exported = project.package_dir / "grading", project.exported_dir(module)
    for path in sorted(project.package_dir.rglob("*")):
        parts = path.relative_to(project.package_dir).parts
        generated = path.suffix in (".pyc", ".nbi", ".nbc") or path.name == "_modidx.py" or "__pycache__" in parts
        hidden = any(part.startswith(".") for part in parts)
        reference = path.parent == exported and path.name != "__init__.py"
        if path.is_file() and not (generated or hidden or reference or path.is_relative_to(grading)):
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


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
