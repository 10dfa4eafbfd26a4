"""Processes with an environment of their own: what they say arrives, and a death costs one case."""

import os

import pytest

from tests.tools.benchmarks import calls, catalogue
from tests.tools.benchmarks.bars import Standing, World
from tests.tools.benchmarks.case import QUICK, Case, Race, row_of
from tests.tools.benchmarks.children import run_setting
from tests.tools.benchmarks.processes import ProcessDiedError, answer
from tests.tools.benchmarks.settings import SETTINGS, Processor, Setting, missing
from tests.tools.benchmarks.sides import run_sides

HERE = World(32, has_dot4=False)
PLAIN = Setting("plain", "nothing set", {"TINYTORCH_TEST_WORD": "set"}, {"TINYTORCH_TEST_WORD": "the other"})


def unused() -> Race:
    raise AssertionError("only a process makes the race")


def case(name: str) -> Case:
    return Case(name, "group", "ours", "theirs", unused)


def say_word(pipe) -> None:
    pipe.send(os.environ.get("TINYTORCH_TEST_WORD"))


def die(pipe) -> None:
    os._exit(3)


def serve(pipe, names, effort) -> None:
    """Stands in for a process that runs cases: the one called `deadly` ends it."""
    pipe.send(HERE)
    for name in names:
        if name == "deadly":
            os._exit(3)
        pipe.send(row_of(case(name), why=os.environ["TINYTORCH_TEST_WORD"]))


def serve_side(pipe, name, side) -> None:
    """Stands in for a side: two seconds for the reference, half of one for the candidate; `wrong` has a wrong one."""
    if name == "wrong" and side == "candidate":
        pipe.send("the candidate element [0] is nan, not 1.0")
        return
    pipe.send(HERE)
    try:
        while pipe.recv():
            if name == "deadly":
                os._exit(3)
            pipe.send(2.0 if side == "reference" else 0.5)
    except EOFError:
        return


def test_the_environment_is_the_process_s_alone():
    assert answer(PLAIN.environment, say_word) == "set"
    assert "TINYTORCH_TEST_WORD" not in os.environ


def test_a_death_is_told_with_its_exit_code():
    with pytest.raises(ProcessDiedError, match="exit code 3"):
        answer({}, die)


def test_a_case_that_ends_its_process_fails_and_the_others_go_on():
    rows = []
    world = run_setting(PLAIN, [case(name) for name in ("a", "deadly", "b")], QUICK, rows.append, serve)
    assert world == HERE
    assert [(row.name, row.standing) for row in rows] == [
        ("a", Standing.NO_BAR),
        ("deadly", Standing.FAILED),
        ("b", Standing.NO_BAR),
    ]
    assert rows[1].why == "the process died (exit code 3)"
    assert rows[2].why == "set"


def test_two_sides_are_timed_by_their_own_processes():
    row, world = run_sides(PLAIN, case("fine"), QUICK, serve_side)
    assert (row.value, row.standing, world) == (4.0, Standing.NO_BAR, HERE)


@pytest.mark.parametrize(("name", "words"), [("wrong", "is nan"), ("deadly", "exit code 3")])
def test_a_wrong_or_dead_side_fails(name, words):
    row, _ = run_sides(PLAIN, case(name), QUICK, serve_side)
    assert row.standing is Standing.FAILED
    assert words in row.why


@pytest.mark.parametrize(
    ("setting", "processor", "why"),
    [
        ("one thread", Processor(True, 32, 1), ""),
        ("two threads", Processor(True, 32, 1), "needs 2 cores"),
        ("two threads", Processor(True, 32, 2), ""),
        ("16-byte vectors", Processor(True, 32, 2), ""),
        ("16-byte vectors", Processor(False, 16, 8), "needs an x86 processor"),
        ("32-byte vectors", Processor(True, 32, 2), "this processor's vectors have 32 bytes"),
        ("32-byte vectors", Processor(True, 64, 2), ""),
        ("BLAS kernels for AVX-512", Processor(True, 32, 2), "needs AVX-512"),
        ("BLAS kernels for AVX-512", Processor(True, 64, 2), ""),
    ],
)
def test_a_setting_says_where_it_does_not_apply(setting, processor, why):
    found = SETTINGS[setting].why_not(processor)
    assert bool(found) == bool(why)
    assert why in found


def test_every_case_has_a_setting():
    assert {case.setting for case in catalogue.all_cases()} == set(SETTINGS)


def test_what_is_not_installed_is_named():
    assert missing(("numpy",)) == ""
    assert "no_such_package_here" in missing(("numpy", "no_such_package_here"))


def test_every_kernel_of_the_contract_has_a_first_call():
    from tinytorch.core import kernels

    of_the_package = {name for name in kernels.__all__ if not name.startswith(("analyze_", "compre", "Kernel"))}
    assert {name.split(",")[0] for name in calls.CALLS} == of_the_package - {"matmul_baseline"}


def test_a_first_call_is_timed_in_a_process_of_its_own():
    rows = list(calls.first_calls(["time_kernel"], QUICK))
    assert [row.group for row in rows] == ["first call", "second process"]
    assert all(row.value > 0 and len(row.samples["candidate"]) == QUICK.repeats for row in rows)


@pytest.mark.parametrize(
    ("samples", "standing"), [([3.5], Standing.SHORT), ([2.0, 4.0, 2.1], Standing.UNSURE), ([], Standing.FAILED)]
)
def test_a_time_is_judged_by_its_extremes(samples, standing):
    row = calls.timed("a", "first call", "a", "", "s", calls.FIRST, samples, "it died" * (not samples))
    assert row.standing is standing


@pytest.mark.parametrize(("cpu_s", "words"), [(1.0, "busy, 1 s of it"), (3.4, "")])
def test_a_time_that_waited_for_a_cpu_says_so(cpu_s, words):
    row = calls.timed("a", "first call", "a", "", "s", calls.FIRST, [3.5])
    found = calls.with_cpu(row, [(3.5, cpu_s, 0.7)])
    assert found.standing is Standing.SHORT
    assert words in found.why
    assert found.samples == {"candidate": [3.5], "on a CPU": [cpu_s], "import": [0.7]}
