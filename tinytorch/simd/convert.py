"""From floats to integers and back, a vector at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.errors import NumbaTypeError

from tinytorch.simd.cpu import W
from tinytorch.simd.memory import element_pointer
from tinytorch.simd.plain import Lanes, as_lanes, count, span
from tinytorch.simd.vector import VectorType, call, compiles, itemsize_of, same_vectors, splat, suffix, vector_of

if TYPE_CHECKING:
    from tinytorch.simd.vector import NumberArray

_FLOAT32 = VectorType(types.float32)
_INT32 = VectorType(types.int32)
_I32 = ir.IntType(32)


def rint(v: Lanes) -> Lanes:
    """Each float lane rounded to the nearest whole number, ties to the even one."""
    return as_lanes(np.rint(v))


def scaled(v: Lanes, factor: float) -> Lanes:
    """v * factor as float32 lanes: int32 or float32 v times a float64, in float64, rounded to float32 once."""
    return as_lanes((np.asarray(v).astype(np.float64) * factor).astype(np.float32))


def store_codes(a: np.ndarray, i: int, v0: Lanes, v1: Lanes, v2: Lanes, v3: Lanes) -> None:
    """a[i], a[i + 1], ... = the 4 * W whole float32 numbers of four vectors; a is int8 or int16, and they must fit."""
    count("stores")
    a[span(a, i, 4 * W)] = np.concatenate([v0, v1, v2, v3]).astype(np.int32)


def any_beyond(limit: float | np.floating, v0: Lanes, v1: Lanes, v2: Lanes, v3: Lanes) -> bool:
    """True if a lane of the four float vectors has a magnitude above the limit, or is NaN."""
    return not bool(np.all(np.abs([v0, v1, v2, v3]) <= limit))


@compiles(rint)
def _rint(context: Any, v: types.Type) -> Any:
    if not isinstance(v, VectorType) or not v.is_float:
        return None
    return v(v), lambda context, builder, signature, args: call(builder, f"llvm.rint.{suffix(v)}", args[0].type, args)


@compiles(scaled)
def _scaled(context: Any, v: types.Type, factor: types.Type) -> Any:
    if v not in (_INT32, _FLOAT32):
        return None

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        wide = ir.VectorType(ir.DoubleType(), W)
        doubles = builder.fpext(args[0], wide) if v.is_float else builder.sitofp(args[0], wide)
        product = builder.fmul(doubles, splat(builder, args[1], W))
        return builder.fptrunc(product, context.get_value_type(_FLOAT32))

    return _FLOAT32(v, types.float64), emit


@compiles(store_codes)
def _store_codes(
    context: Any, a: NumberArray, i: types.Type, v0: types.Type, v1: types.Type, v2: types.Type, v3: types.Type
) -> Any:
    vs = (v0, v1, v2, v3)
    if vector_of(a, written=True).dtype not in (types.int8, types.int16) or vs != (_FLOAT32,) * 4:
        raise NumbaTypeError(f"simd.store_codes: takes four vectors of float32 to int8 or int16, not {vs} to {a}")

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        array, index, *values = args
        whole = [builder.fptosi(value, ir.VectorType(_I32, W)) for value in values]
        all_four = _joined(builder, _joined(builder, *whole[:2]), _joined(builder, *whole[2:]))
        narrow = ir.VectorType(context.get_data_type(a.dtype), 4 * W)
        pointer = builder.bitcast(element_pointer(context, builder, a, array, index), narrow.as_pointer())
        builder.store(builder.trunc(all_four, narrow), pointer, align=itemsize_of(a.dtype))
        return context.get_dummy_value()

    return types.void(a, types.intp, *vs), emit


def _joined(builder: ir.IRBuilder, first: ir.Value, second: ir.Value) -> ir.Value:
    """One value after the other."""
    n = 2 * first.type.count
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_I32, n), list(range(n))))


@compiles(any_beyond)
def _any_beyond(context: Any, limit: types.Type, v0: types.Type, v1: types.Type, v2: types.Type, v3: types.Type) -> Any:
    vector = same_vectors(v0, v1, v2, v3)
    if vector is None or not vector.is_float:
        return None

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        bound = splat(builder, args[0], vector.lanes)
        beyond = ir.Constant(ir.VectorType(ir.IntType(1), vector.lanes), [0] * vector.lanes)
        for value in args[1:]:
            magnitude = call(builder, f"llvm.fabs.{suffix(vector)}", value.type, [value])
            beyond = builder.or_(beyond, builder.fcmp_unordered(">", magnitude, bound))
        bits = builder.bitcast(beyond, ir.IntType(vector.lanes))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(vector.dtype, vector, vector, vector, vector), emit
