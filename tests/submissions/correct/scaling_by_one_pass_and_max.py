# %% [markdown] submission={"base": "reference"}
# analyze_parallel_scaling with comprehensions, and the best count by max over the speedups.

# %% submission={"lesson": "06_analysis", "grade_id": "analyze_parallel_scaling"}
def fill():
    measured = {workers: time_us for workers, time_us in times_us.items() if time_us}
    if not one_us:
        measured = {}
    speedups = {workers: one_us / time_us for workers, time_us in measured.items()}
    efficiencies = {workers: gain / workers for workers, gain in speedups.items()}
    best = max(sorted(speedups), key=speedups.get, default=None)
    return {"speedups": speedups, "efficiencies": efficiencies, "best": best}
