"""Linux control groups: how much processor time and memory this process may use. `root` is "/" except in tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tinytorch.hardware.linux import read_text

MOUNT = "sys/fs/cgroup"
UNLIMITED_BYTES = 1 << 60  # version 1 writes a number near 2**63 for "no limit"


def cpu_limit(root: Path = Path("/")) -> tuple[float, str] | None:
    """(CPUs' worth of time, file that says so) of the tightest limit on the way up; None without one."""
    limits = []
    for folder in _folders(root, "cpu"):
        unified = (read_text(folder / "cpu.max") or "").split()
        if len(unified) == 2 and unified[0] != "max":
            limits.append((int(unified[0]) / int(unified[1]), f"/{(folder / 'cpu.max').relative_to(root)}"))
        quota, period = (read_text(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
        if quota and period and int(quota) > 0:
            limits.append((int(quota) / int(period), f"/{(folder / 'cpu.cfs_quota_us').relative_to(root)}"))
    return min(limits, default=None)


def memory_limit(root: Path = Path("/")) -> tuple[int, str] | None:
    """(bytes, file that says so) of the tightest memory limit on the way up; None without one."""
    limits = []
    for folder in _folders(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = read_text(folder / name)
            if text and text != "max" and int(text) < UNLIMITED_BYTES:
                limits.append((int(text), f"/{(folder / name).relative_to(root)}"))
    return min(limits, default=None)


def _folders(root: Path, controller: str) -> Iterator[Path]:
    """Folders that may hold limits for this process: its own group's and every parent's, versions 1 and 2.

    Inside a container the group's path may be the host's, which does not exist there; its parents still lead to
    the mount point, where the container's own limits stand.
    """
    for line in (read_text(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        # version 2 has no controllers in the line; version 1 mounts each list of controllers under its name
        mount = root / MOUNT / controllers if controllers else root / MOUNT
        if controllers and not mount.is_dir():
            mount = root / MOUNT / controller
        folder = mount / group.strip("/")
        while folder.is_relative_to(mount):
            yield folder
            folder = folder.parent
