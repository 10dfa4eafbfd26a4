"""macOS: caches, cores, name and memory from `sysctl`."""

from __future__ import annotations

import subprocess

from tinytorch.hardware.fact import Fact, Facts, Stated, detected, unavailable

COMMAND = ("/usr/sbin/sysctl", "hw", "machdep.cpu")
# Apple silicon has two kinds of cores; level 0 is the faster one, and the plain keys describe the slower one.
KEYS = {
    "l1d_bytes": ("hw.perflevel0.l1dcachesize", "hw.l1dcachesize"),
    "l1i_bytes": ("hw.perflevel0.l1icachesize", "hw.l1icachesize"),
    "l2_bytes": ("hw.perflevel0.l2cachesize", "hw.l2cachesize"),
    "l3_bytes": ("hw.perflevel0.l3cachesize", "hw.l3cachesize"),
    "line_bytes": ("hw.cachelinesize",),
}


def facts() -> Facts:
    """Returns the system's facts about its processor, from one run of `sysctl`."""
    try:
        run = subprocess.run(COMMAND, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return parse("", f"{' '.join(COMMAND)} failed: {error}")
    return parse(run.stdout, f"{' '.join(COMMAND)} does not state it")


def parse(text: str, why_missing: str) -> Facts:
    """Facts from sysctl's lines `key: value`; missing facts are unavailable, with `why_missing` as the reason."""
    lines = (line.partition(":") for line in text.splitlines() if ":" in line)
    values = {key.strip(): value.strip() for key, _, value in lines}
    by_name: Facts = {name: _number(values, keys, "bytes", why_missing) for name, keys in KEYS.items()}
    by_name["physical_cores"] = _number(values, ("hw.physicalcpu",), "", why_missing)
    by_name["logical_cores"] = _number(values, ("hw.logicalcpu",), "", why_missing)
    by_name |= _sharing(values, why_missing)
    name = values.get("machdep.cpu.brand_string")
    by_name["cpu_name"] = _fact(name, "", "machdep.cpu.brand_string", why_missing)
    hertz = values.get("hw.cpufrequency_max")
    by_name["max_frequency_ghz"] = _fact(int(hertz) / 1e9 if hertz else None, "GHz", "hw.cpufrequency_max", why_missing)
    return by_name


def _number(values: dict[str, str], keys: tuple[str, ...], unit: str, why_missing: str) -> Fact[int]:
    """The first key that holds a positive number: 0 stands for a cache that is not there."""
    for key in keys:
        if int(values.get(key, "0")) > 0:
            return detected(int(values[key]), unit, f"sysctl {key}")
    return unavailable(unit, why_missing)


def _sharing(values: dict[str, str], why_missing: str) -> dict[str, Fact[tuple[str, ...]]]:
    """Returns the CPUs that share each cache: sysctl doesn't number CPUs, so a cache has their count and kind.

    Apple silicon states it for L2 and for each kind of core. Intel's `hw.cacheconfig` lists, for memory, L1, L2 and
    L3, how many CPUs share one.
    """
    names = ("l1d_shared_by", "l2_shared_by", "l3_shared_by")
    sharing: dict[str, Fact[tuple[str, ...]]] = {name: unavailable("", why_missing) for name in names}
    config = [int(count) for count in values.get("hw.cacheconfig", "").split()]
    logical = int(values.get("hw.logicalcpu", "0"))
    for level, name in enumerate(names, start=1):
        if len(config) > level and config[level] > 0 and logical:
            groups = (f"{config[level]} CPUs",) * (logical // config[level])
            sharing[name] = detected(groups, "", "sysctl hw.cacheconfig, hw.logicalcpu")
    kinds = []
    for number in range(int(values.get("hw.nperflevels", "0"))):
        kind = f"hw.perflevel{number}"
        share, cores = (int(values.get(f"{kind}.{key}", "0")) for key in ("cpusperl2", "logicalcpu"))
        if share:
            kinds += [f"{share} {values.get(f'{kind}.name', kind)} CPUs"] * (cores // share)
    if kinds:
        sharing["l2_shared_by"] = detected(tuple(kinds), "", "sysctl hw.perflevel*.cpusperl2")
    return sharing


def _fact(value: Stated | None, unit: str, key: str, why_missing: str) -> Fact[Stated]:
    return unavailable(unit, why_missing) if value is None else detected(value, unit, f"sysctl {key}")
