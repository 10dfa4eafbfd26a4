"""The setup that a module is graded with in this checkout, from its folders and nbgrader_config.py."""

from __future__ import annotations

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tinytorch.course.bands import read_bands
from tinytorch.course.notebooks import notebook_bytes
from tinytorch.course.required import released_notebooks
from tinytorch.errors import GradingError
from tinytorch.grading.base.setup import DEFAULT_SEED, Required, Setup, plain_bands, sandbox_named
from tinytorch.grading.gradebook.folder import ClassFolder

CONFIG_NAME = "nbgrader_config.py"


def load_config(class_folder: ClassFolder) -> Config:
    """The project's nbgrader settings, as `nbgrader` itself reads them."""
    root = class_folder.project.root
    if not (root / CONFIG_NAME).is_file():
        raise GradingError(f"{root / CONFIG_NAME}: nbgrader's settings are missing; grade from a complete checkout.")
    return PyFileConfigLoader(CONFIG_NAME, path=str(root)).load_config()


def setup_for(class_folder: ClassFolder, sandbox: str, seed: int | None) -> Setup:
    """The module's setup; the seed is the configuration's unless given."""
    if seed is None:
        seed = int(load_config(class_folder).GradeByHiddenChecks.get("seed", DEFAULT_SEED))
    hidden = class_folder.hidden
    if not any(hidden.glob("test_*.py")):
        raise GradingError(f"{hidden}: the hidden checks are missing; grade from a complete checkout.")
    return Setup(
        class_folder.release,
        hidden,
        sandbox=sandbox_named(sandbox),
        seed=seed,
        required=_required(class_folder),
        outcomes_dir=class_folder.outcomes,
        bands=plain_bands(read_bands(class_folder.lessons)),
    )


def _required(class_folder: ClassFolder) -> tuple[Required, ...]:
    """The lessons of the modules that this one builds on, made from their sources as a release is."""
    packages = released_notebooks(class_folder.project, class_folder.module)
    return tuple(
        Required(lesson.name, notebook_bytes(notebook).decode())
        for notebooks in packages.values()
        for lesson, notebook in notebooks
    )
