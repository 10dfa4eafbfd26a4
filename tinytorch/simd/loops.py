"""What a kernel can ask of the compiler for its plain loops."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types

from tinytorch.simd.cpu import BYTES
from tinytorch.simd.vector import compiles


def whole_vectors() -> None:
    """Let the plain loops of the function that calls this become vectors of the whole width; changes no result.

    LLVM takes half the width on Intel's processors with AVX-512, the first of which lowered their clock for the whole.
    A function that the compiler puts into its caller follows the caller's wish.
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
