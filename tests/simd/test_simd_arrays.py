"""Arrays as kernels need them: views of the same memory or none, and an `out` that fits or an error."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch.simd.arrays import as_real, flat_operands, flat_pair, flat_views, output_for, overlap_apart


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_03)


def layouts(base: np.ndarray) -> dict[str, np.ndarray]:
    """Layouts of a 3-D array whose every side is even."""
    frozen = base.copy()
    frozen.flags.writeable = False
    unaligned = np.frombuffer(b"\0" + base.tobytes(), dtype=np.uint8)[1:].view(base.dtype).reshape(base.shape)
    return {
        "C": base,
        "Fortran": np.asfortranarray(base),
        "one axis": base[0, 0],
        "read-only": frozen,
        "empty": base[:, :0],
        "strided": base[::2, :, ::2],
        "reversed": base[::-1, ::-1, ::-1],
        "broadcast": np.broadcast_to(base[:1], base.shape),
        "unaligned": unaligned,
        "swapped bytes": base.astype(base.dtype.newbyteorder()),
        "float16": base.astype(np.float16),
    }


RUNS = ("C", "Fortran", "one axis", "read-only", "empty")
LAYOUTS = list(layouts(np.zeros((2, 2, 2))))


@pytest.mark.parametrize("layout", RUNS)
def test_flat_pair_is_of_the_same_memory(rng: np.random.Generator, layout: str) -> None:
    x = layouts(rng.standard_normal((4, 6, 38)))[layout]
    out = np.empty_like(x)
    pair = flat_pair(x, out)
    assert pair is not None
    assert [flat.ctypes.data for flat in pair] == [x.ctypes.data, out.ctypes.data]
    assert [(flat.shape, flat.strides) for flat in pair] == [((x.size,), (8,))] * 2


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - set(RUNS)))
def test_flat_pair_is_none_for_what_is_no_run_of_floats(rng: np.random.Generator, layout: str) -> None:
    x = layouts(rng.standard_normal((4, 6, 38)))[layout]
    assert flat_pair(x, np.empty(x.shape, x.dtype)) is None


def test_flat_views_need_one_order_and_one_dtype() -> None:
    x = np.ones((3, 4))
    assert flat_views(x, np.empty((3, 4), order="F")) is None
    assert flat_views(x, np.empty((3, 4), np.float32)) is None


def test_flat_pair_is_none_where_out_overlaps_apart() -> None:
    memory = np.ones(40, np.float32)
    assert flat_views(memory[:20], memory[1:21]) is not None
    assert flat_pair(memory[:20], memory[1:21]) is None


def test_arrays_with_memory_of_their_own_or_the_same_elements_do_not_overlap_apart(rng: np.random.Generator) -> None:
    memory = rng.standard_normal(50)
    assert not overlap_apart(memory, memory)
    assert not overlap_apart(memory, memory.copy())
    assert not overlap_apart(memory[:20], memory[:20])
    assert not overlap_apart(memory[:20], memory[30:])
    assert overlap_apart(memory[:20], memory[1:21])
    assert overlap_apart(memory, memory[::-1])


def test_a_new_output_has_the_memory_order_of_x() -> None:
    out = output_for(np.ones((3, 4), order="F"), np.dtype(np.float32), None)
    assert (out.shape, out.dtype, out.flags.f_contiguous) == ((3, 4), np.float32, True)


@pytest.mark.parametrize("out", [np.empty((3, 4)), np.empty((4, 3), np.float64)], ids=["shape", "dtype"])
def test_an_output_that_does_not_fit_is_refused(out: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"out must have shape \(4, 3\) and dtype float32"):
        output_for(np.ones((4, 3), np.float32), np.dtype(np.float32), out)


def test_an_output_that_is_read_only_or_no_array_is_refused() -> None:
    x = np.ones(3)
    frozen = np.empty(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        output_for(x, x.dtype, frozen)
    with pytest.raises(TypeError, match="list"):
        output_for(x, x.dtype, [0.0, 0.0, 0.0])  # type: ignore[arg-type]


def test_booleans_become_integers_and_other_numbers_stay() -> None:
    assert as_real([True, False]).dtype == np.int64
    x = np.ones(3, np.float16)
    assert as_real(x) is x


@pytest.mark.parametrize("x", [np.array([1j]), np.array(["a"]), np.array([None])], ids=["complex", "text", "object"])
def test_what_is_not_real_is_refused(x: np.ndarray) -> None:
    with pytest.raises(TypeError, match="real numbers"):
        as_real(x)


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [(np.float32, np.float32, np.float32), (np.float32, np.float64, np.float64), (np.int8, np.int8, np.float64)],
)
def test_operands_are_one_dimensional_and_of_one_float_type(left: type, right: type, result: type) -> None:
    u, v = flat_operands(np.ones((4, 6), left)[:, ::2], np.ones((3, 4), right).T)
    assert (u.dtype, v.dtype) == (result, result)
    assert (u.shape, v.shape) == ((12,), (12,))
    assert u.flags.c_contiguous
    assert v.flags.c_contiguous
