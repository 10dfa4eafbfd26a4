# %% [markdown] submission={"base": "reference"}
# The analyses work where everything is known and everything runs; nobody thought of the other cases. The baseline of
# scaling is the first worker count that was asked for.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_cache_efficiency"}
def fill():
    for n in sizes:
        run = measure_kernel(kernel_func, n)
        roof = self.roof(run)
        floor_us = max(roof.memory_us(run.moved_bytes), roof.compute_us(run.flops) or 0)
        gb_s = run.moved_bytes / run.time_us / 1000
        efficiency[n] = {
            "cache_level": cache_level(run.moved_bytes, caches),
            "efficiency_estimate": min(1.0, floor_us / run.time_us),
            "data_size_mb": run.moved_bytes / 2**20,
            "execution_time_us": run.time_us,
            "source": "derived",
        }
        bandwidth[n] = {
            "bandwidth_gb_s": gb_s,
            "peak_bandwidth_gb_s": roof.bandwidth_gb_s,
            "utilization_percent": 100 * gb_s / roof.bandwidth_gb_s,
            "bottleneck": bottleneck(run, roof),
            "source": "derived",
        }
    for level, name in (("L1", "l1_data"), ("L2", "l2"), ("L3", "l3")):
        blocks[level] = math.isqrt(caches[name] // 12)

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    scalar_us = vectorized_us = 0
    for op, count in counts.items():
        run = race(op, shapes)
        speedup = run.scalar_us / run.vectorized_us
        opportunities[op] = {
            "potential": "high" if speedup >= HIGH else "medium" if speedup >= MEDIUM else "low",
            "speedup": speedup,
            "scalar_us": run.scalar_us,
            "vectorized_us": run.vectorized_us,
            "source": "measured",
        }
        scalar_us += count * run.scalar_us
        vectorized_us += count * run.vectorized_us
    estimates["overall"] = scalar_us / vectorized_us
    estimates["best_case"] = max(entry["speedup"] for entry in opportunities.values())

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    first_us = attempts[counts[0]].time_us
    for p, attempt in attempts.items():
        speedup = first_us / attempt.time_us
        entries[p] = {
            "execution_time_us": attempt.time_us,
            "speedup": speedup,
            "efficiency": speedup / p,
            "source": "measured",
        }
    best = max(entries, key=lambda p: entries[p]["speedup"])
    summary[size] = {
        "max_speedup": entries[best]["speedup"],
        "best_worker_count": best,
        "scaling_efficiency": entries[best]["efficiency"],
        "diminishing_returns_threshold": best,
        "source": "derived",
    }

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill_compare_bits():
    for bits in levels:
        approximate, us = (exact, float_us) if bits == 32 else run_quantized(op, operands, bits)
        relative = np.sqrt(np.mean((approximate - exact) ** 2) / np.mean(exact**2))
        by_bits[bits] = {
            "accuracy_mse": float(np.mean((approximate - exact) ** 2)),
            "relative_error": float(relative),
            "execution_time_us": us,
            "memory_bytes": elements * bits // 8,
            "relative_performance": float_us / us,
            "relative_memory": 32 / bits,
            "acceptable_accuracy": bool(relative <= accuracy_threshold),
            "source": "measured",
        }


def fill_analyze_quantization_trade_offs():
    for bits in levels:
        entries = all_entries(accuracy, bits)
        success = statistics.fmean(entry["acceptable_accuracy"] for entry in entries)
        gain = statistics.fmean(entry["relative_performance"] for entry in entries)
        deployment[bits] = {
            "accuracy_success_rate": success,
            "avg_performance_gain": gain,
            "avg_memory_reduction": 32 / bits,
            "recommended_for_production": success == 1 and gain > 1,
            "source": "derived",
        }

# %% submission={"lesson": "06_analysis", "grade_id": "generate_optimization_roadmap"}
def fill():
    saved_us = 0
    for item in candidates:
        saved_us += item.before_us - item.after_us
        share, speedup = item.before_us / total_us, item.before_us / item.after_us
        gain = 1 / (1 - share + share / speedup)
        difficulty, effort = JUDGEMENT[item.type]
        opportunities.append({
            "type": item.type,
            "impact": impact_of(gain),
            "difficulty": difficulty,
            "description": item.description,
            "expected_improvement": gain,
            "share": share,
            "local_speedup": speedup,
            "memory_reduction": item.memory_reduction,
            "relative_error": item.relative_error,
            "implementation_effort": effort,
            "evidence": list(item.evidence),
            "source": "derived",
        })
    opportunities.sort(key=lambda found: found["expected_improvement"], reverse=True)
    outcomes["combined_improvement"] = total_us / (total_us - saved_us)
