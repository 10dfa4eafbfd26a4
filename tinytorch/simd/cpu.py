"""Vector width, number of registers and instruction sets of this processor, and the decorator of the kernels."""

import os
import platform
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, overload

import llvmlite.binding as llvm
from numba import njit
from numba.core import codegen, config

_WIDTHS = (16, 32, 64)
_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])


def _features() -> frozenset[str]:
    """The instruction sets that Numba compiles for, by LLVM's names; NUMBA_CPU_FEATURES can narrow them."""
    forced: str | None = config.CPU_FEATURES  # type: ignore[attr-defined]  # set when Numba reads the environment
    text = codegen.get_host_cpu_features() if forced is None else forced
    return frozenset(flag[1:] for flag in text.split(",") if flag.startswith("+"))


def _forced(name: str, choices: tuple[int, ...]) -> int | None:
    """Returns the value of the environment variable, None where it is not set."""
    text = os.environ.get(name)
    if text is None:
        return None
    if text not in map(str, choices):
        raise ValueError(f"{name} is {text!r}; it must be {' or '.join(map(str, choices))}, or not set")
    return int(text)


def _widest(features: frozenset[str]) -> int:
    if "avx512f" in features:
        return 64
    return 32 if "avx2" in features else 16


def _has_dot4(features: frozenset[str], width: int) -> bool:
    """x86 VNNI for this width: the 512-bit form and the shorter ones are announced separately."""
    if os.environ.get("TINYTORCH_SIMD_DOT4") == "0":
        return False
    if width == 64:
        return "avx512vnni" in features
    return "avxvnni" in features or {"avx512vnni", "avx512vl"} <= features


def _registers(features: frozenset[str], is_x86: bool) -> int:
    """Returns the number of vector registers: x86 had 16 until AVX-512 doubled them, 64-bit Arm has 32."""
    if is_x86:
        return 32 if "avx512f" in features else 16
    return 32 if platform.machine().lower() in ("aarch64", "arm64") else 16


FEATURES = _features()
IS_X86 = llvm.get_process_triple().startswith(("x86_64", "i686", "i386"))

#: Bytes in one vector.
BYTES: int = _forced("TINYTORCH_SIMD_BYTES", _WIDTHS) or _widest(FEATURES)
#: float32 values in one vector.
W: int = BYTES // 4
#: How many vectors fit into registers at a time.
REGISTERS: int = _forced("TINYTORCH_SIMD_REGISTERS", (16, 32)) or _registers(FEATURES, IS_X86)
#: True where one instruction multiplies and adds four bytes a lane.
HAS_DOT4: bool = IS_X86 and _has_dot4(FEATURES, BYTES)
#: True when the environment, not the processor, chose one of these.
FORCED: bool = any(f"TINYTORCH_SIMD_{what}" in os.environ for what in ("BYTES", "REGISTERS", "DOT4"))


@overload
def jit(function: _Kernel) -> _Kernel: ...
@overload
def jit(function: None = None, **options: Any) -> Callable[[_Kernel], _Kernel]: ...
def jit(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compiles a kernel that uses vectors: `numba.njit` that releases the GIL and divides as NumPy does.

    Compiled code is kept on disk beside the source of an installed module, unless the width is forced: Numba's cache
    knows the processor, but neither our environment variables nor a notebook cell that changed under its callers.
    Keyword arguments go to `njit` and win.
    """
    if function is None:
        return partial(jit, **options)
    keep = not FORCED and function.__module__ != "__main__"
    return njit(**{"nogil": True, "error_model": "numpy", "cache": keep, **options})(function)
