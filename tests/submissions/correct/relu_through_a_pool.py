# %% [markdown] submission={"base": "reference"}
# parallel_relu by ThreadPoolExecutor.map over ranges of a flat copy.


# %% submission={"lesson": "04_parallelism", "grade_id": "parallel_relu"}
from concurrent.futures import ThreadPoolExecutor

_clippers = ThreadPoolExecutor(4)


def parallel_relu(x, num_workers=4):
    workers = checked_workers(num_workers)
    x = as_array(x)
    flat = np.array(x, order="C").reshape(-1)
    cuts = np.linspace(0, flat.size, workers + 1).astype(int)

    def clip(start, stop):
        np.maximum(flat[start:stop], flat.dtype.type(0), out=flat[start:stop])

    list(_clippers.map(clip, cuts[:-1], cuts[1:]))
    return flat.reshape(x.shape)
