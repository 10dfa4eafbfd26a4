# %% [markdown] submission={"base": "reference"}
# analyze_parallel_scaling with comprehensions, and the best count by max over the speedups.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    measured = {workers: found.time_us for workers, found in attempts.items() if found.time_us}
    if one.time_us:
        speedups = {workers: one.time_us / time_us for workers, time_us in measured.items()}
        efficiencies = {workers: gain / workers for workers, gain in speedups.items()}
        best = max(sorted(speedups), key=speedups.get, default=None)
