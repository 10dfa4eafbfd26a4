"""Three lessons and their hidden checks, graded with the outcomes kept; notes what was run for it."""

from __future__ import annotations

from pathlib import Path

from tests.courses.samples import check_cell, code, exercise, write, write_checks
from tinytorch.grading.base.result import SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run.submission import grade_submission

EVERY = ["test_double", "test_double_of_zero", "test_triple", "test_triple_of_zero", "test_alone", "test_alone_of_zero"]
DOUBLE = "def double(x):\n    return 2 * x"
TRIPLE = "from tinytorch.core.sums.first import double\ndef triple(x):\n    return double(x) + x"
ALONE = "def alone(x):\n    return x"
STUBS = {"double": DOUBLE, "triple": TRIPLE, "alone": ALONE}
LESSONS = {"01_first": "double", "02_second": "triple", "03_third": "alone"}
CHECK = """
FACTOR = {factor}


@pytest.mark.grade("check_{name}", weight={weight})
def test_{name}(student):
    '''{says}'''
    check.exactly(student.{name}(5), FACTOR * 5)


@pytest.mark.grade("check_{name}", weight=1)
def test_{name}_of_zero(student):
    '''Of zero.'''
    check.exactly(student.{name}(0), 0)
"""
RACE = """
@pytest.mark.grade("check_alone", weight=1)
def test_speed(student, rng):
    '''Fast.'''
    race = student.speed("alone", lambda: (rng.random(9),), "def reference(x):\\n    return x", bounds={{0.001: 1.0}})
    check.bands(race, {{0.001: 1.0}})
"""


class Course:
    """Three lessons of which the second imports from the first, graded with their outcomes kept."""

    def __init__(self, root: Path, ran: list[str], started: list[str]) -> None:
        self.root, self.ran, self.started = root, ran, started
        for lesson, name in LESSONS.items():
            self.write_lesson(
                "release", lesson, f"def {name}(x):\n    raise NotImplementedError('{name}: not written yet')"
            )
            self.hand_in(lesson, STUBS[name])
            self.write_check(lesson)

    def write_lesson(self, folder: str, lesson: str, source: str, prose: str = "") -> None:
        name = LESSONS[lesson]
        target = code(f"#| default_exp core.sums.{lesson[3:]}", "target")
        extra = [code(f"# {prose}", "prose")] if prose else []
        write(self.root / folder, lesson, target, *extra, exercise(source, name), check_cell("pass", name, 10))

    def hand_in(self, lesson: str, source: str) -> None:
        self.write_lesson("submission", lesson, source)

    def write_check(self, lesson: str, weight: float = 3, says: str = "Works.", more: str = "") -> None:
        name = LESSONS[lesson]
        factor = {"double": 2, "triple": 3, "alone": 1}[name]
        text = CHECK.format(name=name, weight=weight, says=says, factor=factor) + more
        write_checks(self.root / "hidden", text, lesson)

    def grade(self, **changes: object) -> SubmissionResult:
        self.ran.clear()
        self.started.clear()
        given = {"sandbox": "none", "outcomes_dir": self.root / "kept", **changes}
        result = grade_submission(self.root / "submission", Setup(self.root / "release", self.root / "hidden", **given))
        assert result.fault == ""
        return result
