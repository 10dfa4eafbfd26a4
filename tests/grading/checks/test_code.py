"""The digest of a check changes with what its outcome depends on, and not with its weight, words or layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch.grading.checks.code import CheckFile, common_digest
from tinytorch.grading.checks.imported import imported

ROOMS = frozenset({"grading/checks", "bench", "errors.py"})
TEXT = '''\
"""Checks of one lesson."""

import math

import numpy as np
import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("01_first")
LIMIT = 3
OTHER = 4


def helper(x):
    return x + LIMIT


@pytest.fixture
def data():
    return np.arange(3)


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.grade("check_a", weight=2)
def test_one(student, data, n):
    """It works."""
    # A comment.
    check.exactly(student.one(data, n), helper(n))


@pytest.mark.grade("check_b")
def test_two(student):
    """It works too."""
    check.exactly(student.two(OTHER), math.pi)


class TestThree:
    """Several of a kind."""

    @pytest.mark.grade("check_c", 2)
    def test_inside(self, student):
        """It works inside."""
        check.require(student.three() > OTHER, "too small")
'''


def digests(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "test_01_first.py"
    path.write_text(text, encoding="utf-8")
    file = CheckFile(path, common_digest(tmp_path))
    return {name: file.digest(name, f"test_01_first::{name}", ROOMS) for name in ("test_one", "test_two", "TestThree")}


def changed(tmp_path: Path, old: str, new: str, text: str = TEXT) -> set[str]:
    assert old in text
    before, after = digests(tmp_path, text), digests(tmp_path, text.replace(old, new))
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight=2", "weight=5"),
        ("check_a", "check_z"),
        ('("check_b")', '("check_b", 7)'),
        ("It works.", "It is right."),
        ("It works inside.", "Inside."),
        ("# A comment.", "# Another."),
        ('"""Checks of one lesson."""', '"""Words."""'),
        ('lesson("01_first")', 'lesson("02_second")'),  # which notebook that is, is in the key of the lesson
        ("def helper(x):", "def helper(\n    x,\n):"),
        ("OTHER = 4\n", "OTHER = 4\nUNUSED = 5\n"),
    ],
)
def test_what_changes_no_outcome_changes_no_digest(tmp_path: Path, old: str, new: str) -> None:
    assert changed(tmp_path, old, new) == set()


@pytest.mark.parametrize(
    ("old", "new", "concerned"),
    [
        ("helper(n))", "helper(n) + 1)", {"test_one"}),
        ("return x + LIMIT", "return x - LIMIT", {"test_one"}),
        ("LIMIT = 3", "LIMIT = 4", {"test_one"}),
        ("np.arange(3)", "np.arange(4)", {"test_one"}),
        ("[1, 2]", "[1, 2, 3]", {"test_one"}),
        ("math.pi", "math.e", {"test_two"}),
        ("import math", "import cmath as math", {"test_two"}),
        ("OTHER = 4", "OTHER = 5", {"test_two", "TestThree"}),
        ("@pytest.fixture\n", "@pytest.fixture(autouse=True)\n", {"test_one", "test_two", "TestThree"}),
        ("LIMIT = 3\n", "LIMIT = 3\nnp.seterr(all='raise')\n", {"test_one", "test_two", "TestThree"}),
        ("too small", "too little", {"TestThree"}),
    ],
)
def test_what_may_change_an_outcome_changes_the_digests_that_it_concerns(
    tmp_path: Path, old: str, new: str, concerned: set[str]
) -> None:
    assert changed(tmp_path, old, new) == concerned


def test_code_that_looks_names_up_as_it_runs_depends_on_its_whole_file(tmp_path: Path) -> None:
    text = TEXT.replace("student.two(OTHER)", "student.two(globals()['OTHER'])")
    assert changed(tmp_path, "LIMIT = 3", "LIMIT = 4", text) == {"test_one", "test_two"}


def test_a_fixture_named_by_a_string_counts(tmp_path: Path) -> None:
    text = TEXT.replace(
        '@pytest.mark.grade("check_b")', '@pytest.mark.usefixtures("data")\n@pytest.mark.grade("check_b")'
    )
    assert changed(tmp_path, "np.arange(3)", "np.arange(4)", text) == {"test_one", "test_two"}


def test_a_file_beside_the_checks_concerns_all(tmp_path: Path) -> None:
    before = digests(tmp_path, TEXT)
    (tmp_path / "bands.toml").write_text("a = 1")
    after = digests(tmp_path, TEXT)
    assert all(before[name] != after[name] for name in before)


def test_another_file_of_checks_concerns_those_that_import_from_it(tmp_path: Path) -> None:
    text = TEXT.replace("import math\n", "import math\n\nfrom test_02_second import CASES\n").replace(
        "math.pi", "CASES"
    )
    (tmp_path / "test_02_second.py").write_text("CASES = 1")
    before = digests(tmp_path, text)
    (tmp_path / "test_02_second.py").write_text("CASES = 2")
    after = digests(tmp_path, text)
    assert {name for name in before if before[name] != after[name]} == {"test_two"}


@pytest.mark.parametrize(
    ("module", "is_named"),
    [
        ("tinytorch.bench", False),
        ("tinytorch.errors", False),
        ("tinytorch.core.kernels", True),
        ("tinytorch.benches", True),
    ],
)
def test_rooms_outside_the_graders_digest_are_in_the_checks(tmp_path: Path, module: str, is_named: bool) -> None:
    assert (imported([f"{module}.thing"], tmp_path, ROOMS) != {f"{module}.thing": ""}) is is_named


BANDS = {"near": ((0.5, 1.0),), "far": ((2.0, 1.0),)}
RACES = TEXT.replace("student.one(data, n)", "races(student, 'near')").replace(
    "def helper(x):",
    "def races(student, bands):\n    check.bands(student.speed('one', bounds=bands), bands)\n\n\ndef helper(x):",
)


def file_of(tmp_path: Path, text: str, bands: dict) -> CheckFile:
    path = tmp_path / "test_01_first.py"
    path.write_text(text, encoding="utf-8")
    return CheckFile(path, common_digest(tmp_path), bands)


def changed_by_bands(tmp_path: Path, text: str, bands: dict) -> set[str]:
    """The checks whose digest is another with these bands."""
    names = ("test_one", "test_two", "TestThree")
    files = [file_of(tmp_path, text, each) for each in (BANDS, bands)]
    before, after = ([file.digest(name, name, ROOMS) for name in names] for file in files)
    return {name for name, one, other in zip(names, before, after, strict=True) if one != other}


@pytest.mark.parametrize(("name", "concerned"), [("near", {"test_one"}), ("far", set())])
def test_a_band_concerns_the_checks_that_name_it(tmp_path: Path, name: str, concerned: set[str]) -> None:
    assert changed_by_bands(tmp_path, RACES, {**BANDS, name: ((0.7, 1.0),)}) == concerned


def test_a_band_that_is_new_or_gone_concerns_the_checks_that_name_it(tmp_path: Path) -> None:
    assert changed_by_bands(tmp_path, RACES, {"far": BANDS["far"]}) == {"test_one"}
    assert changed_by_bands(tmp_path, RACES, {**BANDS, "new": ((0.7, 1.0),)}) == set()


@pytest.mark.parametrize(
    "text",
    [RACES.replace("math.pi", "eval('math.pi')"), "import beside\n" + RACES.replace("math.pi", "beside.NAMES")],
    ids=["looks names up", "imports from a file beside"],
)
def test_code_whose_names_are_not_all_in_it_depends_on_every_band(tmp_path: Path, text: str) -> None:
    (tmp_path / "beside.py").write_text("NAMES = ['far']")
    assert changed_by_bands(tmp_path, text, {**BANDS, "far": ((0.7, 1.0),)}) == {"test_two"}


def test_the_bands_raced_by_are_those_of_checks_that_judge_a_race(tmp_path: Path) -> None:
    text = RACES.replace("math.pi", "'far'")
    assert file_of(tmp_path, text, BANDS).bands_raced() == {"near"}


def test_the_bands_asked_for_are_found_wherever_they_are_said_plainly(tmp_path: Path) -> None:
    text = RACES.replace("math.pi", "check.bands(student.speed('f', bounds='a'), 'b') or races(student, bands='c')")
    assert file_of(tmp_path, text, BANDS).bands_asked() == {"a", "b", "c"}


def test_two_parameters_of_one_check_have_their_own_digest(tmp_path: Path) -> None:
    path = tmp_path / "test_01_first.py"
    path.write_text(TEXT)
    file = CheckFile(path, "")
    assert len({file.digest("test_one", f"test_01_first::test_one[{n}]", ROOMS) for n in (1, 2)}) == 2
