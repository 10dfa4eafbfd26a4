"""Values cross the wire as plain data; what is no plain data is named, never guessed."""

from __future__ import annotations

import enum
import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch.grading.sandbox.inside.values import Packer, Unpacker, Unsupported
from tinytorch.grading.sandbox.inside.wire import WireError

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


class Tensor(np.ndarray):
    pass


class Pair(NamedTuple):
    q: int
    scale: float


class Level(enum.IntEnum):
    HIGH = 3


def across(value: object) -> Any:
    packer = Packer()
    tree = packer.pack(value)
    return Unpacker(tuple(packer.arrays), int).unpack(tree)


@given(PLAIN)
def test_plain_values_arrive_unchanged(value: object) -> None:
    arrived = across(value)
    assert arrived == value
    assert type(arrived) is type(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324])
def test_every_float_arrives(value: float) -> None:
    assert across(value).hex() == value.hex()


@pytest.mark.parametrize("value", [np.float32(1.5), np.int8(-3), np.bool_(True), np.float64(np.nan), np.complex64(1j)])
def test_numpy_scalars_stay_numpy_scalars(value: np.generic) -> None:
    arrived = across(value)
    assert type(arrived) is type(value)
    assert arrived.tobytes() == value.tobytes()


@pytest.mark.parametrize(("value", "expected"), [(Pair(1, 2.0), (1, 2.0)), (Level.HIGH, 3), ({np.int64(4): 1}, {4: 1})])
def test_subclasses_of_plain_types_arrive_as_plain(value: object, expected: object) -> None:
    assert across(value) == expected
    assert type(across(value)) is type(expected)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(np.arange(3).view(Tensor), "subclass Tensor", id="array subclass"),
        pytest.param(np.ma.masked_array([1]), "subclass MaskedArray", id="masked array"),
        pytest.param(np.array([object()]), "dtype object", id="object array"),
        pytest.param(np.broadcast_to(np.float32(2), (4, 5)), "elements share memory", id="broadcast view"),
        pytest.param(np.broadcast_to(np.arange(3), (2, 3)), "elements share memory", id="broadcast row"),
        pytest.param(np.lib.stride_tricks.sliding_window_view(np.arange(9), 3), "share memory", id="windows"),
        pytest.param(np.broadcast_to(np.float64(0), (1 << 44,)), "share memory", id="larger than all memory"),
        pytest.param(np.memmap("/dev/zero", mode="r", shape=(4,)), "subclass memmap", id="file"),
        pytest.param(np.zeros(2, dtype=[("a", "i4")]), "dtype", id="structured array"),
        pytest.param(np.array(["a"]), "dtype <U1", id="text array"),
        pytest.param(object(), "type object", id="object"),
        pytest.param(b"raw", "type bytes", id="bytes"),
        pytest.param(range(3), "type range", id="lazy"),
        pytest.param(memoryview(b"x"), "memoryview", id="memoryview"),
        pytest.param({b"k": 1}, "key of type bytes", id="dict key"),
        pytest.param([0] * 300_000, "more than 200000 parts", id="too many parts"),
        pytest.param(10**4500, "thousands of digits", id="huge int"),
    ],
)
def test_anything_else_arrives_as_unsupported(value: object, words: str) -> None:
    arrived = across(value)
    assert isinstance(arrived, Unsupported)
    assert words in arrived.words


CUBE = np.arange(60.0).reshape(3, 4, 5)


@pytest.mark.parametrize(
    "array",
    [
        CUBE[::-1, 1:, ::2], CUBE.T, np.asfortranarray(CUBE), CUBE.diagonal(0, 0, 2), CUBE.diagonal(0, 1, 2), CUBE[:0],
        (CUBE + 1j).imag, np.broadcast_to(np.ones((1, 1)), (1, 1)), np.array(3.0), np.ones((2, 0, 3)),
        np.frombuffer(bytes(8), np.float32),
    ],
)  # fmt: skip
def test_any_other_view_of_an_array_is_an_answer(array: np.ndarray) -> None:
    assert np.array_equal(across(array), array)


def test_a_broadcast_argument_comes_back() -> None:
    assert Packer(any_layout=True).pack(np.broadcast_to(1, (2, 2))) == ["array", 0]
    assert Packer(strict=True).pack(np.broadcast_to(1, (2, 2))) == ["array", 0]


def test_the_words_of_what_is_unsupported_are_text() -> None:
    assert Unpacker((), int).unpack(["unsupported", "\ud800" * 400]).words == "?" * 300


def test_endless_nesting_is_cut() -> None:
    loop: list[object] = []
    loop.append(loop)
    text = repr(across(loop))
    assert "nested deeper" in text


def test_the_grader_does_not_send_what_it_cannot_describe() -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        Packer(strict=True).pack([object()])


def test_an_array_met_twice_arrives_as_one_object() -> None:
    array = np.arange(3)
    first, second = across((array, array))
    assert first is second


@pytest.mark.parametrize(
    "tree",
    [
        None, 3, "none", [], ["what"], ["int", 3], ["int", "x"], ["int", "1" * 5000], ["float", "0x1p9999999"],
        ["bool", 1], ["array", 7], ["array", -1], ["dict", [["k"]]], ["dict", [[["list", []], ["none"]]]],
        ["scalar", "|O", "00"], ["scalar", "<f4", "00"], ["scalar", "<f4", "zz"], ["tuple", {}], ["remote", "1"],
    ],
)  # fmt: skip
def test_tree_that_is_none_is_refused(tree: object) -> None:
    with pytest.raises(WireError):
        Unpacker((), int).unpack(tree)


def test_too_deep_a_tree_is_refused() -> None:
    tree: list[Any] = ["none"]
    for _ in range(100):
        tree = ["list", [tree]]
    with pytest.raises(WireError):
        Unpacker((), int).unpack(tree)
