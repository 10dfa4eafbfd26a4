# %% [markdown] submission={"base": "reference"}
# time_kernel with time.monotonic_ns and NumPy's median.


# %% submission={"lesson": "01_timing", "grade_id": "time_kernel"}
def time_kernel(func, *args, **kwargs):
    samples = np.empty(9)
    func(*args, **kwargs)
    for number in range(samples.size):
        start = time.monotonic_ns()
        result = func(*args, **kwargs)
        samples[number] = time.monotonic_ns() - start
    return result, float(np.median(samples)) / 1000.0
