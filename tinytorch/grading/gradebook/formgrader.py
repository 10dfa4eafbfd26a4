"""The command that opens nbgrader's formgrader, in which the open questions are marked."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from tinytorch.errors import GradingError
from tinytorch.grading.gradebook.folder import ClassFolder

DEFAULT_PORT = 8888


@dataclass(frozen=True, slots=True)
class Formgrader:
    """A command to run in `folder` until the marking is done, and the page it serves (Jupyter adds its token)."""

    command: tuple[str, ...]
    folder: Path
    url: str


def formgrader(class_folder: ClassFolder, port: int = DEFAULT_PORT, *, open_browser: bool = True) -> Formgrader:
    """The command that serves the formgrader for this checkout; raises GradingError when it would not come up."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise GradingError("The formgrader runs inside JupyterLab, which is not installed; pip install jupyterlab.")
    if not class_folder.gradebook.exists():
        raise GradingError(f"{class_folder.gradebook}: nothing to mark yet; generate, collect and autograde first.")
    root = class_folder.project.root
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.port={port}",
        "--LabApp.default_url=/formgrader",
    ]
    if not open_browser:
        command.append("--no-browser")
    return Formgrader(tuple(command), root, f"http://localhost:{port}/formgrader")
