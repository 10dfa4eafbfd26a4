"""Sets of CPU numbers as text, in the notation of Linux: '0-2,5'."""

from __future__ import annotations

from collections.abc import Iterable


def parse_cpu_list(text: str) -> set[int]:
    """CPU numbers from the kernel's list notation: '0-2,5' is {0, 1, 2, 5}."""
    numbers: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def format_cpu_list(cpus: Iterable[int]) -> str:
    """The list notation of CPU numbers: {0, 1, 2, 5} is '0-2,5'."""
    runs: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if runs and cpu == runs[-1][1] + 1:
            runs[-1][1] = cpu
        else:
            runs.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
