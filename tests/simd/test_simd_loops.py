"""The request for whole vectors reaches the compiler, and changes no result."""

import numpy as np
import pytest
from numba import config, njit

from tinytorch import simd


def total(a):
    simd.whole_vectors()
    result = a.dtype.type(0)
    for i in range(a.size):
        result += a[i]
    return result


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_a_loop_gives_what_it_gave_before(dtype):
    a = np.arange(1000).astype(dtype)
    assert njit(total)(a) == total(a) == 499_500


@pytest.mark.skipif(config.DISABLE_JIT, reason="speaks of compiled code")
def test_the_compiled_function_carries_the_request_where_vectors_are_64_bytes():
    compiled = njit(total)
    compiled(np.ones(100, np.float32))
    (code,) = compiled.inspect_llvm().values()
    assert ('"prefer-vector-width"="512"' in code) == (simd.BYTES == 64)
