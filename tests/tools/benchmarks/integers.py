"""Eight-bit products and ReLU against the same work in float32."""

from __future__ import annotations

from functools import partial

import numpy as np

from . import oracle
from .bars import Bar, same_everywhere
from .case import Case, Race
from .products import SQUARES, operands
from .relus import numbers

RELU_SIZES = {"1M": 1 << 20, "16M": 1 << 24}


def codes(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two random int8 matrices, n x n, the extremes included."""
    A, B = np.random.default_rng(n).integers(-128, 128, (2, n, n), np.int8)
    A[0, 0], B[0, 0] = -128, 127
    return A, B


def integer_race(n: int) -> Race:
    """The int8 product against the float32 product of NumPy; both are checked against the same integers."""
    from tinytorch.core.kernels import integer_matmul

    A, B = codes(n)
    float_A, float_B = A.astype(np.float32), B.astype(np.float32)
    exact, rounded = oracle.integer_product(A, B), oracle.product(float_A, float_B)

    def check(result: object) -> None:
        is_float = isinstance(result, np.ndarray) and result.dtype == np.float32
        (rounded if is_float else exact)(result)

    return Race(lambda: integer_matmul(A, B), lambda: float_A @ float_B, check)


def quantized_race(n: int) -> Race:
    """The product of float32 matrices through eight-bit codes against NumPy's in float32."""
    from tinytorch.core.kernels import quantized_matmul

    A, B = operands(n, n, n)
    in_codes, in_floats = oracle.quantized_product(A, B), oracle.product(A, B)
    reference = np.empty((n, n), np.float32)

    def check(result: object) -> None:
        (in_floats if result is reference else in_codes)(result)

    return Race(lambda: quantized_matmul(A, B), lambda: np.matmul(A, B, out=reference), check)


def relu_in_codes(x: np.ndarray) -> np.ndarray:
    """ReLU through eight-bit codes, as one writes it in NumPy."""
    scale = np.abs(x).max() / np.float32(127)
    q = np.clip(np.rint(x / scale), -127, 127).astype(np.int8)
    return np.maximum(q, 0) * scale


def relu_race(size: int) -> Race:
    """`quantized_relu` against that expression."""
    from tinytorch.core.kernels import quantized_relu

    x = numbers(size)
    return Race(lambda: quantized_relu(x), lambda: relu_in_codes(x), oracle.quantized_relu(x))


def cases() -> list[Case]:
    """All of them."""
    group = "eight-bit product"
    integer = [
        Case(f"integer_matmul-{n}", group, f"integer_matmul {n}", "float32 A @ B",
             partial(integer_race, n), Bar(6.5, None, dot4=True), quick=n < 2048)
        for n in SQUARES
    ]  # fmt: skip
    quantized = [
        Case(f"quantized_matmul-{n}", group, f"quantized_matmul {n}", "float32 A @ B",
             partial(quantized_race, n), Bar(5.0, None, dot4=True), quick=n < 2048)
        for n in SQUARES
    ]  # fmt: skip
    relus = [
        Case(f"quantized_relu-{name}", "eight-bit ReLU", f"quantized_relu {name} floats", "the NumPy expression",
             partial(relu_race, size), same_everywhere(4.0), quick=name == "1M")
        for name, size in RELU_SIZES.items()
    ]  # fmt: skip
    return [*integer, *quantized, *relus]
