"""The mutation run itself: which mutants it draws, how it judges them, and that it goes on where it was stopped."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.tools.mutants.__main__ import run
from tests.tools.mutants.checks import HIDDEN, checks_hash, hidden_checks
from tests.tools.mutants.grade import Verdict, judge
from tests.tools.mutants.mutants import Mutant, all_mutants, chosen, reference_notebooks
from tests.tools.mutants.record import Record, explained, report
from tinytorch.course.markers import find_regions
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.sandbox.bubblewrap import check_available
from tinytorch.notebooks.cells import grade_id


@pytest.fixture(scope="module")
def mutants() -> list[Mutant]:
    return all_mutants(reference_notebooks())


def test_every_exercise_with_code_has_mutants(mutants: list[Mutant]) -> None:
    cells = {check.cell.removeprefix("check_") for check in hidden_checks()}
    assert cells - {mutant.exercise for mutant in mutants} == set()


def test_keys_are_unique(mutants: list[Mutant]) -> None:
    assert len({mutant.key for mutant in mutants}) == len(mutants)


def test_a_mutant_differs_from_the_reference_in_its_solution_only(mutants: list[Mutant]) -> None:
    cells = {
        (lesson, grade_id(cell)): cell.source
        for lesson, notebook in reference_notebooks().items()
        for cell in notebook.cells
    }
    outside = {key: given_lines(text) for key, text in cells.items()}
    wrong = [each.key for each in mutants if given_lines(each.source) != outside[each.lesson, each.exercise]]
    assert wrong == []


def given_lines(source: str) -> list[str]:
    """The lines of a cell that no student writes."""
    inside = {number for region in find_regions(source) for number in range(region.begin + 1, region.end)}
    return [line for number, line in enumerate(source.split("\n")) if number not in inside]


def test_the_same_seed_draws_the_same_and_every_exercise_has_its_share(mutants: list[Mutant]) -> None:
    drawn = chosen(mutants, 60, seed=13)
    assert drawn == chosen(mutants, 60, seed=13)
    assert drawn != chosen(mutants, 60, seed=14)
    counts = {exercise: sum(each.exercise == exercise for each in drawn) for exercise in {m.exercise for m in mutants}}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_every_hidden_check_is_known_to_the_run() -> None:
    written = {
        f"{path.stem}::{node.name}"
        for path in HIDDEN.glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert {check.name for check in hidden_checks()} == written
    assert all(check.lesson and check.cell.startswith("check_") for check in hidden_checks())


def test_races_are_those_checks_that_judge_bands() -> None:
    races = {check.name for check in hidden_checks() if check.is_race}
    assert "test_02_matmul::test_naive_is_compiled" in races
    assert "test_05_speed::test_speed_of_quantize" in races
    assert "test_01_timing::test_warm_up" not in races


def test_what_is_explained_is_a_mutant_of_now(mutants: list[Mutant]) -> None:
    assert sorted(set(explained()) - {mutant.key for mutant in mutants}) == []


def test_a_verdict_by_the_same_checks_is_not_found_again(tmp_path: Path, mutants: list[Mutant]) -> None:
    [mutant] = chosen(mutants, 1, seed=1)
    verdict = Verdict(mutant.key, 1.0, ("test_x::test_y",), "failed: words", False, 2.0)
    record = Record(tmp_path / "verdicts.jsonl")
    record.add(verdict, checks_hash(mutant.lesson))
    with record.path.open("a") as file:
        file.write('{"key": "half a li')
    assert run([mutant], record, jobs=1, seed=13) == ({mutant.key: verdict}, [])


def test_the_report_shows_a_survivor_and_the_reason_for_another(mutants: list[Mutant]) -> None:
    first, second, third = chosen(mutants, 3, seed=1)
    verdicts = {mutant.key: Verdict(mutant.key, 0.0, (), "", False, 1.0) for mutant in (first, second)}
    verdicts[third.key] = Verdict(third.key, 2.0, ("test_x::test_y",), "failed: words", True, 1.0)
    text = report([first, second, third], verdicts, {second.key: "the same result"}, 13, [])
    assert "1 lost points (33.3%), 1 of them in races only" in text
    assert first.diff.split("\n")[0] in text.partition("Explained survivors")[0]
    assert "the same result" in text.partition("Explained survivors")[2]


def test_a_fault_loses_points_in_the_sandboxed_grader(tmp_path: Path, mutants: list[Mutant]) -> None:
    try:
        check_available()
    except SandboxUnavailableError as err:
        pytest.skip(str(err))
    [mutant] = [each for each in mutants if each.exercise == "time_kernel" and "samples_ns) * 1000" in each.diff]
    verdict = judge(mutant, tmp_path, seed=13)
    assert "test_01_timing::test_time_of_a_known_wait" in verdict.failed
    assert verdict.lost > 0
