"""What vectors do inside compiled functions; test_simd_modes.py runs this file again in other modes."""

import numpy as np
import pytest
from numba import config
from numba.core.errors import TypingError

from tinytorch import simd

W = simd.W
compiled_only = pytest.mark.skipif(config.DISABLE_JIT, reason="speaks of compiled code")
plain_only = pytest.mark.skipif(not config.DISABLE_JIT, reason="speaks of plain Python")


@pytest.fixture
def rng():
    return np.random.default_rng(20240607)


@simd.jit(cache=False)
def copy_part(a, i, n, out):
    simd.store(out, 0, simd.load_part(a, i, n))


@simd.jit(cache=False)
def copy_some(a, out, n):
    simd.store_part(out, 1, simd.load(a, 0), n)


@simd.jit(cache=False)
def axpy(x, a, b, out):
    simd.store(out, 0, simd.fma(x, simd.load(a, 0), simd.load(b, 0)))


@simd.jit(cache=False)
def add_sub_mul(a, b, out):
    v, w = simd.load(a, 0), simd.load(b, 0)
    v += w
    simd.store(out, 0, (v - w) * w)


@simd.jit(cache=False)
def across(a):
    v = simd.load(a, 0)
    return simd.sum(v), simd.max_lane(v)


@simd.jit(cache=False)
def larger(a, b, out):
    simd.store(out, 0, simd.maximum(simd.load(a, 0), simd.load(b, 0)))


@simd.jit(cache=False)
def magnitude(a, out):
    simd.store(out, 0, simd.abs(simd.load(a, 0)))


@simd.jit(cache=False)
def pair_of_sums(a):
    row = (simd.zero(), simd.zero())
    for i in range(0, a.size, W):
        v = simd.load_part(a, i, a.size - i)
        row = (row[0] + v, simd.fma(v, v, row[1]))
    return simd.sum(row[0]), simd.sum(row[1])


@simd.jit(cache=False)
def spread(a, i, out):
    simd.store(out, 0, simd.broadcast(a[i]))
    simd.store(out, simd.BYTES // a.itemsize, simd.broadcast_at(a, i))


@simd.jit(cache=False)
def dot4_unsigned(a, b, out):
    acc = simd.zero_i32()
    for i in range(0, a.size, simd.BYTES):
        acc = simd.dot4_u8s8(acc, simd.load4(a, i), simd.load4(b, i))
    simd.store(out, 0, acc)


@simd.jit(cache=False)
def dot4_signed(a, b, out):
    acc = simd.zero_i32()
    for i in range(0, a.size, simd.BYTES):
        acc = simd.dot4_s8s8(acc, simd.load4(a, i), simd.load4(b, i))
    simd.store_part(out, 0, acc, W)


@simd.jit(cache=False)
def dot4_broadcast(a, b, out):
    simd.store(out, 0, simd.dot4_s8s8(simd.load(out, 0), simd.broadcast4(a, 1), simd.load4(b, 0)))


@simd.jit(cache=False)
def stream_ones(out):
    start = simd.aligned_offset(out)
    for i in range(start, start + 4 * W, W):
        simd.prefetch(out, i + 16)
        simd.stream(out, i, simd.broadcast(np.float32(1.0)))
    simd.fence()
    return start


@pytest.mark.parametrize("n", [-1, 0, 1, W - 1, W, W + 5])
def test_load_part_fills_the_other_lanes_with_zero(rng, n):
    a, out = rng.standard_normal(2 * W).astype(np.float32), np.full(W, 7, np.float32)
    copy_part(a, 3, n, out)
    kept = min(max(n, 0), W)
    assert np.array_equal(out, np.concatenate([a[3 : 3 + kept], np.zeros(W - kept, np.float32)]))


def test_load_part_does_not_need_memory_beyond_the_end(rng):
    a, out = rng.standard_normal(W + 1).astype(np.float32), np.empty(W, np.float32)
    copy_part(a, W, 1, out)
    assert out[0] == a[W]
    assert not out[1:].any()


@pytest.mark.parametrize("n", [-3, 0, 1, W - 1, W, W + 9])
def test_store_part_leaves_the_rest_alone(rng, n):
    a, out = rng.standard_normal(W).astype(np.float32), np.full(W + 2, 7, np.float32)
    copy_some(a, out, n)
    kept = min(max(n, 0), W)
    assert np.array_equal(out[1 : 1 + kept], a[:kept])
    assert np.all(out[1 + kept :] == 7)


def test_fma_multiplies_and_adds(rng):
    a, b = rng.standard_normal((2, W)).astype(np.float32)
    out = np.empty(W, np.float32)
    axpy_on = simd.jit(cache=False)(lambda a, b, out: axpy(simd.broadcast(np.float32(1.5)), a, b, out))
    axpy_on(a, b, out)
    assert np.allclose(out, 1.5 * a.astype(np.float64) + b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64, np.int16])
