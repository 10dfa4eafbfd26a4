"""System calls that a student process may not make: a seccomp filter that bubblewrap loads before Python starts.

The sandbox's namespaces say what can be reached; this takes away what none of them covers. Memory that no limit counts
(memfd, System V shared memory), keyrings and sockets that no namespace holds (vsock, alg, packet), new namespaces, and
parts of the kernel that a lesson never needs and that faults are found in (bpf, perf, io_uring, userfaultfd). What is
refused fails with an errno, as on a kernel that lacks it. The numbers are those of the kernel's unistd headers.
"""

from __future__ import annotations

import errno
import os
import platform
import struct

# System call: number on x86_64, number on aarch64.
_REFUSED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "syslog": (103, 116),
    "reboot": (169, 142),
}
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64
_X32_BIT = 0x40000000
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6 and netlink: all of them end within the network namespace

# Classic BPF: operation codes, and where struct seccomp_data has its fields on a little-endian machine.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000

Step = tuple[int, int, int, int]  # operation, steps to skip if true, if false, constant


def program(machine: str | None = None) -> bytes | None:
    """The filter for this kind of machine (as `platform.machine` calls it); None where its numbers aren't known."""
    machine = platform.machine() if machine is None else machine
    if machine not in _ARCHITECTURES:
        return None
    at = list(_ARCHITECTURES).index(machine)
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        _fail(errno.EPERM),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _X32_BIT),
        _fail(errno.ENOSYS),
        (_IF_EQUAL, 0, 1, _CLONE3[at]),  # its flags lie in memory, out of a filter's sight; libc then takes clone
        _fail(errno.ENOSYS),
    ]
    for numbers in _REFUSED.values():
        steps += [(_IF_EQUAL, 0, 1, numbers[at]), _fail(errno.EPERM)]
    steps += [
        (_IF_EQUAL, 0, 4, _CLONE[at]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_ANY_BIT, 0, 1, _NEW_NAMESPACES),
        _fail(errno.EPERM),
        (_RETURN, 0, 0, _ALLOW),
        (_IF_EQUAL, 1, 0, _SOCKET[at]),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
    ]
    for left, family in reversed(list(enumerate(_FAMILIES))):
        steps.append((_IF_EQUAL, left + 1, 0, family))
    steps += [_fail(errno.EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def open_program() -> int | None:
    """A descriptor to read the filter from, for the caller to close; None where there is no filter."""
    code = program()
    if code is None:
        return None
    read_end, write_end = os.pipe()
    os.write(write_end, code)  # some hundred bytes: less than any pipe holds
    os.close(write_end)
    return read_end


def _fail(number: int) -> Step:
    return (_RETURN, 0, 0, _FAIL | number)
