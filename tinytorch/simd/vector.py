"""The vector as a Numba type: how it is kept in LLVM, its operators, and how a plain function gets a compiled form.

A vector is one LLVM value of type <lanes x element>, so that LLVM keeps it in a register. Arithmetic on it is the
same LLVM instruction as on a number. Source: Numba manual, "Low-level extension API"; LLVM Language Reference,
"Vector Type".
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba.core import types
from numba.core.errors import NumbaTypeError
from numba.core.typing.templates import infer, infer_global, make_intrinsic_template
from numba.extending import models, register_model

from tinytorch.simd.cpu import BYTES

if TYPE_CHECKING:
    NumberArray = types.Array[types.Number]

Builder = Callable[..., Any]
_ELEMENTS = (types.float32, types.float64, types.int8, types.uint8, types.int16, types.int32, types.int64)


class VectorType(types.Type):
    """A vector of `BYTES` bytes of one element type."""

    def __init__(self, dtype: types.Number) -> None:
        self.dtype = dtype
        self.lanes = BYTES // itemsize_of(dtype)
        super().__init__(name=f"simd({dtype} x {self.lanes})")

    @property
    def is_float(self) -> bool:
        return isinstance(self.dtype, types.Float)


def itemsize_of(dtype: types.Number) -> int:
    """Bytes of one element."""
    return int(dtype.bitwidth) // 8  # type: ignore[attr-defined]  # all of _ELEMENTS have it, Number does not


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: VectorType) -> None:
        element = manager.lookup(fe_type.dtype).get_value_type()
        llvm = ir.VectorType(element, fe_type.lanes)
        super().__init__(manager, fe_type, llvm)  # type: ignore[no-untyped-call]  # Numba's models have no annotations


def compiles(plain: Callable[..., Any]) -> Callable[[Builder], Builder]:
    """Decorates a builder: it says how compiled code does what `plain` does.

    The builder gets Numba's typing context and the argument types, and returns a signature with the function that
    emits LLVM code (or None for types that it doesn't handle), as for `numba.extending.intrinsic`; here the
    name stays an ordinary Python function, which an intrinsic is not. A builder's annotations say for which types it
    emits code; Numba passes any types, so it has to check them before it relies on the annotations.
    """

    def register(builder: Builder) -> Builder:
        template = make_intrinsic_template(plain, builder, plain.__name__)
        infer(template)
        infer_global(plain, types.Function(template))
        return builder

    return register


def vector_of(a: types.Type, *, written: bool = False) -> VectorType:
    """The vector that belongs to an array argument, or a typing error that says what is wrong with the array."""
    if not isinstance(a, types.Array) or a.ndim != 1 or a.layout != "C":
        raise NumbaTypeError(f"simd: expected a 1-D contiguous array, not {a}; use A.reshape(-1) on a C-ordered array")
    if a.dtype not in _ELEMENTS:
        raise NumbaTypeError(f"simd: no vectors of {a.dtype}; use one of {', '.join(map(str, _ELEMENTS))}")
    if written and not a.mutable:
        raise NumbaTypeError("simd: cannot store into a read-only array")
    return VectorType(a.dtype)


def same_vectors(*args: types.Type) -> VectorType | None:
    """The one vector type of all arguments, or None."""
    first = args[0]
    return first if isinstance(first, VectorType) and all(arg == first for arg in args) else None


def splat(builder: ir.IRBuilder, value: ir.Value, lanes: int) -> ir.Value:
    """A vector with the same value in every lane."""
    vector = ir.VectorType(value.type, lanes)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(one, one, zeros)


def call(builder: ir.IRBuilder, name: str, result: ir.Type, args: list[ir.Value]) -> ir.Value:
    """Calls an LLVM intrinsic by its full name, declaring it in this module first."""
    known = builder.module.globals.get(name)
    function = known or ir.Function(builder.module, ir.FunctionType(result, [arg.type for arg in args]), name)
    return builder.call(function, args)


def suffix(vector: VectorType) -> str:
    """Returns LLVM's spelling of the vector in the name of an intrinsic, such as v16f32."""
    return f"v{vector.lanes}{'f' if vector.is_float else 'i'}{8 * itemsize_of(vector.dtype)}"


def _operator(symbol: Callable[..., Any], on_floats: str, on_integers: str) -> None:
    @compiles(symbol)
    def build(context: Any, left: types.Type, right: types.Type) -> Any:
        vector = same_vectors(left, right)
        if vector is None:
            return None

        def emit(_context: Any, builder: ir.IRBuilder, _signature: Any, args: list[ir.Value]) -> ir.Value:
            return getattr(builder, on_floats if vector.is_float else on_integers)(*args)

        return vector(vector, vector), emit


# A vector is a value: `v += w` gives the name v a new one, so that both spellings emit the same instruction.
for _symbols, _on_floats, _on_integers in (
    ((operator.add, operator.iadd), "fadd", "add"),
    ((operator.sub, operator.isub), "fsub", "sub"),
    ((operator.mul, operator.imul), "fmul", "mul"),
):
    for _symbol in _symbols:
        _operator(_symbol, _on_floats, _on_integers)
