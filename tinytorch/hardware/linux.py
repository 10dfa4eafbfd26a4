"""Linux: caches, cores, name and clock from sysfs and procfs. `root` is "/" except in tests."""

from __future__ import annotations

import os
from pathlib import Path

from tinytorch.hardware.cpulists import format_cpu_list, parse_cpu_list
from tinytorch.hardware.fact import Fact, Facts, detected, unavailable

CPUS = "sys/devices/system/cpu"
SUFFIXES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
SHARED = {"l1d_shared_by": "1", "l2_shared_by": "2", "l3_shared_by": "3"}
# names for glibc's sysconf, which is asked where sysfs has no entry
SYSCONF = {
    "l1d_bytes": "SC_LEVEL1_DCACHE_SIZE",
    "l1i_bytes": "SC_LEVEL1_ICACHE_SIZE",
    "l2_bytes": "SC_LEVEL2_CACHE_SIZE",
    "l3_bytes": "SC_LEVEL3_CACHE_SIZE",
    "line_bytes": "SC_LEVEL1_DCACHE_LINESIZE",
}


def facts(root: Path = Path("/"), cpu: int = 0) -> Facts:
    """Returns the system's facts about its processor, as seen from CPU number `cpu`."""
    return {
        "cpu_name": cpu_name(root),
        **caches(root, cpu),
        **{name: sharing(root, level) for name, level in SHARED.items()},
        "physical_cores": physical_cores(root),
        "logical_cores": logical_cores(root),
        "max_frequency_ghz": max_frequency(root, cpu),
    }


def read_text(path: Path) -> str | None:
    """The stripped text of a small system file, or None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def parse_size(text: str) -> int:
    """Bytes from sysfs's notation: '48K' is 49152."""
    factor = SUFFIXES.get(text[-1:], 1)
    return int(text.rstrip("KMG")) * factor


def caches(root: Path, cpu: int) -> dict[str, Fact[int]]:
    """The data caches that `cpu` reaches, level by level, and the size of a line."""
    by_name: dict[str, Fact[int]] = {}
    for index in sorted((root / CPUS / f"cpu{cpu}" / "cache").glob("index*")):
        level, kind, size = (read_text(index / name) for name in ("level", "type", "size"))
        if not (level and kind and size):
            continue
        where = f"/{index.relative_to(root)}, shared by CPUs {read_text(index / 'shared_cpu_list')}"
        name = f"l1{kind[0].lower()}_bytes" if level == "1" and kind != "Unified" else f"l{level}_bytes"
        by_name[name] = detected(parse_size(size), "bytes", where)
        line = read_text(index / "coherency_line_size")
        if name == "l1d_bytes" and line:
            by_name["line_bytes"] = detected(int(line), "bytes", f"/{index.relative_to(root)}/coherency_line_size")
    return {name: by_name.get(name) or _ask_libc(name, root) for name in SYSCONF}


def sharing(root: Path, level: str) -> Fact[tuple[str, ...]]:
    """Returns the CPUs that share each data cache of one level: ('0-1', '2-5') are two caches."""
    groups = set()
    for cpu in online_cpus(root):
        for index in (root / CPUS / f"cpu{cpu}" / "cache").glob("index*"):
            shared = read_text(index / "shared_cpu_list")
            if shared and read_text(index / "level") == level and read_text(index / "type") != "Instruction":
                groups.add(frozenset(parse_cpu_list(shared)))
    if not groups:
        return unavailable("CPUs", f"no cache of level {level} under /{CPUS} says who shares it")
    named = tuple(format_cpu_list(group) for group in sorted(groups, key=min))
    return detected(named, "CPUs", f"/{CPUS}/cpu*/cache/index*/shared_cpu_list, level {level}")


def _ask_libc(name: str, root: Path) -> Fact[int]:
    why = f"no such cache under /{CPUS}, and sysconf({SYSCONF[name]}) does not state it either"
    if root != Path("/") or SYSCONF[name] not in getattr(os, "sysconf_names", {}):
        return unavailable("bytes", why)
    size = os.sysconf(SYSCONF[name])
    return detected(size, "bytes", f"sysconf({SYSCONF[name]})") if size > 0 else unavailable("bytes", why)


def cpu_name(root: Path) -> Fact[str]:
    """The processor's name as it states it; ARM processors state only numbers, so there it is unavailable."""
    for line in (read_text(root / "proc/cpuinfo") or "").splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() in ("model name", "cpu model") and value.strip():
            return detected(value.strip(), "", "/proc/cpuinfo")
    return unavailable("", "/proc/cpuinfo names no model")


def online_cpus(root: Path) -> set[int]:
    """Numbers of the CPUs that are switched on."""
    return parse_cpu_list(read_text(root / CPUS / "online") or "")


def logical_cores(root: Path) -> Fact[int]:
    """CPUs as the system schedules them: hardware threads count one each."""
    online = online_cpus(root)
    if online:
        return detected(len(online), "", f"/{CPUS}/online")
    count = os.cpu_count() if root == Path("/") else None
    return detected(count, "", "os.cpu_count()") if count else unavailable("", f"/{CPUS}/online cannot be read")


def physical_cores(root: Path) -> Fact[int]:
    """Cores with execution units of their own: CPUs that are hardware threads of one core count once."""
    cores = set()
    for cpu in online_cpus(root):
        topology = root / CPUS / f"cpu{cpu}" / "topology"
        siblings = read_text(topology / "core_cpus_list") or read_text(topology / "thread_siblings_list")
        if siblings is None:
            return _cores_by_cpuinfo(root)
        cores.add(siblings)
    if not cores:
        return _cores_by_cpuinfo(root)
    return detected(len(cores), "", f"/{CPUS}/cpu*/topology/core_cpus_list, distinct ones")


def _cores_by_cpuinfo(root: Path) -> Fact[int]:
    """Counts cores by /proc/cpuinfo, for sandboxes without /sys; ARM processors state no core numbers there."""
    packages, cores = (
        [
            line.partition(":")[2].strip()
            for line in (read_text(root / "proc/cpuinfo") or "").splitlines()
            if key in line
        ]
        for key in ("physical id", "core id")
    )
    if not cores or len(packages) != len(cores):
        return unavailable("", f"neither /{CPUS} nor /proc/cpuinfo tells cores from hardware threads")
    return detected(len(set(zip(packages, cores, strict=True))), "", "/proc/cpuinfo, distinct physical and core ids")


def max_frequency(root: Path, cpu: int) -> Fact[float]:
    """The highest clock the driver may choose."""
    path = root / CPUS / f"cpu{cpu}" / "cpufreq" / "cpuinfo_max_freq"
    kilohertz = read_text(path)
    if not kilohertz:
        return unavailable("GHz", f"no cpufreq under /{CPUS}/cpu{cpu}, as in most virtual machines")
    return detected(int(kilohertz) / 1e6, "GHz", f"/{path.relative_to(root)}")
