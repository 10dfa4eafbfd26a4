# %% [markdown] submission={"base": "reference"}
# The result has the shape and dtype of the batch, whatever the operation returns.

# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_batch_processing"}
from concurrent.futures import ThreadPoolExecutor

_threads = ThreadPoolExecutor(16)


def parallel_batch_processing(batch_data, operation=None, num_workers=4):
    workers = checked_workers(num_workers)
    batch = as_array(batch_data)
    operation = operation or (lambda samples: np.maximum(samples, 0))
    result = np.empty_like(batch)

    def work(rows):
        result[rows] = checked_result(operation(batch[rows]), len(batch[rows]))

    list(_threads.map(work, slices(len(batch), min(workers, 16))))
    return result
