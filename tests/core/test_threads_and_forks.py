"""Every kernel of the contract, called by eight threads at once and in a forked child, gives right results.

The calls are made in processes of their own, because what this guards against ends a process: a threading layer that
is entered twice, a lock that a child inherits locked, a pool whose threads a child does not have. One process runs
all kernels one after the other and says what became of each; after a death the ones not reached are run again.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from tinytorch.core import kernels as k
from tinytorch.core.kernels import parallelism

THREADS = 8
ROUNDS = 4
CHILD_LIMIT_S = 60.0
ADDED = np.random.default_rng(20_26).standard_normal(173).astype(np.float32)


@dataclass(frozen=True)
class Kernel:
    """A call, the shapes of its random inputs, and an oracle in NumPy; inputs are float32 unless `dtype` says more.

    `in_blas`: it runs in a BLAS, whose locks are its own: those of OpenBLAS, held by another thread at the fork, stay
    locked in the child. Then the fork happens between calls.
    """

    call: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    oracle: Callable[..., Any]
    dtype: type = np.float32
    tolerance: float = 0.0
    in_blas: bool = False

    def inputs(self, seed: int) -> list[np.ndarray]:
        """Arrays of their own for each seed, so that a result that went to another thread shows."""
        rng = np.random.default_rng(seed)
        if self.dtype is np.float32:
            return [rng.standard_normal(shape).astype(np.float32) for shape in self.shapes]
        top = np.iinfo(self.dtype).max
        return [rng.integers(-top - 1, top, shape, self.dtype, endpoint=True) for shape in self.shapes]

    def complaint(self, result: Any, expected: Any) -> str:
        """What is wrong with the result; empty if nothing is."""
        if isinstance(expected, dict):
            return "".join(self.complaint(result[name], value) for name, value in expected.items())
        result, expected = np.asarray(result), np.asarray(expected)
        if result.shape != expected.shape:
            return f"shape {result.shape}, not {expected.shape}"
        # "within" and negated: a NaN is not within
        if not np.all(np.abs(result.astype(np.float64) - expected) <= self.tolerance):
            return f"values differ by up to {np.max(np.abs(result.astype(np.float64) - expected)):.3g}"
        return ""


def exact_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A @ B in float64, which is exact for the integers used here."""
    return A.astype(np.float64) @ B.astype(np.float64)


def codes(x: np.ndarray) -> tuple[np.ndarray, float]:
    """x in eight-bit codes, by the formula of the contract, and the scale."""
    scale = float(np.max(np.abs(x))) / 127
    return np.clip(np.rint(x.astype(np.float64) / scale), -127, 127), scale


def coded_product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """The product of the codes times both scales."""
    (codes_a, scale_a), (codes_b, scale_b) = codes(A), codes(B)
    return codes_a @ codes_b * (scale_a * scale_b)


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0)


def coded_relu(x: np.ndarray) -> np.ndarray:
    """ReLU of the codes times the scale."""
    q, scale = codes(x)
    return np.maximum(q, 0) * scale


