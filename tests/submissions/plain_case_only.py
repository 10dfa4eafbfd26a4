# %% [markdown] submission={"base": "reference"}
# The analyses work where everything is known and everything runs; nobody thought of the other cases. The baseline of
# scaling is the first worker count that was asked for.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_cache_efficiency"}
def fill():
    for n, run in runs.items():
        memory_us, compute_us = roofs[n].memory_us(run.moved_bytes), roofs[n].compute_us(run.flops) or 0
        gb_s = run.moved_bytes / run.time_us / 1000
        figures[n] = {
            "share": min(1.0, max(memory_us, compute_us) / run.time_us),
            "gb_s": gb_s,
            "percent": 100 * gb_s / roofs[n].bandwidth_gb_s,
            "bound": "memory" if memory_us >= compute_us else "compute",
        }
    for level, capacity in capacities.items():
        blocks[level] = math.isqrt(capacity // 12)


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    scalar_us = vectorized_us = 0
    for op, count in counts.items():
        speedups[op] = races[op].scalar_us / races[op].vectorized_us
        scalar_us += count * races[op].scalar_us
        vectorized_us += count * races[op].vectorized_us
    estimates["overall"] = scalar_us / vectorized_us
    estimates["best_case"] = max(speedups.values())


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    first_us = attempts[counts[0]].time_us
    for p, attempt in attempts.items():
        speedups[p] = first_us / attempt.time_us
        efficiencies[p] = speedups[p] / p
    best = max(speedups, key=speedups.__getitem__)


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill():
    for run in runs:
        relative = float(np.sqrt(np.mean((run.result - run.exact) ** 2) / np.mean(run.exact**2)))
        acceptable = relative <= accuracy_threshold
        gain = run.float_us / run.time_us
        figures.append(precision_figures(run, relative=relative, gain=gain, acceptable=acceptable))
    for bits in levels:
        entries = [entry for run, entry in zip(runs, figures, strict=True) if run.bits == bits]
        success = statistics.fmean(entry["acceptable_accuracy"] for entry in entries)
        gain = statistics.fmean(entry["relative_performance"] for entry in entries)
        decisions[bits] = decision_figures(bits, success=success, gain=gain, recommended=success == 1 and gain > 1)


# %% submission={"lesson": "06_analysis", "grade_id": "generate_optimization_roadmap"}
def fill():
    saved_us = 0
    for change in changes:
        saved_us += change.before_us - change.after_us
        share, speedup = change.before_us / total_us, change.before_us / change.after_us
        gain = 1 / (1 - share + share / speedup)
        opportunities.append(opportunity(change, share=share, local_speedup=speedup, improvement=gain))
    opportunities.sort(key=lambda found: found["expected_improvement"], reverse=True)
    combined = total_us / (total_us - saved_us)