def test_operators_equal_numpy(rng, dtype):
    lanes = simd.BYTES // np.dtype(dtype).itemsize
    a, b = (rng.standard_normal((2, lanes)) * 50).astype(dtype)
    out = np.empty(lanes, dtype)
    add_sub_mul(a, b, out)
    assert np.array_equal(out, ((a + b) - b) * b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_sum_and_max_reduce_all_lanes(dtype):
    a = np.arange(-2, simd.BYTES // np.dtype(dtype).itemsize - 2).astype(dtype)
    assert across(a) == (a.sum(), a.max())


@pytest.mark.parametrize("lane", [0, 1, W - 1])
def test_max_lane_keeps_nan(lane):
    a = np.ones(W, np.float32)
    a[lane] = np.nan
    assert np.isnan(across(a)[1])


def test_maximum_keeps_nan_of_either_side():
    a, b, out = np.ones(W, np.float32), np.zeros(W, np.float32), np.empty(W, np.float32)
    a[0] = b[1] = np.nan
    larger(a, b, out)
    assert np.array_equal(out, np.maximum(a, b), equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_abs_and_maximum_equal_numpy(rng, dtype):
    a, b = (rng.standard_normal((2, W)) * 9).astype(dtype)
    out = np.empty(W, dtype)
    magnitude(a, out)
    assert np.array_equal(out, np.abs(a))
    larger(a, b, out)
    assert np.array_equal(out, np.maximum(a, b))


def test_tuples_of_vectors_stay_values(rng):
    a = rng.standard_normal(5 * W + 3).astype(np.float32)
    total, squares = pair_of_sums(a)
    assert np.isclose(total, a.sum(dtype=np.float64), rtol=1e-4, atol=1e-4)
    assert np.isclose(squares, np.square(a, dtype=np.float64).sum(), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_broadcast_fills_every_lane(dtype):
    a = np.array([3, 8, 5]).astype(dtype)
    out = np.zeros(2 * simd.BYTES // a.itemsize, dtype)
    spread(a, 1, out)
    assert np.all(out == 8)


@pytest.mark.parametrize("u_dtype", [np.uint8, np.int8])
def test_dot4_takes_the_first_operand_as_unsigned(rng, u_dtype):
    a = rng.integers(0, 256, 6 * simd.BYTES).astype(np.uint8)
    b = rng.integers(-128, 128, a.size).astype(np.int8)
    a[:40], b[:40] = 255, -128
    out = np.empty(W, np.int32)
    dot4_unsigned(a.view(u_dtype), b, out)
    assert np.array_equal(out, (a.astype(np.int64) * b).reshape(-1, W, 4).sum(axis=(0, 2)))


def test_dot4_signed_is_exact_at_the_extremes(rng):
    a, b = rng.integers(-128, 128, (2, 6 * simd.BYTES)).astype(np.int8)
    a[:40] = b[:40] = -128
    out = np.empty(W, np.int32)
    dot4_signed(a, b, out)
    assert np.array_equal(out, (a.astype(np.int64) * b).reshape(-1, W, 4).sum(axis=(0, 2)))


def test_dot4_adds_to_the_accumulator_with_broadcast_bytes(rng):
    a, b = np.array([9, -128, 127, -1, 5], np.int8), rng.integers(-128, 128, simd.BYTES).astype(np.int8)
    out = np.arange(W, dtype=np.int32)
    dot4_broadcast(a, b, out)
    assert np.array_equal(out, np.arange(W) + b.reshape(W, 4).astype(np.int64) @ a[1:])


@pytest.mark.parametrize("skip", [0, 1, 3])
def test_stream_writes_from_the_aligned_offset(skip):
    out = np.zeros(6 * W, np.float32)[skip:]
    start = stream_ones(out)
    assert (out.ctypes.data + 4 * start) % simd.BYTES == 0
    assert 0 <= start < W
    assert np.all(out[start : start + 4 * W] == 1)
    assert out.sum() == 4 * W


@compiled_only
@pytest.mark.parametrize(
    ("a", "words"),
    [
        (np.zeros((2, 2 * W), np.float32), "1-D contiguous"),
        (np.zeros(4 * W, np.float32)[::2], "1-D contiguous"),
        (np.zeros(2 * W, np.complex64), "no vectors of complex64"),
    ],
    ids=["2-D", "strided", "complex"],
)
def test_unsuitable_arrays_are_refused_when_compiling(a, words):
    with pytest.raises(TypingError, match=words):
        across(a)


@compiled_only
def test_storing_into_read_only_is_refused_when_compiling():
    out = np.zeros(W, np.float32)
    out.flags.writeable = False
    with pytest.raises(TypingError, match="read-only"):
        magnitude(np.ones(W, np.float32), out)


@plain_only
def test_plain_loads_check_their_bounds():
    with pytest.raises(IndexError, match="the array has"):
        across(np.ones(W - 1, np.float32))


@plain_only
def test_plain_add_in_place_makes_a_new_value():
    first = simd.zero()
    second = first
    second += simd.broadcast(np.float32(1))
    assert not first.any()


@plain_only
def test_counting_counts_vectors_moved():
    a = np.ones(3 * W, np.float32)
    with simd.counting() as counts:
        pair_of_sums(a)
        copy_some(a, a, 2)
    assert (counts.loads, counts.stores, counts.multiply_adds) == (4, 1, 3)


@compiled_only
def test_counting_ignores_compiled_kernels():
    with simd.counting() as counts:
        pair_of_sums(np.ones(3 * W, np.float32))
    assert counts == simd.Counts()
