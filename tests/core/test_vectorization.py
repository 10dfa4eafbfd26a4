"""Lesson 03's kernels against float64 NumPy and against each other."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch import simd
from tinytorch.core.kernels import vectorization
from tinytorch.core.kernels.vectorization import (
    analyze_vectorization_performance,
    fused_relu_bias,
    relu_bias_kernel,
    relu_kernel,
    relu_kernel_for,
    relu_streaming_kernel,
    vectorized_relu,
)

FLOATS = (np.float32, np.float64)
OTHERS = (np.float16, np.int8, np.uint8, np.int16, np.int32, np.uint64, np.int64, np.bool_)
LENGTHS = sorted({0, 1, simd.W - 1, simd.W, simd.W + 1, 2 * simd.W, 4 * simd.W + 3, 1009})

any_array = hnp.arrays(
    dtype=st.sampled_from([np.dtype(d) for d in FLOATS + OTHERS]),
    shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=40),
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_03)


class Tensor:
    """Holds its array in `.data`, as TinyTorch's tensors do."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data


def views(base: np.ndarray) -> dict[str, np.ndarray]:
    """Layouts of a 3-D array whose every side is even."""
    frozen = base.copy()
    frozen.flags.writeable = False
    unaligned = np.frombuffer(b"\0" + base.tobytes(), dtype=np.uint8)[1:].view(base.dtype).reshape(base.shape)
    return {
        "C": base,
        "Fortran": np.asfortranarray(base),
        "transposed": base.transpose(0, 2, 1),
        "strided": base[::2, :, ::2],
        "reversed": base[::-1, ::-1, ::-1],
        "read-only": frozen,
        "broadcast": np.broadcast_to(base[:1], base.shape),
        "unaligned": unaligned,
        "empty": base[:, :0],
        "swapped bytes": base.astype(base.dtype.newbyteorder()),
    }


LAYOUTS = list(views(np.zeros((2, 2, 2))))


@given(x=any_array)
@settings(deadline=None, max_examples=150)
def test_relu_agrees_with_numpy_for_any_array(x):
    result = vectorized_relu(x)
    assert type(result) is np.ndarray
    assert (result.shape, result.dtype) == (x.shape, x.dtype)
    np.testing.assert_array_equal(result, np.maximum(x, x.dtype.type(0)))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_relu_takes_every_layout(rng, layout, dtype):
    x = views(rng.standard_normal((4, 6, 38)).astype(dtype))[layout]
    before = x.copy()
    result = vectorized_relu(x)
    np.testing.assert_array_equal(result, np.maximum(x, 0))
    np.testing.assert_array_equal(x, before)
    assert result.dtype == x.dtype


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kernel", [relu_kernel, relu_streaming_kernel])
@pytest.mark.parametrize("n", LENGTHS)
def test_kernels_write_their_elements_and_no_other(rng, kernel, n, dtype):
    for offset in (0, 1, 3):
        x = rng.standard_normal(n).astype(dtype)
        guarded = np.full(n + offset + 5, 9, dtype=dtype)
        kernel(x, guarded[offset : offset + n])
        np.testing.assert_array_equal(guarded[offset : offset + n], np.maximum(x, 0))
        assert np.all(np.delete(guarded, np.s_[offset : offset + n]) == 9)


@pytest.mark.parametrize("kernel", [relu_kernel, relu_streaming_kernel])
def test_kernels_keep_nan_and_infinity(kernel):
    x = np.resize(np.array([np.nan, -np.inf, np.inf, -1, 2], dtype=np.float32), 83)
    out = np.empty_like(x)
    kernel(x, out)
    np.testing.assert_array_equal(out, np.maximum(x, 0))


def test_relu_loads_and_stores_each_vector_once():
    x = np.ones(5 * simd.W, dtype=np.float32)
    plain = getattr(relu_kernel, "py_func", relu_kernel)
    with simd.counting() as counts:
        plain(x, np.empty_like(x))
    assert (counts.loads, counts.stores) == (5, 5)


def test_relu_accepts_lists_numbers_and_tensors():
    np.testing.assert_array_equal(vectorized_relu([[-1, 2]]), [[0, 2]])
    assert vectorized_relu(-3.0).shape == ()
    np.testing.assert_array_equal(vectorized_relu(Tensor(np.array([-1.0, 1.0]))), [0, 1])


def test_relu_into_itself(rng):
    x = rng.standard_normal(1001).astype(np.float32)
    expected = np.maximum(x, 0)
    assert vectorized_relu(x, out=x) is x
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("shift", [1, 3, simd.W, -1, -5])
def test_relu_into_an_overlapping_array(rng, shift):
    memory = rng.standard_normal(400).astype(np.float32)
    x = memory[100:300]
    expected = np.maximum(x, 0)
    vectorized_relu(x, out=memory[100 + shift : 300 + shift])
    np.testing.assert_array_equal(memory[100 + shift : 300 + shift], expected)


@pytest.mark.parametrize("out", [np.empty((3, 4)), np.empty((4, 3), np.float64)], ids=["shape", "dtype"])
def test_relu_refuses_an_out_that_does_not_fit(out):
    with pytest.raises(ValueError, match=r"out must have shape \(4, 3\) and dtype float32"):
        vectorized_relu(np.ones((4, 3), np.float32), out=out)


