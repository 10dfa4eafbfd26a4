"""Arithmetic that has no operator: multiply-add, maximum, and results across the lanes of one vector."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types

from tinytorch.simd.plain import Lanes, as_lanes, count
from tinytorch.simd.vector import VectorType, call, compiles, same_vectors, suffix

_I32 = ir.IntType(32)


def fma(a: Lanes, b: Lanes, c: Lanes) -> Lanes:
    """a * b + c in one instruction (and one rounding) where the processor has it."""
    count("multiply_adds")
    return as_lanes(np.asarray(a * b + c))


def maximum(a: Lanes, b: Lanes) -> Lanes:
    """The larger in each lane; NaN where either is NaN, as numpy.maximum. Of two zeros it is either."""
    return as_lanes(np.maximum(a, b))


def abs(v: Lanes) -> Lanes:
    """The magnitude in each lane; the lowest integer stays itself, as in NumPy."""
    return as_lanes(np.abs(v))


def sum(v: Lanes) -> Any:
    """The sum of all lanes, added in halves: lanes i and i + lanes/2 first. Integers wrap in their own type."""
    values = np.asarray(v)
    while values.size > 1:
        values = values[: values.size // 2] + values[values.size // 2 :]
    return values[0]


def max_lane(v: Lanes) -> Any:
    """The largest lane; NaN if any lane is NaN."""
    return np.max(np.asarray(v))


@compiles(fma)
def _fma(context: Any, a: types.Type, b: types.Type, c: types.Type) -> Any:
    vector = same_vectors(a, b, c)
    if vector is None:
        return None

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        if not vector.is_float:
            return builder.add(builder.mul(*args[:2]), args[2])
        # fmuladd, not fma: on a processor without the instruction, llvm.fma becomes a library call for each lane.
        return call(builder, f"llvm.fmuladd.{suffix(vector)}", args[0].type, args)

    return vector(vector, vector, vector), emit


def _larger(builder: ir.IRBuilder, is_float: bool, a: ir.Value, b: ir.Value) -> ir.Value:
    """The first select is x86's MAX instruction, which gives a when either is NaN; the second brings b's NaN back.

    Where b is known not to be NaN, as the zeros of a ReLU are, the compiler drops the second.
    """
    if not is_float:
        return builder.select(builder.icmp_signed(">", a, b), a, b)
    larger = builder.select(builder.fcmp_ordered(">", b, a), b, a)
    return builder.select(builder.fcmp_unordered("uno", b, b), b, larger)


@compiles(maximum)
def _maximum(context: Any, a: types.Type, b: types.Type) -> Any:
    vector = same_vectors(a, b)
    if vector is None or vector.dtype == types.uint8:
        return None

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        return _larger(builder, vector.is_float, *args)

    return vector(vector, vector), emit


@compiles(abs)
def _abs(context: Any, v: types.Type) -> Any:
    vector = same_vectors(v)
    if vector is None:
        return None

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        kind = args[0].type
        if vector.is_float:
            return call(builder, f"llvm.fabs.{suffix(vector)}", kind, args)
        wraps = ir.Constant(ir.IntType(1), 0)
        return call(builder, f"llvm.abs.{suffix(vector)}", kind, [args[0], wraps])

    return vector(vector), emit


def _halves(builder: ir.IRBuilder, value: ir.Value, combine: Any) -> ir.Value:
    """Combines the two halves of a vector until one lane is left."""
    lanes = value.type.count
    while lanes > 1:
        lanes //= 2
        low = ir.Constant(ir.VectorType(_I32, lanes), list(range(lanes)))
        high = ir.Constant(ir.VectorType(_I32, lanes), list(range(lanes, 2 * lanes)))
        value = combine(builder.shuffle_vector(value, value, low), builder.shuffle_vector(value, value, high))
    return builder.extract_element(value, ir.Constant(_I32, 0))


def _across(vector: VectorType, combine: Any) -> Any:
    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: list[ir.Value]) -> ir.Value:
        return _halves(builder, args[0], lambda low, high: combine(builder, vector.is_float, low, high))

    return vector.dtype(vector), emit


def _added(builder: ir.IRBuilder, is_float: bool, a: ir.Value, b: ir.Value) -> ir.Value:
    return builder.fadd(a, b) if is_float else builder.add(a, b)


@compiles(sum)
def _sum(context: Any, v: types.Type) -> Any:
    return _across(v, _added) if isinstance(v, VectorType) else None


@compiles(max_lane)
def _max_lane(context: Any, v: types.Type) -> Any:
    return _across(v, _larger) if isinstance(v, VectorType) else None
