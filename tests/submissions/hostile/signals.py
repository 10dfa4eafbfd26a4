"""Blocks and handles every signal, sets timers, and kills its group, its parent and everything it may signal."""

# %%
import os
import signal

print("tried")
for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, lambda *_: None)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for target in (int("@PID@"), 1, os.getppid(), -1, 0):
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(target, number)
        except OSError:
            pass