def six_operations(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """What vectorized_operations promises, in float64."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    dot = float(x @ y)
    return {
        "element_wise_add": x + y,
        "element_wise_multiply": x * y,
        "squared_difference": (x - y) ** 2,
        "euclidean_distance": np.sqrt(np.sum((x - y) ** 2)),
        "dot_product": dot,
        "cosine_similarity": dot / np.sqrt(np.sum(x**2) * np.sum(y**2)),
    }


# tolerances allow float32 rounding, and a code that falls the other way where a float32 quotient lies on a half;
# a result of another thread's inputs is off by far more.
# Large enough that a kernel which splits its work does split it; M, K, N all different and no multiple of a vector.
PRODUCT = ((403, 301), (301, 353))
KERNELS = {
    "matmul_baseline": Kernel(k.matmul_baseline, PRODUCT, exact_product, tolerance=2e-3, in_blas=True),
    "matmul_naive": Kernel(k.matmul_naive, ((103, 61), (61, 73)), exact_product, tolerance=1e-3),
    "cache_friendly_matmul": Kernel(k.cache_friendly_matmul, PRODUCT, exact_product, tolerance=2e-3),
    "matmul_simd": Kernel(k.matmul_simd, PRODUCT, exact_product, tolerance=2e-3),
    "matmul_simd, one row": Kernel(k.matmul_simd, ((1, 301), (301, 1531)), exact_product, tolerance=2e-3),
    "matmul_simd, one column": Kernel(k.matmul_simd, ((1531, 301), (301, 1)), exact_product, tolerance=2e-3),
    "parallel_matmul": Kernel(lambda A, B: k.parallel_matmul(A, B, 4), PRODUCT, exact_product, tolerance=2e-3),
    "vectorized_relu": Kernel(k.vectorized_relu, ((61, 1003),), relu),
    "vectorized_relu, out": Kernel(lambda x: k.vectorized_relu(x, out=np.empty_like(x)), ((1003,),), relu),
    "vectorized_relu, beyond the caches": Kernel(k.vectorized_relu, ((4_500_001,),), relu),
    "vectorized_operations": Kernel(k.vectorized_operations, ((5003,), (5003,)), six_operations, tolerance=1e-3),
    "fused_relu_bias": Kernel(
        lambda x: k.fused_relu_bias(x, ADDED), ((211, 173),), lambda x: np.maximum(x + ADDED, 0), tolerance=1e-6
    ),
    "parallel_relu": Kernel(k.parallel_relu, ((1117, 2003),), relu),
    "parallel_batch_processing": Kernel(k.parallel_batch_processing, ((67, 1003),), relu),
    "quantize": Kernel(lambda x: k.quantize(x)[0], ((211, 173),), lambda x: codes(x)[0], tolerance=1),
    "dequantize": Kernel(lambda q: k.dequantize(q, 0.25), ((211, 173),), lambda q: q * 0.25, np.int8),
    "integer_matmul, int8": Kernel(k.integer_matmul, PRODUCT, exact_product, np.int8),
    "integer_matmul, int16": Kernel(k.integer_matmul, ((103, 61), (61, 73)), exact_product, np.int16),
    "quantized_matmul": Kernel(k.quantized_matmul, PRODUCT, coded_product, tolerance=0.3),
    "quantized_relu": Kernel(k.quantized_relu, ((211, 173),), coded_relu, tolerance=1e-1),
    "time_kernel": Kernel(lambda x: k.time_kernel(np.negative, x)[0], ((1003,),), np.negative),
}


def called_by_threads(kernel: Kernel) -> str:
    """Eight threads call the kernel at once, each with inputs of its own; the first complaint."""
    complaints: list[str] = []
    together = threading.Barrier(THREADS)

    def calls(seed: int) -> None:
        inputs = kernel.inputs(seed)
        expected = kernel.oracle(*inputs)
        try:
            together.wait(timeout=CHILD_LIMIT_S)
            complaints.extend(kernel.complaint(kernel.call(*inputs), expected) for _ in range(ROUNDS))
        except Exception as err:  # a thread's exception would only be printed
            complaints.append(repr(err))

    threads = [threading.Thread(target=calls, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return next(filter(None, complaints), "")


def called_in_children(kernel: Kernel) -> str:
    """Children forked while another thread is inside the kernel (but for a BLAS's) call it too; the first complaint."""
    inputs = kernel.inputs(1)
    expected = kernel.oracle(*inputs)
    kernel.call(*inputs)
    stop = threading.Event()
    busy = threading.Thread(target=lambda: [kernel.call(*inputs) for _ in iter(stop.is_set, True)])
    if not kernel.in_blas:
        busy.start()
    try:
        outcomes = [outcome_of_child(lambda: kernel.complaint(kernel.call(*inputs), expected)) for _ in range(3)]
    finally:
        stop.set()
        if busy.is_alive():
            busy.join()
    return next(filter(None, outcomes), "")


def outcome_of_child(work: Callable[[], str]) -> str:
    """What `work` says in a forked child; a sentence where the child dies or gets stuck."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 1 if work() else 0
        finally:
            os._exit(code)
    deadline = time.monotonic() + CHILD_LIMIT_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return "" if code == 0 else {1: "wrong in the child", 2: "raised in the child"}.get(code, f"died: {code}")
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return f"the child was stuck for {CHILD_LIMIT_S:g} s"


WAYS = {"threads": called_by_threads, "fork": called_in_children}


def run_all(way: str, names: list[str]) -> None:
    """Print one line before and one after each kernel: its name, then its complaint."""
    parallelism.SERIAL_BYTES = 2**20  # so that ReLU splits calls of a few megabytes
    for name in names:
        print(json.dumps([name, "the process died in it"]), flush=True)
        print(json.dumps([name, WAYS[way](KERNELS[name])]), flush=True)


@cache
def outcomes(way: str, layer: str) -> dict[str, str]:
    """The complaint about each kernel, from as many processes as it takes."""
    found: dict[str, str] = {}
    while missing := [name for name in KERNELS if name not in found]:
        done = subprocess.run(
            [sys.executable, __file__, way, *missing],
            env={**os.environ, "NUMBA_THREADING_LAYER": layer, "NUMBA_NUM_THREADS": "2"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        new = dict(json.loads(line) for line in done.stdout.splitlines())
        if not new:
            raise RuntimeError(f"the process that calls the kernels did not start: {done.stderr}")
        found |= {name: f"{words} {done.stderr[-500:]}" if words else "" for name, words in new.items()}
    return found


@pytest.mark.parametrize("layer", ["default", "workqueue"])
@pytest.mark.parametrize("name", KERNELS)
def test_eight_threads_at_once_get_right_results(name, layer):
    assert outcomes("threads", layer)[name] == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("layer", ["default", "workqueue"])
@pytest.mark.parametrize("name", KERNELS)
def test_a_forked_child_gets_right_results(name, layer):
    assert outcomes("fork", layer)[name] == ""


def test_every_kernel_of_the_contract_is_called():
    called = {name.split(",")[0] for name in KERNELS}
    assert called == {name for name in k.__all__ if not name.startswith(("analyze_", "comprehensive_", "Kernel"))}


WRONG = Kernel(lambda x: np.full_like(x, np.nan), ((3,),), relu)


def test_a_wrong_result_in_a_thread_is_seen():
    assert "differ" in called_by_threads(WRONG)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_wrong_result_and_a_death_in_a_child_are_seen():
    assert called_in_children(WRONG) == "wrong in the child"
    assert outcome_of_child(lambda: os.kill(os.getpid(), 9)) == "died: -9"


if __name__ == "__main__":
    run_all(sys.argv[1], sys.argv[2:])
