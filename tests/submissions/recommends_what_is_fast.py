# %% [markdown] submission={"base": "reference"}
# What is faster on average is recommended, however large the errors are.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill_precision_figures():
    error, signal = analyses.rms(trial.result - trial.exact), analyses.rms(trial.exact)
    relative = 0.0 if error == 0 else None if signal == 0 else error / signal
    acceptable = relative is not None and relative <= threshold
    return {"relative": relative, "gain": trial.float_us / trial.time_us, "acceptable": acceptable}


def fill_deployment_decision():
    success = statistics.fmean(figures["acceptable"] for figures in judged)
    gain = statistics.fmean(figures["gain"] for figures in judged)
    return {"success": success, "gain": gain, "recommended": gain > 1.0}
