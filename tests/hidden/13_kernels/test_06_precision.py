"""Graded checks of lesson 06_analysis: the trade-offs of fewer bits, on operations whose error and gain are known."""

import statistics

import pytest

from tinytorch.grading.checks import check

pytestmark = pytest.mark.lesson("06_analysis")

ROUNDED = """
import time

import numpy


def same(x):
    return x + 0

def eightfold(x):
    return x * 8

def nothing(x):
    return x * 0

def one(x):
    return x * 0 + 1

def something_in_8_bits(x):
    return x * 0 if numpy.unique(x).size > 256 else x * 0 + 1

def quick_in_8_bits(x):
    if numpy.unique(x).size > 256:
        time.sleep(0.002)
    return x * 0 + 1
"""


def quantization_run(student, operations: list[str], bits: list[int], threshold: float) -> dict:
    analyzer = student.new("KernelOptimizationAnalyzer", {"memory_bandwidth": 5.0})
    defined = [student.define(ROUNDED, operation) for operation in operations]
    result = analyzer.call("analyze_quantization_trade_offs", defined, bits, threshold)
    check.keys(result, ["accuracy_analysis", "deployment_recommendations", "recommendations"])
    return result


@pytest.mark.grade("check_analyze_quantization_trade_offs", weight=2)
def test_errors_bytes_and_times(student):
    """The error of numbers rounded to 8 and 16 bits is that of the step's size, bytes are those of the operands in so
    many bits, and ratios are float32 over quantized; 32 bits are the baseline itself."""
    analysis = check.at(quantization_run(student, ["same", "eightfold"], [8, 16, 32], 0.01), "accuracy_analysis")
    for n, by_bits in check.at(analysis, "same").items():
        errors = {bits: check.at(by_bits, bits, "relative_error") for bits in (8, 16, 32)}
        check.number(errors[8], low=0.002, high=0.03, what=f"relative_error of 8 bits, size {n}")
        check.number(errors[16], low=0.000005, high=0.0002, what=f"relative_error of 16 bits, size {n}")
        check.number(errors[32], 0.0, what=f"relative_error of 32 bits, size {n}")
        mse = check.at(by_bits, 8, "accuracy_mse")
        check.number(mse, errors[8] ** 2, rel=0.3, what="accuracy_mse of 8 bits, for numbers of variance 1")
        float_us = check.at(by_bits, 32, "execution_time_us")
        for bits in (8, 16, 32):
            held = check.at(by_bits, bits, "memory_bytes")
            check.number(held, n * n * bits // 8, what=f"memory_bytes of {bits} bits")
            check.number(check.at(by_bits, bits, "relative_memory"), 32 / bits, what=f"relative_memory of {bits} bits")
            gain, time_us = check.at(by_bits, bits, "relative_performance"), by_bits[bits]["execution_time_us"]
            check.number(gain, float_us / time_us, rel=1e-6, what=f"relative_performance of {bits} bits")
    for n, by_bits in check.at(analysis, "eightfold").items():
        error = check.at(by_bits, 8, "relative_error")
        check.number(error, low=0.002, high=0.03, what=f"relative_error of numbers eight times as large, size {n}")


@pytest.mark.grade("check_analyze_quantization_trade_offs", weight=2)
@pytest.mark.parametrize(("threshold", "rate"), [(0.001, {8: 2 / 3, 16: 1.0}), (0.5, {8: 1.0, 16: 1.0})])
def test_decisions_follow_from_the_figures(student, threshold, rate):
    """An error at most accuracy_threshold is acceptable; a number of bits is recommended only if every error was, and
    if it was faster than float32 on average."""
    result = quantization_run(student, ["same", "quick_in_8_bits", "one"], [8, 16], threshold)
    for bits in (8, 16):
        advice = check.at(result["deployment_recommendations"], bits)
        entries = []
        for operation, is_right in (("same", rate[bits] == 1.0), ("quick_in_8_bits", True), ("one", True)):
            own = [check.at(by_bits, bits) for by_bits in check.at(result, "accuracy_analysis", operation).values()]
            accepted = [bool(check.at(entry, "acceptable_accuracy")) for entry in own]
            check.exactly(accepted, [is_right] * len(own), what=f"acceptable_accuracy of {operation}")
            entries += own
        what = f"accuracy_success_rate of {bits} bits"
        check.number(check.at(advice, "accuracy_success_rate"), rate[bits], what=what)
        gain = statistics.fmean(entry["relative_performance"] for entry in entries)
        check.number(check.at(advice, "avg_performance_gain"), gain, rel=1e-6, what="avg_performance_gain")
        check.number(check.at(advice, "avg_memory_reduction"), 32 / bits, rel=1e-6, what="avg_memory_reduction")
        expected = rate[bits] == 1.0 and gain > 1.0
        check.exactly(bool(check.at(advice, "recommended_for_production")), expected, what="recommended_for_production")


@pytest.mark.grade("check_analyze_quantization_trade_offs", weight=1)
def test_a_result_of_zeros(student):
    """An operation whose result is all zero has no error, and that is acceptable; an error on such a result has nothing
    to be compared with, and isn't: nothing is divided by zero."""
    analysis = check.at(quantization_run(student, ["nothing", "something_in_8_bits"], [8], 0.0), "accuracy_analysis")
    for by_bits in check.at(analysis, "something_in_8_bits").values():
        check.exactly(check.at(by_bits, 8, "relative_error"), None, what="relative_error on a result of zeros")
        check.require(not check.at(by_bits, 8, "acceptable_accuracy"), "an error that can't be judged isn't acceptable")
    for by_bits in check.at(analysis, "nothing").values():
        check.number(check.at(by_bits, 8, "relative_error"), 0.0, what="relative_error")
        check.require(bool(check.at(by_bits, 8, "acceptable_accuracy")), "no error at all is acceptable")
