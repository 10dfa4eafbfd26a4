"""Ends the process with exit code 0 in a cell and in every call, once through the kernel and once through a fault."""

# %% answer
import ctypes
import os


def scale(x, factor):
    if factor > 2:
        ctypes.string_at(0)
    os._exit(0)


print("tried")

# %%
os._exit(0)
