"""A running student process as the grader holds it: its socket, what it prints, and a sure way to end it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psutil

from tinytorch.errors import GraderFaultError, SandboxUnavailableError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.setup import Sandbox
from tinytorch.grading.sandbox.arena import Arena
from tinytorch.grading.sandbox.bubblewrap import Descriptors, Launch, in_bubblewrap, in_the_open
from tinytorch.grading.sandbox.seccomp import open_program
from tinytorch.grading.sandbox.standstill import go_on, stop_all

KILL_S = 20.0
KEPT_PRINT_BYTES = 8192


class Running:
    """One process with everything it may have started; `kill` ends all of it and makes sure."""

    def __init__(self, limits: Limits, sandbox: Sandbox, hidden: tuple[Path, ...] = ()) -> None:
        self.wire, theirs = socket.socketpair()
        self.printed = b""
        self.exit_fd: int | None = None  # readable once the process has ended; not every system has one
        self._folder: Path | None = None
        self._init_fd: int | None = None
        self._root_pid = 0  # of the process whose descendants are what was started here
        self._stopped: tuple[int, ...] = ()
        self.arena = Arena()
        passed = Descriptors(theirs.fileno(), self.arena.fd)
        read_end, write_end = os.pipe()
        self.print_fd = read_end
        os.set_blocking(read_end, False)
        try:
            if sandbox == "bwrap":
                self._start_isolated(limits, passed, write_end, hidden)
            else:
                self._folder = Path(tempfile.mkdtemp(prefix="tinytorch-student-"))
                self._popen = _start(in_the_open(limits, passed, self._folder), passed, write_end)
                self._root_pid = self._popen.pid
        except BaseException:
            self._close()
            raise
        finally:
            theirs.close()
            os.close(write_end)
        if hasattr(os, "pidfd_open"):
            self.exit_fd = os.pidfd_open(self._popen.pid)
        self.wire.setblocking(False)

    def _start_isolated(self, limits: Limits, passed: Descriptors, output: int, hidden: tuple[Path, ...]) -> None:
        info_read, info_write = os.pipe()
        own = [info_write]  # of bubblewrap
        try:
            filter_fd = open_program()
            own += [] if filter_fd is None else [filter_fd]
            launch = in_bubblewrap(limits, passed, info_write, filter_fd, hidden)
            self._popen = _start(launch, passed, output, *own)
        finally:
            for descriptor in own:
                os.close(descriptor)
        with os.fdopen(info_read, "rb") as info:
            status = info.read()
        try:
            self._root_pid = json.loads(status)["child-pid"]
            self._init_fd = os.pidfd_open(self._root_pid)
        except (ValueError, KeyError, ProcessLookupError) as err:
            self._popen.kill()
            self._popen.wait(KILL_S)
            self.drain()
            raise SandboxUnavailableError(f"bubblewrap did not start a process: {self.print_tail()}") from err

    def drain(self) -> None:
        """Takes what the process wrote to its own stdout and stderr, so that it is never held up; keeps the end."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(64):
                read = os.read(self.print_fd, 1 << 16)
                if not read:
                    return
                self.printed = (self.printed + read)[-KEPT_PRINT_BYTES:]

    def print_tail(self) -> str:
        """The end of what was printed outside any cell, as text."""
        return self.printed.decode("utf-8", "replace").strip()[-2000:]

    def has_exited(self) -> bool:
        return self._popen.poll() is not None

    def stand_still(self) -> None:
        """Stops the process and all that it started, and makes sure; nothing happens where that is done already."""
        if not self._stopped:
            self._stopped = stop_all(self._root_pid, with_root=self._init_fd is None)

    def go_on(self) -> tuple[int, ...]:
        """Lets all of it run again; returns whom."""
        stopped, self._stopped = self._stopped, ()
        go_on(stopped)
        return stopped

    def memory_bytes(self) -> int:
        """Resident memory of the process and all its children; memory that they share counts for each."""
        total = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._popen.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += process.memory_info().rss
        return total

    def kill(self) -> None:
        """Ends the process and all that it started; a process that outlives this is the grader's fault."""
        try:
            if self._init_fd is not None:
                self._kill_namespace(self._init_fd)
            else:
                self._kill_tree()
            self.drain()
        finally:
            self._close()

    def _kill_namespace(self, init_fd: int) -> None:
        """The first process of a PID namespace takes all others with it, and is not gone before they are."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(init_fd, signal.SIGKILL)
        gone = _readable(init_fd, KILL_S)
        self._popen.kill()
        self._popen.wait(KILL_S)
        if not gone:
            raise GraderFaultError(f"a student process could not be ended within {KILL_S:.0f} s")

    def _kill_tree(self) -> None:
        processes = _processes_with("TMPDIR", str(self._folder))
        with contextlib.suppress(psutil.NoSuchProcess):
            processes += psutil.Process(self._popen.pid).children(recursive=True)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._popen.wait(KILL_S)
        _, alive = psutil.wait_procs(processes, timeout=KILL_S)
        if alive:
            raise GraderFaultError(f"{len(alive)} processes of a submission could not be ended")

    def _close(self) -> None:
        self.wire.close()
        self.arena.close()
        for descriptor in (self.print_fd, self._init_fd, self.exit_fd):
            if descriptor is not None:
                os.close(descriptor)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _processes_with(name: str, value: str) -> list[psutil.Process]:
    """Processes whose environment has that entry: what was started from here, however it detached itself."""
    processes = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get(name) == value:
                processes.append(process)
    return processes


def _start(launch: Launch, passed: Descriptors, output: int, *more: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        launch.command,
        env=launch.environment,
        cwd=launch.folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=(passed.wire, passed.arena, *more),
        start_new_session=True,
    )


def _readable(descriptor: int, timeout_s: float) -> bool:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(timeout_s * 1000))
