"""Kernels of earlier lessons that are not written yet give way to others, and a note says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch.analyses.words import count, holds_one, listed, pace
from tinytorch.analyses.written import PURPOSES, first_written, numpy_relu


def unwritten(*operands: np.ndarray) -> np.ndarray:
    raise NotImplementedError("matmul_simd: not written yet")


def broken(*operands: np.ndarray) -> np.ndarray:
    raise TypeError("a mistake")


def lessons(**kernels: Callable[..., Any]) -> Callable[[str, str], Callable[..., Any]]:
    def look_up(lesson: str, name: str) -> Callable[..., Any]:
        if lesson not in ("matmul", "vectorization"):
            raise ModuleNotFoundError(lesson)
        return kernels[name]

    return look_up


def test_the_preferred_kernel_needs_no_note() -> None:
    choice = first_written(PURPOSES["matmul"], lessons(matmul_simd=np.dot, cache_friendly_matmul=np.matmul))
    assert choice.kernel is np.dot
    assert choice.note == ""


def test_a_stretch_exercise_that_is_not_written_gives_way() -> None:
    choice = first_written(PURPOSES["matmul"], lessons(matmul_simd=unwritten, cache_friendly_matmul=np.dot))
    assert choice.kernel is np.dot
    assert choice.note == "matmul_simd is not written yet, so cache_friendly_matmul runs instead"


@pytest.mark.parametrize("kernels", [{}, {"matmul_simd": unwritten, "cache_friendly_matmul": unwritten}])
def test_numpy_needs_no_exercise(kernels: dict[str, Callable[..., Any]]) -> None:
    choice = first_written(PURPOSES["matmul"], lessons(**kernels))
    assert choice.kernel is np.matmul
    assert choice.note == "matmul_simd and cache_friendly_matmul are not written yet, so NumPy's matmul runs instead"


def test_a_lesson_that_was_not_exported_is_not_written() -> None:
    assert first_written(PURPOSES["parallel relu"], lessons()).kernel is numpy_relu


def test_a_mistake_is_not_taken_for_an_unwritten_kernel() -> None:
    with pytest.raises(TypeError, match="a mistake"):
        first_written(PURPOSES["matmul"], lessons(matmul_simd=broken))


def test_options_are_tried_and_stay_bound() -> None:
    def product(a: np.ndarray, b: np.ndarray, scale: int) -> np.ndarray:
        return scale * (a @ b)

    choice = first_written(PURPOSES["matmul"], lessons(matmul_simd=product), scale=3)
    assert choice.kernel(np.ones((1, 1)), np.ones((1, 1))) == 3


def test_numpy_relu_takes_workers() -> None:
    np.testing.assert_array_equal(numpy_relu(np.array([-1.0, 2.0]), num_workers=4), [0.0, 2.0])


@pytest.mark.parametrize(("items", "text"), [([], ""), ([1], "1"), ([1, 2], "1 and 2"), ("abc", "a, b and c")])
def test_lists_in_words(items: list[object], text: str) -> None:
    assert listed(items) == text


def test_numbers_and_speeds_in_words() -> None:
    assert (count(1, "core"), count(2, "core")) == ("1 core", "2 cores")
    assert pace(3.0, "float32") == "is 3.00 times as fast as float32"
    assert pace(0.25, "float32") == "takes 4.00 times as long as float32"
    assert [holds_one(None, None), holds_one(0.9, 1.1), holds_one(1.1, 1.2)] == [False, True, False]
