"""Is a module graded with what its folders and nbgrader's settings say?"""

from __future__ import annotations

import shutil

import pytest

from tests.courses.toy import MODULE, Toy
from tinytorch.errors import GradingError
from tinytorch.grading.base.setup import DEFAULT_SEED, Setup
from tinytorch.grading.gradebook.setup import setup_for


def test_all_is_where_the_checkout_keeps_it(toy: Toy) -> None:
    assignments = toy.assignments
    assert setup_for(toy.class_folder, "none", 7) == Setup(
        release_dir=assignments / "release" / MODULE,
        hidden_dir=toy.project.root / "tests" / "hidden" / MODULE,
        sandbox="none",
        seed=7,
        outcomes_dir=assignments / "results" / "lessons",
    )


def test_the_bands_are_those_beside_the_lessons(toy: Toy) -> None:
    assert setup_for(toy.class_folder, "none", 7).bands == {}
    path = toy.project.modules_dir / MODULE / "bands.toml"
    path.write_text('[near]\ncompared = "times"\nshares = [[0.5, 1.0]]\n')
    assert setup_for(toy.class_folder, "none", 7).bands == {"near": ((0.5, 1.0),)}


def test_the_seed_is_the_settings_unless_given(toy: Toy) -> None:
    assert setup_for(toy.class_folder, "none", None).seed == DEFAULT_SEED
    with (toy.project.root / "nbgrader_config.py").open("a") as settings:
        settings.write("\nc.GradeByHiddenChecks.seed = 99\n")
    assert setup_for(toy.class_folder, "none", None).seed == 99
    assert setup_for(toy.class_folder, "none", 7).seed == 7


def test_without_hidden_checks_nothing_is_graded(toy: Toy) -> None:
    shutil.rmtree(toy.class_folder.hidden)
    with pytest.raises(GradingError, match="the hidden checks are missing; grade from a complete checkout"):
        setup_for(toy.class_folder, "none", 7)
