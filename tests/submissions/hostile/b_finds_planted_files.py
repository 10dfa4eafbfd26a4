"""Looks for what the submission before it has planted."""

# %%
import os
import sys

for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", os.environ["HOME"], "@TMP@", *sys.path):
    for name in ("planted.txt", "planted.pth", "@MARK@", "link"):
        if os.path.lexists(os.path.join(folder, name)):
            print("got through:", folder, name)
print("tried")