def test_relu_refuses_an_out_that_is_no_array_or_read_only():
    frozen = np.empty(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        vectorized_relu(np.ones(3), out=frozen)
    with pytest.raises(TypeError, match="list"):
        vectorized_relu(np.ones(3), out=[0.0, 0.0, 0.0])


def test_large_calls_stream(monkeypatch, rng):
    monkeypatch.setattr(vectorization, "streaming_pays_from", lambda: 4000)
    x = rng.standard_normal(2001).astype(np.float32)
    assert relu_kernel_for(x.nbytes) is relu_streaming_kernel
    np.testing.assert_array_equal(vectorized_relu(x), np.maximum(x, 0))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("columns", [*LENGTHS[1:], 255, 256, 257])
def test_fused_agrees_with_two_steps(rng, columns, dtype):
    x, bias = rng.standard_normal((2, 9, columns)).astype(dtype), rng.standard_normal(columns).astype(dtype)
    result = fused_relu_bias(x, bias)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, np.maximum(x + bias, 0))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fused_takes_every_layout(rng, layout):
    x = views(rng.standard_normal((4, 6, 38)).astype(np.float32))[layout]
    bias = rng.standard_normal(2 * x.shape[-1]).astype(np.float32)[::-2]
    np.testing.assert_array_equal(fused_relu_bias(x, bias), np.maximum(x + bias, 0))


@pytest.mark.parametrize(
    "bias",
    [np.float32(0.5), 0.5, np.float32([0.5]), np.full((1, 7), 0.5, np.float32)],
    ids=["0-d", "number", "one", "row"],
)
def test_fused_takes_what_runs_along_the_last_axis(rng, bias):
    x = rng.standard_normal((5, 7)).astype(np.float32)
    np.testing.assert_array_equal(fused_relu_bias(x, bias), np.maximum(x + np.float32(0.5), 0))


@given(left=st.sampled_from(FLOATS + OTHERS), right=st.sampled_from(FLOATS + OTHERS), seed=st.integers(0, 99))
@settings(deadline=None)
def test_fused_has_the_common_dtype(left, right, seed):
    rng = np.random.default_rng(seed)
    x, bias = rng.integers(0, 60, (5, 19)).astype(left), rng.integers(0, 60, 19).astype(right)
    result = fused_relu_bias(x, bias)
    assert result.dtype == np.result_type(x, bias)
    np.testing.assert_array_equal(result, np.maximum(x + bias, result.dtype.type(0)))


def test_a_python_number_as_bias_keeps_the_dtype_of_x():
    assert fused_relu_bias(np.float32([1, -2]), 0.5).dtype == np.float32
    assert fused_relu_bias(np.int8([1, -2]), 3).dtype == np.int8


@pytest.mark.parametrize(
    ("x", "bias"), [((3, 4), (3,)), ((3, 4), (3, 1)), ((3, 4), (3, 4)), ((4,), (1, 4)), ((), (1,)), ((3, 4), (0,))]
)
def test_fused_refuses_a_bias_along_another_axis(x, bias):
    with pytest.raises(ValueError, match=re.escape(str(x))) as caught:
        fused_relu_bias(np.ones(x), np.ones(bias))
    assert str(bias) in str(caught.value)


def test_fused_keeps_nan_of_both(rng):
    x, bias = np.ones((3, 21), np.float32), np.ones(21, np.float32)
    x[1, 20] = bias[4] = np.nan
    np.testing.assert_array_equal(fused_relu_bias(x, bias), np.maximum(x + bias, 0))


def test_fused_into_itself_and_into_its_bias(rng):
    x = rng.standard_normal((6, 300)).astype(np.float32)
    expected = np.maximum(x + x[2], 0)
    assert fused_relu_bias(x, x[2], out=x) is x
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
@pytest.mark.parametrize("shift", [-3, 2])
def test_fused_into_an_overlapping_array(rng, shift, dtype):
    memory = (100 * rng.standard_normal((40, 2000))).astype(dtype)
    bias = np.arange(2000).astype(dtype)
    x = memory[5:35]
    expected = np.maximum(x + bias, 0)
    fused_relu_bias(x, bias, out=memory[5 + shift : 35 + shift])
    np.testing.assert_array_equal(memory[5 + shift : 35 + shift], expected)


def test_fused_moves_each_vector_once():
    x, bias = np.ones(512, dtype=np.float32), np.ones(256, dtype=np.float32)
    plain = getattr(relu_bias_kernel, "py_func", relu_bias_kernel)
    with simd.counting() as counts:
        plain(x, bias, np.empty_like(x))
    assert counts.stores == x.size // simd.W
    assert counts.loads == 2 * x.size // simd.W


def test_report_is_of_times_measured_in_this_run():
    report = analyze_vectorization_performance(size=2000)
    assert report["vectorized_speedup"] == report["scalar_us"] / report["vectorized_us"]
    assert report["throughput_mops"] == 2000 / report["vectorized_us"]
    assert report["source"] == "measured"
    assert report["scalar_us"] > 0


def test_report_refuses_a_size_below_one():
    with pytest.raises(ValueError, match="size"):
        analyze_vectorization_performance(size=0)
