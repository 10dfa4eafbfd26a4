"""Graded checks of lesson 03_vectorization: the trusted side of its 15 points."""

import numpy as np
import pytest

from tinytorch.grading.checks import check
from tinytorch.grading.checks.plausible import Work

pytestmark = pytest.mark.lesson("03_vectorization")

SCALARS = ("euclidean_distance", "dot_product", "cosine_similarity")
# ReLU as for an array larger than the caches, into the middle of an array of sevens.
STREAMED = """
import __main__ as notebook
import numpy


def streamed(x, offset):
    before = getattr(notebook, "streaming_pays_from", None)
    notebook.streaming_pays_from = lambda: 0
    try:
        memory = numpy.full(x.size + 64, 7, x.dtype)
        notebook.vectorized_relu(x, out=memory[offset : offset + x.size])
        return memory
    finally:
        notebook.streaming_pays_from = before
"""
ARRAYS = ("element_wise_add", "element_wise_multiply", "squared_difference")


@pytest.mark.grade("check_vectorized_relu", weight=2)
def test_relu_of_floats_of_every_length(student, rng):
    """ReLU of float32 and float64 arrays is right for every length, with NaN staying NaN."""
    streamed = student.define(STREAMED, "streamed")
    for dtype in (np.float32, np.float64):
        for n in (1, 7, 16, 33, 67, 1009):
            x = rng.standard_normal(n).astype(dtype)
            x[rng.integers(n)] = np.nan
            check.close(student.vectorized_relu(x), np.maximum(x, 0), dtype=dtype)
        edges = np.array([np.inf, -np.inf, 1.5, -1.5, np.nan], dtype=dtype)
        for n, offset in ((3, 3), (3, 14), (5, 29), (67, 3), (1009, 31)):
            x = rng.standard_normal(n).astype(dtype)
            expected = np.pad(np.maximum(x, 0), (offset, 64 - offset), constant_values=7)
            check.close(streamed(x, offset), expected, dtype=dtype, what="memory around and in a large out")
        check.close(student.vectorized_relu(edges), np.maximum(edges, 0), dtype=dtype)


@pytest.mark.grade("check_vectorized_relu", weight=1)
def test_relu_keeps_every_dtype(student, rng):
    """ReLU returns the dtype it was given, for integers, booleans and half precision too."""
    for dtype in (np.int8, np.int32, np.uint8, np.int64, np.bool_, np.float16):
        x = rng.integers(-100, 100, size=(5, 11)).astype(dtype)
        check.exactly(student.vectorized_relu(x), np.maximum(x, dtype(0)), dtype=dtype)


@pytest.mark.grade("check_vectorized_relu", weight=1)
def test_relu_takes_any_layout(student, rng):
    """ReLU is right for transposed, strided, read-only, empty and zero-dimensional arrays; its input stays."""
    base = rng.standard_normal((24, 30)).astype(np.float32)
    frozen = base.copy()
    frozen.flags.writeable = False
    views = (
        base.T,
        base[::2, 1::3],
        base[::-1, ::-1],
        frozen,
        base[:0],
        base[3, 4].reshape(()),
        base.reshape(2, 12, 30),
    )
    for x in views:
        call = student.call("vectorized_relu", x)
        check.close(call.value, np.maximum(x, 0), dtype=np.float32, shape=x.shape)
        check.unchanged(call, x)


@pytest.mark.grade("check_vectorized_relu", weight=1)
def test_relu_writes_into_out(student, rng):
    """With out= the result is written there and out is returned; another shape or dtype of out is a ValueError."""
    x = rng.standard_normal((9, 31)).astype(np.float32)
    call = student.call("vectorized_relu", x, out=np.full_like(x, 7))
    check.require(call.result_is == "out", "with out= the function must return out itself")
    check.close(call.kwargs["out"], np.maximum(x, 0), dtype=np.float32, what="out")
    gaps = np.full((9, 62), 7, dtype=np.float32)[:, ::2]
    call = student.call("vectorized_relu", x, out=gaps)
    check.close(call.kwargs["out"], np.maximum(x, 0), dtype=np.float32, what="an out with gaps between its elements")
    for wrong in (np.empty((9, 30), np.float32), np.empty(x.shape, np.float64)):
        with check.raises(ValueError):
            student.vectorized_relu(x, out=wrong)


@pytest.mark.grade("check_vectorized_relu", weight=2)
def test_speed_of_relu(student, rng):
    """Speed of vectorized_relu(x, out), 100 thousand float32, against np.maximum(x, 0, out=out)."""

    def make_inputs():
        return rng.standard_normal(100_000, dtype=np.float32), np.empty(100_000, np.float32)

    def verify(inputs, result):
        check.close(result, np.maximum(inputs[0], 0), dtype=np.float32)

    reference = "def reference(x, out):\n    return np.maximum(x, 0, out=out)"
    work = Work(moved_bytes=2 * 100_000 * 4)
    compared = student.speed("vectorized_relu", make_inputs, reference, verify, bounds="relu", calls=8, work=work)
    check.bands(compared, "relu")


