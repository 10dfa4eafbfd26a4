"""Lesson 04's parallel kernels: equal results for every number of workers, from any thread."""

import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.core.kernels import parallelism
from tinytorch.core.kernels.matmul import matmul_simd
from tinytorch.core.kernels.parallelism import (
    analyze_parallel_scaling,
    parallel_batch_processing,
    parallel_matmul,
    parallel_relu,
)
from tinytorch.threads import WorkerPool, pool, shares

WORKERS = (1, 2, 3, 7, 64)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_04)


@pytest.fixture
def _split_everything(monkeypatch):
    """Cut even short calls into shares, on four threads whatever the machine has."""
    monkeypatch.setattr(parallelism, "SERIAL_BYTES", 0)
    monkeypatch.setattr(parallelism, "PANEL_OPERATIONS", 1)
    monkeypatch.setattr(shares, "usable_cores", lambda: 4)
    monkeypatch.setattr(parallelism, "usable_cores", lambda: 4)


@pytest.mark.parametrize("workers", [0, -1])
@pytest.mark.parametrize(
    "call",
    [
        lambda w: parallel_relu(np.ones(3), num_workers=w),
        lambda w: parallel_batch_processing(np.ones(3), num_workers=w),
        lambda w: parallel_matmul(np.ones((2, 2)), np.ones((2, 2)), num_workers=w),
        lambda w: analyze_parallel_scaling((w,)),
    ],
    ids=["relu", "batch", "matmul", "analyze"],
)
def test_fewer_than_one_worker_is_refused(call, workers):
    with pytest.raises(ValueError, match="num_workers must be at least 1"):
        call(workers)


@pytest.mark.usefixtures("_split_everything")
@given(
    x=hnp.arrays(
        st.sampled_from([np.dtype(d) for d in (np.float32, np.float64, np.int8, np.float16)]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=30),
    ),
    workers=st.sampled_from(WORKERS),
)
@settings(deadline=None)
def test_workers_change_no_element_of_relu(x, workers):
    result = parallel_relu(x, num_workers=workers)
    assert (result.shape, result.dtype) == (x.shape, x.dtype)
    np.testing.assert_array_equal(result, np.maximum(x, x.dtype.type(0)))


@pytest.fixture
def calls(monkeypatch):
    """(shares, workers) of every call of the pool, on a machine of four cores whose rule is 4000 bytes."""
    noted = []

    def noting(work, shares, workers):
        noted.append((shares, workers))
        pool.run_shares(work, shares, workers)

    monkeypatch.setattr(shares, "usable_cores", lambda: 4)
    monkeypatch.setattr(parallelism, "usable_cores", lambda: 4)
    monkeypatch.setattr(parallelism, "SERIAL_BYTES", 4000)
    monkeypatch.setattr(parallelism, "run_shares", noting)
    return noted


@pytest.mark.parametrize(("elements", "asked", "used"), [(1000, 8, []), (1001, 1, []), (1001, 2, [2]), (1001, 8, [4])])
def test_relu_is_split_above_the_bound_and_never_beyond_the_cores(calls, elements, asked, used):
    parallel_relu(np.ones(elements, np.float32), asked)
    assert calls == [(4 * workers, workers) for workers in used]


@pytest.mark.parametrize(("samples", "asked", "used"), [(1000, 8, 1), (1001, 8, 4), (1001, 2, 2)])
def test_a_batch_of_relu_follows_the_same_rule(calls, samples, asked, used):
    parallel_batch_processing(np.ones(samples, np.float32), num_workers=asked)
    assert calls == [(used, used)]


def test_a_batch_of_another_operation_gets_the_workers_asked_for(calls):
    parallel_batch_processing(np.ones(9, np.float32), np.tanh, num_workers=8)
    assert calls == [(8, 8)]


