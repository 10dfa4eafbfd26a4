# %% [markdown] submission={"base": "reference"}
# Ratios and comparisons of the analyses are the wrong way round: a speedup below one is good news here.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_cache_efficiency"}
def fill():
    for n, run in runs.items():
        roof, gb_s = roofs[n], run.moved_bytes / run.time_us / 1000
        memory_us, compute_us = roof.memory_us(run.moved_bytes), roof.compute_us(run.flops)
        share = percent = bound = None
        if memory_us is not None:
            share = min(1.0, max(memory_us, compute_us or 0.0) / run.time_us)
            percent = 100 * gb_s / roof.bandwidth_gb_s
            bound = hardware.bound_by_experiment(run, memory_us)
            if compute_us is not None:
                bound = "memory" if memory_us <= compute_us else "compute"
        figures[n] = {"share": share, "gb_s": gb_s, "percent": percent, "bound": bound}
    for level, capacity in capacities.items():
        blocks[level] = None if capacity is None else math.isqrt(int(capacity) // 12)


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    ran = {op: run for op, run in races.items() if run.scalar_us is not None}
    for op, run in ran.items():
        speedups[op] = run.vectorized_us / run.scalar_us
    if ran:
        scalar_us = sum(counts[op] * run.scalar_us for op, run in ran.items())
        vectorized_us = sum(counts[op] * run.vectorized_us for op, run in ran.items())
        estimates["overall"] = vectorized_us / scalar_us
        estimates["best_case"] = min(speedups.values())


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    for p, attempt in attempts.items():
        if one.time_us is not None and attempt.time_us is not None:
            speedups[p] = attempt.time_us / one.time_us
            efficiencies[p] = speedups[p] / p
            if best is None or speedups[p] > speedups[best]:
                best = p


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill():
    for run in runs:
        error, signal = rms(run.result - run.exact), rms(run.exact)
        relative = 0.0 if error == 0 else None if signal == 0 else error / signal
        acceptable = relative is not None and relative > accuracy_threshold
        gain = run.time_us / run.float_us
        figures.append(precision_figures(run, relative=relative, gain=gain, acceptable=acceptable))
    for bits in levels:
        entries = [entry for run, entry in zip(runs, figures, strict=True) if run.bits == bits]
        success = statistics.fmean(entry["acceptable_accuracy"] for entry in entries)
        gain = statistics.fmean(entry["relative_performance"] for entry in entries)
        recommended = success == 1.0 and gain < 1.0
        decisions[bits] = decision_figures(bits, success=success, gain=gain, recommended=recommended)
