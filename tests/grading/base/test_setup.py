"""What a class is graded with."""

from __future__ import annotations

import pytest

from tinytorch.errors import GradingError
from tinytorch.grading.base.setup import SANDBOXES, sandbox_named


@pytest.mark.parametrize("name", SANDBOXES)
def test_a_known_sandbox_is_taken(name: str) -> None:
    assert sandbox_named(name) == name


@pytest.mark.parametrize("name", ["bwarp", "", "None", "bwrap "])
def test_a_misspelled_sandbox_is_refused_and_not_taken_for_none(name: str) -> None:
    with pytest.raises(GradingError, match="bwrap or none"):
        sandbox_named(name)
