"""What macOS and Windows state, from their answers' text and bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tinytorch.hardware import macos, windows


def test_apple_silicon_is_described_by_its_fast_cores(sysctl: Callable[[str], str]) -> None:
    facts = macos.parse(sysctl("apple_silicon"), "not stated")
    assert {name: fact.value for name, fact in facts.items()} == {
        "l1d_bytes": 128 << 10,
        "l1i_bytes": 192 << 10,
        "l2_bytes": 16 << 20,
        "l3_bytes": None,
        "line_bytes": 128,
        "l1d_shared_by": None,
        "l2_shared_by": ("4 Performance CPUs",),
        "l3_shared_by": None,
        "physical_cores": 8,
        "logical_cores": 8,
        "cpu_name": "Apple M2",
        "max_frequency_ghz": None,
    }
    assert facts["l1d_bytes"].how == "sysctl hw.perflevel0.l1dcachesize"
    assert facts["l3_bytes"].how == "not stated"


def test_intel_mac(sysctl: Callable[[str], str]) -> None:
    facts = macos.parse(sysctl("intel"), "not stated")
    assert (facts["l1d_bytes"].value, facts["l3_bytes"].value) == (32 << 10, 8 << 20)
    assert (facts["physical_cores"].value, facts["logical_cores"].value) == (4, 8)
    assert facts["cpu_name"].value == "Intel(R) Core(TM) i7-7700HQ CPU @ 2.80GHz"
    assert facts["max_frequency_ghz"].value == 2.8


def test_intel_mac_states_how_many_share_a_cache(sysctl: Callable[[str], str]) -> None:
    facts = macos.parse(sysctl("intel"), "not stated")
    assert facts["l1d_shared_by"].value == ("2 CPUs",) * 4
    assert facts["l3_shared_by"].value == ("8 CPUs",)
    assert facts["l3_shared_by"].how == "sysctl hw.cacheconfig, hw.logicalcpu"


def test_silent_sysctl_leaves_everything_unavailable_with_the_reason() -> None:
    facts = macos.parse("", "sysctl failed: no such file")
    assert {(fact.source, fact.how) for fact in facts.values()} == {("unavailable", "sysctl failed: no such file")}


def core(*masks: int) -> bytes:
    """A PROCESSOR_RELATIONSHIP record, laid out as winnt.h says."""
    body = struct.pack("<BB20xH", int(sum(m.bit_count() for m in masks) > 1), 0, len(masks))
    body += b"".join(struct.pack("<QHHHH", mask, group, 0, 0, 0) for group, mask in enumerate(masks))
    return struct.pack("<II", 0, 8 + len(body)) + body


def cache(level: int, kind: int, size: int, mask: int = 0b11, group: int = 0, groups: int = 1) -> bytes:
    """A CACHE_RELATIONSHIP record, laid out as winnt.h says; older systems leave `groups` 0."""
    body = struct.pack("<BBHII18xHQHHHH", level, 8, 64, size, kind, groups, mask, group, 0, 0, 0)
    return struct.pack("<II", 2, 8 + len(body)) + body


OTHER = struct.pack("<II", 1, 24) + bytes(16)  # a NUMA node, of no interest here


def test_windows_records() -> None:
    caches = cache(1, 2, 48 << 10) + cache(1, 1, 32 << 10) + cache(2, 0, 2 << 20) + cache(3, 0, 30 << 20)
    efficiency = cache(1, 2, 32 << 10, 0b100) + cache(2, 0, 4 << 20, 0b11100)
    facts = windows.parse(core(0b11) + caches + OTHER + core(0b1100) + core(0b10000) + efficiency)
    assert {name: fact.value for name, fact in facts.items()} == {
        "l1d_bytes": 48 << 10,
        "l1i_bytes": 32 << 10,
        "l2_bytes": 2 << 20,
        "l3_bytes": 30 << 20,
        "line_bytes": 64,
        "l1d_shared_by": ("0-1", "2"),
        "l2_shared_by": ("0-1", "2-4"),
        "l3_shared_by": ("0-1",),
        "physical_cores": 3,
        "logical_cores": 5,
    }


def test_windows_core_in_two_groups_counts_all_its_cpus() -> None:
    assert windows.parse(core(0b11, 0b1))["logical_cores"].value == 3


@pytest.mark.parametrize("groups", [0, 1], ids=["before the count", "with a count"])
def test_windows_numbers_cpus_through_processor_groups(groups: int) -> None:
    facts = windows.parse(cache(3, 0, 32 << 20, mask=0b101, group=1, groups=groups))
    assert facts["l3_shared_by"].value == ("64,66",)


@pytest.mark.parametrize("buffer", [b"", b"\0" * 8, OTHER], ids=["empty", "zero size", "no core"])
def test_windows_without_records_leaves_everything_unavailable(buffer: bytes) -> None:
    assert {fact.source for fact in windows.parse(buffer).values()} == {"unavailable"}
