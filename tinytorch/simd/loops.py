"""The vector width that the compiler uses for a kernel's plain loops."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from tinytorch.simd.cpu import BYTES
from tinytorch.simd.vector import compiles


def whole_vectors() -> None:
    """Makes the compiler use full-width vectors in the plain loops of the calling function; results stay the same.

    By default LLVM uses half the width on Intel's processors with AVX-512, as the first of them lowered their clock for
    full-width vectors. A function that is inlined follows the setting of its caller.
    Source: LLVM, the function attribute `prefer-vector-width` and the tuning flag `TuningPrefer256Bit` of x86.
    """


@compiles(whole_vectors)
def _whole_vectors(context: Any) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        if BYTES == 64:
            # llvmlite's own `add` takes only attributes that it has in a list, none of which has a value.
            set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), emit
