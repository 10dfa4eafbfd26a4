"""The filter on system calls: interpreted here for both kinds of machine, and tried inside for this one."""

from __future__ import annotations

import errno
import os
import platform
import struct
from collections.abc import Callable

import pytest

from tinytorch.grading.checks.student import Student
from tinytorch.grading.sandbox import seccomp

MACHINES = ("x86_64", "aarch64")
ALLOWED = 0x7FFF0000
# read, write, openat, mmap, futex, execve, wait4, setresuid, prctl, exit_group, seccomp by their numbers
EVERYDAY = {
    "x86_64": (0, 1, 257, 9, 202, 59, 61, 117, 157, 231, 317),
    "aarch64": (63, 64, 56, 222, 98, 221, 260, 147, 167, 94, 277),
}


def verdict(machine: str, number: int, argument: int = 0, architecture: int | None = None) -> int:
    """What the kernel would make of a call: it runs the program on struct seccomp_data."""
    code = seccomp.program(machine)
    steps = list(struct.iter_unpack("=HBBI", code))
    held = seccomp._ARCHITECTURES[machine] if architecture is None else architecture
    data = struct.pack("<IIQQ", number, held, 0, argument)
    at = value = 0
    while True:
        operation, if_true, if_false, constant = steps[at]
        at += 1
        if operation == seccomp._RETURN:
            return constant
        if operation == seccomp._LOAD:
            value = struct.unpack_from("<I", data, constant)[0]
            continue
        holds = {
            seccomp._IF_EQUAL: value == constant,
            seccomp._IF_AT_LEAST: value >= constant,
            seccomp._IF_ANY_BIT: bool(value & constant),
        }[operation]
        at += if_true if holds else if_false


def refusal(number: int) -> int:
    return 0x00050000 | number


@pytest.mark.parametrize("machine", MACHINES)
def test_what_python_needs_is_allowed(machine: str) -> None:
    assert {verdict(machine, number) for number in EVERYDAY[machine]} == {ALLOWED}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", sorted(seccomp._REFUSED))
def test_what_no_lesson_needs_is_refused(machine: str, name: str) -> None:
    number = seccomp._REFUSED[name][MACHINES.index(machine)]
    assert verdict(machine, number) == refusal(errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_processes_and_threads_may_be_made_but_no_namespaces(machine: str) -> None:
    at = MACHINES.index(machine)
    clone, thread, child = seccomp._CLONE[at], 0x003D0F00, 0x01200011
    assert (verdict(machine, clone, thread), verdict(machine, clone, child)) == (ALLOWED, ALLOWED)
    for flag in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, clone, child | flag) == refusal(errno.EPERM)
    assert verdict(machine, seccomp._CLONE3[at]) == refusal(errno.ENOSYS)


@pytest.mark.parametrize("machine", MACHINES)
def test_only_sockets_that_a_namespace_holds(machine: str) -> None:
    socket = seccomp._SOCKET[MACHINES.index(machine)]
    allowed = [family for family in range(60) if verdict(machine, socket, family) == ALLOWED]
    assert allowed == [1, 2, 10, 16]
    assert verdict(machine, socket, 40) == refusal(errno.EAFNOSUPPORT)


@pytest.mark.parametrize("machine", MACHINES)
def test_other_ways_into_the_kernel_are_closed(machine: str) -> None:
    assert verdict(machine, 11, architecture=0x40000003) == refusal(errno.EPERM)  # 32-bit calls
    assert verdict(machine, 0x40000000 | 319) == refusal(errno.ENOSYS)


def test_an_unknown_machine_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert seccomp.program() is None
    assert seccomp.open_program() is None


LOOK = """
import ctypes, os, socket, threading, subprocess
libc = ctypes.CDLL(None, use_errno=True)
def refused(number, *args):
    return ctypes.get_errno() if libc.syscall(number, *args) < 0 else 0
def opens(family):
    try:
        socket.socket(family).close()
    except OSError as err:
        return err.errno
    return 0
def works():
    thread = threading.Thread(target=len, args=('',)); thread.start(); thread.join()
    return [subprocess.run(['true']).returncode, os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)[1]]
"""


@pytest.mark.skipif(platform.machine() not in MACHINES, reason="there is no filter for this kind of machine")
def test_the_filter_is_in_force_inside(open_student: Callable[..., Student]) -> None:
    student = open_student(LOOK)
    at = MACHINES.index(platform.machine())
    for name in ("memfd_create", "unshare", "keyctl", "io_uring_setup", "shmget", "ptrace"):
        assert student.refused(seccomp._REFUSED[name][at], 0, 0, 0) == errno.EPERM, name
    assert [student.opens(family) for family in (1, 2, 40)] == [0, 0, errno.EAFNOSUPPORT]
    assert student.works() == [0, 0]


def test_no_descriptor_of_the_filter_is_left(open_student: Callable[..., Student]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    student = open_student(
        "import os\ndef pipes():\n    held = {}\n    for name in os.listdir('/proc/self/fd'):\n"
        "        try:\n            held[int(name)] = os.readlink('/proc/self/fd/' + name)\n"
        "        except OSError:\n            pass\n"
        "    return sorted(number for number, path in held.items() if path.startswith('pipe:'))"
    )
    assert student.pipes() == [1, 2]  # what it prints; the filter's and bubblewrap's own pipes are closed
    student._session.close()
    assert len(os.listdir("/proc/self/fd")) == before
