"""Timed checks of probes and stopwatch, outside the plain suite: `pytest tests/tools/benchmarks/timed_machine.py`."""

from __future__ import annotations

import numba
import pytest

from tinytorch.core.kernels.timing import analyze_timing_overhead
from tinytorch.hardware import card, latency_sweep, measured_cache

HALF_A_DOUBLING = 2**0.5


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="interpreted loops measure the interpreter")
def test_latency_plateaus_end_at_the_detected_sizes_of_l1_and_l2() -> None:
    """Each edge lies within half a doubling of what the system states; a shared L3 need not."""
    stated = card()
    sweep = latency_sweep()
    for level, fact in ((1, stated.l1d_bytes), (2, stated.l2_bytes)):
        measured = measured_cache(sweep, level)
        assert fact.value, f"the system states no size: {fact.how}"
        assert measured.value, f"no edge was found: {measured.how}"
        print(f"L{level}: {fact} detected, {measured} measured ({measured.how})")
        assert 1 / HALF_A_DOUBLING <= measured.value / fact.value <= HALF_A_DOUBLING


def test_the_stopwatch_adds_less_than_a_microsecond() -> None:
    overhead_us = min(analyze_timing_overhead()["avg_overhead_us"] for _ in range(5))
    print(f"time_kernel reports {overhead_us:.3f} us for a function that does nothing")
    assert overhead_us < 1.0
