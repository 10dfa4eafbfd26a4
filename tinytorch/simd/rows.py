"""Several vectors side by side: a row of a register tile, as wide as the registers allow.

A tile of six rows keeps its sums in 6 * VECTORS registers and needs VECTORS more for the other operand and one for a
broadcast number: 15 of 16 registers with two vectors, 29 of 32 with four. A row is a tuple of vectors, so that each has
a register of its own. All are emitted in place, like single vectors: a compiled function for each would cost a tenth
of a second at the first call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from llvmlite import ir
from numba.core import types

from tinytorch.simd.arithmetic import fma
from tinytorch.simd.cpu import REGISTERS, W
from tinytorch.simd.memory import (
    check_stored,
    element_pointer,
    first_lanes,
    load,
    load_part,
    prefetch,
    store,
    store_part,
)
from tinytorch.simd.memory import zero as zero_vector
from tinytorch.simd.plain import Lanes
from tinytorch.simd.vector import VectorType, call, compiles, itemsize_of, suffix, vector_of

if TYPE_CHECKING:
    from tinytorch.simd.vector import NumberArray

#: Vectors in a row.
VECTORS: int = 4 if REGISTERS >= 32 else 2
#: 32-bit elements in a row.
ROW: int = VECTORS * W

Row = tuple[Lanes, ...]
_I8, _I32, _I64 = (ir.IntType(bits) for bits in (8, 32, 64))
_LINE_BYTES = 64


def zero_row() -> Row:
    """A row of float32 zeros."""
    return tuple(zero_vector() for _ in range(VECTORS))


def load_row(a: np.ndarray, i: int) -> Row:
    """a[i], a[i + 1], ...: VECTORS vectors of a's type."""
    return tuple(load(a, i + v) for v in _starts(a))


def load_row_part(a: np.ndarray, i: int, n: int) -> Row:
    """A row whose first n elements are a[i : i + n] and whose others are 0; any n, all if n is larger."""
    return tuple(load_part(a, i + v, n - v) for v in _starts(a))


def store_row(a: np.ndarray, i: int, row: Row) -> None:
    """a[i], a[i + 1], ... = the elements of a row."""
    for v, vector in zip(_starts(a), row, strict=True):
        store(a, i + v, vector)


def store_row_part(a: np.ndarray, i: int, row: Row, n: int) -> None:
    """a[i : i + n] = the first n elements of a row; any n, all if n is larger."""
    for v, vector in zip(_starts(a), row, strict=True):
        store_part(a, i + v, vector, n - v)


def add_rows(x: Row, y: Row) -> Row:
    """x + y, element by element."""
    return tuple(one + other for one, other in zip(x, y, strict=True))


def fma_row(x: Lanes, y: Row, z: Row) -> Row:
    """x * y + z, where x is one vector and y and z are rows."""
    return tuple(fma(x, one, other) for one, other in zip(y, z, strict=True))


def prefetch_row(a: np.ndarray, i: int) -> None:
    """Prefetches all cache lines of the row at a[i], wherever in a line it begins; a hint, any index."""
    for v in _starts(a):
        prefetch(a, i + v)


def _starts(a: np.ndarray) -> range:
    """Returns the index at which each vector of a row begins, counted from the row's first element."""
    lanes = W * 4 // a.itemsize
    return range(0, VECTORS * lanes, lanes)


def _row_of(vector: VectorType) -> types.UniTuple:
    return types.UniTuple(vector, VECTORS)


def _is_row(kind: types.Type) -> TypeGuard[types.UniTuple]:
    return isinstance(kind, types.UniTuple) and kind.count == VECTORS and isinstance(kind.dtype, VectorType)


def _built(context: Any, builder: ir.IRBuilder, row: types.UniTuple, vectors: list[ir.Value]) -> ir.Value:
    """The tuple of these vectors."""
    value = ir.Constant(context.get_value_type(row), ir.Undefined)
    for number, vector in enumerate(vectors):
        value = builder.insert_value(value, vector, number)
    return value


def _vectors(builder: ir.IRBuilder, row: ir.Value) -> list[ir.Value]:
    return [builder.extract_value(row, number) for number in range(VECTORS)]


def _pointers(context: Any, builder: ir.IRBuilder, array: NumberArray, a: ir.Value, i: ir.Value) -> list[ir.Value]:
    """The address of each vector of the row at a[i]."""
    vector = VectorType(array.dtype)
    start = element_pointer(context, builder, array, a, i)
    kind = context.get_value_type(vector).as_pointer()
    starts = (ir.Constant(_I64, number * vector.lanes) for number in range(VECTORS))
    return [builder.bitcast(builder.gep(start, [at]), kind) for at in starts]


def _masks(builder: ir.IRBuilder, n: ir.Value, lanes: int) -> list[ir.Value]:
    """For each vector of a row the lanes that are among its first n elements."""
    starts = (ir.Constant(_I64, number * lanes) for number in range(VECTORS))
    return [first_lanes(builder, builder.sub(n, start), lanes) for start in starts]


