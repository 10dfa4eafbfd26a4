"""The wire keeps arrays as they are and takes nothing that is not a message."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch.grading.sandbox.inside.wire import DTYPES, MAGIC, PREFIX, Message, WireError, decode, encode, read_prefix

ARRAYS = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
)


def across(*arrays: np.ndarray, layouts: bool = False) -> tuple[np.ndarray, ...]:
    parts = [bytes(part) for part in encode(Message({}, arrays), layouts)]
    header_bytes, payload_bytes = read_prefix(parts[0], 1 << 20, 1 << 20)
    payload = b"".join(parts[2:])
    assert (header_bytes, payload_bytes) == (len(parts[1]), len(payload))
    return decode(parts[1], payload, layouts).arrays


@given(st.lists(ARRAYS, max_size=3))
def test_arrays_arrive_bit_for_bit(arrays: list[np.ndarray]) -> None:
    arrived = across(*arrays)
    assert [(a.dtype, a.shape, a.tobytes()) for a in arrived] == [(a.dtype, a.shape, a.tobytes()) for a in arrays]


@given(ARRAYS, st.data())
def test_memory_layout_is_kept(array: np.ndarray, data: st.DataObject) -> None:
    steps = data.draw(
        st.tuples(*[st.sampled_from([slice(None), slice(None, None, -1), slice(1, None, 2)])] * array.ndim)
    )
    sent = array[(*steps, ...)].transpose(data.draw(st.permutations(range(array.ndim))))
    (arrived,) = across(sent, layouts=True)
    assert arrived.tobytes() == sent.tobytes()
    assert arrived.flags.c_contiguous == sent.flags.c_contiguous
    assert sent.flags.c_contiguous or arrived.strides == sent.strides


def test_fortran_order_arrives_as_fortran_order() -> None:
    (arrived,) = across(np.asfortranarray(np.arange(6.0).reshape(2, 3)), layouts=True)
    assert arrived.flags.f_contiguous
    assert not arrived.flags.c_contiguous


def test_read_only_arrives_read_only() -> None:
    sent = np.arange(3)
    sent.flags.writeable = False
    assert not across(sent, layouts=True)[0].flags.writeable


def test_alignment_is_kept() -> None:
    sent = np.arange(40, dtype=np.float32)[3:]
    (arrived,) = across(sent, layouts=True)
    assert arrived.ctypes.data % 64 == sent.ctypes.data % 64


def test_broadcast_view_arrives_with_its_zero_stride() -> None:
    (arrived,) = across(np.broadcast_to(np.float32(2), (4, 5)), layouts=True)
    assert arrived.strides == (0, 0)
    assert np.all(arrived == 2)


def test_object_arrays_are_not_sent() -> None:
    with pytest.raises(TypeError, match="dtype object"):
        encode(Message({}, (np.array([None]),)))


@pytest.mark.parametrize(
    ("prefix", "match"),
    [
        pytest.param(b"TTk", "ended after 3", id="truncated"),
        pytest.param(PREFIX.pack(b"evil", 2, 0), "not a message", id="wrong magic"),
        pytest.param(PREFIX.pack(MAGIC, 1 << 30, 0), "header of", id="header too long"),
        pytest.param(PREFIX.pack(MAGIC, 2, 1 << 62), "bytes of arrays", id="payload too long"),
    ],
)
def test_prefix_that_promises_no_message_is_refused(prefix: bytes, match: str) -> None:
    with pytest.raises(WireError, match=match):
        read_prefix(prefix, 1024, 1024)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"{", id="cut short"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": ' + b"[" * 200_000, id="deep"),
        pytest.param(b'{"a": ' + b"1" * 5000 + b"}", id="absurd number"),
        pytest.param(b'{"arrays": 3}', id="arrays not a list"),
        pytest.param(json.dumps({"arrays": [{}] * 5000}).encode(), id="too many arrays"),
    ],
)
def test_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        decode(header, b"")


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("x", id="not a description"),
        pytest.param({"dtype": "<f4"}, id="no shape"),
        pytest.param({"dtype": "|O", "shape": [1]}, id="objects"),
        pytest.param({"dtype": [["a", "<f4"]], "shape": [1]}, id="structured"),
        pytest.param({"dtype": "<U4", "shape": [1]}, id="text"),
        pytest.param({"dtype": "<f4", "shape": [-1]}, id="negative length"),
        pytest.param({"dtype": "<f4", "shape": [True]}, id="bool length"),
        pytest.param({"dtype": "<f4", "shape": [2.0]}, id="float length"),
        pytest.param({"dtype": "<f4", "shape": [0, 1 << 60]}, id="empty but enormous"),
        pytest.param({"dtype": "<f4", "shape": [1] * 60}, id="too many dimensions"),
        pytest.param({"dtype": "<f4", "shape": [3]}, id="longer than the payload"),
        pytest.param({"dtype": "<f4", "shape": [1]}, id="shorter than the payload"),
        pytest.param({"dtype": "<f4", "shape": [2], "strides": [1 << 40]}, id="strides"),
    ],
)
def test_array_that_is_none_is_refused(entry: Any) -> None:
    with pytest.raises(WireError):
        decode(json.dumps({"arrays": [entry]}).encode(), bytes(8))


@given(st.binary(max_size=300), st.binary(max_size=64))
def test_random_bytes_give_a_message_or_a_wire_error(header: bytes, payload: bytes) -> None:
    try:
        message = decode(header, payload)
    except WireError:
        return
    assert isinstance(message.header, dict)
