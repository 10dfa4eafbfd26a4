"""The machine card: what the system states about processor, memory and software. Nothing is measured.

`tinytorch.hardware.measured` adds the facts that have to be measured.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from tinytorch.hardware import allowance, cgroups, simd
from tinytorch.hardware.fact import Fact, Facts, detected, unavailable

# the facts that a platform module returns, with their units
ASKED = {
    "cpu_name": "",
    "l1d_bytes": "bytes",
    "l1i_bytes": "bytes",
    "l2_bytes": "bytes",
    "l3_bytes": "bytes",
    "line_bytes": "bytes",
    "l1d_shared_by": "CPUs",
    "l2_shared_by": "CPUs",
    "l3_shared_by": "CPUs",
    "physical_cores": "",
    "logical_cores": "",
    "max_frequency_ghz": "GHz",
}


@dataclass(frozen=True, slots=True)
class MachineCard:
    """Facts about this machine as this process sees it; caches are those of the first CPU it may run on.

    The `shared_by` facts list every cache of their level by the CPUs that share it.
    """

    cpu_name: Fact[str]
    l1d_bytes: Fact[int]
    l1i_bytes: Fact[int]
    l2_bytes: Fact[int]
    l3_bytes: Fact[int]
    line_bytes: Fact[int]
    l1d_shared_by: Fact[tuple[str, ...]]
    l2_shared_by: Fact[tuple[str, ...]]
    l3_shared_by: Fact[tuple[str, ...]]
    simd_bytes: Fact[int]
    simd_features: Fact[tuple[str, ...]]
    physical_cores: Fact[int]
    logical_cores: Fact[int]
    usable_cores: Fact[int]
    memory_bytes: Fact[int]
    max_frequency_ghz: Fact[float]
    os: Fact[str]
    python: Fact[str]
    numpy: Fact[str]
    blas: Fact[str]
    numba: Fact[str]

    def rows(self) -> list[tuple[str, str, str, str]]:
        """(name, value with unit, source, how) of every fact, for a table."""
        facts = ((entry.name, getattr(self, entry.name)) for entry in fields(self))
        return [(name, str(fact), fact.source, fact.how) for name, fact in facts]

    def as_dict(self) -> dict[str, dict[str, object]]:
        """Plain data for JSON."""
        return {entry.name: getattr(self, entry.name).as_dict() for entry in fields(self)}

    def __str__(self) -> str:
        """Returns a short table: the known facts, and the names of the unknown ones."""
        known = [(name, value) for name, value, source, _ in self.rows() if source != "unavailable"]
        missing = [name for name, _, source, _ in self.rows() if source == "unavailable"]
        lines = [f"{name:<18} {value}" for name, value in known]
        return "\n".join([*lines, *([f"{'not known':<18} {', '.join(missing)}"] if missing else [])])


@cache
def card() -> MachineCard:
    """This machine's card; made once in a process, from what the system states."""
    allowed = allowance.allowed_cpus()
    stated = _platform_facts(min(allowed, default=0) if allowed else 0)
    features = simd.host_features()
    if stated["cpu_name"].value is None:
        stated["cpu_name"] = detected(simd.host_name(), "", "llvmlite.binding.get_host_cpu_name()")
    limit = cgroups.cpu_limit() if sys.platform == "linux" else None
    return MachineCard(
        **stated,
        simd_bytes=simd.width(features, platform.machine()),
        simd_features=simd.shown(features),
        usable_cores=allowance.usable_cores(allowed, stated["logical_cores"], limit),
        memory_bytes=allowance.memory_bytes(),
        os=detected(f"{platform.system()} {platform.release()} {platform.machine()}", "", "platform.uname()"),
        python=detected(platform.python_version(), "", "platform.python_version()"),
        numpy=_installed("numpy"),
        blas=_blas(),
        numba=_installed("numba"),
    )


def _platform_facts(cpu: int) -> Facts:
    """Returns the facts of the module for this system; unavailable facts, with a reason, on other systems."""
    if sys.platform == "linux":
        from tinytorch.hardware import linux

        return linux.facts(cpu=cpu)
    if sys.platform == "darwin":
        from tinytorch.hardware import macos

        return macos.facts()
    if sys.platform == "win32":
        from tinytorch.hardware import windows

        return windows.facts()
    return {name: unavailable(unit, f"not read on {sys.platform}") for name, unit in ASKED.items()}


def _installed(package: str) -> Fact[str]:
    try:
        return detected(version(package), "", "the installed package's metadata")
    except PackageNotFoundError:
        return unavailable("", f"{package} is not installed")


def _blas() -> Fact[str]:
    """The library behind NumPy's matrix product, from NumPy's build record."""
    import numpy as np

    record = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    if not record.get("name"):
        return unavailable("", "numpy.show_config() names no BLAS")
    return detected(f"{record['name']} {record.get('version', '')}".strip(), "", "numpy.show_config()")
