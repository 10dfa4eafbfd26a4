"""The requests a student process answers: run a cell, call a function, hand a value back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .arena import Arena
from .modules import install
from .shell import Raised, Shell
from .values import Packer, Unpacker
from .wire import Message


class Requests:
    """Answers one request at a time; `folder` is for sources of the grader's own.

    `_remotes` holds what only a number can stand for.
    """

    def __init__(self, shell: Shell, folder: Path, arena_fd: int) -> None:
        self._shell, self._folder = shell, folder
        self._arena_fd = arena_fd
        self._arena: Arena | None = None
        self._remotes: dict[int, Any] = {}
        self._answers: dict[str, Callable[[Message], Message]] = {
            "modules": self._modules,
            "cell": self._cell,
            "call": self._call,
            "define": self._define,
            "get": self._get,
            "timed": self._timed,
        }

    def answer(self, request: Message) -> Message:
        """The reply to a request; whatever student code raises becomes an "error" reply."""
        try:
            reply = self._answers[request.header["op"]](request)
        except BaseException as err:  # SystemExit and KeyboardInterrupt too: the process stays
            reply = Message({"kind": "error", "error": _fields(self._shell.describe(err))})
        reply.header["id"] = request.header["id"]
        return reply

    def _modules(self, request: Message) -> Message:
        install(request.header["modules"], self._shell)
        return Message({"kind": "done"})

    def _cell(self, request: Message) -> Message:
        result = self._shell.run(request.header["name"], request.header["source"])
        words = "" if result.raised is None else result.raised.words
        status = "ok" if result.raised is None else "error"
        return Message({"kind": "cell", "status": status, "words": words, "outputs": result.outputs})

    def _call(self, request: Message) -> Message:
        func = self._target(request.header["target"])
        if func is None:
            return Message({"kind": "missing"})
        args, kwargs = self._arguments(request)
        value = func(*args, **kwargs)
        if request.header["want"] == "remote":
            return self._value_reply(["remote", self._hold(value)], Packer())
        packer = Packer(any_layout=True)
        fields: dict[str, Any] = {}
        if request.header["want"] == "call":
            fields = {
                "args": packer.pack(tuple(args)),
                "kwargs": packer.pack(kwargs),
                "result_is": _same_object(value, args, kwargs),
            }
        packer.any_layout = False
        return self._value_reply(packer.pack(value), packer, **fields)

    def _define(self, request: Message) -> Message:
        source, name = request.header["source"], request.header["name"]
        path = self._folder / f"given_{len(self._remotes)}.py"
        path.write_text(source, encoding="utf-8")
        space: dict[str, Any] = {"__name__": f"given_{len(self._remotes)}", "np": np}
        exec(compile(source, str(path), "exec"), space)
        return self._value_reply(["remote", self._hold(space[name])], Packer())

    def _get(self, request: Message) -> Message:
        packer = Packer()
        value = getattr(self._remotes[request.header["remote"]], request.header["attribute"])
        return self._value_reply(packer.pack(value), packer)

    def _timed(self, request: Message) -> Message:
        """One call after the other on inputs that lie in the arena; the reply goes once the results lie there too."""
        func = self._target(request.header["target"])
        if func is None:
            return Message({"kind": "missing"})
        if self._arena is None:
            self._arena = Arena(self._arena_fd)
        entries = request.header["entries"]
        inputs = self._arena.views(entries)
        batch = Unpacker(inputs, self._remotes.__getitem__).unpack(request.header["args"])
        began = time.perf_counter()  # these clocks are for the reference's process: of no other are they believed
        results = [func(*args) for args in batch]
        called = time.perf_counter()
        packer = Packer()
        tree = packer.pack(results)
        placed = self._arena.put(packer.arrays, inputs, entries)
        if placed is None:
            tree, placed = ["unsupported", "more data than can be handed over"], []
        clocks = {"call_s": called - began, "copy_s": time.perf_counter() - called}
        return Message({"kind": "timed", "value": tree, "entries": placed, **clocks})

    def _target(self, target: dict[str, Any]) -> Any:
        if "remote" not in target:
            function = self._shell.look_up(target["name"])
            return function if callable(function) else None
        holder = self._remotes[target["remote"]]
        return getattr(holder, target["name"], None) if target.get("name") else holder

    def _arguments(self, request: Message) -> tuple[tuple[Any, ...], dict[str, Any]]:
        unpacker = Unpacker(request.arrays, self._remotes.__getitem__)
        return unpacker.unpack(request.header["args"]), unpacker.unpack(request.header["kwargs"])

    def _hold(self, value: object) -> int:
        number = len(self._remotes) + 1
        self._remotes[number] = value
        return number

    def _value_reply(self, tree: list[Any], packer: Packer, **fields: Any) -> Message:
        return Message({"kind": "value", "value": tree, **fields}, tuple(packer.arrays))


def _fields(raised: Raised) -> dict[str, str]:
    names = ("type_name", "builtin", "message", "where", "code", "traceback")
    return {name: getattr(raised, name) for name in names}


def _same_object(value: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str | None:
    """The argument, by index or name, that `value` is; None and small constants are nobody's."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return None
    places: list[tuple[int | str, Any]] = [*kwargs.items(), *enumerate(args)]
    return next((place for place, argument in places if argument is value), None)
