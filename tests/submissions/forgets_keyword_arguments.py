# %% [markdown] submission={"base": "reference"}
# Keyword arguments of the function that is timed are not passed on.

# %% submission={"lesson": "01_timing", "grade_id": "time_kernel"}
def time_kernel(func, *args):
    func(*args)
    samples_ns = []
    while not enough_samples(samples_ns):
        start = time.perf_counter_ns()
        result = func(*args)
        samples_ns.append(time.perf_counter_ns() - start)
    return result, statistics.median(samples_ns) / 1000
