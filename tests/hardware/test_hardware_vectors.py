"""Scalar and vector forms of operations, and the cost of the order in which numbers are visited."""

from __future__ import annotations

import platform
from collections.abc import Callable

import numba
import numpy as np
import pytest

from tinytorch.hardware import (
    PATTERNS,
    changes_for,
    layout_requirements,
    loops,
    measure_pattern,
    pattern_figures,
    scalar_and_vector,
    vectors,
    why_not_run,
)
from tinytorch.hardware.patterns import ORDERS

needs_the_jit = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="about compiled code")


ORACLES = {
    "add": np.add,
    "multiply": np.multiply,
    "relu": lambda x, y: np.maximum(x, 0),
    "exp": lambda x, y: np.exp(x),
    "dot": np.dot,
    "matmul": lambda x, y: x.reshape(9, 11) @ y.reshape(11, 9),
}


@pytest.mark.parametrize("op", vectors.NAMES)
def test_scalar_forms_compute_what_they_are_called(op: str) -> None:
    x, y = np.random.default_rng(5).standard_normal((2, 99), dtype=np.float32)
    expected = ORACLES[op](x.astype(np.float64), y.astype(np.float64))
    out = np.zeros(np.shape(expected) or (1,), dtype=np.float32)
    operands = (x.reshape(9, 11), y.reshape(11, 9)) if op == "matmul" else (x, y)
    getattr(loops, f"scalar_{op}")(*operands, out, np.float32(np.nan))
    np.testing.assert_allclose(out.squeeze(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("op", vectors.NAMES)
def test_both_forms_are_ready_to_be_called(op: str) -> None:
    scalar, vector = scalar_and_vector(op, (12, 17))
    assert scalar() is None
    vector()


@pytest.mark.parametrize("op", sorted(vectors.SAME_AS))
def test_other_names_of_an_operation_run_too(op: str) -> None:
    assert why_not_run(op, (8, 8)) == ""


@pytest.mark.parametrize(("op", "shape"), [("conv2d", (64,)), ("matmul", (64,)), ("matmul", (2, 3, 4))])
def test_what_cannot_be_run_says_why(op: str, shape: tuple[int, ...]) -> None:
    assert op in why_not_run(op, shape)
    with pytest.raises(ValueError, match=op):
        scalar_and_vector(op, shape)


def test_forms_that_disagree_are_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_vector_call", lambda op, x, y, out: lambda: out.fill(7))
    with pytest.raises(RuntimeError, match="disagree"):
        scalar_and_vector("add", (10,))


def assembly_of(loop: Callable[..., None]) -> str:
    """The machine code of a loop over float32, compiled here: what comes from numba's cache can't be looked at."""
    vector = numba.float32[::1]
    compiled = numba.njit(numba.void(vector, vector, vector, numba.float32), error_model="numpy")(loop)
    return "".join(compiled.inspect_asm().values())


def without_an_exit(x: np.ndarray, y: np.ndarray, out: np.ndarray, stop: np.float32) -> None:
    for i in range(x.size):
        out[i] = x[i] + y[i]


@needs_the_jit
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="looks for instructions of x86")
def test_scalar_loops_are_not_vectorized() -> None:
    assert "addps" in assembly_of(without_an_exit)
    assert "addps" not in assembly_of(loops.scalar_add.py_func)


def test_every_operation_has_a_way_to_be_written() -> None:
    assert [line.partition(":")[0] for line in changes_for(["add", "dot_product"])] == ["add", "dot_product"]
    assert "partial sums" in changes_for(["dot_product"])[0]


def test_layout_says_what_full_vectors_leave_over() -> None:
    found = layout_requirements([(10, 19)], 8)["(10, 19)"]
    assert (found["left_over_elements"], found["alignment_bytes"]) == (3, 32)


def test_layout_of_unknown_vectors_is_none_with_a_reason() -> None:
    found = layout_requirements([(10,)], None)["(10,)"]
    assert found["left_over_elements"] is None
    assert found["reason"]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("count", [1, 15, 16, 100])
def test_every_order_visits_every_number_once(pattern: str, count: int) -> None:
    assert sorted(ORDERS[pattern](count)) == list(range(count))


@needs_the_jit
def test_patterns_are_measured() -> None:
    fact = measure_pattern("strided", 1000, seconds=0.001)
    assert fact.value > 0
    assert (fact.unit, fact.source) == ("GB/s", "measured")


def test_interpreted_loops_give_no_figure_but_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinytorch.hardware.probes.interpreted", lambda: True)
    (figures,) = pattern_figures(["random"], 100).values()
    assert figures["bandwidth_gb_s"] is None
    assert "NUMBA_DISABLE_JIT" in figures["reason"]


def test_an_unknown_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match="diagonal"):
        measure_pattern("diagonal", 100)
