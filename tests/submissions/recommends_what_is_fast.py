# %% [markdown] submission={"base": "reference"}
# What is faster on average is recommended, however large the errors are.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill():
    for run in runs:
        error, signal = rms(run.result - run.exact), rms(run.exact)
        relative = 0.0 if error == 0 else None if signal == 0 else error / signal
        acceptable = relative is not None and relative <= accuracy_threshold
        gain = run.float_us / run.time_us
        figures.append(precision_figures(run, relative=relative, gain=gain, acceptable=acceptable))
    for bits in levels:
        entries = [entry for run, entry in zip(runs, figures, strict=True) if run.bits == bits]
        success = statistics.fmean(entry["acceptable_accuracy"] for entry in entries)
        gain = statistics.fmean(entry["relative_performance"] for entry in entries)
        decisions[bits] = decision_figures(bits, success=success, gain=gain, recommended=gain > 1.0)
