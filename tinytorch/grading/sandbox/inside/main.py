"""Entry of a student process: confine itself, open the shell, answer requests until the grader hangs up."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .confine import confine
from .shell import OpenShell

if TYPE_CHECKING:
    from .calls import Requests


def main(open_shell: OpenShell) -> None:
    """`sys.argv[1]` holds the settings as JSON; the socket to the grader is the descriptor that they name."""
    settings = json.loads(sys.argv[1])
    sys.argv[1:] = []
    confine(settings)
    faulthandler.enable(file=2)
    from .calls import Requests

    cells = Path(settings["cells"])
    shell = open_shell(cells, settings["cell_text_chars"], settings["cell_image_chars"])
    arena_fd = int(os.environ.pop("TINYTORCH_ARENA"))
    os.set_inheritable(arena_fd, False)
    requests = Requests(shell, cells, arena_fd)
    gc.freeze()
    os.set_inheritable(settings["wire_fd"], False)
    with socket.socket(fileno=settings["wire_fd"]) as wire:
        serve(wire, requests, settings)
    os._exit(0)


def serve(wire: socket.socket, requests: Requests, settings: dict[str, int]) -> None:
    """Says that it is ready, then one reply for each request."""
    from .wire import PREFIX, Message, decode, encode, read_prefix

    def send(message: Message) -> None:
        parts = encode(message)
        payload_bytes = sum(array.nbytes for array in message.arrays)
        if len(parts[1]) > settings["header_bytes"] or payload_bytes > settings["message_bytes"]:
            words = f"{(len(parts[1]) + payload_bytes) / (1 << 20):.0f} MiB of data, more than can be handed over"
            parts = encode(Message({"kind": "value", "id": message.header["id"], "value": ["unsupported", words]}))
        for part in parts:
            wire.sendall(part)

    def receive(size: int) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            got = wire.recv_into(view)
            if not got:
                raise EOFError
            view = view[got:]
        return data

    send(Message({"kind": "ready", "id": 0}))
    with contextlib.suppress(EOFError):
        while True:
            header_bytes, payload_bytes = read_prefix(
                bytes(receive(PREFIX.size)), settings["header_bytes"], settings["message_bytes"]
            )
            header = bytes(receive(header_bytes))
            send(requests.answer(decode(header, receive(payload_bytes), layouts=True)))
