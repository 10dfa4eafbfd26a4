"""Graded checks of lesson 01_normalize: the trusted side of its 16 points.

What is expected is computed in decimals of 60 digits or in fractions, so that no formula of the lesson judges itself.
"""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("01_normalize")

TERMS = 8  # roundings that a careful computation of some dozen elements may take, in units of 4 eps
FLOATS = (np.float32, np.float64)


def exact_log_sum_exp(scores):
    """Of one row of scores; -inf where all are."""
    terms = [Decimal(float(score)) for score in scores if score > -np.inf]
    if not terms:
        return -np.inf
    with localcontext(prec=60):
        return float(sum(term.exp() for term in terms).ln())


def exact_softmax(scores):
    """Of one row of scores."""
    with localcontext(prec=60):
        terms = [Decimal(float(score)).exp() if score > -np.inf else Decimal(0) for score in scores]
        return np.array([float(term / sum(terms)) for term in terms])


def exact_layer_norm(row, gain, bias, eps):
    """Of one row, and how large the numbers are that it comes from: |gain| max|x| / deviation + |bias|."""
    values = [Fraction(float(value)) for value in row]
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    root = float(variance + Fraction(float(eps))) ** 0.5
    gain, bias = gain.astype(np.float64), bias.astype(np.float64)
    normal = np.array([float(value - mean) for value in values]) / root
    return normal * gain + bias, np.abs(gain) * (np.abs(row).max() / root + np.abs(normal)) + np.abs(bias)


def check_log_sum_exp(actual, scores, axis=-1):
    expected = np.apply_along_axis(exact_log_sum_exp, axis, scores)
    magnitude = np.where(np.isfinite(expected), np.abs(expected), 0) + 1
    if scores.ndim == 1:  # a number, in NumPy's own type or as an array without axes
        check.require(getattr(actual, "dtype", None) == scores.dtype, f"the result must be of type {scores.dtype}")
        actual = np.asarray(actual)
    check.close(actual, expected, dtype=scores.dtype, terms=TERMS, magnitude=magnitude)


def check_softmax(actual, scores, axis=-1):
    expected = np.apply_along_axis(exact_softmax, axis, scores)
    distance = np.where(scores > -np.inf, scores.max(axis=axis, keepdims=True) - scores, 0).astype(np.float64)
    check.close(actual, expected, dtype=scores.dtype, terms=TERMS, magnitude=expected * (1 + distance))


def check_layer_norm(student, x, gain, bias, *eps):
    rows = x.reshape(-1, x.shape[-1])
    pairs = [exact_layer_norm(row, gain, bias, *(eps or (1e-5,))) for row in rows]
    expected, magnitude = (np.array(part).reshape(x.shape) for part in zip(*pairs, strict=True))
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    actual = student.layer_norm(x, gain, bias, *eps)
    check.close(actual, expected, dtype=dtype, terms=TERMS, magnitude=magnitude)


def gain_and_bias(rng, n, dtype=np.float64):
    return rng.uniform(0.5, 2, n).astype(dtype), rng.uniform(-1, 1, n).astype(dtype)


@pytest.mark.grade("check_log_sum_exp", weight=1)
def test_sums_of_ordinary_scores(student, rng):
    """log_sum_exp is right for float32 and float64 scores near zero, also for one score, and for integers."""
    for dtype in FLOATS:
        for shape in ((1,), (7,), (4, 9), (3, 1)):
            scores = rng.normal(0, 3, shape).astype(dtype)
            check_log_sum_exp(student.log_sum_exp(scores), scores)
    scores = rng.integers(-5, 5, 6)
    check_log_sum_exp(student.log_sum_exp(scores), scores.astype(np.float64))


@pytest.mark.grade("check_log_sum_exp", weight=1)
def test_sums_of_large_scores(student, rng):
    """log_sum_exp is right for scores whose exponentials are too large or too small for a float."""
    for dtype, size in ((np.float32, 300.0), (np.float64, 5_000.0)):
        for offset in (size, -size):
            scores = (rng.normal(0, 2, (3, 8)) + offset).astype(dtype)
            check_log_sum_exp(student.log_sum_exp(scores), scores)


@pytest.mark.grade("check_log_sum_exp", weight=1)
def test_sums_of_rows_far_apart(student, rng):
    """Rows of very different size in one matrix each get the result that they would get alone."""
    scores = rng.normal(0, 2, (5, 7)) + np.array([[0.0], [3_000.0], [-3_000.0], [900.0], [-40.0]])
    check_log_sum_exp(student.log_sum_exp(scores), scores)


@pytest.mark.grade("check_log_sum_exp", weight=1)
def test_sums_along_any_axis(student, rng):
    """log_sum_exp takes any axis of any number of axes and leaves the others."""
    scores = rng.normal(0, 20, (2, 3, 5))
    for axis in (0, 1, 2, -2):
        check_log_sum_exp(student.log_sum_exp(scores, axis=axis), scores, axis)


@pytest.mark.grade("check_log_sum_exp", weight=1)
def test_sums_with_scores_left_out(student, rng):
    """A score of -inf adds nothing, and -inf is the result where all scores are left out."""
    scores = rng.normal(0, 2, (4, 6)) + 900
    scores[0, :3] = scores[1] = scores[2, 1:] = -np.inf
    check_log_sum_exp(student.log_sum_exp(scores), scores)


