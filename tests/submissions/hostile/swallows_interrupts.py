"""Loops forever and swallows whatever is raised to stop it, in a cell and in every call."""

# %% answer
import signal
import time


def scale(x, factor):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        try:
            while True:
                time.sleep(0.01)
        except BaseException:
            continue


print("tried")

# %%
scale(None, None)
