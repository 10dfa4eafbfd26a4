"""The loops that the probes time, as LLVM IR with vectors of the processor's full width.

Otherwise the compiler chooses the vector width (often half of the widest) and may spill registers to memory; an upper
bound for other kernels must not depend on that choice. Nothing is compiled before the first call.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from tinytorch.hardware import simd

UNROLL = 8  # vectors a pass handles before it tests for the end: enough independent chains to hide latency
FLOAT = ir.FloatType()
COUNT = ir.IntType(64)


@cache
def vector_bytes() -> int:
    """Width of the vectors used here."""
    return simd.width(simd.host_features(), platform.machine()).value or 16


@cache
def chains() -> int:
    """Independent multiply-add chains: as many as fit into the registers beside two constants.

    Hiding the latency takes latency times throughput (4 cycles x 2 units on x86, 4 x 4 on wide ARM cores). Without
    AVX-512, x86 has 16 registers, the others have 32.
    """
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return 12 if is_x86 and vector_bytes() < 64 else 24


def _vector() -> ir.VectorType:
    return ir.VectorType(FLOAT, vector_bytes() // 4)


def _splat(builder: ir.IRBuilder, scalar: ir.Value) -> ir.Value:
    """A vector with `scalar` in every lane."""
    vector = _vector()
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), mask)


def _total(builder: ir.IRBuilder, vectors: list[ir.Value]) -> ir.Value:
    """The sum over all lanes of all vectors, so that none of the work can be left out."""
    while len(vectors) > 1:
        vectors = [builder.fadd(vectors[0], vectors[1]), *vectors[2:]]
    lanes = [builder.extract_element(vectors[0], ir.Constant(ir.IntType(32), i)) for i in range(_vector().count)]
    result = lanes[0]
    for lane in lanes[1:]:
        result = builder.fadd(result, lane)
    return result


def _loop(
    builder: ir.IRBuilder, stop: ir.Value, step: int, carried: list[ir.Value], body: Callable[..., list[ir.Value]]
) -> list[ir.Value]:
    """Emits `i = 0; while i < stop: carried = body(i, carried); i += step` and returns `carried` after it."""
    entry = builder.block
    head, inside, after = (builder.append_basic_block(name) for name in ("head", "inside", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(COUNT)
    index.add_incoming(ir.Constant(COUNT, 0), entry)
    phis = []
    for value in carried:
        phis.append(builder.phi(value.type))
        phis[-1].add_incoming(value, entry)
    builder.cbranch(builder.icmp_signed("<", index, stop), inside, after)
    builder.position_at_end(inside)
    changed = body(index, phis)
    index.add_incoming(builder.add(index, ir.Constant(COUNT, step)), builder.block)
    for phi, value in zip(phis, changed, strict=True):
        phi.add_incoming(value, builder.block)
    builder.branch(head)
    builder.position_at_end(after)
    return phis


@intrinsic
def _multiply_add(typing: Any, rounds: Any, factor: Any, addend: Any) -> Any:
    """`chains()` vectors, each replaced `rounds` times by itself times `factor` plus `addend`; their sum."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        by, plus = _splat(builder, args[1]), _splat(builder, args[2])
        shape = ir.FunctionType(_vector(), [_vector()] * 3)
        fma = cgutils.get_or_insert_function(builder.module, shape, f"llvm.fmuladd.v{_vector().count}f32")
        # every chain starts elsewhere, or the compiler would keep one of them
        starts = [_splat(builder, ir.Constant(FLOAT, float(i))) for i in range(chains())]
        ends = _loop(builder, args[0], 1, starts, lambda i, acc: [builder.call(fma, [a, by, plus]) for a in acc])
        return _total(builder, ends)

    return types.float32(types.int64, types.float32, types.float32), emit


def _addresses(builder: ir.IRBuilder, address: ir.Value, index: ir.Value) -> list[ir.Value]:
    """Pointers to the `UNROLL` vectors that begin `index` floats after `address`."""
    base = builder.inttoptr(address, FLOAT.as_pointer())
    steps = (ir.Constant(COUNT, i * _vector().count) for i in range(UNROLL))
    pointers = [builder.gep(base, [builder.add(index, step)]) for step in steps]
    return [builder.bitcast(pointer, _vector().as_pointer()) for pointer in pointers]


@intrinsic
def _read(typing: Any, address: Any, count: Any) -> Any:
    """The sum of `count` floats at `address`: every byte read once, none written."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        def body(index: ir.Value, sums: list[ir.Value]) -> list[ir.Value]:
            pointers = _addresses(builder, args[0], index)
            vectors = [builder.load(pointer, align=vector_bytes()) for pointer in pointers]
            return [builder.fadd(s, v) for s, v in zip(sums, vectors, strict=True)]

        zeros = [_splat(builder, ir.Constant(FLOAT, 0.0))] * UNROLL
        return _total(builder, _loop(builder, args[1], UNROLL * _vector().count, zeros, body))

    return types.float32(types.int64, types.int64), emit


@intrinsic
def _update(typing: Any, address: Any, count: Any, factor: Any) -> Any:
    """`count` floats at `address` times `factor`, in place: every byte read once and written once."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        by = _splat(builder, args[2])

        def body(index: ir.Value, nothing: list[ir.Value]) -> list[ir.Value]:
            for pointer in _addresses(builder, args[0], index):
                value = builder.load(pointer, align=vector_bytes())
                builder.store(builder.fmul(value, by), pointer, align=vector_bytes())
            return []

        _loop(builder, args[1], UNROLL * _vector().count, [], body)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float32), emit


@njit(nogil=True)
def multiply_add(rounds: int, factor: np.float32, addend: np.float32) -> float:
    """See `_multiply_add`; 2 * rounds * chains() * lanes floating-point operations."""
    return _multiply_add(rounds, factor, addend)  # type: ignore[call-arg]  # see `read`


@njit(nogil=True)
def read(address: int, count: int, passes: int) -> float:
    """Reads `count` floats at `address`, `passes` times; both aligned to `UNROLL` vectors."""
    total = 0.0
    for _ in range(passes):
        total += _read(address, count)  # type: ignore[call-arg]  # Numba passes the typing context, its stub asks for it
    return total


@njit(nogil=True)
def update(address: int, count: int, passes: int, factor: np.float32) -> None:
    """Multiplies `count` floats at `address` in place, `passes` times."""
    for _ in range(passes):
        _update(address, count, factor)  # type: ignore[call-arg]  # see `read`


@njit(nogil=True)
def chase(following: np.ndarray, start: int, steps: int) -> int:
    """Follows the pointers `i = following[i]`: no load can start before the one before it has arrived."""
    i = start
    for _ in range(steps):
        i = following[i]
    return i
