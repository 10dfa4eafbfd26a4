"""Dot products of four bytes: each 32-bit lane adds four products of 8-bit numbers.

On x86 with VNNI this is one instruction, VPDPBUSD, which multiplies unsigned by signed bytes and does not saturate
(Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, "VPDPBUSD"). Elsewhere the same sums are
written with widening multiplies that LLVM maps to what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.errors import NumbaTypeError

from tinytorch.simd.cpu import BYTES, HAS_DOT4, W
from tinytorch.simd.memory import element_pointer, load
from tinytorch.simd.plain import Lanes, as_lanes, count, span
from tinytorch.simd.vector import VectorType, call, compiles, splat, vector_of

if TYPE_CHECKING:
    from tinytorch.simd.vector import NumberArray

_I8, _I16, _I32 = (ir.IntType(bits) for bits in (8, 16, 32))
_INT32 = VectorType(types.int32)
_BYTE_TYPES = (types.int8, types.uint8)


def load4(a: np.ndarray, i: int) -> Lanes:
    """BYTES bytes of an int8 or uint8 array: four for each 32-bit lane."""
    return load(a, i)


def broadcast4(a: np.ndarray, i: int) -> Lanes:
    """The four bytes a[i : i + 4], repeated in every 32-bit lane."""
    count("broadcasts")
    return as_lanes(np.tile(a[span(a, i, 4)], W))


def zero_i32() -> Lanes:
    """A vector of int32 zeros."""
    return as_lanes(np.zeros(W, np.int32))


def dot4_u8s8(acc: Lanes, u: Lanes, s: Lanes) -> Lanes:
    """acc + the products of u's bytes, taken as unsigned, with s's, taken as signed, summed in fours; int32 wraps."""
    return _plain_dot4(acc, np.asarray(u).view(np.uint8), np.asarray(s).view(np.int8))


def dot4_s8s8(acc: Lanes, a: Lanes, b: Lanes) -> Lanes:
    """acc + the products of a's and b's bytes, both taken as signed, summed in fours; int32 wraps."""
    return _plain_dot4(acc, np.asarray(a).view(np.int8), np.asarray(b).view(np.int8))


def _plain_dot4(acc: Lanes, a: np.ndarray, b: np.ndarray) -> Lanes:
    count("multiply_adds")
    fours = (a.astype(np.int32) * b.astype(np.int32)).reshape(-1, 4).sum(axis=1, dtype=np.int32)
    return as_lanes(np.asarray(acc) + fours)


@compiles(load4)
def _load4(context: Any, a: NumberArray, i: types.Type) -> Any:
    vector = _bytes_of(a)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        pointer = element_pointer(context, builder, a, *args)
        kind = context.get_value_type(vector)
        return builder.load(builder.bitcast(pointer, kind.as_pointer()), align=1)

    return vector(a, types.intp), emit


@compiles(broadcast4)
def _broadcast4(context: Any, a: NumberArray, i: types.Type) -> Any:
    vector = _bytes_of(a)

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        pointer = element_pointer(context, builder, a, *args)
        four = builder.load(builder.bitcast(pointer, _I32.as_pointer()), align=1)
        return builder.bitcast(splat(builder, four, W), context.get_value_type(vector))

    return vector(a, types.intp), emit


@compiles(zero_i32)
def _zero_i32(context: Any) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        return ir.Constant(context.get_value_type(_INT32), [0] * W)

    return _INT32(), emit


def _bytes_of(a: types.Type) -> VectorType:
    vector = vector_of(a)
    if vector.dtype not in _BYTE_TYPES:
        raise NumbaTypeError(f"simd: expected an int8 or uint8 array, not {a}")
    return vector


def _dot4(acc: types.Type, a: types.Type, b: types.Type, emit: Any) -> Any:
    if acc != _INT32 or not all(isinstance(arg, VectorType) and arg.dtype in _BYTE_TYPES for arg in (a, b)):
        return None
    return acc(acc, a, b), lambda context, builder, signature, args: emit(builder, *args)


@compiles(dot4_u8s8)
def _dot4_u8s8(context: Any, acc: types.Type, u: types.Type, s: types.Type) -> Any:
    return _dot4(acc, u, s, add_bytes_unsigned)


@compiles(dot4_s8s8)
def _dot4_s8s8(context: Any, acc: types.Type, a: types.Type, b: types.Type) -> Any:
    return _dot4(acc, a, b, _vnni_signed if HAS_DOT4 else _widened(unsigned=False))


def _vnni(builder: ir.IRBuilder, acc: ir.Value, u: ir.Value, s: ir.Value) -> ir.Value:
    # Declared with int32 lanes, the signature of older LLVMs; newer ones upgrade it when they read the module.
    u, s = (builder.bitcast(value, acc.type) for value in (u, s))
    return call(builder, f"llvm.x86.avx512.vpdpbusd.{BYTES * 8}", acc.type, [acc, u, s])


def _vnni_signed(builder: ir.IRBuilder, acc: ir.Value, a: ir.Value, b: ir.Value) -> ir.Value:
    """a + 128 is an unsigned byte: (a + 128) b - 128 b, all of it modulo 2**32.

    The empty assembly hides that the offset is a constant: LLVM 22 does not come to an end on the 512-bit xor of a
    constant and a `broadcast4`. It costs one register and no instruction.
    """
    kind = ir.FunctionType(acc.type, [acc.type])
    offset = builder.asm(kind, "", "=x,0", [ir.Constant(acc.type, [0x80808080] * W)], False)
    too_much = _vnni(builder, ir.Constant(acc.type, [0] * W), offset, b)
    return builder.sub(_vnni(builder, acc, builder.xor(builder.bitcast(a, acc.type), offset), b), too_much)


def add_bytes_unsigned(builder: ir.IRBuilder, acc: ir.Value, u: ir.Value, s: ir.Value) -> ir.Value:
    """`dot4_u8s8` as LLVM code: one instruction where the processor has it."""
    if HAS_DOT4:
        return _vnni(builder, acc, u, s)
    emit = _widened(unsigned=True)
    return emit(builder, acc, u, s)


def _widened(*, unsigned: bool) -> Any:
    """Four products as two sums of neighbors: LLVM finds its 16-bit multiply-add of pairs in this shape."""

    def emit(builder: ir.IRBuilder, acc: ir.Value, a: ir.Value, b: ir.Value) -> ir.Value:
        halves = ir.VectorType(_I16, 2 * W)
        eight = ir.Constant(halves, [8] * (2 * W))

        def even(value: ir.Value, is_unsigned: bool) -> ir.Value:
            return odd(builder.shl(builder.bitcast(value, halves), eight), is_unsigned)

        def odd(value: ir.Value, is_unsigned: bool) -> ir.Value:
            value = builder.bitcast(value, halves)
            return builder.lshr(value, eight) if is_unsigned else builder.ashr(value, eight)

        for half in (even, odd):
            acc = builder.add(acc, pair_sums(builder, half(a, unsigned), half(b, False)))
        return acc

    return emit


def pair_sums(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """16-bit lanes multiplied to 32 bits, neighbors added."""
    wide = ir.VectorType(_I32, 2 * W)
    products = builder.mul(builder.sext(a, wide), builder.sext(b, wide))
    even, odd = (ir.Constant(ir.VectorType(_I32, W), list(range(start, 2 * W, 2))) for start in (0, 1))
    neighbors = (builder.shuffle_vector(products, products, mask) for mask in (even, odd))
    return builder.add(*neighbors)
