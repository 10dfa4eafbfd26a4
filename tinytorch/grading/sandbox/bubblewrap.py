"""The command that starts a student process: bubblewrap around Python, or Python alone when isolation is waived."""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

import tinytorch
from tinytorch.errors import SandboxUnavailableError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.sandbox.inside.settings import Settings
from tinytorch.grading.sandbox.runtime import PRIVATE_NAME, runtime_tree
from tinytorch.grading.sandbox.seccomp import open_program

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/fonts",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
_INSIDE = Path("/tmp")
_RUNTIME_INSIDE = Path("/run/tinytorch")
_SHARED_MEMORY_BYTES = 64 << 20
# What a process allocated before decides whether glibc gives freed memory back to the system. Fetching it again, page
# by page, took more than half of the time of some races' references. So it is kept, on both sides.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
_VECTOR_SETTINGS = ("TINYTORCH_SIMD_BYTES", "TINYTORCH_SIMD_DOT4", "TINYTORCH_SIMD_REGISTERS")
# The first code of a student process: it hands the public shell to the private side of the wire. The shell is
# imported when it is opened, by a process that has confined itself.
_START = """
import sys

paths = {paths!r}
sys.path[:] = [paths[0], *sys.path, *(path for path in paths if path not in sys.path)]
from {student_side}.main import main

def open_shell(folder, text_chars, image_chars):
    from tinytorch.notebooks.outputs import OutputLimits
    from tinytorch.notebooks.shell import open_shell

    return open_shell(folder, OutputLimits(text_chars, image_chars))

main(open_shell)
"""


@dataclass(frozen=True, slots=True)
class Launch:
    """A command with its environment and, without a sandbox, the working folder it must start in."""

    command: list[str]
    environment: dict[str, str]
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Descriptors:
    """The descriptors that a student process inherits: the socket to the grader and the memory of timed calls."""

    wire: int
    arena: int


def in_bubblewrap(
    limits: Limits, descriptors: Descriptors, info_fd: int, filter_fd: int | None, hidden: tuple[Path, ...] = ()
) -> Launch:
    """Python inside bubblewrap; `hidden` folders are masked should they lie below a folder that is bound.

    The seccomp filter is read from `filter_fd`, where there is one for this kind of machine.
    """
    uid = None
    if os.geteuid() == 0:  # an id that nobody else on this machine has: limits and signals reach only this sandbox
        uid = (1 << 30) + secrets.randbelow(1 << 29)
    settings = _settings(limits, descriptors, _INSIDE, uid, _processes(limits, own_count=True))
    command = [
        _bwrap(),
        *_namespaces(uid),
        *("--die-with-parent", "--new-session", "--hostname", "student", "--info-fd", str(info_fd)),
        *(("--seccomp", str(filter_fd)) if filter_fd is not None else ()),
        *_mounts(limits, hidden),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--perms", "1777", "--size", str(_SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),
        *("--ro-bind", str(runtime_tree()), str(_RUNTIME_INSIDE), "--remount-ro", "/", "--chdir", "/", "--"),
        *_python(settings, _RUNTIME_INSIDE),
    ]
    return Launch(command, _environment(_INSIDE, limits), None)


def in_the_open(limits: Limits, descriptors: Descriptors, folder: Path) -> Launch:
    """Python alone, in a private folder: limits hold, but files, network and other processes are within reach."""
    settings = _settings(limits, descriptors, folder, None, _processes(limits, own_count=False))
    return Launch(_python(settings, runtime_tree()), _environment(folder, limits), folder)


@functools.cache
def check_available() -> None:
    """Starts Python in a sandbox once; SandboxUnavailableError says why that cannot be done and what to do."""
    filter_fd = open_program()
    try:
        launch = in_bubblewrap(Limits(), Descriptors(0, 0), 2, filter_fd)
        at = launch.command.index("--")
        trial = [part if part != "--info-fd" else "--json-status-fd" for part in launch.command[:at]]
        trial += ["--", sys.executable, "-I", "-c", "print('inside')"]
        passed = () if filter_fd is None else (filter_fd,)
        options: dict[str, Any] = {"env": launch.environment, "pass_fds": passed, "timeout": 60, "check": False}
        done = subprocess.run(trial, capture_output=True, text=True, **options)
    finally:
        if filter_fd is not None:
            os.close(filter_fd)
    if done.returncode == 0 and done.stdout.strip() == "inside":
        return
    reason = next((line for line in done.stderr.splitlines() if line.startswith("bwrap:")), f"exit {done.returncode}")
    raise SandboxUnavailableError(
        f"bubblewrap is installed, but cannot isolate a process here ({reason}). User namespaces are probably switched "
        "off: try `sysctl kernel.unprivileged_userns_clone=1` (Debian) or "
        "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu); in a container, allow it to make "
        "namespaces. Or grade with --sandbox none, which does not protect this machine from student code."
    )


def _bwrap() -> str:
    if not sys.platform.startswith("linux"):
        raise SandboxUnavailableError(
            f"student code can be isolated on Linux only, and this is {sys.platform}. Grade on a Linux machine, or "
            "with --sandbox none, which does not protect this machine from student code."
        )
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxUnavailableError(
            "bubblewrap (bwrap), which isolates student code, is not installed. Install it: apt-get install "
            "bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora). Or grade with --sandbox none, which does "
            "not protect this machine from student code."
        )
    return path


