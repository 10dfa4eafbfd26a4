"""What lesson 05 is graded on for speed: codes and products against what is at hand without it."""

from collections.abc import Callable

import numpy as np
import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("05_quantization")

# What the lesson writes in NumPy, and the plain loops that it names: each is at hand wherever the lesson is.
NUMPY_CODES = """
def quantize(x):
    scale = float(np.abs(x).max()) / 127
    return np.clip(np.rint(x.astype(np.float64) / scale), -127, 127).astype(np.int8), scale


reference = quantize
"""
NUMPY_RELU = (
    NUMPY_CODES
    + """
def reference(x):
    q, scale = quantize(x)
    return (np.maximum(q, 0) * scale).astype(np.float32)
"""
)
INTEGER_LOOPS = """
from numba import njit


@njit(nogil=True)
def integer_loops(A, B, C):
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += np.int32(A[i, k]) * np.int32(B[k, j])


def product(A, B):
    C = np.zeros((A.shape[0], B.shape[1]), np.int32)
    integer_loops(A, B, C)
    return C


reference = product
"""
QUANTIZED_LOOPS = (
    NUMPY_CODES
    + INTEGER_LOOPS
    + """
def reference(A, B):
    (qa, sa), (qb, sb) = quantize(A), quantize(B)
    return (product(qa, qb) * (sa * sb)).astype(np.float32)
"""
)


def numpy_codes(x: np.ndarray) -> tuple[np.ndarray, float]:
    """Eight-bit codes and scale by NumPy in float64."""
    step = float(np.max(np.abs(x))) / 127
    codes = np.rint(np.divide(x, step, dtype=np.float64))
    return np.clip(codes, -127, 127).astype(np.int8), step


def on_the_grid(rng: np.random.Generator, *shapes: tuple[int, ...]) -> Callable[[], tuple[np.ndarray, ...]]:
    """Makes float32 inputs of these shapes, each value a code times a scale: no rounding is near a tie."""

    def make() -> tuple[np.ndarray, ...]:
        return tuple(
            (codes_for(shape) * step).astype(np.float32) for shape, step in zip(shapes, (0.02, 3e-5), strict=False)
        )

    def codes_for(shape: tuple[int, ...]) -> np.ndarray:
        codes = rng.integers(-126, 127, shape)
        codes.flat[rng.integers(codes.size)] = 127
        return codes

    return make


@pytest.mark.grade("check_quantize", weight=1.25)
def test_speed_of_quantize(student, rng):
    """Speed of quantize, 200 thousand float32, against the NumPy expression with np.rint and np.clip."""

    def verify(inputs: tuple[np.ndarray], answer: object) -> None:
        check.require(isinstance(answer, tuple) and len(answer) == 2, "quantize must return a pair: codes and scale")
        q, scale = answer
        expected, step = numpy_codes(inputs[0])
        check.number(scale, step, rel=1e-6, what="the scale")
        check.exactly(q, expected, what="the codes")

    operands = on_the_grid(rng, (200_000,))
    compared = student.speed("quantize", operands, NUMPY_CODES, verify, bounds="codes", calls=8)
    check.bands(compared, "codes")


@pytest.mark.grade("check_integer_matmul", weight=3.5)
def test_speed_of_integer_matmul(student, rng):
    """Speed of integer_matmul, 250 x 250 int8, against compiled loops over i, k, j with int32 sums."""

    def operands() -> tuple[np.ndarray, np.ndarray]:
        return tuple(rng.integers(-127, 128, (2, 250, 250)).astype(np.int8))

    def verify(inputs: tuple[np.ndarray, np.ndarray], result: object) -> None:
        exact = inputs[0].astype(np.float64) @ inputs[1].astype(np.float64)  # below 2**53, so it is exact
        check.exactly(result, exact.astype(np.int32), dtype=np.int32)

    compared = student.speed("integer_matmul", operands, INTEGER_LOOPS, verify, bounds="integer_product", calls=2)
    check.bands(compared, "integer_product")


@pytest.mark.grade("check_quantized_matmul", weight=3)
def test_speed_of_quantized_matmul(student, rng):
    """Speed of quantized_matmul, 380 x 380, against the NumPy expression for codes and the compiled loops."""

    operands = on_the_grid(rng, (380, 380), (380, 380))

    def verify(inputs: tuple[np.ndarray, np.ndarray], result: object) -> None:
        (qa, sa), (qb, sb) = (numpy_codes(x) for x in inputs)
        exact = (qa.astype(np.float64) @ qb.astype(np.float64)) * (sa * sb)
        check.close(result, exact, dtype=np.float32)

    compared = student.speed("quantized_matmul", operands, QUANTIZED_LOOPS, verify, bounds="quantized_product")
    check.bands(compared, "quantized_product")


@pytest.mark.grade("check_quantized_relu", weight=2)
def test_speed_of_quantized_relu(student, rng):
    """Speed of quantized_relu, 200 thousand float32, against the NumPy expression: codes, maximum, times the scale."""

    def verify(inputs: tuple[np.ndarray], result: object) -> None:
        q, scale = numpy_codes(inputs[0])
        check.close(result, np.maximum(q, 0) * scale, dtype=np.float32)

    compared = student.speed(
        "quantized_relu", on_the_grid(rng, (200_000,)), NUMPY_RELU, verify, bounds="relu_codes", calls=8
    )
    check.bands(compared, "relu_codes")
