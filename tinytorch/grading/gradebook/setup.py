"""What a module is graded with in this checkout, from its folders and nbgrader_config.py."""

from __future__ import annotations

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from tinytorch.errors import GradingError
from tinytorch.grading.base.setup import DEFAULT_SEED, Setup
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
    return Setup(class_folder.release, hidden, sandbox=sandbox, seed=seed, outcomes_dir=class_folder.outcomes)
