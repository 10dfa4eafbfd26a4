"""The student's end of the wire: takes requests off it and puts replies on."""

from __future__ import annotations

import contextlib
import socket

from .calls import Requests
from .messages import read_request, to_message
from .protocol import Ready, Reply, Value
from .settings import Settings
from .wire import PREFIX, decode, encode, read_prefix


def serve(wire: socket.socket, requests: Requests, settings: Settings) -> None:
    """Says that it is ready, then one reply for each request, until the other end is closed."""
    _send(wire, Ready(), 0, settings)
    with contextlib.suppress(EOFError):
        while True:
            prefix = bytes(_receive(wire, PREFIX.size))
            header_bytes, payload_bytes = read_prefix(prefix, settings.header_bytes, settings.message_bytes)
            header = bytes(_receive(wire, header_bytes))
            number, request = read_request(decode(header, _receive(wire, payload_bytes), layouts=True))
            _send(wire, requests.answer(request), number, settings)


def _send(wire: socket.socket, reply: Reply, number: int, settings: Settings) -> None:
    message = to_message(reply, number)
    parts = encode(message)
    payload_bytes = sum(array.nbytes for array in message.arrays)
    if len(parts[1]) > settings.header_bytes or payload_bytes > settings.message_bytes:
        reason = f"{(len(parts[1]) + payload_bytes) / (1 << 20):.0f} MiB of data, more than can be handed over"
        parts = encode(to_message(Value(["unsupported", reason]), number))
    for part in parts:
        wire.sendall(part)


def _receive(wire: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        got = wire.recv_into(view)
        if not got:
            raise EOFError
        view = view[got:]
    return data
