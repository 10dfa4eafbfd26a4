"""What `tinytorch.core.kernels` gathers from the lessons' modules."""

from __future__ import annotations

import importlib

import pytest

from tinytorch.core import kernels

LESSONS = ("timing", "matmul", "vectorization", "parallelism", "quantization", "analysis")


def test_every_public_name_comes_from_a_lesson_that_exports_it() -> None:
    rooms = [importlib.import_module(f"tinytorch.core.kernels.{name}") for name in LESSONS]
    offered = {name: getattr(room, name) for room in rooms for name in room.__all__ if name in kernels.__all__}
    assert offered == {name: getattr(kernels, name) for name in kernels.__all__}


@pytest.mark.parametrize("name", ["time_kernel", "matmul_simd", "fused_relu_bias", "parallel_matmul", "integer_matmul"])
def test_each_lessons_functions_are_there(name: str) -> None:
    assert name in kernels.__all__


def test_names_are_sorted_and_named_once() -> None:
    assert kernels.__all__ == sorted(set(kernels.__all__))