@pytest.mark.usefixtures("_split_everything")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("workers", WORKERS)
def test_relu_of_long_arrays(rng, workers, dtype):
    x = rng.standard_normal((1117, 2003)).astype(dtype)
    x[500, 7] = np.nan
    for layout in (x, x.T, x[::2]):
        np.testing.assert_array_equal(parallel_relu(layout, num_workers=workers), np.maximum(layout, 0))


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("samples", [1, 2, 5, 23])
def test_batch_operations_may_change_shape_and_dtype(rng, samples, workers):
    batch = rng.standard_normal((samples, 3, 4))
    result = parallel_batch_processing(batch, lambda s: s.argmax(axis=(2)).astype(np.int16), workers)
    np.testing.assert_array_equal(result, batch.argmax(axis=2))
    assert result.dtype == np.int16


def test_empty_batch_has_the_shape_and_dtype_of_its_operation():
    result = parallel_batch_processing(np.empty((0, 5), np.float32), lambda s: s[:, :2].astype(np.int8), num_workers=3)
    assert (result.shape, result.dtype) == ((0, 2), np.int8)


def test_batch_default_is_relu_of_anything_that_has_samples(rng):
    batch = rng.standard_normal((6, 8))[:, ::2]
    np.testing.assert_array_equal(parallel_batch_processing(batch), np.maximum(batch, 0))
    np.testing.assert_array_equal(parallel_batch_processing([[-1, 2], [3, -4]], num_workers=9), [[0, 2], [3, 0]])


@pytest.mark.parametrize("workers", [1, 3])
def test_batch_result_is_a_new_array(rng, workers):
    batch = rng.standard_normal((6, 4))
    result = parallel_batch_processing(batch, lambda s: s, workers)
    result[:] = 7
    assert not np.any(batch == 7)


def test_operation_in_place_is_refused_and_the_batch_kept(rng):
    batch = rng.standard_normal((6, 4))
    before = batch.copy()
    with pytest.raises(ValueError, match="read-only"):
        parallel_batch_processing(batch, lambda s: np.negative(s, out=s), num_workers=3)
    np.testing.assert_array_equal(batch, before)
    assert batch.flags.writeable


def test_batch_without_samples_axis_is_refused():
    with pytest.raises(ValueError, match="axis of samples"):
        parallel_batch_processing(np.float64(3))


@pytest.mark.parametrize(
    "operation", [np.sum, lambda s: s[:1, :1], lambda s: np.repeat(s, 2, axis=0)], ids=["total", "first", "twice"]
)
def test_result_without_one_entry_for_each_sample_is_refused(operation):
    with pytest.raises(ValueError, match="one entry for each sample"):
        parallel_batch_processing(np.ones((8, 3)), operation, num_workers=2)


class OddSampleError(Exception):
    """Raised by an operation of the tests."""


@pytest.mark.parametrize("workers", WORKERS)
def test_worker_exception_reaches_the_caller_and_the_pool_goes_on(workers):
    def refuse(samples):
        if 17 in samples:
            raise OddSampleError("seventeen")
        return samples

    with pytest.raises(OddSampleError, match="seventeen"):
        parallel_batch_processing(np.arange(40), refuse, workers)
    np.testing.assert_array_equal(parallel_batch_processing(np.arange(9), refuse, workers), np.arange(9))


def test_two_workers_run_at_the_same_time():
    meeting = threading.Barrier(2)

    def meet(samples):
        meeting.wait(timeout=30)
        return samples

    np.testing.assert_array_equal(parallel_batch_processing(np.arange(4), meet, num_workers=2), np.arange(4))


def test_threads_are_reused_between_calls():
    threads = []

    def remember(samples):
        threads.append(threading.current_thread())
        return samples

    for _ in range(50):
        parallel_batch_processing(np.arange(12), remember, num_workers=4)
    helpers = {thread for thread in threads if thread is not threading.current_thread()}
    assert all(thread.name.startswith("tinytorch-worker-") for thread in helpers)
    assert len(helpers) <= len(pool._pool._threads)


@pytest.mark.parametrize("workers", [2, 5])
def test_calls_from_inside_a_worker_finish(rng, workers):
    batch = rng.standard_normal((12, 5, 6))

    def nested(samples):
        return parallel_batch_processing(samples, lambda s: parallel_batch_processing(s, num_workers=workers), workers)

    for _ in range(30):
        np.testing.assert_array_equal(parallel_batch_processing(batch, nested, workers), np.maximum(batch, 0))


