"""One run of a kernel: what it moves and computes, and how its exceptions say where."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch.analyses.arguments import checked_choice, checked_counts, checked_figures, checked_list, checked_shapes
from tinytorch.analyses.kernel_run import name_of, operand_count, run_kernel, square_operands
from tinytorch.analyses.results import Decision


def sleepy(x: np.ndarray) -> np.ndarray:
    time.sleep(0.002)
    return x.copy()


def plus(a: np.ndarray, b: np.ndarray, scale: float = 1.0) -> np.ndarray:
    return a + b


@pytest.mark.parametrize(
    ("func", "count"), [(np.add, 2), (np.exp, 1), (sleepy, 1), (plus, 2), (lambda *arrays: arrays[0], 2), (np.dot, 2)]
)
def test_operands_are_the_arguments_without_a_default(func: Callable[..., Any], count: int) -> None:
    assert operand_count(func) == count


def test_a_kernel_of_three_operands_is_refused() -> None:
    with pytest.raises(ValueError, match="3 operands"):
        operand_count(lambda a, b, c: a)


def test_operands_are_the_same_at_every_call() -> None:
    first, second = square_operands(plus, 7), square_operands(plus, 7)
    assert [x.shape for x in first] == [(7, 7), (7, 7)]
    assert first[0].dtype == np.float32
    np.testing.assert_array_equal(first, second)


def test_a_run_counts_operands_and_result_and_its_own_time() -> None:
    run = run_kernel(sleepy, 16, {})
    assert run.moved_bytes == 2 * 16 * 16 * 4
    assert run.time_us > 1900
    assert run.cores_busy < 0.9
    assert run.flops is None


def test_operations_are_those_of_the_kernel_before_those_of_its_name() -> None:
    def stated(x: np.ndarray) -> np.ndarray:
        return x

    assert run_kernel(stated, 4, {"stated": lambda n: 5 * n}).flops == 20
    stated.flops = lambda n: 7 * n
    assert run_kernel(stated, 4, {"stated": lambda n: 5 * n}).flops == 28


def test_an_exception_says_where() -> None:
    def broken(x: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError("no kernel today")

    with pytest.raises(ZeroDivisionError, match="no kernel today") as caught:
        run_kernel(broken, 16, {})
    assert "broken on 1 operand of 16 x 16" in caught.value.__notes__[0]


def test_a_callable_without_a_name_has_that_of_its_type() -> None:
    class Doubler:
        def __call__(self, x: float) -> float:
            return 2 * x

    assert name_of(Doubler()) == "Doubler"


def test_arguments_come_back_plain() -> None:
    assert checked_counts((np.int64(3), 4), "sizes") == [3, 4]
    assert checked_list(("add",), "ops") == ["add"]
    assert checked_choice(None, ("a", "b"), "letters") == ["a", "b"]
    assert checked_shapes([5, (2, 3)], default=[]) == [(5,), (2, 3)]
    assert checked_shapes(None, default=[(7,)]) == [(7,)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: checked_counts([], "sizes"),
        lambda: checked_counts([0], "sizes"),
        lambda: checked_counts([1.5], "sizes"),
        lambda: checked_counts([True], "sizes"),
        lambda: checked_list("add", "ops"),
        lambda: checked_list([], "ops"),
        lambda: checked_choice(["c"], ("a", "b"), "letters"),
        lambda: checked_choice("a", ("a", "b"), "letters"),
        lambda: checked_shapes([()], default=[]),
        lambda: checked_shapes([], default=[(7,)]),
    ],
)
def test_arguments_that_make_no_sense_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="got"):
        call()


def test_figures_of_an_exercise_come_back_as_they_are() -> None:
    figures = {"success": 1.0, "gain": 2.0, "recommended": True}
    assert checked_figures(figures, Decision, "deployment_decision") is figures


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (None, "deployment_decision must return a dictionary with success, gain, recommended; it returned None"),
        ({"success": 1.0, "gain": 2.0}, "that deployment_decision returned has no recommended"),
    ],
)
def test_figures_that_an_exercise_left_out_are_named(figures: object, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        checked_figures(figures, Decision, "deployment_decision")
