"""Starts processes and threads without end, each of which starts more."""

# %%
import os
import threading
import time

print("tried")
started = 0
while started < 10_000:
    try:
        if os.fork() == 0:
            while True:
                try:
                    os.fork()
                except OSError:
                    time.sleep(0.2)
        started += 1
    except OSError:
        break
if started > 100:
    print("got through:", started)
try:
    threading.Thread(target=time.sleep, args=(60,)).start()
except RuntimeError as err:
    print(err)
