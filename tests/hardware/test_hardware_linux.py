"""What Linux states: sysfs, procfs and control groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tinytorch.hardware import cgroups, linux
from tinytorch.hardware.cpulists import format_cpu_list, parse_cpu_list

Machine = Callable[[str], Path]
Plant = Callable[[Mapping[str, str]], Path]


def values(root: Path, cpu: int) -> dict[str, object]:
    return {name: fact.value for name, fact in linux.facts(root, cpu).items()}


def test_virtual_machine(machine: Machine) -> None:
    assert values(machine("virtual"), 0) == {
        "cpu_name": "Intel(R) Xeon(R) Processor",
        "l1d_bytes": 48 << 10,
        "l1i_bytes": 32 << 10,
        "l2_bytes": 2 << 20,
        "l3_bytes": 260 << 20,
        "line_bytes": 64,
        "l1d_shared_by": ("0", "1"),
        "l2_shared_by": ("0", "1"),
        "l3_shared_by": ("0-1",),
        "physical_cores": 2,
        "logical_cores": 2,
        "max_frequency_ghz": None,
    }


@pytest.mark.parametrize(("cpu", "l1d", "l2", "ghz"), [(0, 48 << 10, 1280 << 10, 4.4), (4, 32 << 10, 2 << 20, 3.3)])
def test_hybrid_processor_is_described_from_the_cpu_asked_about(
    machine: Machine, cpu: int, l1d: int, l2: int, ghz: float
) -> None:
    found = values(machine("hybrid"), cpu)
    assert (found["l1d_bytes"], found["l2_bytes"], found["max_frequency_ghz"]) == (l1d, l2, ghz)


def test_hardware_threads_of_one_core_count_once(machine: Machine) -> None:
    found = values(machine("hybrid"), 0)
    assert (found["physical_cores"], found["logical_cores"]) == (5, 6)


def test_how_names_the_file_and_who_shares_the_cache(machine: Machine) -> None:
    facts = linux.facts(machine("hybrid"), 0)
    assert facts["l2_bytes"].how == "/sys/devices/system/cpu/cpu0/cache/index2, shared by CPUs 0-1"


def test_every_cache_is_listed_with_the_cpus_that_share_it(machine: Machine) -> None:
    found = values(machine("hybrid"), 4)
    assert found["l1d_shared_by"] == ("0-1", "2", "3", "4", "5")
    assert found["l2_shared_by"] == ("0-1", "2-5")
    assert found["l3_shared_by"] == ("0-5",)


def test_cores_of_one_package_share_its_last_cache(machine: Machine) -> None:
    found = values(machine("epyc"), 1)
    assert (found["l1d_bytes"], found["l2_bytes"], found["l3_bytes"]) == (32 << 10, 512 << 10, 32 << 20)
    assert (found["l2_shared_by"], found["l3_shared_by"]) == (("0", "1"), ("0-1",))
    assert (found["cpu_name"], found["physical_cores"]) == ("AMD EPYC", 2)


def test_a_cpu_that_is_switched_off_shares_nothing(machine: Machine) -> None:
    root = machine("virtual")
    (root / "sys/devices/system/cpu/online").write_text("0\n")
    assert linux.sharing(root, "1").value == ("0",)


def test_board_without_cache_entries_says_why_not(machine: Machine) -> None:
    facts = linux.facts(machine("arm_board"), 0)
    assert facts["l1d_bytes"].source == "unavailable"
    assert "no such cache" in facts["l1d_bytes"].how
    assert facts["l2_shared_by"].source == "unavailable"
    assert facts["cpu_name"].value is None
    assert facts["physical_cores"].value == 4


def test_cores_are_counted_from_cpuinfo_where_sysfs_is_missing(plant: Plant) -> None:
    threads = [("0", "0"), ("0", "0"), ("0", "4"), ("1", "0")]
    text = "\n\n".join(f"physical id\t: {package}\ncore id\t\t: {core}\ncpu cores\t: 2" for package, core in threads)
    assert linux.physical_cores(plant({"proc/cpuinfo": text})).value == 3


def test_empty_root_leaves_everything_unavailable(tmp_path: Path) -> None:
    assert {fact.source for fact in linux.facts(tmp_path, 0).values()} == {"unavailable"}


@pytest.mark.parametrize(("text", "size"), [("48K", 49152), ("2M", 2 << 20), ("1G", 1 << 30), ("512", 512)])
def test_sizes(text: str, size: int) -> None:
    assert linux.parse_size(text) == size


@pytest.mark.parametrize(("text", "cpus"), [("0-2,5", {0, 1, 2, 5}), ("3", {3}), ("", set()), ("0,2-3", {0, 2, 3})])
def test_cpu_lists(text: str, cpus: set[int]) -> None:
    assert parse_cpu_list(text) == cpus
    assert format_cpu_list(cpus) == text


def test_version_2_limit_is_the_tightest_on_the_way_up(plant: Plant) -> None:
    root = plant(
        {
            "proc/self/cgroup": "0::/user.slice/job\n",
            "sys/fs/cgroup/user.slice/job/cpu.max": "max 100000\n",
            "sys/fs/cgroup/user.slice/cpu.max": "250000 100000\n",
            "sys/fs/cgroup/user.slice/job/memory.max": "max\n",
            "sys/fs/cgroup/user.slice/memory.max": "2147483648\n",
        }
    )
    assert cgroups.cpu_limit(root) == (2.5, "/sys/fs/cgroup/user.slice/cpu.max")
    assert cgroups.memory_limit(root) == (2 << 30, "/sys/fs/cgroup/user.slice/memory.max")


def test_version_1_limits(plant: Plant) -> None:
    root = plant(
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
        }
    )
    assert cgroups.cpu_limit(root) == (1.5, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us")
    assert cgroups.memory_limit(root) == (1 << 30, "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def test_no_limit_is_none(plant: Plant) -> None:
    root = plant(
        {
            "proc/self/cgroup": "4:memory:/\n1:cpu:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        }
    )
    assert cgroups.cpu_limit(root) is None
    assert cgroups.memory_limit(root) is None


def test_no_control_groups_is_no_limit(tmp_path: Path) -> None:
    assert cgroups.cpu_limit(tmp_path) is None
