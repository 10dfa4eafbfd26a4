"""The kernels against torch and onnxruntime, each on one thread, where they are installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from . import integers, oracle, relus
from .bars import Bar, same_everywhere
from .case import Case, Race
from .products import SQUARES, operands

TORCH = ("torch",)
ONNX = ("onnxruntime", "onnx")
PEERS = "peers on one thread"


@cache
def torch() -> Any:
    """torch, on one thread."""
    import torch as module

    module.set_num_threads(1)
    return module


def onnx_call(operation: str, A: np.ndarray, B: np.ndarray, result: str) -> Callable[[], np.ndarray]:
    """A call of one ONNX operation on two matrices, by onnxruntime on one thread; `result`: ONNX's name of its type."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    kinds = {"float32": TensorProto.FLOAT, "int8": TensorProto.INT8}
    inputs = [helper.make_tensor_value_info(n, kinds[str(x.dtype)], x.shape) for n, x in (("A", A), ("B", B))]
    output = helper.make_tensor_value_info("C", getattr(TensorProto, result), (A.shape[0], B.shape[1]))
    graph = helper.make_graph([helper.make_node(operation, ["A", "B"], ["C"])], "product", inputs, [output])
    # opset 13 and IR 8: old enough for every onnxruntime of the last years
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    return lambda: session.run(["C"], {"A": A, "B": B})[0]


def torch_product(n: int) -> Race:
    """`matmul_simd` against torch's float32 product."""
    from tinytorch.core.kernels import matmul_simd

    A, B = operands(n, n, n)
    left, right = torch().from_numpy(A), torch().from_numpy(B)
    return Race(lambda: matmul_simd(A, B), lambda: (left @ right).numpy(), oracle.product(A, B))


def onnx_product(n: int) -> Race:
    """`matmul_simd` against onnxruntime's float32 product."""
    from tinytorch.core.kernels import matmul_simd

    A, B = operands(n, n, n)
    return Race(lambda: matmul_simd(A, B), onnx_call("MatMul", A, B, "FLOAT"), oracle.product(A, B))


def torch_integers(n: int) -> Race:
    """`integer_matmul` against torch's int8 product."""
    from tinytorch.core.kernels import integer_matmul

    A, B = integers.codes(n)
    left, right = torch().from_numpy(A), torch().from_numpy(B)
    multiply = torch()._int_mm
    return Race(lambda: integer_matmul(A, B), lambda: multiply(left, right).numpy(), oracle.integer_product(A, B))


def onnx_integers(n: int) -> Race:
    """`integer_matmul` against onnxruntime's int8 product."""
    from tinytorch.core.kernels import integer_matmul

    A, B = integers.codes(n)
    other = onnx_call("MatMulInteger", A, B, "INT32")
    return Race(lambda: integer_matmul(A, B), other, oracle.integer_product(A, B))


def torch_relu(size: int) -> Race:
    """`vectorized_relu` into a given array against torch's, into the same one."""

    def relu(x: np.ndarray, out: np.ndarray) -> np.ndarray:
        torch().clamp_min(torch().from_numpy(x), 0, out=torch().from_numpy(out))
        return out

    return relus.out_race(size, relu)


def product_case(kernel: str, n: int, peer: str, make: Callable[[int], Race], bar: Bar | None = None) -> Case:
    """A square product against a peer."""
    needs = TORCH if peer.startswith("torch") else ONNX
    name = f"{kernel}-{n}-{peer.split()[0].split('.')[0]}"
    return Case(name, "peers", f"{kernel} {n}", peer, partial(make, n), bar, PEERS, needs, n < 2048)


def cases() -> list[Case]:
    """All of them; rows without their package say so."""
    relu = [
        Case(f"relu-out-{name}-torch", "peers", f"vectorized_relu(out=) {name} floats", "torch.clamp_min(out=)",
             partial(torch_relu, size), None, PEERS, TORCH, name in relus.QUICK_SIZES)
        for name, size in relus.SIZES.items()
    ]  # fmt: skip
    return [
        *(product_case("matmul_simd", n, "torch float32 product", torch_product) for n in SQUARES),
        *(product_case("matmul_simd", n, "onnxruntime MatMul", onnx_product) for n in SQUARES),
        *(
            product_case("integer_matmul", n, "torch._int_mm", torch_integers, same_everywhere(0.95))
            for n in SQUARES[:2]
        ),
        replace(
            product_case("integer_matmul", 2048, "torch._int_mm", torch_integers, same_everywhere(0.95)),
            needs_dot4="without an integer dot product torch has no fast path, and a call takes a quarter of a minute",
        ),
        *(product_case("integer_matmul", n, "onnxruntime MatMulInteger", onnx_integers) for n in SQUARES),
        *relu,
    ]
