"""The student process gives up the rights it does not need, before any student code is loaded."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

from .settings import Settings

PR_SET_PDEATHSIG = 1


def confine(settings: Settings) -> None:
    """Drops privileges, sets the limits that cannot be raised again, and moves to the working folder."""
    _drop_user(settings.uid)
    _die_with_parent()
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: settings.cpu_s,
        resource.RLIMIT_FSIZE: settings.file_bytes,
        resource.RLIMIT_NOFILE: settings.open_files,
        resource.RLIMIT_NPROC: settings.processes,
        resource.RLIMIT_AS: settings.memory_bytes,
    }
    for which, value in limits.items():
        _, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(which, (value, value))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for folder in (os.environ["HOME"], settings.work_dir, settings.cells_dir):
        Path(folder).mkdir(parents=True, exist_ok=True)
    os.chdir(settings.work_dir)


def _drop_user(uid: int | None) -> None:
    if uid is None:
        return
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _die_with_parent() -> None:
    """The kernel ends this process when the grader's thread that started it is gone; only Linux can."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
