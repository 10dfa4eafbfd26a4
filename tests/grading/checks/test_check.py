"""What hidden checks accept and refuse, and that their words help without giving the answer away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.courses.samples import ABOUT
from tinytorch.bench import Comparison, compare_timed
from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.answer import Call
from tinytorch.grading.base.student_errors import StudentError, StudentRaised, TimedOut, to_exception
from tinytorch.grading.checks import check
from tinytorch.grading.checks.check import CheckFailed
from tinytorch.grading.checks.named_bands import NamedBands
from tinytorch.grading.checks.running import RunningCheck, running
from tinytorch.grading.sandbox.inside.values import Unsupported

ONES = np.ones((2, 3), np.float32)


class Tensor(np.ndarray):
    pass


def with_nan() -> np.ndarray:
    array = ONES.copy()
    array[1, 2] = np.nan
    return array


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        pytest.param(None, "None (is there a return?)", id="nothing"),
        pytest.param([[1.0]], "a list of 1 items", id="list"),
        pytest.param(np.float32(1), "float32", id="scalar"),
        pytest.param(Unsupported("an array of the subclass Tensor"), "subclass Tensor", id="unsupported"),
        pytest.param(ONES.view(Tensor), "must be a NumPy array", id="subclass"),
        pytest.param(ONES.astype(np.float64), "has dtype float64; float32 is required", id="dtype"),
        pytest.param(ONES.T, "has shape (3, 2); (2, 3) is required", id="shape"),
        pytest.param(with_nan(), "first at index [1, 2], where nan came back", id="NaN"),
        pytest.param(ONES * 2, "wrong in 6 of 6 elements", id="values"),
        pytest.param(ONES * np.inf, "where inf came back", id="infinity"),
    ],
)
def test_close_refuses_with_words(actual: object, words: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        check.close(actual, ONES, dtype=np.float32)
    assert words in str(caught.value)


def test_close_wants_nan_where_nan_is_expected() -> None:
    check.close(with_nan(), with_nan(), dtype=np.float32)
    with pytest.raises(CheckFailed):
        check.close(ONES, with_nan(), dtype=np.float32)


def test_close_wants_the_same_infinity() -> None:
    check.close(ONES * np.inf, ONES.astype(np.float64) * np.inf, dtype=np.float32)
    with pytest.raises(CheckFailed):
        check.close(-ONES * np.inf, ONES * np.inf, dtype=np.float32)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_close_allows_one_rounding_and_not_a_hundred(dtype: type, size: float) -> None:
    exact = np.full(3, size, np.float64)
    check.close((exact * (1 + np.finfo(dtype).eps)).astype(dtype), exact.astype(dtype), dtype=dtype)
    with pytest.raises(CheckFailed, match="largest error"):
        check.close((exact * (1 + 100 * np.finfo(dtype).eps)).astype(dtype), exact.astype(dtype), dtype=dtype)


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_close_accepts_a_product_summed_in_any_order(K: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, B = (rng.standard_normal(shape).astype(np.float32) for shape in ((5, K), (K, 4)))
    order = rng.permutation(K)
    C = np.zeros((5, 4), np.float32)
    for k in order:
        C += np.outer(A[:, k], B[k])
    A64, B64 = A.astype(np.float64), B.astype(np.float64)
    check.close(C, A64 @ B64, dtype=np.float32, terms=K, magnitude=np.abs(A64) @ np.abs(B64))


def test_close_refuses_a_product_that_lost_a_term() -> None:
    rng = np.random.default_rng(1)
    A, B = rng.standard_normal((5, 40)), rng.standard_normal((40, 4))
    with pytest.raises(CheckFailed):
        check.close((A[:, 1:] @ B[1:]).astype(np.float32), A @ B, dtype=np.float32, terms=40)


def test_close_of_integers_is_exact() -> None:
    with pytest.raises(CheckFailed, match="largest error is 1"):
        check.close(np.array([2**53 + 1]), np.array([2**53]), dtype=np.int64)


def test_close_of_empty_arrays_still_looks_at_the_shape() -> None:
    check.close(np.empty((0, 3)), np.empty((0, 3)), dtype=np.float64)
    with pytest.raises(CheckFailed, match=r"shape \(3, 0\)"):
        check.close(np.empty((3, 0)), np.empty((0, 3)), dtype=np.float64)


def test_words_do_not_show_what_was_expected() -> None:
    with pytest.raises(CheckFailed) as caught:
        check.close(np.array([1.0]), np.array([123456.0]), dtype=np.float64)
    assert "123456" not in str(caught.value).replace("1.23e+05", "")


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        pytest.param(True, 1, id="bool for int"),
        pytest.param(1, True, id="int for bool"),
        pytest.param(1, 2, id="int"),
        pytest.param((1, 2), [1, 2], id="tuple for list"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, id="dict"),
        pytest.param(np.int8([1]), np.int16([1]), id="dtype"),
        pytest.param(np.array([1, 2]), np.array([1, 3]), id="array"),
        pytest.param(np.array([1]), 1, id="array for number"),
        pytest.param(None, "x", id="nothing"),
    ],
)
def test_exactly_refuses(actual: object, expected: object) -> None:
    with pytest.raises(CheckFailed):
        check.exactly(actual, expected)


@pytest.mark.parametrize("value", [1, "x", None, (1, "a"), {"k": [1.5]}, np.array([np.nan, 1.0]), float("nan")])
def test_exactly_accepts_the_same(value: object) -> None:
    check.exactly(value, value)


@pytest.mark.parametrize("value", [True, "3", None, np.nan, np.inf, np.array(3.0), 2.9, 3.2])
def test_number_refuses(value: object) -> None:
    with pytest.raises(CheckFailed):
        check.number(value, low=3, high=3.1, what="scale")


@pytest.mark.parametrize("value", [3, 3.05, np.float32(3), np.int64(3)])
def test_number_accepts(value: object) -> None:
    check.number(value, low=3, high=3.1, what="scale")


def test_number_compares_relatively() -> None:
    check.number(1e9 + 0.1, 1e9, rel=1e-9, what="dot_product")
    with pytest.raises(CheckFailed, match="dot_product is not right"):
        check.number(1.1, 1.0, what="dot_product")


def test_keys_names_what_is_missing() -> None:
    with pytest.raises(CheckFailed, match="lacks 'b'"):
        check.keys({"a": 1}, ["a", "b"])


def test_what_lies_in_dicts_within_dicts_is_found_and_a_lack_is_named() -> None:
    assert check.at({"a": {8: [1]}}, "a", 8) == [1]
    with pytest.raises(CheckFailed, match="lacks 16"):
        check.at({"a": {8: [1]}}, "a", 16)
    with pytest.raises(CheckFailed, match="must be a dict"):
        check.at({"a": [1]}, "a", 0)


def test_require_takes_true_or_false_only() -> None:
    with pytest.raises(TypeError):
        check.require("yes", "words")


def test_unchanged_sees_one_changed_element() -> None:
    before = np.array([1.0, np.nan, 3.0])
    check.unchanged(Call("f", None, (before.copy(),), {}, 0.0, None), before)
    with pytest.raises(CheckFailed, match="f changed its argument number 1"):
        check.unchanged(Call("f", None, (np.array([1.0, np.nan, 4.0]),), {}, 0.0, None), before)


def student_raises(type_name: str, builtin: str, message: str) -> None:
    raise to_exception(StudentError(type_name, builtin, message, "01_first, cell 2, line 3", "return 1", ""))


def test_raises_accepts_the_type_and_its_texts() -> None:
    with check.raises(ValueError, mentions=["(2, 3)", "(4, 5)"]):
        student_raises("ValueError", "ValueError", "cannot multiply (2, 3) by (4, 5)")


def test_raises_accepts_a_subclass_of_the_students_own() -> None:
    with check.raises(ValueError):
        student_raises("ShapeError", "ValueError", "no")


@pytest.mark.parametrize(
    ("type_name", "builtin", "message", "match"),
    [
        pytest.param("TypeError", "TypeError", "no", "ValueError is required here; it raised TypeError: no", id="type"),
        pytest.param("Odd", "", "no", "it raised Odd: no", id="own type"),
        pytest.param("ValueError", "ValueError", "bad", "must mention", id="message"),
    ],
)
def test_raises_refuses_others(type_name: str, builtin: str, message: str, match: str) -> None:
    with pytest.raises(CheckFailed, match=match), check.raises(ValueError, mentions=["(2, 3)"]):
        student_raises(type_name, builtin, message)


def test_raises_wants_an_exception() -> None:
    with pytest.raises(CheckFailed, match="no exception was raised"), check.raises(ValueError):
        pass


@pytest.mark.parametrize("own", [ValueError("the check's own"), TimedOut("f did not return")])
def test_raises_lets_pass_what_the_students_code_did_not_raise(own: Exception) -> None:
    with pytest.raises(type(own)), check.raises(ValueError):
        raise own


def test_a_stub_is_no_refusal() -> None:
    with pytest.raises(NotImplementedError), check.raises(RuntimeError):
        student_raises("NotImplementedError", "NotImplementedError", "f: not written yet")


def test_exceptions_that_want_more_than_a_message_still_arrive() -> None:
    assert isinstance(
        to_exception(StudentError("UnicodeDecodeError", "UnicodeDecodeError", "m", "", "", "")), StudentRaised
    )


BANDS = {0.5: 0.25, 2.0: 1.0}


def race(ratio: float, bounds: tuple[float, ...] = (0.5, 2.0)) -> Comparison:
    return compare_timed(lambda: 1.0, lambda: ratio, bound=bounds)


def test_below_every_band_the_check_fails_and_the_measurement_stays() -> None:
    with running(RunningCheck(ABOUT)) as now:
        with pytest.raises(CheckFailed, match=r"too slow: 0\.1 times the speed .* 0\.5 earns 25 %"):
            check.bands(race(0.1), BANDS)
        assert [standing.share for standing in now.standings] == [0.0]


def test_bands_are_found_by_name() -> None:
    bands = NamedBands({"near": tuple(BANDS.items())}, frozenset({"near"}))
    with running(RunningCheck(ABOUT, bands)) as now:
        check.bands(race(0.7), "near")
    assert [standing.bands for standing in now.standings] == [BANDS]


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        (NamedBands({"a": ((1.0, 1.0),), "b": ((1.0, 1.0),)}), "'near', and bands.toml has a, b$"),
        (NamedBands(), "'near', and no bands are given here; .* or name that file with --bands$"),
        (NamedBands({"near": ((1.0, 1.0),)}, frozenset({"a"})), "puts the name 'near' .* write the name as a string"),
    ],
    ids=["unknown", "none", "not spelled out"],
)
def test_a_name_that_cannot_be_had_is_our_fault(bands: NamedBands, words: str) -> None:
    with running(RunningCheck(ABOUT, bands)), pytest.raises(GraderFaultError, match=words):
        check.bands(race(3.0), "near")


def test_every_race_of_a_check_is_kept() -> None:
    with running(RunningCheck(ABOUT)) as now:
        check.bands(race(0.7), BANDS)
        check.bands(race(3.0), BANDS)
    assert [standing.share for standing in now.standings] == [0.25, 1.0]


def test_a_race_outside_any_check_is_our_fault() -> None:
    with pytest.raises(GraderFaultError, match="none is running"):
        check.bands(race(3.0), BANDS)


@pytest.mark.parametrize(("ratio", "bounds", "bands"), [(1.0, (0.5, 2.0), {}), (1.0, (1.0,), BANDS)])
def test_bands_that_do_not_fit_are_our_fault(ratio: float, bounds: tuple[float, ...], bands: dict) -> None:
    with pytest.raises(GraderFaultError, match="bands"):
        check.bands(race(ratio, bounds), bands)