@pytest.mark.usefixtures("_split_everything")
def test_calls_from_eight_threads_at_once_are_right(rng):
    inputs = [rng.standard_normal((130 + i, 117)).astype(np.float32) for i in range(8)]

    def all_three(x):
        for _ in range(10):
            np.testing.assert_array_equal(parallel_relu(x), np.maximum(x, 0))
            np.testing.assert_array_equal(parallel_batch_processing(x), np.maximum(x, 0))
            np.testing.assert_allclose(parallel_matmul(x, x.T, num_workers=3), x @ x.T, rtol=0, atol=1e-3)
        return True

    with ThreadPoolExecutor(8) as callers:
        assert all(callers.map(all_three, inputs, timeout=120))


@pytest.mark.usefixtures("_split_everything")
@given(
    M=st.integers(0, 230),
    K=st.integers(0, 40),
    N=st.integers(0, 230),
    workers=st.sampled_from((None, *WORKERS)),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60)
def test_parallel_product_is_the_serial_one_to_the_last_bit(M, K, N, workers, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.standard_normal((M, K)).astype(np.float32), rng.standard_normal((K, N)).astype(np.float32)
    C = parallel_matmul(A, B, num_workers=workers)
    exact, size = A.astype(np.float64) @ B.astype(np.float64), np.abs(A).astype(np.float64) @ np.abs(B)
    assert (C.shape, C.dtype) == ((M, N), np.float32)
    assert np.all(np.abs(C - exact) <= (K + 2) * np.finfo(np.float32).eps * size)
    assert np.array_equal(C, matmul_simd(A, B))


@pytest.mark.usefixtures("_split_everything")
def test_parallel_product_takes_layouts_and_keeps_its_inputs(rng):
    A, B = rng.standard_normal((150, 300))[:, ::2].T, np.asfortranarray(rng.standard_normal((150, 70)))
    before = A.copy(), B.copy()
    np.testing.assert_allclose(parallel_matmul(A, B, num_workers=3), A @ B, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(A, before[0])
    np.testing.assert_array_equal(B, before[1])


@pytest.mark.parametrize(("a", "b"), [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((1, 2, 3), (3, 2))])
def test_parallel_product_names_both_shapes(a, b):
    with pytest.raises(ValueError, match=re.escape(str(a))) as caught:
        parallel_matmul(np.ones(a), np.ones(b))
    assert str(b) in str(caught.value)


def test_a_thread_that_cannot_start_costs_no_result(rng, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(pool, "_pool", WorkerPool())
    monkeypatch.setattr(threading.Thread, "start", refuse)
    batch = rng.standard_normal((7, 3))
    np.testing.assert_array_equal(parallel_batch_processing(batch, num_workers=4), np.maximum(batch, 0))


def test_short_relu_starts_no_thread():
    program = (
        "import threading, numpy as np\n"
        "from tinytorch.core.kernels.parallelism import parallel_batch_processing, parallel_relu\n"
        "parallel_relu(np.ones(1000, np.float32))\n"
        "parallel_batch_processing(np.ones((10, 100), np.float32))\n"
        "print(threading.active_count())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert run.stdout.split() == ["1"]


def test_scaling_is_that_of_relu_and_of_a_batch_of_hyperbolic_tangents(monkeypatch):
    def rows(relu, batch, counts):
        x, (samples, operation) = relu.args[0], batch.args
        assert (relu.func, x.nbytes) == (parallel_relu, 64 * 2**20)
        assert (batch.func, operation) == (parallel_batch_processing, np.tanh)
        assert (samples.shape, samples[0].nbytes) == ((64, 2**15), 128 * 1024)
        return [{"workers": count} for count in counts]

    monkeypatch.setattr(parallelism, "scaling_rows", rows)
    assert analyze_parallel_scaling((2, 4)) == [{"workers": 2}, {"workers": 4}]
    assert [row["workers"] for row in analyze_parallel_scaling()] == [1, 2, 4, 8]
