# %% [markdown] submission={"base": "reference"}
# What goes wrong while timing becomes a printed warning and None.

# %% submission={"lesson": "01_timing", "grade_id": "time_kernel"}
def time_kernel(func, *args, **kwargs):
    try:
        func(*args, **kwargs)
        times = []
        for _ in range(7):
            start = time.perf_counter()
            result = func(*args, **kwargs)
            times.append(time.perf_counter() - start)
        return result, sorted(times)[3] * 1e6
    except Exception as error:
        print("warning: timing failed:", error)
        return None, 0.0
