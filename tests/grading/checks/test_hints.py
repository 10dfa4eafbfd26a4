"""Each mistake that many make is named when it is made, and none when it isn't; nothing expected is ever told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.grading.checks import check, hints
from tinytorch.grading.checks.check import CheckFailed
from tinytorch.grading.checks.evidence import gather
from tinytorch.grading.checks.student import Call

RNG = np.random.default_rng(5)
A, B = RNG.standard_normal((37, 41), dtype=np.float32), RNG.standard_normal((41, 33), dtype=np.float32)
PRODUCT = A @ B
SQUARE = RNG.standard_normal((8, 8)).astype(np.float32)
BIAS = RNG.standard_normal(8).astype(np.float32)
CODES = np.array([-6, -4, -2, 0, 2, 4, 6, 7, -7], np.int8)
SMALL = RNG.integers(-128, 128, (9, 20)).astype(np.int8)
WIDE = SMALL.astype(np.int32) @ SMALL.T.astype(np.int32)


def hint_of(came: object, due: np.ndarray, *inputs: np.ndarray, terms: int = 50) -> str:
    """What the plugin makes of a check that fails."""
    with pytest.raises(CheckFailed) as caught:
        check.close(came, due, dtype=due.dtype, terms=terms)
    failed = caught.value
    return failed.hint or (hints.for_array(failed.evidence, inputs) if failed.evidence else "")


def with_zeros(array: np.ndarray, *box: slice) -> np.ndarray:
    """Only the box is there."""
    kept = np.zeros_like(array)
    kept[box] = array[box]
    return kept


def blocks(A: np.ndarray, B: np.ndarray, size: int) -> np.ndarray:
    """A product of whole blocks only."""
    C = np.zeros((len(A), B.shape[1]), A.dtype)
    M, K, N = (length // size * size for length in (*A.shape, B.shape[1]))
    C[:M, :N] = A[:M, :K] @ B[:K, :N]
    return C


def nan_in_the_middle(array: np.ndarray) -> np.ndarray:
    changed = array.copy()
    changed[3, 4] = np.nan
    return changed


VALUES = {
    "transposed": (SQUARE.T, SQUARE, (), "transposed"),
    "zeros": (np.zeros_like(SQUARE), SQUARE, (), "Every element is zero"),
    "edges": (with_zeros(PRODUCT, slice(32), slice(32)), PRODUCT, (), "what is left over after the last whole block"),
    "edges of a relu": (
        with_zeros(np.maximum(PRODUCT, 0), slice(32)),
        np.maximum(PRODUCT, 0),
        (),
        "what is left over after the last whole block",
    ),
    "first block": (with_zeros(PRODUCT, slice(16), slice(16)), PRODUCT, (), "Only the first block is right"),
    "first terms": (A[:, :32] @ B[:32], PRODUCT, (A, B), "Only the first terms of each sum"),
    "whole blocks": (blocks(A, B, 16), PRODUCT, (A, B), "What no whole block covers is left out"),
    "bias": (SQUARE + BIAS[:, None], SQUARE + BIAS, (SQUARE, BIAS), "the wrong axis"),
    "bias, then relu": (
        np.maximum(SQUARE + BIAS[:, None], 0),
        np.maximum(SQUARE + BIAS, 0),
        (SQUARE, BIAS),
        "the wrong axis",
    ),
    "no relu": (SQUARE, np.maximum(SQUARE, 0), (), "ReLU is missing"),
    "sign": (-SQUARE, SQUARE, (), "wrong sign"),
    "reversed": (SQUARE[::-1].copy(), SQUARE, (), "order is reversed"),
    "slices": (SQUARE[[2, 0, 1, 3, 7, 5, 4, 6]], SQUARE, (), "in another order"),
    "NaN lost": (np.nan_to_num(nan_in_the_middle(SQUARE)), nan_in_the_middle(SQUARE), (), "NaN is lost"),
    "NaN made": (nan_in_the_middle(SQUARE), SQUARE, (), "no reason for it"),
    "int8 wraps": (WIDE.astype(np.int8).astype(np.int32), WIDE, (), "wrap around"),
    "int16 wraps": (WIDE * 9 - 65536, WIDE * 9, (), "wrap around"),
    "away from zero": (CODES + np.sign(CODES) * (CODES % 2 == 0), CODES, (), "away from zero"),
    "half up": (CODES + (CODES % 2 == 0).astype(np.int8), CODES, (), "in one direction"),
    "cut off": (CODES - np.sign(CODES), CODES, (), "Fractions are cut off"),
    "floor": (CODES - 1, CODES, (), "rounded down"),
    "off by one": (CODES + np.resize([1, -1], 9), CODES, (), "off by one"),
    "scale": (SQUARE * np.float32(128 / 127), SQUARE, (), "one and the same factor"),
    "unit": (SQUARE * np.float32(1e-3), SQUARE, (), "look at the unit"),
    "offset": (SQUARE + np.float32(0.75), SQUARE, (), "the same amount"),
    "float32 inside": ((A @ B).astype(np.float64), A.astype(np.float64) @ B.astype(np.float64), (), "float32 rounding"),
    "rounding": (SQUARE * np.float32(1 + 1e-4) - 1e-4 * SQUARE + np.float32(4e-5), SQUARE, (), "errors are small"),
    "one element wraps": (np.array([[-104]]), np.array([[-104 + 512]]), (), "wrap around"),
    "products that wrap to zero": (np.zeros((2, 1), int), np.array([[49152], [49152]]), (), "wrap around"),
    "last code cut off": (np.array([60, 7, 2]), np.array([60, 7, 3]), (), ""),
    "a sum that wraps beside a large one": (
        np.array([[-27506.0, 3e11]], np.float32),
        np.array([[-1.26e11, 3e11]], np.float32),
        (np.ones((1, 9), np.float32), np.array([[-2.75e4, 3e11]] + 8 * [[-1.575e10, 0]], np.float32)),
        "",
    ),
    "codes cut off, times a scale": (
        np.float32(0.05) * np.floor(SQUARE * 40),
        np.float32(0.05) * np.rint(SQUARE * 40),
        (),
        "",
    ),
    "something else": (RNG.standard_normal((8, 8)).astype(np.float32), SQUARE, (SQUARE, BIAS), ""),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_mistake_in_the_values_is_named(case: str) -> None:
    came, due, inputs, words = VALUES[case]
    hint = hint_of(came.astype(due.dtype), due, *inputs, terms=1)
    assert words in hint
    assert bool(words) == bool(hint)


@pytest.mark.parametrize(
    ("came", "due", "words"),
    [
        ((5, 3), (3, 5), "turned around"),
        ((4, 4), (4,), "broadcast into a table"),
        ((), (3, 2), "over every axis"),
        ((32, 5), (37, 5), "left over after the last whole block"),
        ((15,), (3, 5), "lack its last reshape"),
        ((7, 7), (3, 5), ""),
    ],
    ids=str,
)
def test_a_mistake_in_the_shape_is_named(came: tuple[int, ...], due: tuple[int, ...], words: str) -> None:
    hint = hint_of(np.zeros(came), np.zeros(due))
    assert words in hint
    assert bool(words) == bool(hint)


@pytest.mark.parametrize(
    ("came", "due", "words"),
    [
        (np.float64, np.float32, "NumPy computes in float64"),
        (np.float32, np.float64, "holds fewer digits"),
        (np.int64, np.float32, "fractions may be cut off"),
        (np.float64, np.int64, "keep the work in integers"),
        (np.int8, np.int32, "wrap around"),
        (np.bool_, np.int32, ""),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_a_mistake_in_the_dtype_is_named(came: type, due: type, words: str) -> None:
    hint = hint_of(np.zeros(3, came), np.zeros(3, due))
    assert words in hint
    assert bool(words) == bool(hint)


@pytest.mark.parametrize(
    ("value", "asked", "words"),
    [
        (1.5, {"low": 980, "high": 25_000}, "too small by a power of a thousand"),
        (0.0015, {"low": 980, "high": 25_000}, "too small by a power of a thousand"),
        (1.5e6, {"low": 980, "high": 25_000}, "too large by a power of a thousand"),
        (500.0, {"low": 980, "high": 25_000}, ""),
        (-5.0, {"low": 0}, ""),
        (-2.5, {"expected": 2.5}, "wrong way round"),
        (49.0, {"expected": 7.0}, "square root is missing"),
        (0.25, {"expected": 4.0}, "upside down"),
        (1 + 1e-7, {"expected": 1.0}, "nearly right"),
        (300 - 256, {"expected": 300}, "wrap around"),
        (3.0, {"expected": 0.0}, ""),
        (5.5, {"expected": 7.0}, ""),
    ],
)
def test_a_mistake_in_a_number_is_named(value: float, asked: dict[str, float], words: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        check.number(value, asked.pop("expected", None), **asked, what="it")
    assert words in caught.value.hint
    assert bool(words) == bool(caught.value.hint)


def test_a_changed_input_is_told_how_that_happens() -> None:
    with pytest.raises(CheckFailed) as caught:
        check.unchanged(Call("f", None, (SQUARE + 1,), {}, 0.0, None), SQUARE)
    assert "work on a copy" in caught.value.hint


def test_a_number_that_is_exactly_required_gets_a_hint_too() -> None:
    with pytest.raises(CheckFailed) as caught:
        check.exactly(-42, 42)
    assert "sign" in caught.value.hint


ARRAYS = hnp.arrays(
    st.sampled_from(["?", "i1", "u1", "i4", "u8", "i8", "f2", "f4", "f8", "c8", "c16", ">f4"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


@settings(deadline=None, max_examples=300)
@given(ARRAYS, st.data())
def test_no_answer_makes_the_recognizers_stumble(came: np.ndarray, data: st.DataObject) -> None:
    due = data.draw(hnp.arrays(data.draw(st.sampled_from(["i1", "i8", "u8", "f4", "f8", "c16", "?"])), came.shape))
    inputs = data.draw(st.lists(ARRAYS, max_size=3))
    good = data.draw(hnp.arrays(bool, came.shape))
    evidence = gather(came, due, good)
    if evidence is not None and not good.all():
        assert isinstance(hints.for_array(evidence, inputs), str)


@given(st.floats(), st.floats(), st.floats(), st.floats())
def test_no_number_makes_the_recognizers_stumble(value: float, expected: float, low: float, high: float) -> None:
    value = 1.0 if not np.isfinite(value) else value
    assert isinstance(hints.for_number(value, expected), str)
    assert isinstance(hints.for_number(value, None, low, high), str)


def test_no_hint_tells_an_expected_value() -> None:
    due = np.array([[1234567.0, 7654321.0], [2345678.0, 8765432.0]])
    told = [hint_of(came, due) for came in (due.T.copy(), due * 2, due + 5, -due, due[::-1].copy(), due * 1e-3)]
    assert all(told)
    assert not any(str(int(value))[:4] in hint for value in due.flat for hint in told)
