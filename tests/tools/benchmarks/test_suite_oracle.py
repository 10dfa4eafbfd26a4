"""The checks that every kernel passes before it is timed: right results within, wrong ones not."""

import numpy as np
import pytest

from tests.tools.benchmarks import catalogue, integers, oracle, peers, products, relus
from tests.tools.benchmarks.case import WrongResultError
from tests.tools.benchmarks.runner import check_both

A, B = products.operands(7, 33, 5)
INT_A, INT_B = integers.codes(9)
X = relus.numbers(97)
RIGHT = {
    "product": (oracle.product(A, B), A @ B),
    "integers": (oracle.integer_product(INT_A, INT_B), INT_A.astype(np.int32) @ INT_B.astype(np.int32)),
    "quantized": (
        oracle.quantized_product(A, B),
        ((np.rint(A / (np.abs(A).max() / 127)) @ np.rint(B / (np.abs(B).max() / 127)))
         * (np.abs(A).max() / 127 * np.abs(B).max() / 127)).astype(np.float32),
    ),
    "relu": (oracle.equal_to(np.maximum(X, 0)), np.maximum(X, 0)),
    "coded relu": (oracle.quantized_relu(X), integers.relu_in_codes(X)),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_result_passes(name):
    check, right = RIGHT[name]
    check(right)


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda right: right.astype(np.float64),
        lambda right: right[:-1],
        lambda right: right.tolist(),
        lambda right: np.zeros_like(right),
        lambda right: right[::-1].copy(),
        lambda right: right + np.abs(right).max().astype(right.dtype),
    ],
    ids=["other dtype", "row lost", "list", "zeros", "other order", "shifted"],
)
def test_a_wrong_result_does_not(name, spoil):
    check, right = RIGHT[name]
    with pytest.raises(WrongResultError):
        check(spoil(right))


@pytest.mark.parametrize("name", ["product", "quantized", "relu", "coded relu"])
def test_one_nan_is_enough(name):
    check, right = RIGHT[name]
    spoiled = right.copy()
    spoiled.flat[-1] = np.nan
    with pytest.raises(WrongResultError, match="is nan"):
        check(spoiled)


def test_values_between_two_codes_are_no_codes():
    check, right = RIGHT["coded relu"]
    step = np.abs(X).max() / np.float32(127)
    with pytest.raises(WrongResultError):
        check(np.where(right > 0, right + step / 3, right).astype(np.float32))


TINY = {
    "product": lambda: products.race("matmul_simd", (3, 5, 7)),
    "blocked": lambda: products.race("cache_friendly_matmul", (9, 9, 9)),
    "threads": lambda: products.race("parallel_matmul", (9, 8, 7), num_workers=2),
    "relu, out": lambda: relus.out_race(37, None),
    "relu, copy": lambda: relus.copy_race(37),
    "relu, new": lambda: relus.new_race(37),
    "relu, bias": lambda: relus.bias_race((5, 7)),
    "relu, threads": lambda: relus.threads_race(37),
    "integers": lambda: integers.integer_race(9),
    "quantized": lambda: integers.quantized_race(9),
    "coded relu": lambda: integers.relu_race(37),
}
PEERS = {
    "torch": (peers.torch_product, peers.torch_integers, peers.torch_relu),
    "onnxruntime": (peers.onnx_product, peers.onnx_integers),
}


@pytest.mark.parametrize("name", TINY)
def test_both_sides_of_a_tiny_race_are_right(name):
    check_both(TINY[name]())


@pytest.mark.parametrize(("peer", "make"), [(peer, make) for peer, makes in PEERS.items() for make in makes])
def test_both_sides_of_a_tiny_race_against_a_peer_are_right(peer, make):
    pytest.importorskip(peer)
    check_both(make(24))


def test_case_names_are_unique_and_can_be_found():
    names = [case.name for case in catalogue.all_cases()]
    assert len(set(names)) == len(names)
    assert [catalogue.by_name(name).name for name in names] == names
