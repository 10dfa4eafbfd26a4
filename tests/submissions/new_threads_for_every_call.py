# %% [markdown] submission={"base": "reference"}
# A thread pool is made in every call, and work waits for one worker after the other.

# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_batch_processing"}
from concurrent.futures import ThreadPoolExecutor


def parallel_batch_processing(batch_data, operation=None, num_workers=4):
    workers = checked_workers(num_workers)
    batch = as_array(batch_data)
    operation = operation or (lambda samples: np.maximum(samples, 0))
    parts = [part for part in np.array_split(batch, workers) if len(part)] or [batch]
    results = []
    for part in parts:
        with ThreadPoolExecutor(1) as threads:
            results.append(checked_result(threads.submit(operation, part).result(), len(part)))
    return np.concatenate(results)
