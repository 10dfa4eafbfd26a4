"""Takes memory of every kind without end: heap, maps, descriptors of memory, shared segments, and in children."""

# %%
import ctypes
import mmap
import os
import time

print("tried")
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
kept, taken = [], 0
for _ in range(20):
    number = libc.memfd_create(b"x", 0) if hasattr(libc, "memfd_create") else -1
    try:
        taken += sum(os.write(number, bytes(1 << 20)) for _ in range(8)) if number >= 0 else 0
    except OSError:
        pass
    segment = libc.shmget(0, 8 << 20, 0o1600)
    if segment >= 0:
        taken += 8 << 20
if taken > 64 << 20:
    print("got through:", taken >> 20, "MiB that no limit counts")
try:
    while True:
        kept.append(bytearray(32 << 20))
except MemoryError:
    print(len(kept))
kept.clear()
for _ in range(4):
    if os.fork() == 0:
        page = mmap.mmap(-1, 400 << 20)
        page.write(b"x" * len(page))
        time.sleep(60)
time.sleep(60)
