"""Graded checks of lesson 04_parallelism: the trusted side of its 13 points."""

import math

import numpy as np
import pytest

from tinytorch.grading.checks import check
from tinytorch.grading.checks.plausible import Work

pytestmark = pytest.mark.lesson("04_parallelism")

# The lesson's `parallel_loops`: the given loops of lesson 02, their rows shared out to as many threads as cores.
PARALLEL_LOOPS = """
from numba import njit, prange


@njit(parallel=True, nogil=True)
def parallel_loops(A, B, C):
    for i in prange(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


def reference(A, B):
    C = np.zeros((A.shape[0], B.shape[1]), A.dtype)
    parallel_loops(A, B, C)
    return C
"""
# ReLU as for an array that is long enough to be split, and the array after it.
SPLIT = """
import __main__ as notebook


def split(x, num_workers):
    before = getattr(notebook, "SERIAL_BYTES", 0)
    notebook.SERIAL_BYTES = 0
    try:
        return notebook.parallel_relu(x, num_workers), x
    finally:
        notebook.SERIAL_BYTES = before
"""
# What is left of a result once the batch that it came from is overwritten.
KEPT = """
import __main__ as notebook


def kept(batch, num_workers):
    result = notebook.parallel_batch_processing(batch, lambda samples: samples, num_workers)
    batch[...] = 0
    return result
"""
SUMS = "import numpy\ndef sums(batch):\n    return batch.reshape(len(batch), 6).astype(numpy.float64).sum(axis=1)\n"
PAIRS = "import numpy\ndef pairs(batch):\n    return numpy.stack([batch > 0, batch < 0], axis=-1).astype(numpy.int8)\n"
MEETING = (
    "import threading\n"
    "meeting = threading.Barrier(2)\n"
    "def meet(batch):\n"
    "    meeting.wait(timeout=10)\n"
    "    return batch + 1\n"
)
FAILING = (
    "def failing(batch):\n    if (batch == 13).any():\n        raise LookupError('sample thirteen')\n    return batch\n"
)
FIRST = "def first(batch):\n    return batch[:1]\n"
THREADS_SEEN = (
    "import threading\n"
    "class Seen:\n"
    "    def __init__(self):\n"
    "        self.threads = []\n"
    "    def __call__(self, batch):\n"
    "        if threading.current_thread() not in self.threads:\n"
    "            self.threads.append(threading.current_thread())\n"
    "        return batch * 2\n"
    "    @property\n"
    "    def count(self):\n"
    "        return len(self.threads)\n"
    "seen = Seen()\n"
)


@pytest.mark.grade("check_parallel_relu", weight=2)
def test_parallel_relu_equals_relu(student, rng):
    """The result is that of ReLU for short and long arrays and for any number of workers; NaN stays NaN."""
    split = student.define(SPLIT, "split")
    for n in (1, 1000, 65_537, 400_001):
        x = rng.standard_normal(n).astype(np.float32)
        x[rng.integers(n)] = np.nan
        for workers in (1, 2, 3, 7):
            check.close(student.parallel_relu(x, num_workers=workers), np.maximum(x, 0), dtype=np.float32)
            result, x_after = split(x, workers)
            check.close(result, np.maximum(x, 0), dtype=np.float32, what="result of a call that is split")
            check.exactly(x_after, x, what="x after a call that is split")


@pytest.mark.grade("check_parallel_relu", weight=1)
def test_parallel_relu_takes_any_array(student, rng):
    """Shape and dtype stay for matrices, integers, strided, empty and zero-dimensional arrays; the input stays."""
    base = rng.standard_normal((300, 400))
    arrays = (
        base,
        np.asfortranarray(base),
        base[::3, ::2],
        base[:0],
        base[0, 0].reshape(()),
        base[:3].reshape(3, 20, 20),
    )
    for x in arrays:
        call = student.call("parallel_relu", x, num_workers=3)
        check.close(call.value, np.maximum(x, 0), dtype=np.float64, shape=x.shape)
        check.unchanged(call, x)
    whole = rng.integers(-99, 99, size=(500, 7)).astype(np.int8)
    check.exactly(student.parallel_relu(whole, num_workers=2), np.maximum(whole, np.int8(0)), dtype=np.int8)


