"""SIMD width and instruction sets, as LLVM reads them from this processor."""

from __future__ import annotations

from collections.abc import Mapping

from tinytorch.hardware.fact import Fact, detected, unavailable

HOW = "llvmlite.binding.get_host_cpu_features()"
# widest first; a feature that gives float32 vectors of so many bytes
WIDTHS = (("avx512f", 64), ("avx", 32), ("sse2", 16), ("neon", 16), ("vsx", 16), ("vector", 16))
# instruction sets that matter to kernels; LLVM lists a hundred others
WORTH_SHOWING = (
    *("sse2", "sse4.2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vnni"),
    *("avxvnni", "avxvnniint8", "avx512bf16", "avx512fp16", "amx-int8", "amx-bf16"),
    *("neon", "fullfp16", "dotprod", "i8mm", "bf16", "sve", "sve2"),
)


# vector instructions that every processor of the family has, for systems where LLVM cannot read the features
GUARANTEED = {"x86_64": "sse2", "amd64": "sse2", "arm64": "neon", "aarch64": "neon"}


def host_features() -> dict[str, bool]:
    """Every feature LLVM knows for this processor family and whether this processor and system have it."""
    import llvmlite.binding as llvm

    try:
        return dict(llvm.get_host_cpu_features())
    except RuntimeError:  # LLVM has no way to ask on this system
        return {}


def host_name() -> str:
    """LLVM's name for the processor's design, such as 'sapphirerapids' or 'neoverse-n1'."""
    import llvmlite.binding as llvm

    return str(llvm.get_host_cpu_name())


def width(features: Mapping[str, bool], machine: str) -> Fact[int]:
    """Bytes in the widest fixed-size vector register that holds float32 lanes; `machine` as `platform.machine()`."""
    for name, size in WIDTHS:
        if features.get(name):
            return detected(size, "bytes", f"{HOW}: {name}")
    if machine.lower() in GUARANTEED:
        return detected(16, "bytes", f"every {machine} processor has {GUARANTEED[machine.lower()]}; {HOW} says no more")
    return unavailable("bytes", f"{HOW} names no vector instructions known here")


def shown(features: Mapping[str, bool]) -> Fact[tuple[str, ...]]:
    """The instruction sets a kernel's author asks about, of those the processor has."""
    present = tuple(name for name in WORTH_SHOWING if features.get(name))
    return detected(present, "", HOW) if present else unavailable("", f"{HOW} lists none of the known ones")
