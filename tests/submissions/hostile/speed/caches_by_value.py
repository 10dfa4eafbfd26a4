"""Keeps results by the values of the inputs and hopes that they come again."""

import numpy as np

KEPT = {}


def arrange(x):
    key = hash(x.tobytes())
    if key not in KEPT:
        for _ in range(20):
            KEPT[key] = np.sort(x)
    return KEPT[key]
