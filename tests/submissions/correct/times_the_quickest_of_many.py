# %% [markdown] submission={"base": "reference"}
# time_kernel that takes the smallest of its samples: the least disturbed call.


# %% submission={"lesson": "01_timing", "grade_id": "time_kernel"}
def time_kernel(func, *args, **kwargs):
    result = func(*args, **kwargs)
    best_ns = None
    for _ in range(7):
        before = time.perf_counter_ns()
        result = func(*args, **kwargs)
        took_ns = time.perf_counter_ns() - before
        best_ns = took_ns if best_ns is None else min(best_ns, took_ns)
    return result, best_ns / 1e3
