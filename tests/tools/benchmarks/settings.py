"""The environment of a benchmark process: threads, vector width, BLAS kernels, and where each can be had.

All of it is read when libraries are loaded, so a setting is a process of its own.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
ONE_THREAD = dict.fromkeys(THREADS, "1")
TWO_THREADS = dict.fromkeys(THREADS, "2")
# NumPy's names for its loops that need AVX2, and AVX-512; naming one that a processor lacks is harmless
NUMPY_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"
NUMPY_AVX2 = f"X86_V3 {NUMPY_AVX512}"


@dataclass(frozen=True, slots=True)
class Processor:
    """What decides whether a setting applies."""

    is_x86: bool
    vector_bytes: int
    cores: int


@dataclass(frozen=True, slots=True)
class Setting:
    """A process: its environment (`reference` for the other side, where that runs in its own), and what it needs."""

    name: str
    words: str
    environment: Mapping[str, str]
    reference: Mapping[str, str] | None = None
    cores: int = 1
    wider_than: int = 0
    otherwise: str = ""  # what to say where vectors are not wider

    def why_not(self, processor: Processor) -> str:
        """Why it can't be had on this processor; empty if it can."""
        if processor.cores < self.cores:
            return f"needs {self.cores} cores; this process may use {processor.cores}"
        if self.wider_than and not processor.is_x86:
            return "needs an x86 processor, whose BLAS has kernels for several widths"
        if processor.vector_bytes <= self.wider_than:
            return f"{self.otherwise}; this processor's vectors have {processor.vector_bytes} bytes"
        return ""


def _narrow(size: int, blas: str, numpy: str) -> Setting:
    """Vectors of `size` bytes for us, for BLAS and for NumPy, as on a processor that has no wider ones."""
    environment = ONE_THREAD | {
        "TINYTORCH_SIMD_BYTES": str(size),
        "OPENBLAS_CORETYPE": blas,
        "NPY_DISABLE_CPU_FEATURES": numpy,
    }
    words = f"{size}-byte vectors on both sides ({blas} kernels in OpenBLAS), one thread"
    otherwise = f"only wider vectors can be narrowed to {size} bytes"
    return Setting(f"{size}-byte vectors", words, environment, wider_than=size, otherwise=otherwise)


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("one thread", "one thread, as installed", ONE_THREAD),
        _narrow(32, "Haswell", NUMPY_AVX512),
        _narrow(16, "Nehalem", NUMPY_AVX2),
        Setting(
            "BLAS kernels for AVX-512",
            "one thread, OpenBLAS made to use its SkylakeX kernels",
            ONE_THREAD | {"OPENBLAS_CORETYPE": "SkylakeX"},
            wider_than=32,
            otherwise="needs AVX-512",
        ),
        Setting("two threads", "two processes in turn, two threads each", ONE_THREAD, TWO_THREADS, cores=2),
        Setting("all threads", "the package's own threads; BLAS and OpenMP on one", ONE_THREAD, cores=2),
        Setting("peers on one thread", "one thread, torch and onnxruntime in the process", ONE_THREAD),
    )
}


def processor() -> Processor:
    """This one, as this process may use it."""
    import platform

    from tinytorch.hardware import card

    machine = card()
    is_x86 = platform.machine().lower() in ("x86_64", "amd64", "i686")
    return Processor(is_x86, int(machine.simd_bytes.value or 16), int(machine.usable_cores.value or 1))


def missing(packages: tuple[str, ...]) -> str:
    """Which of these packages are not installed, as a sentence; empty if all are."""
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(absent)}; `make bench-peers` installs it" if absent else ""
