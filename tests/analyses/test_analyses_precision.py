"""Operations in fewer bits, and the tables of their figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinytorch.analyses.precision import (
    by_operation,
    checked_levels,
    decision_figures,
    float32_times,
    mean_by_bits,
    named_operations,
    rms,
    rounded_to,
    run_entry,
    run_in_bits,
)
from tinytorch.analyses.results import PrecisionFigures


def same(x: np.ndarray) -> np.ndarray:
    return x + 0


def in_bits(op: Any, bits: int) -> Any:
    return lambda x: op(rounded_to(x, bits))


@pytest.mark.parametrize("bits", [8, 16])
def test_rounding_is_within_half_a_step(bits: int) -> None:
    x = np.random.default_rng(3).standard_normal((20, 30), dtype=np.float32)
    step = np.abs(x).max() / (2 ** (bits - 1) - 1)
    assert np.abs(rounded_to(x, bits) - x).max() <= step * 0.501
    assert np.unique(rounded_to(x, bits) / step).size <= 2**bits - 1


def test_zeros_and_nothing_stay_as_they_are() -> None:
    assert not rounded_to(np.zeros(5, dtype=np.float32), 8).any()
    assert rounded_to(np.zeros(0, dtype=np.float32), 8).size == 0
    assert rms(np.zeros(0)) == 0.0


def test_every_operation_runs_at_every_size_in_every_level() -> None:
    runs = run_in_bits({"same": same}, [8, 12], [16, 32], in_bits)
    assert [(run.name, run.size, run.bits) for run in runs] == [
        ("same", 8, 16), ("same", 8, 32), ("same", 12, 16), ("same", 12, 32),
    ]  # fmt: skip
    assert [run.memory_bytes for run in runs] == [128, 256, 288, 576]


def test_thirty_two_bits_are_the_baseline_itself() -> None:
    (run,) = run_in_bits({"same": same}, [8], [32], in_bits)
    assert run.trial.result is run.trial.exact
    assert run.trial.time_us == run.trial.float_us


def test_an_exception_says_in_how_many_bits() -> None:
    def only_floats(op: Any, bits: int) -> Any:
        return lambda x: 1 / 0

    with pytest.raises(ZeroDivisionError) as caught:
        run_in_bits({"same": same}, [8], [16], only_floats)
    assert "same ran in 16 bits on operands of shape (8, 8)" in caught.value.__notes__[0]


def test_operations_of_one_name_are_kept_apart() -> None:
    named = named_operations([same, same, "sum", same], lambda name: np.sum)
    assert list(named) == ["same", "same (2)", "sum", "same (3)"]
    assert named["sum"] is np.sum


def test_tables_follow_the_runs() -> None:
    runs = run_in_bits({"same": same}, [8, 12], [8, 16], in_bits)
    figures = [run_entry(run, PrecisionFigures(relative=0.1, gain=run.size / 4, acceptable=True)) for run in runs]
    table = by_operation(runs, figures)
    assert table["same"][12][8]["relative_performance"] == 3.0
    assert mean_by_bits(table, [8, 16], "relative_performance") == {"same": {8: 2.5, 16: 2.5}}
    assert set(float32_times(runs)) == {"same 8", "same 12"}


def test_an_error_without_a_measure_has_a_reason() -> None:
    (run,) = run_in_bits({"same": same}, [8], [8], in_bits)
    figures = run_entry(run, PrecisionFigures(relative=None, gain=1.0, acceptable=False))
    assert figures["reason"]
    assert figures["accuracy_mse"] == pytest.approx(float(np.mean((run.trial.result - run.trial.exact) ** 2)))


def test_a_decision_states_the_bytes_saved() -> None:
    figures = decision_figures(8, {"success": 1.0, "gain": 1.2, "recommended": True})
    assert (figures["avg_memory_reduction"], figures["recommended_for_production"]) == (4.0, True)


def test_levels_are_eight_sixteen_or_thirty_two_bits() -> None:
    assert checked_levels(None) == [16, 8]
    for levels in ([], [4]):
        with pytest.raises(ValueError, match="8, 16 and 32"):
            checked_levels(levels)
