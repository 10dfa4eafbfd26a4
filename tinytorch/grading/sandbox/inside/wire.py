"""Messages between the grader and a student process: a prefix, a JSON header, raw array bytes.

    4 bytes magic | 4 bytes header length | 8 bytes payload length | header (JSON object) | payload

The header's "arrays" entry describes the arrays that lie in the payload one after another, without gaps.
Nothing here evaluates or unpickles. `WireError` means that the other side does not speak this format; lengths are
checked before anything of that length is allocated. The same file serves both sides: the grader decodes plain
C-ordered arrays only (`layouts=False`), a student process also rebuilds the memory layout it is told.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

MAGIC = b"TTk1"
PREFIX = struct.Struct(">4sIQ")
DTYPES = frozenset(np.dtype(f"{order}{code}").str for code in "?bBhHiIqQefdFD" for order in "<>")
MAX_ARRAYS = 4096
MAX_DIMENSIONS = 32
ALIGNMENT_BYTES = 64


class WireError(Exception):
    """Bytes that are not a well-formed message; whoever reads them ends the process that sent them."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `header` without its "arrays" entry, and the arrays."""

    header: dict[str, Any]
    arrays: tuple[np.ndarray, ...] = field(default=())


def encode(message: Message, layouts: bool = False) -> list[bytes | memoryview]:
    """The message as buffers to be sent in order."""
    described = [_describe(array, layouts) for array in message.arrays]
    payload = [_raw(array) for array in message.arrays if array.size]
    header = json.dumps({**message.header, "arrays": described}, allow_nan=False).encode("utf-8")
    payload_bytes = sum(array.nbytes for array in message.arrays)
    return [PREFIX.pack(MAGIC, len(header), payload_bytes), header, *payload]


def read_prefix(prefix: bytes, header_limit: int, payload_limit: int) -> tuple[int, int]:
    """Header and payload length of the message that follows."""
    if len(prefix) != PREFIX.size:
        raise WireError(f"a message ended after {len(prefix)} of the {PREFIX.size} bytes of its prefix")
    magic, header_bytes, payload_bytes = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise WireError("bytes that are not a message came where a message should begin")
    if header_bytes > header_limit:
        raise WireError(f"a message announced a header of {header_bytes} bytes; {header_limit} are allowed")
    if payload_bytes > payload_limit:
        raise WireError(f"a message announced {payload_bytes} bytes of arrays; {payload_limit} are allowed")
    return header_bytes, payload_bytes


def decode(header: bytes, payload: bytes | bytearray, layouts: bool = False) -> Message:
    """The message whose header and payload these are; the arrays are copies and writeable unless told otherwise."""
    fields = _read_header(header)
    described = fields.pop("arrays", [])
    if not isinstance(described, list) or len(described) > MAX_ARRAYS:
        raise WireError(f"a message's arrays must be a list of at most {MAX_ARRAYS}")
    arrays, at = [], 0
    for entry in described:
        array, at = _read_array(entry, payload, at, layouts)
        arrays.append(array)
    if at != len(payload):
        raise WireError(f"a message's arrays take {at} bytes, its payload has {len(payload)}")
    return Message(fields, tuple(arrays))


def _read_header(header: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(header.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as err:
        raise WireError(f"a message's header is not JSON: {type(err).__name__}") from err
    if not isinstance(fields, dict):
        raise WireError("a message's header must be a JSON object")
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _describe(array: np.ndarray, layouts: bool) -> dict[str, Any]:
    if array.dtype.str not in DTYPES:
        raise TypeError(f"an array of dtype {array.dtype} cannot be sent")
    entry: dict[str, Any] = {"dtype": array.dtype.str, "shape": list(array.shape)}
    if layouts:
        entry["phase"] = array.ctypes.data % ALIGNMENT_BYTES
        entry["writeable"] = bool(array.flags.writeable)
        if not array.flags.c_contiguous:
            entry["strides"] = list(array.strides)
    return entry


def _raw(array: np.ndarray) -> memoryview:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _read_array(entry: object, payload: bytes | bytearray, at: int, layouts: bool) -> tuple[np.ndarray, int]:
    allowed = {"dtype", "shape", "phase", "writeable", "strides"} if layouts else {"dtype", "shape"}
    if not isinstance(entry, dict) or not {"dtype", "shape"} <= set(entry) <= allowed:
        raise WireError("an array's description has the wrong fields")
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in DTYPES:
        raise WireError("an array's dtype is not one that may be sent")
    dtype, shape = np.dtype(entry["dtype"]), read_shape(entry["shape"])
    size = math.prod(shape)
    end = at + size * dtype.itemsize
    if end > len(payload):
        raise WireError(f"an array needs {size * dtype.itemsize} bytes, {len(payload) - at} are there")
    flat = np.frombuffer(payload, dtype=dtype, count=size, offset=at) if size else np.empty(0, dtype)
    if layouts:
        return _with_layout(flat.reshape(shape), entry), end
    return flat.reshape(shape).copy(), end


def read_shape(shape: object) -> tuple[int, ...]:
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise WireError(f"an array's shape must be a list of at most {MAX_DIMENSIONS} lengths")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise WireError("an array's shape must be made of whole numbers that are not negative")
    if math.prod(max(1, length) for length in shape) > 1 << 48:
        raise WireError("an array's shape is too large")
    return tuple(shape)


def _with_layout(values: np.ndarray, entry: dict[str, Any]) -> np.ndarray:
    """A copy of `values` with the strides, the alignment and the flags that `entry` names."""
    strides = entry.get("strides")
    if strides is None:
        strides = _c_strides(values)
    steps = [(length - 1) * stride for length, stride in zip(values.shape, strides, strict=True) if length]
    below, above = sum(step for step in steps if step < 0), sum(step for step in steps if step > 0)
    extent = above - below + values.itemsize
    room = np.full(extent + ALIGNMENT_BYTES, 0xA5, dtype=np.uint8)
    start = (entry.get("phase", 0) + below - room.ctypes.data) % ALIGNMENT_BYTES
    array = np.ndarray(values.shape, values.dtype, room, offset=start - below, strides=tuple(strides))
    array[...] = values
    array.flags.writeable = entry.get("writeable", True)
    return array


def _c_strides(values: np.ndarray) -> list[int]:
    strides, step = [], values.itemsize
    for length in reversed(values.shape):
        strides.append(step)
        step *= max(1, length)
    return strides[::-1]