@pytest.mark.grade("check_vectorized_operations", weight=2)
def test_operations_on_floats(student, rng):
    """All six results are right for float vectors and for matrices, which count as one long vector."""
    for shape, dtype in (((101,), np.float64), ((6, 7), np.float64), ((53,), np.float32)):
        x, y = rng.standard_normal(shape).astype(dtype), rng.standard_normal(shape).astype(dtype)
        u, v = x.astype(np.float64).ravel(), y.astype(np.float64).ravel()
        result = student.vectorized_operations(x, y)
        check.keys(result, ARRAYS + SCALARS)
        check.close(result["element_wise_add"], x + y, dtype=dtype, what="element_wise_add")
        check.close(result["element_wise_multiply"], x * y, dtype=dtype, what="element_wise_multiply")
        check.close(result["squared_difference"], (x - y) ** 2, dtype=dtype, terms=3, what="squared_difference")
        rel = 1e-9 if dtype is np.float64 else 1e-4
        norms = np.linalg.norm(u) * np.linalg.norm(v)
        check.number(result["euclidean_distance"], np.linalg.norm(u - v), rel=rel, what="euclidean_distance")
        dot = float(u @ v)
        check.number(result["dot_product"], low=dot - rel * norms, high=dot + rel * norms, what="dot_product")
        cosine = dot / norms
        check.number(result["cosine_similarity"], low=cosine - rel, high=cosine + rel, what="cosine_similarity")
        itself = student.vectorized_operations(x, x.copy())
        check.number(itself["euclidean_distance"], low=0.0, high=0.0, what="distance of a vector from itself")
        check.number(itself["cosine_similarity"], 1.0, rel=rel, what="cosine_similarity of a vector and itself")


@pytest.mark.grade("check_vectorized_operations", weight=2)
def test_scalars_of_integers_do_not_wrap(student, rng):
    """Distance, dot product and cosine of small integer types are computed in float64, so that nothing wraps."""
    for dtype in (np.int8, np.uint8, np.int16, np.int32):
        limits = np.iinfo(dtype)
        x = rng.integers(limits.min, limits.max, size=40, endpoint=True).astype(dtype)
        y = rng.integers(limits.min, limits.max, size=40, endpoint=True).astype(dtype)
        x[0], y[0] = limits.min, limits.max
        u, v = x.astype(np.float64), y.astype(np.float64)
        result = student.vectorized_operations(x, y)
        norms = np.linalg.norm(u) * np.linalg.norm(v)
        check.number(result["euclidean_distance"], np.linalg.norm(u - v), what="euclidean_distance")
        check.number(result["dot_product"], low=u @ v - 1e-9 * norms, high=u @ v + 1e-9 * norms, what="dot_product")
        cosine = u @ v / norms
        check.number(result["cosine_similarity"], low=cosine - 1e-9, high=cosine + 1e-9, what="cosine_similarity")
        check.exactly(result["element_wise_add"], x + y, dtype=dtype, what="element_wise_add")


@pytest.mark.grade("check_vectorized_operations", weight=1)
def test_cosine_of_a_zero_vector(student, rng):
    """The cosine similarity of a zero vector is 0.0, and computing it gives no warning."""
    source = (
        "import warnings\n"
        "import __main__ as notebook\n"
        "def strict(x, y):\n"
        "    with warnings.catch_warnings():\n"
        "        warnings.simplefilter('error')\n"
        "        return notebook.vectorized_operations(x, y)\n"
    )
    strict = student.define(source, "strict")
    x = rng.standard_normal(9)
    zeros = np.zeros(9)
    for first, second in ((x, zeros), (zeros, x), (zeros, zeros)):
        result = strict(first, second)
        check.number(result["cosine_similarity"], low=0.0, high=0.0, what="cosine_similarity")
        check.number(result["euclidean_distance"], np.linalg.norm(first - second), what="euclidean_distance")


@pytest.mark.grade("check_vectorized_operations", weight=1)
def test_operations_name_both_shapes(student, rng):
    """Different shapes are a ValueError that names both, even where NumPy could broadcast them; equal ones work."""
    x = rng.standard_normal((4, 5))
    check.close(
        student.vectorized_operations(x, x)["element_wise_add"], x + x, dtype=np.float64, what="element_wise_add"
    )
    with check.raises(ValueError, mentions=["(4, 5)", "(5, 4)"]):
        student.vectorized_operations(x, x.T)
    with check.raises(ValueError, mentions=["(4, 5)", "(5,)"]):
        student.vectorized_operations(x, x[0])


