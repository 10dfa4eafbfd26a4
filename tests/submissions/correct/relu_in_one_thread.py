# %% [markdown] submission={"base": "reference"}
# parallel_relu that never splits: right for any number of workers.


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_relu"}
def parallel_relu(x, num_workers=4):
    if num_workers < 1:
        raise ValueError(f"num_workers must be at least 1, got {num_workers}")
    return vectorized_relu(x)
