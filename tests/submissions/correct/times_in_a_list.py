# %% [markdown] submission={"base": "reference"}
# time_kernel with a fixed number of calls, a float clock and a sorted list.


# %% submission={"lesson": "01_timing", "grade_id": "time_kernel"}
def time_kernel(func, *args, **kwargs):
    def once():
        begin = time.perf_counter()
        answer = func(*args, **kwargs)
        return answer, time.perf_counter() - begin

    once()
    runs = [once() for _ in range(11)]
    seconds = sorted(duration for _, duration in runs)
    return runs[-1][0], seconds[5] * 1e6