@pytest.mark.grade("check_vectorized_operations", weight=1)
def test_operations_on_any_layout(student, rng):
    """Strided and transposed views and empty arrays work, and the inputs keep their values."""
    base = rng.standard_normal((12, 14))
    for x, y in ((base[::2, ::3], base[::2, 1::3]), (base.T, base[::-1].T), (base[:0], base[:0])):
        call = student.call("vectorized_operations", x, y)
        check.close(
            call.value["squared_difference"], (x - y) ** 2, dtype=np.float64, terms=3, what="squared_difference"
        )
        low, high = np.sum(x * y) - 1e-9, np.sum(x * y) + 1e-9
        check.number(call.value["dot_product"], low=low, high=high, what="dot_product")
        check.unchanged(call, x, y)


@pytest.mark.grade("check_fused_relu_bias", weight=2)
def test_bias_runs_along_the_last_axis(student, rng):
    """relu(x + bias) is right for rows shorter and longer than a vector, and for one, two and three axes."""
    for shape in ((5, 1), (1, 1), (1,), (4, 3), (7, 16), (3, 37), (2, 1031), (129,), (3, 4, 21), (8, 8)):
        x = rng.standard_normal(shape).astype(np.float32)
        bias = rng.standard_normal(shape[-1]).astype(np.float32)
        check.close(student.fused_relu_bias(x, bias), np.maximum(x + bias, 0), dtype=np.float32, terms=2)


@pytest.mark.grade("check_fused_relu_bias", weight=1)
def test_bias_result_has_the_common_dtype(student, rng):
    """The result's dtype is that of x + bias, and NaN in x or bias stays NaN."""
    for left, right in ((np.float32, np.float64), (np.float64, np.float64), (np.int8, np.float32), (np.int16, np.int8)):
        x = rng.integers(-50, 50, size=(6, 9)).astype(left)
        bias = rng.integers(-50, 50, size=9).astype(right)
        check.close(student.fused_relu_bias(x, bias), np.maximum(x + bias, 0), dtype=np.result_type(left, right))
    x, bias = rng.standard_normal((3, 5)), rng.standard_normal(5)
    x[1, 2] = bias[4] = np.nan
    check.close(student.fused_relu_bias(x, bias), np.maximum(x + bias, 0), dtype=np.float64, terms=2)


@pytest.mark.grade("check_fused_relu_bias", weight=1)
def test_bias_takes_any_layout(student, rng):
    """Transposed, strided and empty arrays and a strided bias are right, and neither input changes."""
    base, wide = rng.standard_normal((24, 30)).astype(np.float32), rng.standard_normal(60).astype(np.float32)
    for x, bias in ((base.T, wide[:24]), (base[::2, ::3], wide[:10]), (base, wide[::-2]), (base[:0], wide[:30])):
        call = student.call("fused_relu_bias", x, bias)
        check.close(call.value, np.maximum(x + bias, 0), dtype=np.float32, terms=2)
        check.unchanged(call, x, bias)


@pytest.mark.grade("check_fused_relu_bias", weight=1)
def test_bias_uses_out_and_checks_shapes(student, rng):
    """out= gets the result and is returned; a bias that doesn't run along the last axis is a ValueError."""
    x, bias = rng.standard_normal((4, 6)), rng.standard_normal(6)
    call = student.call("fused_relu_bias", x, bias, out=np.full((4, 6), 9.0))
    check.require(call.result_is == "out", "with out= the function must return out itself")
    check.close(call.kwargs["out"], np.maximum(x + bias, 0), dtype=np.float64, terms=2, what="out")
    with check.raises(ValueError):
        student.fused_relu_bias(x, bias[:4])


@pytest.mark.grade("check_fused_relu_bias", weight=3)
def test_speed_of_fused_relu_bias(student, rng):
    """Speed of fused_relu_bias(x, bias, out), 2000 x 500 float32, against NumPy's add and maximum into out."""

    def make_inputs():
        x, bias = rng.standard_normal((2000, 500), dtype=np.float32), rng.standard_normal(500, dtype=np.float32)
        return x, bias, np.empty_like(x)

    def verify(inputs, result):
        x, bias, _ = inputs
        check.close(result, np.maximum(x + bias, 0), dtype=np.float32, terms=2)

    reference = "def reference(x, bias, out):\n    np.add(x, bias, out=out)\n    return np.maximum(out, 0, out=out)"
    work = Work(moved_bytes=2 * 2000 * 500 * 4)
    compared = student.speed("fused_relu_bias", make_inputs, reference, verify, bounds="fused", work=work)
    check.bands(compared, "fused")
