# %% [markdown] submission={"base": "reference"}
# parallel_matmul by column panels put together at the end.


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_matmul"}
from concurrent.futures import ThreadPoolExecutor

_crew = ThreadPoolExecutor(4)


def parallel_matmul(A, B, num_workers=None):
    count = checked_workers(2 if num_workers is None else num_workers)
    left, right = check_operands(A, B)
    panels_of_b = np.array_split(right, min(count, max(1, right.shape[1])), axis=1)
    parts = list(_crew.map(lambda panel: matmul_simd(left, panel), panels_of_b))
    return np.hstack(parts)
