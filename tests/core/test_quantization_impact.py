"""The verdict on eight bits: only from what this run measured."""

from types import SimpleNamespace

import pytest

from tinytorch.analyses import eight_bits
from tinytorch.core.kernels import quantization
from tinytorch.core.kernels.quantization import analyze_quantization_impact


@pytest.mark.parametrize(
    ("error", "low", "ready"),
    [(0.0, 1.01, True), (0.0, 1.0, False), (0.5, 2.0, False)],
    ids=["good and faster", "perhaps not faster", "too far off"],
)
def test_ready_only_within_the_limit_and_surely_faster(monkeypatch, error, low, ready):
    monkeypatch.setattr(eight_bits, "compare", lambda *_, **__: SimpleNamespace(ratio=2.0, low=low, high=3.0))
    monkeypatch.setattr(quantization, "quantized_matmul", lambda A, B: (1 + error) * (A.astype(float) @ B))
    result = analyze_quantization_impact()
    assert result["deployment_ready"] is ready
    assert result["memory_reduction"] == 4.0
    assert result["relative_error"] == pytest.approx(error, abs=1e-7)


def test_the_analysis_measures():
    result = analyze_quantization_impact()
    assert 0 < result["matmul_accuracy_8bit"] < 1
    assert 0.005 < result["relative_error"] < result["relative_error_limit"]
    assert result["speedup_low"] <= result["speedup"] <= result["speedup_high"]
    assert result["deployment_ready"] is (result["speedup_low"] > 1)
