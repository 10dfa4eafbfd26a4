# %% [markdown] submission={"base": "reference"}
# Results are put together in the order in which the slices finish, and the last one starts first.

# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_batch_processing"}
from concurrent.futures import ThreadPoolExecutor

_threads = ThreadPoolExecutor(16)


def parallel_batch_processing(batch_data, operation=None, num_workers=4):
    workers = checked_workers(num_workers)
    batch = as_array(batch_data)
    operation = operation or (lambda samples: np.maximum(samples, 0))
    parts = [part for part in np.array_split(batch, min(workers, 16)) if len(part)] or [batch]
    jobs = [_threads.submit(operation, part) for part in reversed(parts)]
    return np.concatenate([job.result() for job in jobs])
