"""The machine as an analysis sees it: what the card states and one bandwidth measured, overridden by the caller."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

from tinytorch.hardware.card import card
from tinytorch.hardware.fact import Fact, Facts, detected, unavailable
from tinytorch.hardware.roof import roofline

TARGETS = ("cloud", "edge", "mobile")
CACHE_FACTS = {"l1_data": "l1d_bytes", "l1_instruction": "l1i_bytes", "l2": "l2_bytes", "l3": "l3_bytes"}
GPU_FILES = ("/dev/nvidia0", "/dev/kfd")  # NVIDIA's and AMD's device files


class HardwareConfig(TypedDict, total=False):
    """The machine. GB are 2**30 bytes, GB/s are 10**9 bytes a second; cache sizes in bytes; None where not known."""

    cpu_cores: int | None
    memory_gb: float | None
    cache_sizes: dict[str, int | None]  # l1_data, l1_instruction, l2, l3
    cpu_frequency: float | None  # GHz
    memory_bandwidth: float | None
    simd_width: int | None  # float32 lanes
    gpu_available: bool | None
    deployment_target: str


@dataclass(frozen=True, slots=True)
class MachineConfig:
    """A whole configuration, a sentence for each entry that says where it is from, and the names that were given."""

    values: HardwareConfig
    sources: dict[str, str]
    given: frozenset[str]


def configure(given: Mapping[str, Any] | None = None) -> MachineConfig:
    """Returns this machine's configuration; entries of `given` replace detected ones.

    The memory bandwidth is measured unless it is given. Raises ValueError for an unknown name, a
    number that is not positive, and an unknown target.
    """
    own = _checked(given or {})
    names = frozenset((set(own) | set(own["cache_sizes"])) - {"cache_sizes"})
    facts = _facts(names)
    caches = {name: facts[name].value for name in CACHE_FACTS} | own["cache_sizes"]
    detected_values = {name: fact.value for name, fact in facts.items() if name not in CACHE_FACTS}
    values = {"deployment_target": "cloud", **detected_values, **own, "cache_sizes": caches}
    sources = {
        "deployment_target": "assumed: nothing on a machine says what it is for",
        **{name: f"{fact.source}: {fact.how}" for name, fact in facts.items()},
        **dict.fromkeys(names, "given in hardware_config"),
    }
    return MachineConfig(cast(HardwareConfig, values), sources, names)  # its keys: `_facts` and `_checked`


def checked_target(target: str) -> str:
    """Returns `target`; raises ValueError if it is not one of `TARGETS`."""
    if target not in TARGETS:
        raise ValueError(f"target hardware {target!r} is not known; choose one of {', '.join(TARGETS)}")
    return target


def resources_of(config: HardwareConfig, target: str) -> dict[str, Any]:
    """Returns the target's resources: this machine's figures if it is the target, otherwise None with a reason."""
    names = ("cpu_cores", "memory_gb", "simd_width", "memory_bandwidth")
    measured_on = config["deployment_target"]
    if target == measured_on:
        figures: Mapping[str, object] = config
        return {name: figures[name] for name in names} | {"source": "detected"}
    reason = f"the analyses ran on a machine for {measured_on}; run them on one for {target}"
    return dict.fromkeys(names) | {"source": "derived", "reason": reason}


def _checked(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `config` in which `cache_sizes` is a dictionary."""
    caches = dict(config.get("cache_sizes") or {})
    unknown = (set(config) - set(HardwareConfig.__annotations__)) | (set(caches) - set(CACHE_FACTS))
    if unknown:
        known = [*HardwareConfig.__annotations__, *CACHE_FACTS]
        raise ValueError(f"hardware_config has {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    for name, value in {**config, **caches}.items():
        if name in ("cache_sizes", "gpu_available", "deployment_target") or value is None:
            continue
        if not (isinstance(value, numbers.Real) and value < math.inf) or value <= 0:
            raise ValueError(f"{name} in hardware_config must be a positive number or None, got {value!r}")
    checked_target(config.get("deployment_target", "cloud"))
    return {**config, "cache_sizes": caches}


def _facts(given: frozenset[str]) -> Facts:
    """Returns the detected facts, and the measured bandwidth unless it is in `given`."""
    machine = card()
    facts = {name: getattr(machine, field) for name, field in CACHE_FACTS.items()} | {
        "cpu_cores": machine.usable_cores,
        "memory_gb": _converted(machine.memory_bytes, 1 / 2**30, "GB"),
        "cpu_frequency": machine.max_frequency_ghz,
        "simd_width": _lanes(machine.simd_bytes),
        "gpu_available": _gpu(),
    }
    return facts if "memory_bandwidth" in given else facts | {"memory_bandwidth": _main_memory_bandwidth()}


def _converted(fact: Fact[float], factor: float, unit: str) -> Fact[float]:
    """`fact` in another unit; a fact without a value keeps its reason."""
    return fact if fact.value is None else Fact(fact.value * factor, unit, fact.source, fact.how)


def _lanes(simd_bytes: Fact[int]) -> Fact[int]:
    if simd_bytes.value is None:
        return simd_bytes
    return Fact(simd_bytes.value // 4, "float32 lanes", simd_bytes.source, simd_bytes.how)


def _gpu() -> Fact[bool]:
    """Returns whether Linux has the device file of a GPU."""
    if sys.platform != "linux":
        return unavailable("", f"a GPU's device file is not looked for on {sys.platform}")
    return detected(any(Path(file).exists() for file in GPU_FILES), "", f"looked for {' and '.join(GPU_FILES)}")


def _main_memory_bandwidth() -> Fact[float]:
    """GB/s of one core beyond the last cache, as far as an eighth of memory and 256 MiB allow a set that large."""
    machine = card()
    last_cache = machine.l3_bytes.value or machine.l2_bytes.value or 2**25
    limit = min(2**28, (machine.memory_bytes.value or 2**30) // 8)
    return roofline().bandwidth_at(min(max(2 * last_cache, 2**26), limit))
