"""How wide this processor's vectors are, which instructions it has, and the decorator of SIMD kernels."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import llvmlite.binding as llvm
from numba import njit
from numba.core import codegen, config

_WIDTHS = (16, 32, 64)


def _features() -> frozenset[str]:
    """The instruction sets that Numba compiles for, by LLVM's names; NUMBA_CPU_FEATURES can narrow them."""
    text = codegen.get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES
    return frozenset(flag[1:] for flag in text.split(",") if flag.startswith("+"))


def _forced_bytes() -> int | None:
    text = os.environ.get("TINYTORCH_SIMD_BYTES")
    if text is None:
        return None
    if text not in map(str, _WIDTHS):
        raise ValueError(f"TINYTORCH_SIMD_BYTES is {text!r}; it must be 16, 32 or 64, or not set")
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


FEATURES = _features()
IS_X86 = llvm.get_process_triple().startswith(("x86_64", "i686", "i386"))

#: Bytes in one vector.
BYTES: int = _forced_bytes() or _widest(FEATURES)
#: float32 values in one vector.
W: int = BYTES // 4
#: True where one instruction multiplies and adds four bytes a lane.
HAS_DOT4: bool = IS_X86 and _has_dot4(FEATURES, BYTES)
#: True when the environment, not the processor, chose the width or switched the dot product off.
FORCED: bool = "TINYTORCH_SIMD_BYTES" in os.environ or "TINYTORCH_SIMD_DOT4" in os.environ


def jit(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a kernel that uses vectors: `numba.njit` that releases the GIL and divides as NumPy does.

    Compiled code is kept on disk beside the source of an installed module, unless the width is forced: Numba's cache
    knows the processor, but neither our environment variables nor a notebook cell that changed under its callers.
    Keyword arguments go to `njit` and win.
    """
    if function is None:
        return partial(jit, **options)
    keep = not FORCED and function.__module__ != "__main__"
    return njit(**{"nogil": True, "error_model": "numpy", "cache": keep, **options})(function)
