"""Prints its environment, and command line, environment, memory map and open files of every process it can see."""

# %%
import glob
import os

print(dict(os.environ))
for pattern in ("environ", "cmdline", "maps", "mountinfo", "status", "stack", "task/*/environ"):
    for path in glob.glob(f"/proc/[0-9]*/{pattern}"):
        try:
            print(path, open(path, "rb").read(20_000))
        except OSError as err:
            print(path, err.strerror)
for path in glob.glob("/proc/[0-9]*/fd/*") + glob.glob("/proc/[0-9]*/cwd") + glob.glob("/proc/[0-9]*/exe"):
    try:
        print(path, os.readlink(path))
    except OSError:
        pass
for path in ("/proc/kcore", "/proc/keys", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/dev/mem"):
    try:
        open(path, "rb+").read(1)
        print("got through:", path)
    except OSError:
        pass
print("tried")
