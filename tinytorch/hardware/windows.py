"""Windows: caches and cores from GetLogicalProcessorInformationEx, the name from the registry."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tinytorch.hardware.cpulists import format_cpu_list
from tinytorch.hardware.fact import Fact, Facts, detected, unavailable

API = "GetLogicalProcessorInformationEx"
ALL, CORE, CACHE = 0xFFFF, 0, 2  # LOGICAL_PROCESSOR_RELATIONSHIP
UNIFIED, INSTRUCTION, DATA = 0, 1, 2  # PROCESSOR_CACHE_TYPE
CACHE_NAMES = {
    (1, INSTRUCTION): "l1i_bytes",
    (1, DATA): "l1d_bytes",
    (2, UNIFIED): "l2_bytes",
    (3, UNIFIED): "l3_bytes",
}
NAME_KEY = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"


def facts() -> Facts:
    """Returns the system's facts about its processor."""
    return {"cpu_name": _cpu_name(), "max_frequency_ghz": _frequency(), **parse(_buffer())}


def parse(buffer: bytes) -> Facts:
    """Facts from the records the call fills in.

    Source of the layout: winnt.h, SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX and its unions PROCESSOR_RELATIONSHIP and
    CACHE_RELATIONSHIP, 64-bit. The first cache of a kind is reported: on mixed processors others may differ.
    """
    by_name: Facts = {}
    shared: dict[int, list[str]] = {1: [], 2: [], 3: []}
    physical = logical = 0
    for relation, body in _records(buffer):
        if relation == CORE:
            physical += 1
            logical += len(list(_cpus(body, count_at=22)))
        elif relation == CACHE:
            level, _, line, size, kind = struct.unpack_from("<BBHII", body)
            name = CACHE_NAMES.get((level, kind))
            if name and name not in by_name:
                by_name[name] = detected(size, "bytes", f"{API}, first level {level} cache")
            if name == "l1d_bytes":
                by_name.setdefault(
                    "line_bytes", detected(line, "bytes", f"{API}, line of the first level 1 data cache")
                )
            if kind != INSTRUCTION and level in shared:
                shared[level].append(format_cpu_list(_cpus(body, count_at=30)))
    for name in (*CACHE_NAMES.values(), "line_bytes"):
        by_name.setdefault(name, unavailable("bytes", f"{API} lists no such cache"))
    for level, name in ((1, "l1d_shared_by"), (2, "l2_shared_by"), (3, "l3_shared_by")):
        why = f"{API} lists no cache of level {level}"
        groups = tuple(shared[level])
        by_name[name] = detected(groups, "CPUs", f"{API}, level {level}") if groups else unavailable("CPUs", why)
    for name, count in (("physical_cores", physical), ("logical_cores", logical)):
        by_name[name] = detected(count, "", API) if count else unavailable("", f"{API} lists no core")
    return by_name


def _records(buffer: bytes) -> Iterator[tuple[int, bytes]]:
    """(relationship, body) of each record: two 32-bit numbers, relationship and size of the whole, then the body."""
    at = 0
    while at + 8 <= len(buffer):
        relation, size = struct.unpack_from("<II", buffer, at)
        if size < 8:
            return
        yield relation, buffer[at + 8 : at + size]
        at += size


def _cpus(body: bytes, count_at: int) -> Iterator[int]:
    """CPU numbers in the GROUP_AFFINITY array after its 16-bit count: bit k of group g's mask is CPU 64 * g + k.

    Older versions of Windows leave the count of a cache 0 and fill in one entry.
    """
    (count,) = struct.unpack_from("<H", body, count_at)
    for number in range(max(count, 1)):
        mask, group = struct.unpack_from("<QH", body, count_at + 2 + 16 * number)
        yield from (64 * group + bit for bit in range(64) if mask >> bit & 1)


def _buffer() -> bytes:
    """The records as the system fills them in; empty where it refuses."""
    import ctypes

    call = getattr(ctypes.windll.kernel32, API)  # type: ignore[attr-defined,unused-ignore]  # on Windows only
    length = ctypes.c_uint32(0)
    call(ALL, None, ctypes.byref(length))  # fails on purpose and states the length
    buffer = ctypes.create_string_buffer(length.value)
    return buffer.raw[: length.value] if call(ALL, buffer, ctypes.byref(length)) else b""


def _cpu_name() -> Fact[str]:
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, NAME_KEY) as key:  # type: ignore[attr-defined,unused-ignore]
            name, _ = winreg.QueryValueEx(key, "ProcessorNameString")  # type: ignore[attr-defined,unused-ignore]
            return detected(str(name).strip(), "", f"registry {NAME_KEY}")
    except OSError as error:
        return unavailable("", f"registry {NAME_KEY} cannot be read: {error}")


def _frequency() -> Fact[float]:
    import psutil

    frequency = psutil.cpu_freq()
    if frequency is None or not frequency.max:
        return unavailable("GHz", "psutil.cpu_freq() states no maximum")
    return detected(frequency.max / 1000, "GHz", "psutil.cpu_freq(), the nominal clock, without boost")