def _namespaces(uid: int | None) -> list[str]:
    """Returns options that unshare all namespaces. As root, no user namespace: the process changes to an unused id."""
    if uid is None:
        return ["--unshare-all", "--unshare-user", "--cap-drop", "ALL"]
    own = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    return [*own, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def _mounts(limits: Limits, hidden: tuple[Path, ...]) -> list[str]:
    """Binds and masks, outer folders first, so that a mask covers what lies above it and a deeper bind shows again."""
    placed: dict[Path, list[str]] = {}
    private = ["--perms", "1777", "--size", str(limits.tmp_bytes), "--tmpfs", str(_INSIDE)]
    for text in _SYSTEM:
        path = Path(text)
        if path.is_symlink():
            placed[path] = ["--symlink", os.readlink(path), text]
        elif path.is_dir():
            placed[path] = ["--ro-bind", text, text]
    for path in (*map(Path, _FILES), *_python_folders()):
        placed.setdefault(path, ["--ro-bind-try", str(path), str(path)])
    bound, sealed = list(placed), []
    placed[_INSIDE] = private
    for path in (*_secret_folders(), *(folder.resolve() for folder in hidden)):
        if path not in placed and any(path.is_relative_to(outer) for outer in bound):
            placed[path] = ["--tmpfs", str(path)]
            sealed += ["--remount-ro", str(path)]
    for folder in _site_folders():
        for path in folder.glob("__editable__*tinytorch*"):
            placed[path] = ["--ro-bind", "/dev/null", str(path)]
    for path in (*list(placed), _RUNTIME_INSIDE):  # bubblewrap alone would make these for their owner only
        for outer in list(path.parents)[:-1]:
            if not any(outer.is_relative_to(other) for other in bound):
                placed.setdefault(outer, ["--perms", "0755", "--dir", str(outer)])
    ordered = sorted(placed, key=lambda path: len(path.parts))
    return [*(word for path in ordered for word in placed[path]), *sealed]


def _python_folders() -> list[Path]:
    """The interpreter's prefixes, those its links lead through, and site folders that lie elsewhere."""
    prefixes = {Path(prefix) for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)}
    prefixes |= {prefix.resolve() for prefix in prefixes}
    link = Path(sys.executable)
    while link.is_symlink():
        link = link.parent / os.readlink(link)
        if (link.parents[1] / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}").is_dir():
            prefixes.add(link.parents[1])
    apart = {path for path in _site_folders() if not any(path.is_relative_to(prefix) for prefix in prefixes)}
    return sorted(prefixes | apart)


def _site_folders() -> list[Path]:
    folders = {Path(path) for path in (*site.getsitepackages(), site.getusersitepackages()) if path in sys.path}
    return sorted(path for path in folders if path.is_dir())


def _secret_folders() -> list[Path]:
    """The installed `tinytorch`, the checkout that it may lie in, and the home folder."""
    package = Path(tinytorch.__file__).resolve().parent
    folders = [package, Path.home().resolve()]
    folders += [folder / "tinytorch" for folder in _site_folders()]
    if (package.parent / "pyproject.toml").is_file():
        folders += [package.parent, *(package.parent / name for name in ("modules", "tests", "assignments", ".git"))]
    return [folder for folder in folders if folder.is_dir()]


def _processes(limits: Limits, own_count: bool) -> int:
    """The limit to set; where the kernel counts all processes of this user, those there are come on top."""
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    if own_count and (os.geteuid() == 0 or release >= (5, 14)):
        return limits.processes
    user = os.getuid()
    threads = [
        process.info["num_threads"] or 1
        for process in psutil.process_iter(["uids", "num_threads"])
        if process.info["uids"] and process.info["uids"].real == user
    ]
    return limits.processes + sum(threads)


def _settings(limits: Limits, descriptors: Descriptors, folder: Path, uid: int | None, processes: int) -> Settings:
    return Settings(
        uid=uid,
        wire_fd=descriptors.wire,
        arena_fd=descriptors.arena,
        work_dir=str(folder / "work"),
        cells_dir=str(folder / "cells"),
        cpu_s=limits.cpu_s,
        memory_bytes=limits.memory_bytes,
        file_bytes=limits.file_bytes,
        processes=processes,
        open_files=limits.open_files,
        header_bytes=limits.header_bytes,
        message_bytes=limits.message_bytes,
        cell_text_chars=limits.cell_text_chars,
        cell_image_chars=limits.cell_image_chars,
    )


def _python(settings: Settings, runtime: Path) -> list[str]:
    paths = [str(runtime), *(str(path) for path in _site_folders())]
    start = _START.format(paths=paths, student_side=PRIVATE_NAME)
    return [sys.executable, "-I", "-B", "-X", "utf8", "-c", start, settings.to_argument()]


def _environment(folder: Path, limits: Limits) -> dict[str, str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder),
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "IPYTHONDIR": str(folder / "home" / "ipython"),
        "MPLCONFIGDIR": str(folder / "home" / "matplotlib"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "NUMBA_NUM_THREADS": str(limits.threads),
    }
    blas = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    return environment | dict.fromkeys(blas, "1") | _MALLOC | vector_settings()


def vector_settings() -> dict[str, str]:
    """Returns the environment variables of `tinytorch.simd`, the same for every process that runs graded kernels."""
    return {name: os.environ[name] for name in _VECTOR_SETTINGS if name in os.environ}
