"""The grader's end of the wire: complete messages within a time limit, or an error with the reason."""

from __future__ import annotations

import select
import time
from collections.abc import Sequence

from tinytorch.grading.base.limits import Limits
from tinytorch.grading.sandbox.inside.wire import PREFIX, Message, decode, encode, read_prefix
from tinytorch.grading.sandbox.running import Running

LOOK_S = 0.5  # how often to look whether the process is there and what memory it has taken


class DeadlineError(Exception):
    """No whole message came, or could be handed over, in time."""


class HungUpError(Exception):
    """The process is gone, closed its end, or must be ended for the reason that the message tells."""


class Channel:
    """Sends requests to one running process and reads its replies."""

    def __init__(self, running: Running, limits: Limits) -> None:
        self._running, self._limits = running, limits
        self._poller = select.poll()
        self._poller.register(running.print_fd, select.POLLIN)
        if running.exit_fd is not None:
            self._poller.register(running.exit_fd, select.POLLIN)
        self._looked_at = time.monotonic()

    def look(self) -> None:
        """Every now and then, sees to it that the process and its children stay within their memory together."""
        if time.monotonic() - self._looked_at < LOOK_S:
            return
        self._looked_at = time.monotonic()
        allowed = self._limits.all_memory_bytes
        if self._running.memory_bytes() > allowed:
            raise HungUpError(f"its processes took more than {allowed / (1 << 30):.1f} GiB of memory together")

    def send(self, message: Message, limit_s: float) -> None:
        """Hands over a whole message, with the memory layout of its arrays."""
        self.send_parts(encode(message, layouts=True), limit_s)

    def send_parts(self, parts: Sequence[bytes | memoryview], limit_s: float) -> None:
        """Hands over an encoded message."""
        until = time.monotonic() + limit_s
        for part in parts:
            view = memoryview(part)
            while view:
                try:
                    view = view[self._running.wire.send(view) :]
                except BlockingIOError:
                    self._wait(select.POLLOUT, until)
                except OSError as err:
                    raise HungUpError from err

    def receive(self, limit_s: float) -> Message:
        """The next message; WireError when what comes is none."""
        until = time.monotonic() + limit_s
        prefix = bytes(self._read(PREFIX.size, until))
        header_bytes, payload_bytes = read_prefix(prefix, self._limits.header_bytes, self._limits.message_bytes)
        header = bytes(self._read(header_bytes, until))
        return decode(header, self._read(payload_bytes, until))

    def _read(self, size: int, until: float) -> bytearray:
        data = bytearray()
        while len(data) < size:
            try:
                got = self._running.wire.recv(min(size - len(data), 1 << 20))
            except BlockingIOError:
                self._wait(select.POLLIN, until)
                continue
            except OSError as err:
                raise HungUpError from err
            if not got:
                raise HungUpError
            data += got
        return data

    def _wait(self, event: int, until: float) -> None:
        """Returns when the socket may be ready; meanwhile takes in what the process prints."""
        wire = self._running.wire
        self._poller.register(wire, event)
        left = until - time.monotonic()
        if left <= 0:
            raise DeadlineError
        ready = dict(self._poller.poll(min(left, LOOK_S) * 1000))
        if not ready:
            self.look()
        if self._running.print_fd in ready:
            self._running.drain()
            if ready[self._running.print_fd] & select.POLLHUP and not ready[self._running.print_fd] & select.POLLIN:
                self._poller.unregister(self._running.print_fd)
        if wire.fileno() not in ready and self._running.has_exited():
            raise HungUpError
