"""What the analyzer of lesson 06 hands to its engine: its own functions, and kernels of earlier lessons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinytorch.core.kernels.analysis import KernelOptimizationAnalyzer

STRETCH = ("matmul_simd", "quantized_matmul")


def test_nothing_waits_for_a_stretch_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_stretch(self: KernelOptimizationAnalyzer, lesson: str, name: str) -> Any:
        def unwritten(*operands: np.ndarray, **options: Any) -> np.ndarray:
            raise NotImplementedError(f"{name}: not written yet")

        return unwritten if name in STRETCH else np.matmul if name == "cache_friendly_matmul" else np.positive

    monkeypatch.setattr(KernelOptimizationAnalyzer, "kernel", without_stretch)
    result = KernelOptimizationAnalyzer().analyze_quantization_trade_offs(["matmul"], [8])
    assert result["notes"] == [
        "matmul_simd is not written yet, so cache_friendly_matmul runs instead",
        "quantized_matmul is not written yet, so matmul on rounded operands runs instead",
    ]
    assert result["recommendations"][:2] == result["notes"]
    assert 0 < result["accuracy_analysis"]["matmul"][32][8]["relative_error"] < 0.1


def test_an_exercise_that_is_not_defined_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(self: KernelOptimizationAnalyzer, name: str) -> Any:
        raise KeyError(name)

    monkeypatch.setattr(KernelOptimizationAnalyzer, "exercise", missing)
    with pytest.raises(NameError, match="ordered_opportunities is not defined: run the cell"):
        KernelOptimizationAnalyzer().generate_optimization_roadmap()


def test_a_roadmap_that_is_no_list_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinytorch.core.kernels.analysis.ordered_opportunities", lambda *args: None)
    with pytest.raises(TypeError, match="ordered_opportunities must return a list; it returned None"):
        KernelOptimizationAnalyzer().generate_optimization_roadmap()
