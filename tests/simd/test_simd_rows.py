"""Rows of vectors inside compiled functions; test_simd_modes.py runs this file again in other modes."""

import numpy as np
import pytest
from numba import config
from numba.core.errors import TypingError

from tinytorch import simd

ROW = simd.ROW
compiled_only = pytest.mark.skipif(config.DISABLE_JIT, reason="speaks of compiled code")
plain_only = pytest.mark.skipif(not config.DISABLE_JIT, reason="speaks of plain Python")


@simd.jit(cache=False)
def scaled_sum(x, a, b, out):
    """out = x[0] * a + b + b."""
    row = simd.fma_row(simd.broadcast_at(x, 0), simd.load_row(a, 0), simd.load_row(b, 0))
    simd.prefetch_row(out, 0)
    simd.store_row(out, 0, simd.add_rows(row, simd.load_row(b, 0)))


@simd.jit(cache=False)
def copy_part(a, i, n, out):
    simd.store_row(out, 0, simd.load_row_part(a, i, n))


@simd.jit(cache=False)
def store_some(a, out, n):
    simd.store_row_part(out, 1, simd.load_row(a, 0), n)


@simd.jit(cache=False)
def zeros(out):
    simd.store_row(out, 0, simd.zero_row())


@simd.jit(cache=False)
def mixed(a, b):
    return simd.add_rows(simd.load_row(a, 0), simd.load_row(b, 0))


def test_a_row_fills_the_registers():
    expected = {16: 2, 32: 4}[simd.REGISTERS]
    assert (expected, expected * simd.W) == (simd.VECTORS, ROW)


def test_rows_are_loaded_multiplied_added_and_stored():
    x, a, b = np.float32([3]), np.arange(ROW, dtype=np.float32), np.full(ROW, 0.5, np.float32)
    out = np.empty(ROW, np.float32)
    scaled_sum(x, a, b, out)
    assert out.tolist() == (3 * a + 1).tolist()


@pytest.mark.parametrize("n", [-1, 0, 1, simd.W, simd.W + 1, ROW - 1, ROW, ROW + 5])
def test_part_of_a_row_touches_nothing_else(n):
    taken = min(max(n, 0), ROW)
    a = np.arange(taken, dtype=np.float32) + 1
    out = np.full(ROW, 9, np.float32)
    copy_part(a, 0, n, out)
    assert out.tolist() == [*a, *[0] * (ROW - taken)]
    out = np.full(ROW + 2, 9, np.float32)
    store_some(np.arange(ROW, dtype=np.float32), out, n)
    assert out.tolist() == [9, *range(taken), *[9] * (ROW + 1 - taken)]


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.int8])
def test_rows_of_other_types_have_as_many_vectors(dtype):
    a = np.arange(simd.VECTORS * simd.BYTES // np.dtype(dtype).itemsize).astype(dtype)
    out = np.zeros_like(a)
    copy_part(a, 0, a.size, out)
    assert np.array_equal(out, a)


def test_a_row_of_zeros():
    out = np.ones(ROW, np.float32)
    zeros(out)
    assert not out.any()


@plain_only
def test_each_vector_of_a_row_counts():
    a = np.zeros(ROW, np.float32)
    with simd.counting() as counts:
        scaled_sum(a, a, a, a)
    assert (counts.loads, counts.stores, counts.multiply_adds) == (3 * simd.VECTORS, simd.VECTORS, simd.VECTORS)


@compiled_only
def test_rows_of_two_types_do_not_mix():
    with pytest.raises(TypingError):
        mixed(np.zeros(ROW, np.float32), np.zeros(ROW, np.float64))


@compiled_only
def test_a_read_only_array_is_not_stored_into():
    out = np.zeros(ROW, np.float32)
    out.flags.writeable = False
    with pytest.raises(TypingError):
        zeros(out)