@pytest.mark.grade("check_parallel_relu", weight=1)
def test_parallel_relu_refuses_no_workers(student, rng):
    """num_workers below 1 is a ValueError; one worker, and more workers than elements, work."""
    x = rng.standard_normal(5)
    for workers in (1, 5, 64):
        check.close(student.parallel_relu(x, num_workers=workers), np.maximum(x, 0), dtype=np.float64)
    for workers in (0, -3):
        with check.raises(ValueError):
            student.parallel_relu(x, num_workers=workers)


@pytest.mark.grade("check_parallel_relu", weight=1.5)
def test_speed_of_short_parallel_relu(student, rng):
    """Speed of parallel_relu, 50 thousand float32, against np.maximum: a call so short takes no detour by threads."""

    def make_inputs():
        return (rng.standard_normal(50_000, dtype=np.float32),)

    def verify(inputs, result):
        check.close(result, np.maximum(inputs[0], 0), dtype=np.float32)

    reference = "def reference(x):\n    return np.maximum(x, 0)"
    compared = student.speed("parallel_relu", make_inputs, reference, verify, bounds="short_parallel_relu", calls=16)
    check.bands(compared, "short_parallel_relu")


@pytest.mark.grade("check_parallel_batch_processing", weight=2)
def test_batch_operations_may_change_the_sample(student, rng):
    """Results keep the samples' order for operations that change shape or dtype, and for any number of workers."""
    batch = rng.standard_normal((11, 2, 3)).astype(np.float32)
    sums, pairs = student.define(SUMS, "sums"), student.define(PAIRS, "pairs")
    expected_pairs = np.stack([batch > 0, batch < 0], axis=-1).astype(np.int8)
    for workers in (1, 2, 4, 11, 40):
        result = student.parallel_batch_processing(batch, sums, num_workers=workers)
        check.close(result, batch.astype(np.float64).sum(axis=(1, 2)), dtype=np.float64, terms=6)
        result = student.parallel_batch_processing(batch, pairs, num_workers=workers)
        check.exactly(result, expected_pairs, dtype=np.int8)


@pytest.mark.grade("check_parallel_batch_processing", weight=1)
def test_batch_default_is_relu(student, rng):
    """Without an operation the batch goes through ReLU, and the batch itself keeps its values; the result is a new
    array, even where the operation returns what it is given."""
    single = rng.standard_normal((9, 50)).astype(np.float32)
    for batch in (single, rng.standard_normal((20, 6))[::2, ::-1], rng.standard_normal(7)):
        call = student.call("parallel_batch_processing", batch, num_workers=4)
        check.close(call.value, np.maximum(batch, 0), dtype=batch.dtype)
        check.unchanged(call, batch)
    kept = student.define(KEPT, "kept")
    for workers in (1, 3):
        check.exactly(kept(single, workers), single, what="result of an operation that returns its slice")


@pytest.mark.grade("check_parallel_batch_processing", weight=1)
def test_batch_without_samples(student):
    """A batch of no samples gives no results, in the shape and dtype that the operation gives them."""
    sums, pairs = student.define(SUMS, "sums"), student.define(PAIRS, "pairs")
    empty = np.empty((0, 2, 3), dtype=np.float32)
    check.exactly(student.parallel_batch_processing(empty, num_workers=3), empty, dtype=np.float32)
    check.exactly(student.parallel_batch_processing(empty, sums, num_workers=3), np.empty(0), dtype=np.float64)
    check.exactly(student.parallel_batch_processing(empty, pairs), np.empty((0, 2, 3, 2), np.int8), dtype=np.int8)


@pytest.mark.grade("check_parallel_batch_processing", weight=1)
def test_batch_exception_reaches_the_caller(student):
    """An exception in a worker reaches the caller as it is, and later calls work; num_workers=0 is a ValueError, and so
    is an operation whose result has not one entry for each sample."""
    failing = student.define(FAILING, "failing")
    batch = np.arange(24.0)
    for workers in (1, 3, 8):
        with check.raises(LookupError, mentions=["sample thirteen"]):
            student.parallel_batch_processing(batch, failing, num_workers=workers)
        result = student.parallel_batch_processing(batch[14:], failing, num_workers=workers)
        check.exactly(result, batch[14:], dtype=np.float64)
    first = student.define(FIRST, "first")
    for workers in (1, 3):
        with check.raises(ValueError):
            student.parallel_batch_processing(batch, first, num_workers=workers)
    with check.raises(ValueError):
        student.parallel_batch_processing(batch, num_workers=0)


