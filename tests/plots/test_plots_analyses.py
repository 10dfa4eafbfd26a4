"""The figures of analyses show the figures of their results, and say so where there is nothing to draw."""

from __future__ import annotations

from typing import Any

import pytest

from tinytorch import plots
from tinytorch.bench import Timing
from tinytorch.bench.scaling_laws import law_figures

TIMES = {1: 100.0, 2: 55.0, 4: 40.0, 8: 60.0}


def scaling_result(size: int = 10) -> dict[str, Any]:
    entries = {p: {"samples_us": [us * 0.9, us, us * 1.2], "speedup": 100 / us} for p, us in TIMES.items()}
    return {"scaling_results": {size: entries}, "scaling_laws": {size: law_figures(TIMES)}}


def bits_result() -> dict[str, Any]:
    def entry(gain: float, error: float | None, accepted: bool) -> dict[str, Any]:
        interval = [gain * 0.8, gain * 1.1]
        return {
            "relative_performance": gain,
            "performance_interval": interval,
            "relative_error": error,
            "acceptable_accuracy": accepted,
        }

    by_bits = {16: entry(0.9, 1e-5, True), 8: entry(2.0, 0.02, False), 32: entry(1.0, None, False)}
    return {"accuracy_analysis": {"matmul": {32: by_bits, 64: by_bits}}, "accuracy_threshold": 0.01}


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_both_laws_are_drawn_with_their_parameters_and_their_residual() -> None:
    legend = plots.worker_speedups(scaling_result()).axes[0].get_legend()
    labels = [text.get_text() for text in legend.get_texts()]
    assert any(label.startswith("Amdahl's law: σ") and "off by" in label for label in labels)
    assert any(label.startswith("universal scalability law: σ") and "κ" in label for label in labels)


def test_measured_speedups_are_those_of_the_samples() -> None:
    axes = plots.worker_speedups(scaling_result()).axes[0]
    assert list(axes.containers[0].lines[0].get_ydata()) == pytest.approx([100 / us for us in TIMES.values()])


def test_no_complete_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no curve to draw"):
        plots.worker_speedups({"scaling_results": {10: {1: {"error": "no"}}}, "scaling_laws": {}})


def test_each_form_has_its_error_beside_it() -> None:
    words = ["error 1.0e-05: accepted", "error 2.0e-02: too large", "error unknown: too large"]
    assert texts(plots.bits_worth(bits_result())) == words * 2


def test_labels_beside_a_figure_stand_right_of_everything_drawn() -> None:
    ladder = plots.speed_ladder({"a": Timing((9.0, 10.0, 11.0), 1, 1), "b": Timing((1.0,), 1, 1)}, 1e4, 12.0)
    for figure, labels in ((plots.bits_worth(bits_result()), 6), (ladder, 2)):
        figure.canvas.draw()
        right = figure.axes[0].get_window_extent().x1
        assert all(label.get_window_extent().x0 > right for label in figure.axes[0].texts[:labels])


def test_a_sweep_that_did_not_run_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="has no parameter"):
        plots.blocks({"times_us": {}, "reason": "add has no parameter block_size"})


def test_an_empty_roadmap_is_an_empty_figure() -> None:
    assert texts(plots.roadmap({"optimization_opportunities": []})) == []


def test_there_is_no_figure_of_an_unknown_analysis() -> None:
    with pytest.raises(ValueError, match="no figure of 'energy'"):
        plots.analysis("energy", {})
