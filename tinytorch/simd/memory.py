"""Moving vectors between memory and registers.

`a` is a 1-D contiguous array, `i` the index of its first element in the vector. Compiled code checks no index:
reading beyond the array is undefined. The functions called `_part` touch n elements and no byte more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.errors import NumbaTypeError

from tinytorch.simd.cpu import BYTES, IS_X86
from tinytorch.simd.plain import Lanes, as_lanes, count, lanes_of, span
from tinytorch.simd.vector import VectorType, call, compiles, itemsize_of, splat, suffix, vector_of

if TYPE_CHECKING:
    from tinytorch.simd.vector import NumberArray

_I1, _I8, _I32, _I64 = (ir.IntType(bits) for bits in (1, 8, 32, 64))


def load(a: np.ndarray, i: int) -> Lanes:
    """One vector: a[i], a[i + 1], ..."""
    count("loads")
    return as_lanes(a[span(a, i, lanes_of(a.dtype))].copy())


def load_part(a: np.ndarray, i: int, n: int) -> Lanes:
    """A vector whose first n lanes are a[i : i + n] and whose other lanes are 0; any n, all lanes if n is larger."""
    count("loads")
    lanes = lanes_of(a.dtype)
    n = min(max(n, 0), lanes)
    vector = np.zeros(lanes, a.dtype)
    if n:
        vector[:n] = a[span(a, i, n)]
    return as_lanes(vector)


def store(a: np.ndarray, i: int, v: Lanes) -> None:
    """a[i], a[i + 1], ... = the lanes of v."""
    count("stores")
    a[span(a, i, v.size)] = v


def store_part(a: np.ndarray, i: int, v: Lanes, n: int) -> None:
    """a[i : i + n] = the first n lanes of v; any n, all lanes if n is larger."""
    count("stores")
    n = min(max(n, 0), v.size)
    if n:
        a[span(a, i, n)] = v[:n]


def stream(a: np.ndarray, i: int, v: Lanes) -> None:
    """`store` that bypasses the caches, for results not read again soon: the address must be a multiple of BYTES.

    Call `fence` after the last one, before another thread may read.
    """
    if (a.ctypes.data + i * a.itemsize) % BYTES:
        raise ValueError(f"stream: element {i} does not lie at a multiple of {BYTES} bytes; see aligned_offset")
    store(a, i, v)


def fence() -> None:
    """Makes streamed stores visible to other threads before anything stored later."""


def prefetch(a: np.ndarray, i: int) -> None:
    """Prefetches the cache line of a[i]; a hint, without effect on results. The index may lie outside the array."""


def aligned_offset(a: np.ndarray) -> int:
    """Returns the number of elements before a's first address that is a multiple of BYTES (not bounded by a.size)."""
    return -(a.ctypes.data // a.itemsize) % (BYTES // a.itemsize)


def zero() -> Lanes:
    """A vector of float32 zeros; for int32 there is `zero_i32`."""
    return as_lanes(np.zeros(lanes_of(np.dtype(np.float32)), np.float32))


def broadcast(x: Any) -> Lanes:
    """A vector with x in every lane, of x's own type; a Python float counts as float64."""
    value = np.asarray(x)
    return as_lanes(np.full(lanes_of(value.dtype), value))


def broadcast_at(a: np.ndarray, i: int) -> Lanes:
    """A vector with a[i] in every lane, read without the check for negative indices that a[i] has."""
    count("broadcasts")
    return as_lanes(np.full(lanes_of(a.dtype), a[span(a, i, 1)][0]))


def element_pointer(context: Any, builder: ir.IRBuilder, array: NumberArray, a: ir.Value, i: ir.Value) -> ir.Value:
    """The address of a[i]."""
    data = context.make_array(array)(context, builder, a).data
    return builder.gep(data, [i])


def _vector_pointer(
    context: Any, builder: ir.IRBuilder, array: NumberArray, a: ir.Value, i: ir.Value
) -> tuple[ir.Value, ir.VectorType]:
    kind = context.get_value_type(VectorType(array.dtype))
    return builder.bitcast(element_pointer(context, builder, array, a, i), kind.as_pointer()), kind


def first_lanes(builder: ir.IRBuilder, n: ir.Value, lanes: int) -> ir.Value:
    """A mask that is true in lanes 0 to n - 1."""
    numbers = ir.Constant(ir.VectorType(_I64, lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, splat(builder, n, lanes))


@compiles(load)
def _load(context: Any, a: NumberArray, i: types.Type) -> Any:
    vector = vector_of(a)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        pointer, _ = _vector_pointer(context, builder, a, *args)
        return builder.load(pointer, align=itemsize_of(a.dtype))

    return vector(a, types.intp), emit


@compiles(load_part)
def _load_part(context: Any, a: NumberArray, i: types.Type, n: types.Type) -> Any:
    vector = vector_of(a)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        pointer, kind = _vector_pointer(context, builder, a, *args[:2])
        align = ir.Constant(_I32, itemsize_of(a.dtype))
        zeros = ir.Constant(kind, [0] * vector.lanes)
        mask = first_lanes(builder, args[2], vector.lanes)
        return call(builder, f"llvm.masked.load.{suffix(vector)}.p0", kind, [pointer, align, mask, zeros])

    return vector(a, types.intp, types.intp), emit


def check_stored(a: types.Type, v: types.Type) -> None:
    """A typing error where vectors of type v cannot be stored into a."""
    if vector_of(a, written=True) != v:
        raise NumbaTypeError(f"simd: cannot store a {v} into {a}")


@compiles(store)
def _store(context: Any, a: NumberArray, i: types.Type, v: VectorType) -> Any:
    check_stored(a, v)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        pointer, _ = _vector_pointer(context, builder, a, *args[:2])
        builder.store(args[2], pointer, align=itemsize_of(a.dtype))
        return context.get_dummy_value()

    return types.void(a, types.intp, v), emit


@compiles(stream)
def _stream(context: Any, a: NumberArray, i: types.Type, v: VectorType) -> Any:
    check_stored(a, v)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        pointer, _ = _vector_pointer(context, builder, a, *args[:2])
        instruction = builder.store(args[2], pointer, align=BYTES)
        instruction.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(_I32, 1)]))
        return context.get_dummy_value()

    return types.void(a, types.intp, v), emit


