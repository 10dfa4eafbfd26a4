"""Products of packed integer codes: a group of neighboring codes in each 32-bit lane, multiplied and added at once.

How many codes make a group, and in which type, depends on the processor; a kernel written with `dot_groups` is one
piece of source for both:

    integer dot product (HAS_DOT4)   four codes of 8 bits a lane, the left operand unsigned
    otherwise                        two codes of 16 bits a lane: x86's VPMADDWD since SSE2, SMULL and ADDP on Arm

Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, "VPDPBUSD" and "PMADDWD".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.errors import NumbaTypeError

from tinytorch.simd.cpu import HAS_DOT4, W
from tinytorch.simd.integer import add_bytes_unsigned, pair_sums
from tinytorch.simd.memory import element_pointer
from tinytorch.simd.plain import Lanes, as_lanes, count, lanes_of, span
from tinytorch.simd.rows import VECTORS, Row
from tinytorch.simd.vector import VectorType, compiles, itemsize_of, splat, vector_of

if TYPE_CHECKING:
    from tinytorch.simd.vector import NumberArray

#: Neighboring codes in one 32-bit lane.
GROUP: int = 4 if HAS_DOT4 else 2
#: The type of a packed code in the left and in the right operand of `dot_groups`.
LEFT_CODE: type = np.uint8 if HAS_DOT4 else np.int16
RIGHT_CODE: type = np.int8 if HAS_DOT4 else np.int16
#: What has to be added to an int8 code to pack it as a LEFT_CODE.
LEFT_OFFSET: int = 128 if HAS_DOT4 else 0

_INT32 = VectorType(types.int32)
_PAIRS = VectorType(types.int16)
_RIGHT = VectorType(types.int8 if HAS_DOT4 else types.int16)
_FOURS = (types.uint8, types.int8)
_GROUPED = (types.int8, types.uint8, types.int16)
_I32 = ir.IntType(32)


def lanes(a: np.ndarray) -> int:
    """How many elements of a one vector holds; known at compile time, which a.itemsize is not."""
    return lanes_of(a.dtype)


def broadcast_group(a: np.ndarray, i: int) -> Lanes:
    """The group that begins at a[i], in every 32-bit lane: four elements of an 8-bit array, two of an int16 array."""
    count("broadcasts")
    return as_lanes(np.tile(a[span(a, i, 4 // a.itemsize)], W))


def dot_groups(acc: Lanes, a: Lanes, b: Lanes) -> Lanes:
    """acc + the products of a's and b's codes, summed within each 32-bit lane; int32 wraps.

    acc: int32.  a, b: either uint8 and int8, in fours, or both int16, in twos.
    """
    count("multiply_adds")
    products = np.asarray(a).astype(np.int32) * np.asarray(b).astype(np.int32)
    return as_lanes(np.asarray(acc) + products.reshape(W, -1).sum(axis=1, dtype=np.int32))


def dot_row(sums: Row, a: Lanes, b: Row) -> Row:
    """`dot_groups` of one vector a with every vector of a row b: the sums of a row of a tile, brought up to date."""
    return tuple(dot_groups(acc, a, vector) for acc, vector in zip(sums, b, strict=True))


def load_groups(a: np.ndarray, i: int, stride: int) -> tuple[Lanes, Lanes]:
    """Two vectors of groups out of rows of int8 codes: 2 * W columns, one in each 32-bit lane.

    Row r of a group begins at a[i + r * stride]. The result has the type RIGHT_CODE.
    """
    count("loads")
    columns = np.stack([a[span(a, i + r * stride, 2 * W)] for r in range(GROUP)], axis=1)
    rows: np.ndarray = columns.astype(RIGHT_CODE)
    return as_lanes(rows[:W].copy().reshape(-1)), as_lanes(rows[W:].copy().reshape(-1))


@compiles(lanes)
def _lanes(context: Any, a: types.Type) -> Any:
    number = vector_of(a).lanes
    return types.intp(a), lambda context, builder, signature, args: context.get_constant(types.intp, number)


@compiles(broadcast_group)
def _broadcast_group(context: Any, a: NumberArray, i: types.Type) -> Any:
    vector = vector_of(a)
    if vector.dtype not in _GROUPED:
        raise NumbaTypeError(f"simd.broadcast_group: expected an int8, uint8 or int16 array, not {a}")

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        pointer = element_pointer(context, builder, a, *args)
        group = builder.load(builder.bitcast(pointer, _I32.as_pointer()), align=itemsize_of(a.dtype))
        return builder.bitcast(splat(builder, group, W), context.get_value_type(vector))

    return vector(a, types.intp), emit


def _added_products(a: types.Type, b: types.Type) -> Any:
    """Returns the function that emits acc + the products of an a and a b; None for other types."""
    if a == b == _PAIRS:
        return lambda builder, acc, a, b: builder.add(acc, pair_sums(builder, a, b))
    is_bytes = isinstance(a, VectorType) and isinstance(b, VectorType) and (a.dtype, b.dtype) == _FOURS
    return add_bytes_unsigned if is_bytes else None


@compiles(dot_groups)
def _dot_groups(context: Any, acc: types.Type, a: types.Type, b: types.Type) -> Any:
    emit = _added_products(a, b)
    if acc != _INT32 or emit is None:
        return None
    return acc(acc, a, b), lambda context, builder, signature, args: emit(builder, *args)


@compiles(dot_row)
def _dot_row(context: Any, sums: types.Type, a: types.Type, b: types.Type) -> Any:
    emit_one = _added_products(a, b.dtype) if isinstance(b, types.UniTuple) and b.count == VECTORS else None
    if sums != types.UniTuple(_INT32, VECTORS) or emit_one is None:
        return None

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        row = args[0]
        for v in range(VECTORS):
            one = emit_one(builder, builder.extract_value(row, v), args[1], builder.extract_value(args[2], v))
            row = builder.insert_value(row, one, v)
        return row

    return sums(sums, a, b), emit


def _row(context: Any, builder: ir.IRBuilder, array: NumberArray, args: list[ir.Value], r: int, n: int) -> ir.Value:
    """n elements from row r on, as one LLVM value."""
    a, i, stride = args
    at = builder.add(i, builder.mul(stride, ir.Constant(stride.type, r)))
    pointer = element_pointer(context, builder, array, a, at)
    kind = ir.VectorType(context.get_data_type(array.dtype), n)
    return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=itemsize_of(array.dtype))


def _interleaved(builder: ir.IRBuilder, first: ir.Value, second: ir.Value) -> ir.Value:
    """One element of each in turn, in a value twice as long."""
    n = first.type.count
    order = [row * n + j for j in range(n) for row in (0, 1)]
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_I32, 2 * n), order))


def _halves(context: Any, builder: ir.IRBuilder, result: types.BaseTuple, value: ir.Value) -> ir.Value:
    """The two halves of a value that is two vectors long, as a tuple."""
    n = value.type.count // 2
    halves = [
        builder.shuffle_vector(value, value, ir.Constant(ir.VectorType(_I32, n), list(range(start, start + n))))
        for start in (0, n)
    ]
    return context.make_tuple(builder, result, halves)


@compiles(load_groups)
def _load_groups(context: Any, a: NumberArray, i: types.Type, stride: types.Type) -> Any:
    if vector_of(a).dtype != types.int8:
        raise NumbaTypeError(f"simd.load_groups: expected an int8 array, not {a}")
    result = types.UniTuple(_RIGHT, 2)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        rows = [_row(context, builder, a, args, r, 2 * W) for r in range(GROUP)]
        if GROUP == 2:
            rows = [builder.sext(row, ir.VectorType(ir.IntType(16), 2 * W)) for row in rows]
        else:
            rows = [_interleaved(builder, rows[0], rows[2]), _interleaved(builder, rows[1], rows[3])]
        return _halves(context, builder, result, _interleaved(builder, *rows))

    return result(a, types.intp, types.intp), emit
