"""Prints, displays, raises and answers more than anyone can keep."""

# %% answer
import os

from IPython.display import Image, display

print("tried")
for _ in range(40):
    print("x" * 500_000)
    os.write(1, b"y" * 500_000)
    os.write(2, b"\x1b[2J" * 100_000)
for _ in range(10):
    display(Image(data=b"\x89PNG\r\n\x1a\n" + bytes(2_000_000), format="png"))


def scale(x, factor):
    if factor > 2:
        raise ValueError("z" * 50_000_000)
    return {f"key {number}" * 100: "value" * 1000 for number in range(8_000)}


# %%
raise RuntimeError("z" * 50_000_000)
