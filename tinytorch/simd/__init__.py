"""SIMD vectors inside Numba functions: the registers of this processor, as wide as they are here.

    from tinytorch import simd

    @simd.jit
    def add(a, b, out):
        for i in range(0, a.size, simd.W):
            left = a.size - i
            simd.store_part(out, i, simd.load_part(a, i, left) + simd.load_part(b, i, left), left)

A vector holds `BYTES` bytes: `W` float32 values, or half as many float64. It is a value like a float: it can be
a local variable, an element of a tuple, an argument or a result of a compiled function. Width is never written
into a kernel; `W` says what it is, and the same source runs on 16, 32 and 64 bytes.

Every function here is also plain Python. With NUMBA_DISABLE_JIT=1 a kernel runs line by line on small NumPy
arrays, checks its indices, and `counting()` counts the vectors that it loads and stores.

The environment can make another processor of this one, for tests: TINYTORCH_SIMD_BYTES=16, 32 or 64,
TINYTORCH_SIMD_REGISTERS=16 or 32, TINYTORCH_SIMD_DOT4=0. `make widths` runs the tests of the kernels on all of them.

    cpu.py         how wide, how many, which instructions, `jit`
    vector.py      the Numba type, its operators, and how a plain function gets a compiled form
    plain.py       vectors without the compiler, counting
    memory.py      load, store, their partial and streaming forms, broadcast
    arithmetic.py  fma, maximum, sums across lanes
    rows.py        several vectors side by side, as many as the registers allow
    integer.py     int8 dot products of four
    groups.py      products of packed codes, in fours or twos as the processor has it
    convert.py     rounding, scaling and narrowing
    loops.py       vector width of plain loops
    evidence.py    whether compiled code holds vectors, and how many a kernel's plain body moves

Three files serve kernels without vectors of their own, and are imported by their names:

    arrays.py      arrays as kernels need them: flat views, `out`
    bias.py        a bias along the last axis
    sums.py        sums of products in one pass, lengths without overflow
"""

from tinytorch.simd.arithmetic import abs, fma, max_lane, maximum, sum
from tinytorch.simd.convert import any_beyond, rint, scaled, store_codes
from tinytorch.simd.cpu import BYTES, FORCED, HAS_DOT4, REGISTERS, W, jit
from tinytorch.simd.evidence import counted, holds_vectors, without_vectors
from tinytorch.simd.groups import (
    GROUP,
    LEFT_CODE,
    LEFT_OFFSET,
    RIGHT_CODE,
    broadcast_group,
    dot_groups,
    dot_row,
    lanes,
    load_groups,
)
from tinytorch.simd.integer import broadcast4, dot4_s8s8, dot4_u8s8, load4, zero_i32
from tinytorch.simd.loops import whole_vectors
from tinytorch.simd.memory import (
    aligned_offset,
    broadcast,
    broadcast_at,
    fence,
    load,
    load_part,
    prefetch,
    store,
    store_part,
    stream,
    zero,
)
from tinytorch.simd.plain import Counts, Lanes, counting
from tinytorch.simd.rows import (
    ROW,
    VECTORS,
    add_rows,
    fma_row,
    load_row,
    load_row_part,
    prefetch_row,
    store_row,
    store_row_part,
    zero_row,
)
from tinytorch.simd.vector import VectorType

__all__ = [
    "BYTES",
    "FORCED",
    "GROUP",
    "HAS_DOT4",
    "LEFT_CODE",
    "LEFT_OFFSET",
    "REGISTERS",
    "RIGHT_CODE",
    "ROW",
    "VECTORS",
    "Counts",
    "Lanes",
    "VectorType",
    "W",
    "abs",
    "add_rows",
    "aligned_offset",
    "any_beyond",
    "broadcast",
    "broadcast4",
    "broadcast_at",
    "broadcast_group",
    "counted",
    "counting",
    "dot4_s8s8",
    "dot4_u8s8",
    "dot_groups",
    "dot_row",
    "fence",
    "fma",
    "fma_row",
    "holds_vectors",
    "jit",
    "lanes",
    "load",
    "load4",
    "load_groups",
    "load_part",
    "load_row",
    "load_row_part",
    "max_lane",
    "maximum",
    "prefetch",
    "prefetch_row",
    "rint",
    "scaled",
    "store",
    "store_codes",
    "store_part",
    "store_row",
    "store_row_part",
    "stream",
    "sum",
    "whole_vectors",
    "without_vectors",
    "zero",
    "zero_i32",
    "zero_row",
]