def _align(array: NumberArray) -> int:
    return itemsize_of(array.dtype)


@compiles(zero_row)
def _zero_row(context: Any) -> Any:
    row = _row_of(VectorType(types.float32))

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        zeros = ir.Constant(context.get_value_type(row.dtype), [0] * W)
        return _built(context, builder, row, [zeros] * VECTORS)

    return row(), emit


@compiles(load_row)
def _load_row(context: Any, a: NumberArray, i: types.Type) -> Any:
    row = _row_of(vector_of(a))

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        loaded = [builder.load(at, align=_align(a)) for at in _pointers(context, builder, a, *args)]
        return _built(context, builder, row, loaded)

    return row(a, types.intp), emit


@compiles(load_row_part)
def _load_row_part(context: Any, a: NumberArray, i: types.Type, n: types.Type) -> Any:
    vector = vector_of(a)
    row = _row_of(vector)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        kind, name = context.get_value_type(vector), f"llvm.masked.load.{suffix(vector)}.p0"
        align, zeros = ir.Constant(_I32, _align(a)), ir.Constant(kind, [0] * vector.lanes)
        places = zip(_pointers(context, builder, a, *args[:2]), _masks(builder, args[2], vector.lanes), strict=True)
        loaded = [call(builder, name, kind, [at, align, mask, zeros]) for at, mask in places]
        return _built(context, builder, row, loaded)

    return row(a, types.intp, types.intp), emit


@compiles(store_row)
def _store_row(context: Any, a: NumberArray, i: types.Type, row: types.Type) -> Any:
    if not _is_row(row):
        return None
    check_stored(a, row.dtype)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        places = _pointers(context, builder, a, *args[:2])
        for at, vector in zip(places, _vectors(builder, args[2]), strict=True):
            builder.store(vector, at, align=_align(a))
        return context.get_dummy_value()

    return types.void(a, types.intp, row), emit


@compiles(store_row_part)
def _store_row_part(context: Any, a: NumberArray, i: types.Type, row: types.Type, n: types.Type) -> Any:
    if not _is_row(row):
        return None
    check_stored(a, row.dtype)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        name, align = f"llvm.masked.store.{suffix(row.dtype)}.p0", ir.Constant(_I32, _align(a))
        masks = _masks(builder, args[3], row.dtype.lanes)
        places = zip(_vectors(builder, args[2]), _pointers(context, builder, a, *args[:2]), masks, strict=True)
        for vector, at, mask in places:
            call(builder, name, ir.VoidType(), [vector, at, align, mask])
        return context.get_dummy_value()

    return types.void(a, types.intp, row, types.intp), emit


def _lane_by_lane(row: types.UniTuple, args: tuple[types.Type, ...], one: Callable[..., ir.Value]) -> Any:
    """A row made of `one(builder, a vector of each argument)`; a single vector is used for each vector of the row."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, values: list[ir.Value]) -> ir.Value:
        columns = [
            _vectors(builder, value) if _is_row(kind) else [value] * VECTORS
            for kind, value in zip(args, values, strict=True)
        ]
        return _built(context, builder, row, [one(builder, *vectors) for vectors in zip(*columns, strict=True)])

    return row(*args), emit


@compiles(add_rows)
def _add_rows(context: Any, x: types.Type, y: types.Type) -> Any:
    if not _is_row(x) or x != y:
        return None
    is_float = x.dtype.is_float
    return _lane_by_lane(x, (x, y), lambda builder, a, b: builder.fadd(a, b) if is_float else builder.add(a, b))


@compiles(fma_row)
def _fma_row(context: Any, x: VectorType, y: types.Type, z: types.Type) -> Any:
    if not _is_row(y) or y != z or x != y.dtype:
        return None
    if not x.is_float:
        return _lane_by_lane(y, (x, y, z), lambda builder, a, b, c: builder.add(builder.mul(a, b), c))
    name = f"llvm.fmuladd.{suffix(x)}"  # for the choice of fmuladd see `fma`
    return _lane_by_lane(y, (x, y, z), lambda builder, a, b, c: call(builder, name, a.type, [a, b, c]))


@compiles(prefetch_row)
def _prefetch_row(context: Any, a: NumberArray, i: types.Type) -> Any:
    row_bytes = VECTORS * vector_of(a).lanes * _align(a)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        start = builder.bitcast(element_pointer(context, builder, a, *args), _I8.as_pointer())
        to_read, keep_close, data = (ir.Constant(_I32, number) for number in (0, 3, 1))
        for offset in (*range(0, row_bytes, _LINE_BYTES), row_bytes - 1):
            address = builder.gep(start, [ir.Constant(_I64, offset)])
            call(builder, "llvm.prefetch.p0", ir.VoidType(), [address, to_read, keep_close, data])
        return context.get_dummy_value()

    return types.void(a, types.intp), emit
