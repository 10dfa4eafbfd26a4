# %% [markdown] submission={"base": "reference"}
# The time is right, in the wrong unit.

# %% submission={"lesson": "01_timing", "grade_id": "time_kernel"}
def time_kernel(func, *args, **kwargs):
    func(*args, **kwargs)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        result = func(*args, **kwargs)
        times.append(time.perf_counter() - start)
    return result, sorted(times)[2] * 1e3
