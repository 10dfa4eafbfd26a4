"""A Dask cluster as an executor; the only file that knows Dask, which is an optional dependency.

The workers need the same checkout and Python environment at the same paths, as on a shared file system.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

from tinytorch.errors import GradingError


def cluster_executor(address: str) -> tuple[Callable[[], Executor], int]:
    """Connects to the scheduler at `address`: how to open an executor, and how many submissions it grades at once."""
    try:
        from distributed import Client
    except ImportError as err:
        raise GradingError(
            "Grading on a cluster needs Dask, which is not installed; pip install 'tinytorch-kernels[cluster]'."
        ) from err
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as err:  # TimeoutError is an OSError
        raise GradingError(
            f"No Dask scheduler answers at {address!r} ({err}); start one with `dask scheduler` and give its address."
        ) from err
    threads = list(client.nthreads().values())
    if not threads or max(threads) > 1:
        client.close()
        problem = "no workers" if not threads else "workers with several threads"
        raise GradingError(
            f"The Dask scheduler {address!r} has {problem}, and a worker must grade one submission at a time; "
            f"start them with `dask worker {address} --nworkers auto --nthreads 1`."
        )
    # Not kept in Dask's own cache: two submissions with equal text must not share a run that a fault ended.
    return lambda: client.get_executor(pure=False, retries=0), len(threads)
