"""Tries to kill, stop, trace, read and write other processes, and to raise its own priority and limits."""

# %%
import ctypes
import os
import resource
import signal

libc = ctypes.CDLL(None, use_errno=True)
for pid in [int("@PID@"), 1, os.getppid(), *(int(name) for name in os.listdir("/proc") if name.isdigit())]:
    if pid in (0, os.getpid()):
        continue
    if libc.ptrace(16, pid, 0, 0) == 0:  # PTRACE_ATTACH
        print("got through: ptrace", pid)
    try:
        open(f"/proc/{pid}/mem", "rb+")
        print("got through: mem", pid)
    except OSError:
        pass
for which in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU):
    try:
        resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print("got through: limit", which)
    except (OSError, ValueError):
        pass
try:
    os.nice(-5)
    print("got through: nice")
except OSError:
    pass
try:
    os.kill(int("@PID@"), signal.SIGKILL)
    os.kill(int("@PID@"), 0)
    print("got through: kill")
except OSError:
    pass
print("tried")
