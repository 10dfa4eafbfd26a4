"""Ways to look fast, each graded for real: none earns what only speed earns, and honest work beside them does.

Each submission of tests/submissions/hostile/speed does its work twenty times over where a quick one does it
once, and tries to hide that; those that multiply are quick and take less precision than the result needs.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.courses.samples import HEAD, check_cell, exercise, write
from tinytorch.grading.base.result import CheckResult, Outcome
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.checks.failed import CheckFailed
from tinytorch.grading.run.submission import grade_submission
from tinytorch.grading.sandbox.session import Session

ROOT = Path(__file__).parents[3]
CHEATS = ROOT / "tests" / "submissions" / "hostile" / "speed"
STUB = 'def {0}(*arrays):\n    raise NotImplementedError("{0}: not written yet")'
HONEST = "import numpy as np\ndef arrange(x):\n    return np.sort(x)"
SLOW = "import numpy as np\ndef arrange(x):\n    for _ in range(20):\n        result = np.sort(x)\n    return result"
POOL = (
    "from concurrent.futures import ThreadPoolExecutor\nimport numpy as np\npool = ThreadPoolExecutor(2)\n"
    "list(pool.map(abs, range(9)))\ndef arrange(x):\n    return pool.submit(np.sort, x).result()"
)
CHECKS = (
    HEAD
    + """
BANDS = {0.4: 0.5, 0.6: 1.0}
SORT = "def reference(x):\\n    return np.sort(x)"
PRODUCT = "def reference(A, B):\\n    return A @ B"


@pytest.mark.grade("check_arrange")
def test_arranged(student, rng):
    '''A small array is sorted.'''
    x = rng.standard_normal(50)
    check.exactly(student.arrange(x), np.sort(x))


@pytest.mark.grade("check_arrange")
def test_speed_of_arrange(student, rng):
    '''Speed of arrange against np.sort.'''
    def verify(inputs, result):
        check.exactly(result, np.sort(inputs[0]), what="a timed result")
    compared = student.speed("arrange", lambda: (rng.standard_normal(60_000),), SORT, verify, bounds=BANDS)
    check.bands(compared, BANDS)


@pytest.mark.grade("check_product")
def test_speed_of_product(student, rng):
    '''Speed of product against NumPy's.'''
    def verify(inputs, result):
        check.close(result, np.matmul(*inputs, dtype=np.float64), dtype=np.float32, terms=30)
    def operands():
        return tuple(rng.standard_normal((2, 250, 250), dtype=np.float32))
    check.bands(student.speed("product", operands, PRODUCT, verify, bounds=BANDS), BANDS)
"""
)


@pytest.fixture
def race(sandbox: str, tmp_path: Path) -> Callable[[str, str], dict[str, CheckResult]]:
    """Grades a notebook with that source in place of one exercise; results by the name of the check."""

    def grade(source: str, name: str) -> dict[str, CheckResult]:
        for folder, text in (("release", STUB.format(name)), ("submission", source)):
            write(tmp_path / folder, "01_first", exercise(text, name), check_cell("pass", name, 10))
        hidden = tmp_path / "hidden"
        hidden.mkdir()
        (hidden / "test_01_first.py").write_text(CHECKS)
        setup = Setup(tmp_path / "release", hidden, sandbox=sandbox)
        result = grade_submission(tmp_path / "submission", setup, name)
        assert result.fault == ""
        return {check.check.partition("::")[2]: check for check in result.exercises[0].checks}

    return grade


def source_of(name: str) -> str:
    return (CHEATS / f"{name}.py").read_text(encoding="utf-8")


def cheats(function: str) -> list[str]:
    return sorted(path.stem for path in CHEATS.glob("*.py") if f"def {function}(" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("source", [HONEST, POOL], ids=["plain", "with a pool of threads"])
def test_quick_work_earns_its_speed(race, source: str) -> None:
    found = race(source, "arrange")
    assert found["test_speed_of_arrange"].share == 1, found["test_speed_of_arrange"].words


def test_slow_work_earns_no_speed(race) -> None:
    found = race(SLOW, "arrange")
    assert found["test_arranged"].outcome is Outcome.PASSED
    assert (found["test_speed_of_arrange"].outcome, found["test_speed_of_arrange"].earned) == (Outcome.FAILED, 0)


@pytest.mark.parametrize("name", [*cheats("arrange"), *cheats("product")])
def test_a_cheat_finds_what_it_patches(open_session: Callable[..., Session], name: str) -> None:
    session = open_session(source_of(name))
    session.ensure_started()
    assert [(run.status, run.words) for run in session.cell_runs] == [("ok", "")]


@pytest.mark.parametrize("name", cheats("arrange"))
def test_slow_work_that_looks_quick_earns_no_speed(race, name: str) -> None:
    found = race(source_of(name), "arrange")["test_speed_of_arrange"]
    assert (found.outcome.earns, found.earned) == (False, 0), found.words


def test_a_product_of_lower_precision_earns_no_speed(race) -> None:
    found = race(source_of("half_precision"), "product")["test_speed_of_product"]
    assert (found.outcome, found.earned) == (Outcome.FAILED, 0)
    assert "a result is wrong" in found.words or "result" in found.words


@pytest.mark.parametrize("name", cheats("product"))
def test_the_timed_products_of_the_lesson_need_their_precision(name: str) -> None:
    spec = importlib.util.spec_from_file_location("checks_of_02", ROOT / "tests/hidden/13_kernels/test_02_matmul.py")
    lesson = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lesson)
    space: dict[str, Callable[..., np.ndarray]] = {}
    exec(source_of(name), space)
    operands = tuple(np.random.default_rng(5).standard_normal((2, 250, 250), dtype=np.float32))
    lesson.verify_product(operands, operands[0] @ operands[1])
    with pytest.raises(CheckFailed):
        lesson.verify_product(operands, space["product"](*operands))