@pytest.mark.grade("check_parallel_batch_processing", weight=1)
def test_batch_slices_run_at_the_same_time(student):
    """Two workers run at the same time: slices that wait for each other finish."""
    meet = student.define(MEETING, "meet")
    batch = np.arange(6.0).reshape(2, 3)
    check.exactly(student.parallel_batch_processing(batch, meet, num_workers=2), batch + 1, dtype=np.float64)


@pytest.mark.grade("check_parallel_batch_processing", weight=1)
def test_batch_workers_are_reused(student):
    """Workers are kept between calls: many calls don't start new threads each time."""
    seen = student.define(THREADS_SEEN, "seen")
    batch = np.arange(30.0).reshape(6, 5)
    for _ in range(30):
        check.exactly(student.parallel_batch_processing(batch, seen, num_workers=3), batch * 2, dtype=np.float64)
    check.number(seen.get("count"), low=1, high=20, what="threads used by 30 calls with 3 workers")


@pytest.mark.grade("check_parallel_matmul", weight=2)
def test_parallel_matmul_values(student, rng):
    """The product is right for shapes that row panels don't divide, for any number of workers and for the default."""
    for M, K, N in ((3, 5, 2), (101, 67, 45), (131, 200, 259), (1, 300, 40), (200, 1, 30), (257, 129, 300)):
        A, B = rng.standard_normal((M, K)).astype(np.float32), rng.standard_normal((K, N)).astype(np.float32)
        exact = A.astype(np.float64) @ B.astype(np.float64)
        for workers in (None, 1, 2, 3, 9):
            check.close(student.parallel_matmul(A, B, num_workers=workers), exact, dtype=np.float32, terms=K)


@pytest.mark.grade("check_parallel_matmul", weight=1)
def test_parallel_matmul_takes_any_layout(student, rng):
    """Transposed, strided, float64 and empty operands give a float32 product, and stay as they are."""
    base = rng.standard_normal((140, 150))
    for A, B in ((base.T, base), (base[::2, ::3], base[:50, ::2]), (base[:0], base.T), (base[:, :0], base[:0])):
        call = student.call("parallel_matmul", A, B, num_workers=2)
        check.close(call.value, A @ B, dtype=np.float32, terms=max(1, A.shape[1]) + 2)
        check.unchanged(call, A, B)


@pytest.mark.grade("check_parallel_matmul", weight=1)
def test_parallel_matmul_refuses_wrong_arguments(student, rng):
    """Shapes that can't be multiplied are a ValueError that names both; so is num_workers=0."""
    A, B = rng.standard_normal((4, 6)).astype(np.float32), rng.standard_normal((6, 3)).astype(np.float32)
    check.close(student.parallel_matmul(A, B, num_workers=2), A.astype(np.float64) @ B, dtype=np.float32, terms=6)
    with check.raises(ValueError, mentions=["(4, 6)", "(4, 6)"]):
        student.parallel_matmul(A, A)
    with check.raises(ValueError):
        student.parallel_matmul(A, B, num_workers=0)


@pytest.mark.grade("check_parallel_matmul", weight=4)
def test_speed_of_parallel_matmul(student, rng):
    """Speed of parallel_matmul, 510 x 510 float32, against the given loops with their rows on all cores."""

    def make_inputs():
        return tuple(rng.standard_normal((2, 510, 510), dtype=np.float32))

    def verify(inputs, result):
        A, B = inputs
        check.close(result, A.astype(np.float64) @ B.astype(np.float64), dtype=np.float32, terms=2 * math.isqrt(510))

    work = Work(operations=2 * 510**3)
    compared = student.speed("parallel_matmul", make_inputs, PARALLEL_LOOPS, verify, bounds="panels", work=work)
    check.bands(compared, "panels")
