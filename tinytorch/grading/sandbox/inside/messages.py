"""Requests and replies as messages, and back: the one place where what comes off the wire becomes a record."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from .fields import read_record, write_record
from .protocol import (
    Called,
    CallFunction,
    CellRan,
    Define,
    Done,
    Failed,
    GetAttribute,
    Held,
    Missing,
    Packages,
    Ready,
    Reply,
    Request,
    RunCell,
    TimeCalls,
    Timed,
    Value,
)
from .wire import Message, WireError

Said = TypeVar("Said")

REQUESTS: dict[str, type[Request]] = {
    "packages": Packages,
    "run": RunCell,
    "call": CallFunction,
    "define": Define,
    "get": GetAttribute,
    "time": TimeCalls,
}
REPLIES: dict[str, type[Reply]] = {
    "ready": Ready,
    "done": Done,
    "ran": CellRan,
    "value": Value,
    "held": Held,
    "called": Called,
    "missing": Missing,
    "timed": Timed,
    "failed": Failed,
}
_KINDS = {cls: kind for known in (REQUESTS, REPLIES) for kind, cls in known.items()}


def to_message(record: Request | Reply, number: int) -> Message:
    """Returns the message for request `number`, or for the reply to it."""
    header = {"kind": _KINDS[type(record)], "id": number, **write_record(record)}
    return Message(header, record.arrays if isinstance(record, CallFunction | Value | Called) else ())


def read_request(message: Message) -> tuple[int, Request]:
    """A request with its number."""
    return _read(message, REQUESTS)


def read_reply(message: Message, number: int) -> Reply:
    """The reply to that request; one to any other is a WireError."""
    answered, reply = _read(message, REPLIES)
    if answered != number:
        raise WireError("a reply that answers no request")
    return reply


def expect(reply: Reply, kind: type[Said]) -> Said:
    """The reply, which has to be of that kind."""
    if not isinstance(reply, kind):
        raise WireError("a reply of the wrong kind")
    return reply


def _read(message: Message, known: dict[str, type[Said]]) -> tuple[int, Said]:
    fields = dict(message.header)
    kind, number = fields.pop("kind", None), fields.pop("id", None)
    if type(kind) is not str or kind not in known or type(number) is not int:
        raise WireError("a message of no known kind")
    record = read_record(known[kind], fields)
    if isinstance(record, CallFunction | Value | Called):
        record = dataclasses.replace(record, arrays=message.arrays)
    elif message.arrays:
        raise WireError("a message with arrays that belong to none of its fields")
    return number, record
