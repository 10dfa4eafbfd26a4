"""The gate refuses bands that something does not use, and hidden checks that ask for others."""

from __future__ import annotations

import pytest

from tests.courses.toy import MODULE, AtOnce, Toy
from tinytorch.errors import ReleaseError
from tinytorch.grading.gradebook.band_problems import band_problems
from tinytorch.grading.gradebook.gate import check_release
from tinytorch.grading.gradebook.release import generate_release

RACE = """

@pytest.mark.grade("check_add_first", weight=1)
def test_speed(student):
    '''Fast.'''
    check.bands(student.speed("add_first", lambda: (1, 2), "def reference(a, b): ...", bounds="{0}"), "{0}")
"""


def say(toy: Toy, *, bands: str = "near", table: str = "near", code: str = "near", raced: str = "near") -> None:
    """Writes each of them somewhere in the module, or nothing where the name is empty."""
    sources = toy.project.modules_dir / MODULE
    text = "".join(f'[{name}]\ncompared = "times"\nshares = [[0.5, 1.0]]\n' for name in bands.split())
    (sources / "bands.toml").write_text(text)
    lesson = sources / "01_first.py"
    shown = f"\n# %% [markdown]\n# {{bands: {table}}}\n" if table else ""
    measured = f'\n# %% tags=["measure"]\nprint(BANDS["{code}"])\n' if code else ""
    lesson.write_text(lesson.read_text() + shown + measured)
    checks = toy.class_folder.hidden / "test_01_first.py"
    checks.write_text(checks.read_text() + (RACE.format(raced) if raced else ""))


def test_bands_that_are_used_everywhere_are_no_problem(toy: Toy) -> None:
    assert band_problems(toy.class_folder) == []
    say(toy)
    assert band_problems(toy.class_folder) == []


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("table", "bands.toml: no lesson shows [near]; add a line {bands: near} or remove the band"),
        ("code", 'bands.toml: no lesson measures by BANDS["near"]; add a race or remove the band'),
        ("raced", "bands.toml: no hidden check races by [near]; add one or remove the band"),
    ],
)
def test_a_band_that_is_not_used_is_refused(toy: Toy, place: str, problem: str) -> None:
    say(toy, **{place: ""})
    assert band_problems(toy.class_folder) == [problem]


def test_a_check_that_asks_for_another_band_is_refused(toy: Toy) -> None:
    say(toy, bands="near wide", raced="far")
    assert band_problems(toy.class_folder)[-1] == (
        "test_01_first.py: a hidden check asks for the bands 'far'; bands.toml has near, wide"
    )


def test_the_gate_refuses_before_it_grades(toy: Toy) -> None:
    say(toy, raced="far")
    generate_release(toy.class_folder)
    with pytest.raises(ReleaseError, match=r"the gate refuses the release.*\n.*races by \[near\].*\n.*bands 'far'"):
        check_release(toy.class_folder, sandbox="none", open_executor=AtOnce)
