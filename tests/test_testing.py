"""The visible checks' own helpers."""

import pytest

from tinytorch.testing import refused


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