@pytest.mark.grade("check_softmax", weight=1)
def test_weights_of_ordinary_scores(student, rng):
    """softmax is right for float32 and float64 scores near zero, also for one score, and for integers."""
    for dtype in FLOATS:
        for shape in ((1,), (6,), (3, 11)):
            scores = rng.normal(0, 3, shape).astype(dtype)
            check_softmax(student.softmax(scores), scores)
    scores = rng.integers(-5, 5, 6)
    check_softmax(student.softmax(scores), scores.astype(np.float64))


@pytest.mark.grade("check_softmax", weight=1)
def test_weights_of_large_scores(student, rng):
    """softmax is right for scores whose exponentials are too large or too small for a float."""
    for dtype, size in ((np.float32, 300.0), (np.float64, 5_000.0)):
        for offset in (size, -size):
            scores = (rng.normal(0, 2, 8) + offset).astype(dtype)
            check_softmax(student.softmax(scores), scores)


@pytest.mark.grade("check_softmax", weight=1)
def test_weights_of_rows_far_apart(student, rng):
    """Rows of very different size in one matrix each get the weights that they would get alone."""
    scores = rng.normal(0, 2, (5, 7)) + np.array([[0.0], [3_000.0], [-3_000.0], [900.0], [-40.0]])
    check_softmax(student.softmax(scores), scores)


@pytest.mark.grade("check_softmax", weight=1)
def test_weights_along_any_axis(student, rng):
    """softmax takes any axis of any number of axes."""
    scores = rng.normal(0, 5, (2, 3, 5))
    for axis in (0, 1, 2, -2):
        check_softmax(student.softmax(scores, axis=axis), scores, axis)


@pytest.mark.grade("check_softmax", weight=1)
def test_scores_are_left_alone(student, rng):
    """The scores keep their values, and a score of -inf gets the weight 0."""
    scores = rng.normal(0, 2, (3, 6))
    scores[0, 2] = scores[2, :4] = -np.inf
    call = student.call("softmax", scores)
    check_softmax(call.value, scores)
    check.unchanged(call, scores)


@pytest.mark.grade("check_layer_norm", weight=2)
def test_ordinary_rows(student, rng):
    """layer_norm follows the formula for float32 and float64, with one, two and three axes, and for integers."""
    for dtype in FLOATS:
        for shape in ((5,), (4, 12), (2, 3, 7)):
            gain, bias = gain_and_bias(rng, shape[-1], dtype)
            check_layer_norm(student, rng.normal(1, 2, shape).astype(dtype), gain, bias)
    check_layer_norm(student, rng.integers(-9, 9, (3, 8)), *gain_and_bias(rng, 8))


@pytest.mark.grade("check_layer_norm", weight=2)
def test_rows_far_from_zero(student, rng):
    """layer_norm keeps its digits where the mean is far larger than the deviation, in either type."""
    for dtype, mean in ((np.float32, 1e4), (np.float64, 1e8)):
        for offset in (mean, -mean):
            x = (rng.normal(0, 1, (3, 16)) + offset).astype(dtype)
            check_layer_norm(student, x, *gain_and_bias(rng, 16, dtype))


@pytest.mark.grade("check_layer_norm", weight=1)
def test_constant_and_narrow_rows(student, rng):
    """eps stands inside the root, takes the value given, and makes the bias of a constant row."""
    gain, bias = gain_and_bias(rng, 9)
    check.close(student.layer_norm(np.full((2, 9), 4.0), gain, bias), np.tile(bias, (2, 1)), dtype=np.float64)
    narrow = rng.normal(0, 1e-3, (3, 9))
    check_layer_norm(student, narrow, gain, bias)
    check_layer_norm(student, narrow, gain, bias, 1e-2)


@pytest.mark.grade("check_layer_norm", weight=1)
def test_one_element_and_mixed_types(student, rng):
    """A row of one element is its bias, and gain and bias of another type don't change the result's type."""
    gain, bias = gain_and_bias(rng, 1)
    check.close(student.layer_norm(rng.normal(0, 1, (4, 1)), gain, bias), np.tile(bias, (4, 1)), dtype=np.float64)
    gain, bias = gain_and_bias(rng, 8)
    check_layer_norm(student, rng.normal(0, 1, (2, 8)).astype(np.float32), gain, bias)
    check_layer_norm(student, rng.normal(0, 1, (2, 8)), *gain_and_bias(rng, 8, np.float32))


@pytest.mark.grade("check_layer_norm", weight=1)
def test_rows_are_left_alone(student, rng):
    """The rows, the gain and the bias keep their values, and rows needn't be contiguous."""
    x, (gain, bias) = rng.normal(3, 2, (14, 10)).T[:, ::2], gain_and_bias(rng, 7)
    call = student.call("layer_norm", x, gain, bias)
    expected = np.array([exact_layer_norm(row, gain, bias, 1e-5)[0] for row in x])
    check.close(call.value, expected, dtype=np.float64, terms=TERMS, magnitude=np.abs(expected) + 10)
    check.unchanged(call, x, gain, bias)
