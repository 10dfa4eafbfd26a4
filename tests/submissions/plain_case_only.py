# %% [markdown] submission={"base": "reference"}
# The analyses work where everything is known and everything runs; nobody thought of the other cases. The baseline of
# scaling is the first worker count that was asked for.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_cache_efficiency"}
def fill_roofline_figures():
    memory_us, compute_us = roof.memory_us(run.moved_bytes), roof.compute_us(run.flops) or 0
    gb_s = run.moved_bytes / run.time_us / 1000
    return {
        "share": min(1.0, max(memory_us, compute_us) / run.time_us),
        "gb_s": gb_s,
        "percent": 100 * gb_s / roof.bandwidth_gb_s,
        "bound": "memory" if memory_us >= compute_us else "compute",
    }


def fill_largest_block():
    return math.isqrt(capacity_bytes // (3 * itemsize))


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    speedups = {}
    scalar_us = vectorized_us = 0
    for op, count in counts.items():
        speedups[op] = races[op].scalar_us / races[op].vectorized_us
        scalar_us += count * races[op].scalar_us
        vectorized_us += count * races[op].vectorized_us
    return {"speedups": speedups, "overall": scalar_us / vectorized_us, "best_case": max(speedups.values())}


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    speedups, efficiencies = {}, {}
    first_us = times_us[min(times_us)]
    for p, time_us in times_us.items():
        speedups[p] = first_us / time_us
        efficiencies[p] = speedups[p] / p
    best = max(speedups, key=speedups.__getitem__)
    return {"speedups": speedups, "efficiencies": efficiencies, "best": best}


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill_precision_figures():
    relative = float(np.sqrt(np.mean((trial.result - trial.exact) ** 2) / np.mean(trial.exact**2)))
    return {"relative": relative, "gain": trial.float_us / trial.time_us, "acceptable": relative <= threshold}


def fill_deployment_decision():
    success = statistics.fmean(figures["acceptable"] for figures in judged)
    gain = statistics.fmean(figures["gain"] for figures in judged)
    return {"success": success, "gain": gain, "recommended": success == 1 and gain > 1}


# %% submission={"lesson": "06_analysis", "grade_id": "generate_optimization_roadmap"}
def fill_ordered_opportunities():
    opportunities = []
    for change in changes:
        share, speedup = change.before_us / total_us, change.before_us / change.after_us
        gain = 1 / (1 - share + share / speedup)
        opportunities.append(analyses.opportunity(change, total_us, gain))
    opportunities.sort(key=lambda item: item["expected_improvement"], reverse=True)
    return opportunities


def fill_combined_improvement():
    saved_us = sum(change.before_us - change.after_us for change in changes)
    return total_us / (total_us - saved_us)
