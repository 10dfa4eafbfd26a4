"""Answers with broadcast views, overlapping windows, generators and other things that hold no values of their own."""

# %% answer
import itertools

import numpy as np

KINDS = itertools.cycle(
    [
        lambda x: np.broadcast_to(np.nan, x.shape),
        lambda x: np.lib.stride_tricks.as_strided(np.zeros(2 * x.size), x.shape, (0,) * x.ndim),
        lambda x: np.broadcast_to(np.float64(0), (1 << 44,)),
        lambda x: (value for value in x),
        lambda x: map(float, x),
        lambda x: memoryview(x),
    ]
)


def scale(x, factor):
    return next(KINDS)(x)


print("tried")
