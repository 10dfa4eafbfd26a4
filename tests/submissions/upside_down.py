# %% [markdown] submission={"base": "reference"}
# Ratios and comparisons of the analyses are the wrong way round: a speedup below one is good news here.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_cache_efficiency"}
def fill_roofline_figures():
    gb_s = run.moved_bytes / run.time_us / 1000
    memory_us, compute_us = roof.memory_us(run.moved_bytes), roof.compute_us(run.flops)
    share = percent = bound = None
    if memory_us is not None:
        share = min(1.0, max(memory_us, compute_us or 0.0) / run.time_us)
        percent = 100 * gb_s / roof.bandwidth_gb_s
        bound = analyses.bound_by_experiment(run, memory_us)
        if compute_us is not None:
            bound = "memory" if memory_us <= compute_us else "compute"
    return {"share": share, "gb_s": gb_s, "percent": percent, "bound": bound}


def fill_largest_block():
    return None if capacity_bytes is None else math.isqrt(capacity_bytes // (3 * itemsize))


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    ran = {op: race for op, race in races.items() if race is not None}
    speedups = {op: race.vectorized_us / race.scalar_us for op, race in ran.items()}
    if not ran:
        return {"speedups": speedups, "overall": None, "best_case": None}
    scalar_us = sum(counts[op] * race.scalar_us for op, race in ran.items())
    vectorized_us = sum(counts[op] * race.vectorized_us for op, race in ran.items())
    return {"speedups": speedups, "overall": vectorized_us / scalar_us, "best_case": min(speedups.values())}


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    speedups, efficiencies, best = {}, {}, None
    for p, time_us in times_us.items():
        if one_us is not None and time_us is not None:
            speedups[p] = time_us / one_us
            efficiencies[p] = speedups[p] / p
            if best is None or speedups[p] > speedups[best]:
                best = p
    return {"speedups": speedups, "efficiencies": efficiencies, "best": best}


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill_precision_figures():
    error, signal = analyses.rms(trial.result - trial.exact), analyses.rms(trial.exact)
    relative = 0.0 if error == 0 else None if signal == 0 else error / signal
    acceptable = relative is not None and relative > threshold
    return {"relative": relative, "gain": trial.time_us / trial.float_us, "acceptable": acceptable}


def fill_deployment_decision():
    success = statistics.fmean(figures["acceptable"] for figures in judged)
    gain = statistics.fmean(figures["gain"] for figures in judged)
    return {"success": success, "gain": gain, "recommended": success == 1.0 and gain < 1.0}
