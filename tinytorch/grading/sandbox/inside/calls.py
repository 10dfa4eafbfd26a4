"""The requests a student process answers: run a cell, call a function, hand a value back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .arena import Arena
from .errors import describe
from .modules import install
from .shell import CellFiles, StudentShell, run_cell
from .values import Packer, Unpacker
from .wire import Message


class Requests:
    """Answers one request at a time; `remotes` holds what only a number can stand for."""

    def __init__(self, shell: StudentShell, files: CellFiles, arena_fd: int) -> None:
        self._shell, self._files = shell, files
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
            reply = Message({"kind": "error", "error": describe(err, self._files)})
        reply.header["id"] = request.header["id"]
        return reply

    def _modules(self, request: Message) -> Message:
        install(request.header["modules"], self._files)
        return Message({"kind": "done"})

    def _cell(self, request: Message) -> Message:
        return Message({"kind": "cell", **run_cell(self._shell, request.header["name"], request.header["source"])})

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
        path = self._files.folder / f"given_{len(self._remotes)}.py"
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
            found = self._shell.user_ns.get(target["name"])
            return found if callable(found) else None
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


def _same_object(value: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str | None:
    """The argument, by index or name, that `value` is; None and small constants are nobody's."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return None
    places: list[tuple[int | str, Any]] = [*kwargs.items(), *enumerate(args)]
    return next((place for place, argument in places if argument is value), None)
