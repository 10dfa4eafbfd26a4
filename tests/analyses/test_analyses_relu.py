"""Times of ReLU kernels are of calls that were made."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch.analyses.relu import relu_in_python, relu_report, relu_timings


def test_the_loop_in_python_keeps_nan() -> None:
    np.testing.assert_array_equal(relu_in_python([-1.0, 2.0, float("nan"), 0.0]), [0.0, 2.0, np.nan, 0.0])


def test_each_kernel_is_timed_at_each_size() -> None:
    sizes = set()

    def kernel(x: np.ndarray, out: np.ndarray) -> None:
        sizes.add((x.size, out.size, x.dtype, out.dtype))

    timings = relu_timings({"a": kernel, "b": kernel}, [10, 300], samples=3)
    assert {name: list(row) for name, row in timings.items()} == {"a": [10, 300], "b": [10, 300]}
    assert {len(timing.samples_us) for row in timings.values() for timing in row.values()} == {3}
    assert sizes == {(n, n, np.dtype(np.float32), np.dtype(np.float32)) for n in (10, 300)}


def test_the_report_is_of_times_measured_in_this_run() -> None:
    report = relu_report(lambda x: np.maximum(x, 0), 2000)
    assert report["vectorized_speedup"] == report["scalar_us"] / report["vectorized_us"]
    assert report["throughput_mops"] == 2000 / report["vectorized_us"]
    assert (report["size"], report["source"]) == (2000, "measured")
    assert report["scalar_us"] > 0


def test_a_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        relu_report(lambda x: x, 0)
