"""What compiled code holds, and what a plain body moves."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numba.core import config

from tinytorch import simd

needs_compiler = pytest.mark.skipif(config.DISABLE_JIT, reason="there is no compiled code to look into")


def double(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(x.size):
        out[i] = x[i] + x[i]


@simd.jit(cache=False)
def copy_kernel(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(0, x.size, simd.W):
        simd.store(out, i, simd.load(x, i))


@needs_compiler
def test_a_loop_has_vectors_unless_they_are_switched_off() -> None:
    x = np.ones(100, np.float32)
    plain, scalar = njit(double), njit(double)
    plain(x, x.copy())
    with simd.without_vectors():
        scalar(x, x.copy())
    assert simd.holds_vectors(plain) is True
    assert simd.holds_vectors(scalar) is False


@needs_compiler
def test_an_operation_is_told_from_another() -> None:
    x = np.ones(100, np.float32)
    plain = njit(double)
    plain(x, x.copy())
    assert simd.holds_vectors(plain, "fadd") is True
    assert simd.holds_vectors(plain, "fdiv") is False


def test_nothing_is_known_of_what_numba_did_not_compile() -> None:
    assert simd.holds_vectors(np.maximum) is None


def test_the_switch_is_put_back_after_an_error() -> None:
    before = config.LOOP_VECTORIZE
    with pytest.raises(KeyError), simd.without_vectors():
        raise KeyError
    assert before == config.LOOP_VECTORIZE


def test_loads_and_stores_of_a_compiled_kernel_are_counted() -> None:
    x = np.ones(3 * simd.W, np.float32)
    counts = simd.counted(copy_kernel, x, np.empty_like(x))
    assert (counts.loads, counts.stores) == (3, 3)