@compiles(store_part)
def _store_part(context: Any, a: NumberArray, i: types.Type, v: VectorType, n: types.Type) -> Any:
    check_stored(a, v)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        array, index, value, left = args
        pointer, _ = _vector_pointer(context, builder, a, array, index)
        align = ir.Constant(_I32, itemsize_of(a.dtype))
        mask = first_lanes(builder, left, v.lanes)
        call(builder, f"llvm.masked.store.{suffix(v)}.p0", ir.VoidType(), [value, pointer, align, mask])
        return context.get_dummy_value()

    return types.void(a, types.intp, v, types.intp), emit


@compiles(fence)
def _fence(context: Any) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        if IS_X86:
            call(builder, "llvm.x86.sse.sfence", ir.VoidType(), [])
        else:
            builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), emit


@compiles(prefetch)
def _prefetch(context: Any, a: NumberArray, i: types.Type) -> Any:
    vector_of(a)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        pointer = builder.bitcast(element_pointer(context, builder, a, *args), _I8.as_pointer())
        to_read, keep_close, data = (ir.Constant(_I32, number) for number in (0, 3, 1))
        call(builder, "llvm.prefetch.p0", ir.VoidType(), [pointer, to_read, keep_close, data])
        return context.get_dummy_value()

    return types.void(a, types.intp), emit


@compiles(aligned_offset)
def _aligned_offset(context: Any, a: NumberArray) -> Any:
    size = itemsize_of(vector_of(a).dtype)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        start = element_pointer(context, builder, a, args[0], ir.Constant(_I64, 0))
        before = builder.neg(builder.ptrtoint(start, _I64))
        return builder.udiv(builder.and_(before, ir.Constant(_I64, BYTES - 1)), ir.Constant(_I64, size))

    return types.intp(a), emit


@compiles(zero)
def _zero(context: Any) -> Any:
    vector = VectorType(types.float32)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        return ir.Constant(context.get_value_type(vector), [0] * vector.lanes)

    return vector(), emit


@compiles(broadcast)
def _broadcast(context: Any, x: types.Type) -> Any:
    if not isinstance(x, types.Number) or x in types.complex_domain:
        raise NumbaTypeError(f"simd.broadcast: expected a number, not {x}")
    vector = VectorType(x)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        return splat(builder, args[0], vector.lanes)

    return vector(x), emit


@compiles(broadcast_at)
def _broadcast_at(context: Any, a: NumberArray, i: types.Type) -> Any:
    vector = vector_of(a)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        return splat(builder, builder.load(element_pointer(context, builder, a, *args)), vector.lanes)

    return vector(a, types.intp), emit
