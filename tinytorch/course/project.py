"""The project around the working folder: an instructor's checkout or a student's kit, and the folders of each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tinytorch.errors import ProjectError

if TYPE_CHECKING:
    from tinytorch.course.names import Lesson, Module

KIT_FILE = "tinytorch-kit.json"
DISTRIBUTION = "tinytorch-kernels"


@dataclass(frozen=True, slots=True)
class Project:
    """A checkout (sources, grader) or a kit (notebooks, the student's own package) at `root`."""

    root: Path
    kind: Literal["checkout", "kit"]

    @property
    def modules_dir(self) -> Path:
        """The percent sources of a checkout; a kit has none."""
        return self.root / "modules"

    @property
    def originals_dir(self) -> Path:
        """The untouched notebooks that a kit holds for `reset`; a checkout has none."""
        return self.root / "originals"

    @property
    def given_dir(self) -> Path:
        """The packages of required modules that a kit holds, as paths below the kit; put in place where missing."""
        return self.originals_dir / "given"

    @property
    def package_dir(self) -> Path:
        return self.root / "tinytorch"

    @property
    def assignments_dir(self) -> Path:
        return self.root / "assignments"

    @property
    def progress_file(self) -> Path:
        folder = self.root if self.kind == "kit" else self.assignments_dir
        return folder / "progress.json"

    def source_path(self, lesson: Lesson) -> Path:
        """The percent source of a lesson."""
        return self.modules_dir / lesson.module.name / f"{lesson.name}.py"

    def source_dir(self, module: Module) -> Path:
        return self.assignments_dir / "source" / str(module)

    def release_dir(self, module: Module) -> Path:
        return self.assignments_dir / "release" / str(module)

    def hidden_dir(self, module: Module) -> Path:
        return self.root / "tests" / "hidden" / str(module)

    def notebooks_dir(self, module: Module) -> Path:
        """The notebooks that are worked on here: the student's own, or those made from the sources."""
        return self.root / "notebooks" / str(module) if self.kind == "kit" else self.source_dir(module)

    def exported_dir(self, module: Module) -> Path:
        return self.package_dir / "core" / module.short


def find_project(start: Path | None = None) -> Project:
    """The nearest checkout or kit at or above `start`, by default the working folder."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / KIT_FILE).is_file():
            return Project(folder, "kit")
        if (folder / "modules").is_dir() and _is_ours(folder / "pyproject.toml"):
            return Project(folder, "checkout")
    raise ProjectError(
        f"{here} is neither in a student kit (a folder with {KIT_FILE}) nor in a checkout "
        f"(a folder with modules/ and the pyproject.toml of {DISTRIBUTION}); change to one of them and try again."
    )


def _is_ours(pyproject: Path) -> bool:
    if not pyproject.is_file():
        return False
    try:
        text = pyproject.read_text(encoding="utf-8")
        return bool(tomllib.loads(text).get("project", {}).get("name") == DISTRIBUTION)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{pyproject} cannot be read: {error}. Correct it or restore it.") from error
