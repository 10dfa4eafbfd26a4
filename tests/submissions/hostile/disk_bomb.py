"""Fills every folder that can be written, with one large file and with many small ones."""

# %%
import os

written = 0
for folder in ("/tmp", "/dev/shm", ".", os.environ["HOME"]):
    for number in range(200):
        try:
            with open(os.path.join(folder, f"part{number}"), "wb") as file:
                for _ in range(64):
                    written += file.write(bytes(1 << 20))
        except OSError as err:
            if err.errno == 28:
                break
    for number in range(2000):
        try:
            open(os.path.join(folder, f"small{number}"), "wb").close()
        except OSError:
            break
if written > 300 << 20:
    print("got through:", written >> 20, "MiB")
print("tried")
