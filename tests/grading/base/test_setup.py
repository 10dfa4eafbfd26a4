"""What a class is graded with."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tinytorch.errors import GradingError
from tinytorch.grading.base.setup import SANDBOXES, Setup, bands_from, sandbox_named


@pytest.mark.parametrize("name", SANDBOXES)
def test_a_known_sandbox_is_taken(name: str) -> None:
    assert sandbox_named(name) == name


@pytest.mark.parametrize("name", ["bwarp", "", "None", "bwrap "])
def test_a_misspelled_sandbox_is_refused_and_not_taken_for_none(name: str) -> None:
    with pytest.raises(GradingError, match="bwrap or none"):
        sandbox_named(name)


def test_bands_are_ratios_and_shares_by_name(tmp_path: Path) -> None:
    path = tmp_path / "bands.toml"
    path.write_text('[near]\ncompared = "times"\nshares = [[0.5, 0.4], [2, 1]]\n')
    assert bands_from(path) == {"near": ((0.5, 0.4), (2.0, 1.0))}


@pytest.mark.parametrize(
    ("text", "words"),
    [("[near", "cannot be read"), ("[near]", "must have the keys compared and shares"), (None, "No such file")],
)
def test_a_file_of_bands_that_is_none_is_one_sentence(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "bands.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(GradingError, match=words):
        bands_from(path)


def test_a_setup_travels_to_other_processes_and_into_sets(tmp_path: Path) -> None:
    setup = Setup(tmp_path, tmp_path, bands={"near": ((0.5, 1.0),)})
    assert pickle.loads(pickle.dumps(setup)) == setup
    assert setup in {setup}
