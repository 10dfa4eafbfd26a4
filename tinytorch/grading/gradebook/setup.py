"""What a module is graded with in this checkout, from its folders and nbgrader_config.py."""

from __future__ import annotations

from tinytorch.course.names import Module
from tinytorch.course.project import Project
from tinytorch.errors import GradingError
from tinytorch.grading.base.setup import DEFAULT_SEED, Setup
from tinytorch.grading.gradebook.converters import load_config
from tinytorch.grading.run.store import Store


def setup_for(project: Project, module: Module, sandbox: str, seed: int | None) -> Setup:
    """The module's setup; the seed is the configuration's unless given."""
    if seed is None:
        seed = int(load_config(project).GradeByHiddenChecks.get("seed", DEFAULT_SEED))
    hidden = project.hidden_dir(module)
    if not any(hidden.glob("test_*.py")):
        raise GradingError(f"{hidden}: the hidden checks are missing; grade from a complete checkout.")
    return Setup(project.release_dir(module), hidden, sandbox=sandbox, seed=seed)


def result_store(project: Project) -> Store:
    return Store(project.assignments_dir / "results")
