"""One submission from folder to points: by weight, by outcome, and never by the grader's own fault."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.courses.samples import STUB, check_cell, code, exercise, write, write_checks, write_release, write_submission
from tinytorch.errors import ReleaseError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import CheckResult, Outcome, SubmissionResult
from tinytorch.grading.base.setup import Setup
from tinytorch.grading.run import submission

GRADE = """
@pytest.mark.grade('check_double', weight={weight})
def test_{name}(student, rng):
    '''{says}'''
    {body}
"""
DOUBLE = "def double(x):\n    return 2 * x"


def check_text(name: str, body: str, weight: float = 1, says: str = "Doubles.") -> str:
    return GRADE.format(name=name, body=body, weight=weight, says=says)


TWICE = check_text("twice", "check.exactly(student.double(np.array([1, 2])), np.array([2, 4]))", weight=3)
REFUSES = check_text("refuses", "with check.raises(TypeError): student.double(None)", says="Refuses nothing.")


@pytest.fixture
def grade(tmp_path: Path, sandbox: str):
    """Grades a submission whose exercise has the given source by the given checks."""
    write_release(tmp_path / "release")

    def run(source: str | None, checks: str = TWICE, **options: object) -> SubmissionResult:
        (tmp_path / "submission").mkdir(exist_ok=True)
        if source is not None:
            write_submission(tmp_path / "submission", source)
        write_checks(tmp_path / "hidden", checks)
        only = options.pop("only", None)
        setup = Setup(tmp_path / "release", tmp_path / "hidden", **{"sandbox": sandbox, **options})
        return submission.grade_submission(tmp_path / "submission", setup, only)

    return run


def only_check(result: SubmissionResult) -> CheckResult:
    assert result.fault == ""
    return result.exercises[0].checks[0]


def test_a_right_answer_earns_its_points(grade) -> None:
    result = grade(DOUBLE, TWICE + REFUSES)
    assert (result.score, result.points, result.fault) == (10, 10, "")
    assert only_check(result).requirement == "Doubles."
    assert {run.status for run in result.cells} == {"ok"}


def test_points_are_shared_by_weight(grade) -> None:
    result = grade("def double(x):\n    return 2 * x if x is not None else 0", TWICE + REFUSES)
    assert result.score == 7.5
    assert [check.outcome for check in result.exercises[0].checks] == [Outcome.PASSED, Outcome.FAILED]


def test_an_untouched_release_earns_nothing(grade) -> None:
    result = grade(STUB, TWICE + REFUSES)
    assert result.score == 0
    assert {check.words for check in result.exercises[0].checks} == {"double is not written yet"}


def test_an_error_is_told_with_the_students_line(grade) -> None:
    check = only_check(grade("def double(x):\n    return x.twice"))
    assert check.outcome is Outcome.ERRORED
    assert "AttributeError" in check.words
    assert "01_first, cell 1, line 3: `return x.twice`" in check.words


def test_a_name_error_tells_which_cell_failed_before(grade, tmp_path: Path) -> None:
    cells = code("import nowhere\nfactor = 2", "own"), exercise("def double(x):\n    return factor * x", "double")
    write(tmp_path / "submission", "01_first", *cells)
    check = only_check(grade(None))
    assert check.outcome is Outcome.ERRORED
    assert "cell 1 of 01_first failed before: ModuleNotFoundError: No module named 'nowhere'" in check.words


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("def double(x):\n    while True: pass", Outcome.TIMED_OUT),
        ("def double(x):\n    import os; os._exit(0)", Outcome.CRASHED),
        ("def double(x):\n    raise SystemExit(0)", Outcome.ERRORED),
        ("def double(x):\n    print('10/10 passed')", Outcome.FAILED),
        ("def double(x:\n    return 2 * x", Outcome.FAILED),
    ],
    ids=["hangs", "dies", "leaves", "prints", "syntax"],
)
def test_each_end_of_a_call_has_its_outcome(grade, source: str, outcome: Outcome) -> None:
    result = grade(source, limits=Limits(call_s=1, cell_s=1))
    assert only_check(result).outcome is outcome
    assert result.score == 0


def test_the_visible_check_decides_nothing(grade, tmp_path: Path) -> None:
    cells = (exercise("def double(x):\n    return 3 * x", "double"), check_cell("assert True", "double", 1000))
    write(tmp_path / "submission", "01_first", *cells)
    result = grade(None)
    assert (result.score, result.points) == (0, 10)


def test_a_missing_notebook_costs_its_lesson_with_the_reason(grade) -> None:
    check = only_check(grade(None))
    assert check.outcome is Outcome.NOT_RUN
    assert check.words == "the submission has no notebook 01_first.ipynb"


def test_an_unreadable_notebook_costs_its_lesson_with_the_reason(grade, tmp_path: Path) -> None:
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "01_first.ipynb").write_text("this is no notebook")
    check = only_check(grade(None))
    assert check.outcome is Outcome.NOT_RUN
    assert "cannot be read" in check.words


def race_text(*ratios: float) -> str:
    """Two checks: doubling, worth 3, and a made-up race worth 5 whose pairs have the given ratios."""
    body = (
        "from tinytorch.bench import compare_timed; "
        f"given = iter({list(ratios)} * 60); bands = {{0.5: 0.4, 1.0: 1.0}}; "
        "check.bands(compare_timed(lambda: 1.0, lambda: next(given), bound=tuple(bands)), bands)"
    )
    return TWICE + check_text("race", body, weight=5, says="Is fast.")


@pytest.mark.parametrize(
    ("ratios", "outcome", "share", "score"),
    [
        ([0.1], Outcome.FAILED, 0.0, 3.75),
        ([0.7], Outcome.PARTIAL, 0.4, 6.25),
        ([1.2], Outcome.PASSED, 1.0, 10.0),
        ([0.3, 0.7], Outcome.UNDECIDED, 0.4, 6.25),
        ([0.7, 1.3], Outcome.UNDECIDED, 1.0, 10.0),
    ],
    ids=["slow", "in part", "fast", "doubtful below", "doubtful above"],
)
def test_a_race_earns_the_share_of_its_band(grade, ratios, outcome, share, score) -> None:
    result = grade(DOUBLE, race_text(*ratios))
    race = result.exercises[0].checks[1]
    assert (race.outcome, race.share, result.score, result.fault) == (outcome, share, score, "")
    assert "times the speed of the stated reference; 0.5 earns 40 %, 1 earns all" in race.words
    assert [measured.bands for measured in race.races] == [{"0.5": 0.4, "1": 1.0}]
    assert len(race.races[0].candidate_us) == race.races[0].pairs >= 7
    assert SubmissionResult.from_json(result.to_json()) == result


def test_of_several_races_the_least_share_counts(grade) -> None:
    body = (
        "from tinytorch.bench import compare_timed; bands = {0.5: 0.4, 1.0: 1.0}\n"
        "    for ratio in (2.0, 0.7): check.bands(compare_timed(lambda: 1.0, lambda: ratio, bound=tuple(bands)), bands)"
    )
    result = grade(DOUBLE, check_text("races", body))
    assert (result.score, len(only_check(result).races)) == (4.0, 2)


def test_an_answer_the_check_cannot_read_is_the_students(grade) -> None:
    check = only_check(grade("def double(x):\n    return None", check_text("pair", "q, scale = student.double(1)")))
    assert check.outcome is Outcome.FAILED
    assert "what double returned cannot be used as the task says: None" in check.words


@pytest.mark.parametrize("answer", ["float('inf')", "float('nan')", "0", "[]", "'x'", "1j"])
def test_an_answer_a_careless_check_stumbles_over_is_the_students(grade, answer: str) -> None:
    careless = check_text("careless", "1 / int(student.double(1))")
    check = only_check(grade(f"def double(x):\n    return {answer}", careless))
    assert check.outcome is Outcome.FAILED
    assert "what double returned cannot be used as the task says" in check.words


def test_words_are_text_of_bounded_length(grade) -> None:
    source = "def double(x):\n    return {'\\ud800\\x1b[2J' + str(n) * 999: 1 for n in range(99)}"
    check = only_check(grade(source, check_text("keys", "check.keys(student.double(1), ['twice'])")))
    assert len(check.words) <= 600
    assert check.words.encode().isascii()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("assert student.double(1) == 3", "AssertionError"),
        ("1 / 0", "ZeroDivisionError"),
        ("np.nothing", "AttributeError"),
        ("pytest.fail('no')", "Failed"),
        ("pytest.skip('later')", "Skipped"),
        ("student.double(object())", "TypeError"),
    ],
)
def test_a_fault_of_the_check_is_ours(grade, body: str, says: str) -> None:
    result = grade(DOUBLE, check_text("broken", body))
    assert says in result.fault
    assert result.exercises == ()


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        ("def broken(:\n", "cannot be collected"),
        ("def test_unmarked(student): pass\n", "needs marks"),
        (TWICE.replace("check_double", "check_other"), "no hidden check decides check_double"),
        (TWICE + TWICE.replace("check_double", "check_other").replace("test_twice", "test_x"), "has no grade cell"),
        ("", "did not run"),
    ],
    ids=["syntax", "unmarked", "undecided exercise", "unknown cell", "none"],
)
def test_checks_that_do_not_fit_the_release_are_our_fault(grade, checks: str, says: str) -> None:
    result = grade(DOUBLE, checks)
    assert says in result.fault
    assert result.score == 0


def test_the_seed_decides_the_random_inputs(grade) -> None:
    body = "raise check.CheckFailed(str(student.double(rng.integers(1 << 60))))"
    words = [only_check(grade(DOUBLE, check_text("draw", body), seed=seed)).words for seed in (1, 1, 2)]
    assert words[0] == words[1] != words[2]


def test_only_counts_what_it_ran(grade) -> None:
    assert [check.check for check in grade(DOUBLE, TWICE + REFUSES, only="refuses").exercises[0].checks] == [
        "test_01_first::test_refuses"
    ]


def test_words_and_results_do_not_hold_the_checks_source(grade) -> None:
    text = grade("def double(x):\n    return x", TWICE + REFUSES).to_json()
    assert "check.exactly" not in text
    assert "np.array([2, 4])" not in text


def test_nothing_of_a_run_stays_behind(grade, tmp_path: Path) -> None:
    before = dict(os.environ)
    grade(DOUBLE)
    assert dict(os.environ).keys() - {"PYTEST_CURRENT_TEST"} == before.keys() - {"PYTEST_CURRENT_TEST"}
    assert not [name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))]
    assert not list((tmp_path / "hidden").rglob("__pycache__"))


def test_results_survive_json(grade) -> None:
    result = grade(DOUBLE, TWICE)
    assert SubmissionResult.from_json(result.to_json()) == result


def test_a_folder_without_release_is_told(tmp_path: Path, sandbox: str) -> None:
    with pytest.raises(ReleaseError, match="generate the release first"):
        submission.grade_submission(tmp_path, Setup(tmp_path, tmp_path, sandbox=sandbox))


def test_a_release_without_points_is_told(tmp_path: Path, sandbox: str) -> None:
    write(tmp_path / "release", "01_first", code("assert 1", "check", nbgrader={"grade": True, "grade_id": "check_x"}))
    with pytest.raises(ReleaseError, match=r"01_first: the graded cell check_x has no name or no points\. Fix"):
        submission.grade_submission(tmp_path, Setup(tmp_path / "release", tmp_path, sandbox=sandbox))


def test_without_a_sandbox_the_points_are_the_same(grade) -> None:
    assert grade(DOUBLE, TWICE, sandbox="none").score == 10


def test_the_authors_entry_prints_a_plain_table(grade, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grade(DOUBLE)
    given = [str(tmp_path / "submission"), "--release", str(tmp_path / "release"), "--hidden", str(tmp_path / "hidden")]
    assert submission.main(given) == 0
    shown = capsys.readouterr().out
    assert "10.00 of 10  01_first check_double" in shown
    assert "passed" in shown


RACE = """
@pytest.mark.grade("check_double")
def test_speed(student):
    race = student.speed("double", lambda: (2,), "def reference(x):\\n    return 2 * x", lambda *_: None, bounds="near")
    check.bands(race, "near")
"""


def test_the_authors_entry_takes_the_module_s_bands(grade, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grade(DOUBLE)
    write_checks(tmp_path / "hidden", RACE)
    bands = tmp_path / "bands.toml"
    bands.write_text('[near]\ncompared = "times"\nshares = [[1e-9, 1.0]]\n')
    given = [str(tmp_path / "submission"), "--release", str(tmp_path / "release"), "--hidden", str(tmp_path / "hidden")]
    assert submission.main([*given, "--bands", str(bands)]) == 0
    assert "10 of 10 points" in capsys.readouterr().out
    assert submission.main(given) == 1
    assert "asks for the bands 'near', and no bands are given here" in capsys.readouterr().out
    assert submission.main([*given, "--bands", str(tmp_path / "none.toml")]) == 1
    assert "none.toml cannot be read: No such file" in capsys.readouterr().err
