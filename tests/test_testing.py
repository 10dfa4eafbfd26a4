"""The visible checks' own helpers."""

import pytest

from tinytorch.testing import agree, refused


def test_an_error_that_mentions_everything_passes():
    with refused(ValueError, (2, 3), "and"):
        raise ValueError("the shapes are (2, 3) and (4, 5)")


def test_a_subclass_and_one_of_several_errors_pass():
    with refused((TypeError, ArithmeticError)):
        raise ZeroDivisionError


def test_no_error_is_a_failure_that_names_what_was_expected():
    with pytest.raises(AssertionError, match="must raise ValueError or TypeError"), refused((ValueError, TypeError)):
        pass


def test_a_message_that_lacks_a_word_is_a_failure_that_names_it():
    words = r"should mention \(4, 5\); its message is: only \(2, 3\)"
    with pytest.raises(AssertionError, match=words), refused(ValueError, (2, 3), (4, 5)):
        raise ValueError("only (2, 3)")


def test_another_error_passes_through():
    with pytest.raises(KeyError), refused(ValueError):
        raise KeyError("other")


def test_figures_agree_but_for_rounding() -> None:
    result = {"speedups": {2: 0.1 + 0.2}, "best": 2, "bound": "memory", "more": object()}
    agree(result, speedups={2: 0.3}, best=2, bound="memory")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "must be a dictionary with best; got None"),
        ({"beast": 4}, "the result has no 'best'; it has beast"),
        ({"best": 5}, "'best' must be 4; got 5"),
        ({"best": None}, "'best' must be 4; got None"),
    ],
)
def test_figures_that_differ_are_named(result: object, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        agree(result, best=4)


@pytest.mark.parametrize("result", [{"ok": 1}, {"ok": {2: 1.0, 3: 1.0}}, {"ok": None}])
def test_a_truth_value_agrees_with_nothing_else(result: dict[str, object]) -> None:
    with pytest.raises(AssertionError, match="'ok' must be False"):
        agree(result, ok=False)
