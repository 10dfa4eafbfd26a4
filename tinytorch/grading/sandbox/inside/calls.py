"""The requests a student process answers: run a cell, call a function, hand a value back."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np

from .arena import Arena
from .modules import install
from .protocol import (
    MAX_OUTPUTS,
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
    Reply,
    Request,
    RunCell,
    Target,
    TimeCalls,
    Timed,
    Value,
)
from .shell import Shell
from .values import Packer, Unpacker


class Requests:
    """Answers one request at a time; `folder` is for sources of the grader's own.

    `_remotes` holds what only a number can stand for.
    """

    def __init__(self, shell: Shell, folder: Path, arena_fd: int) -> None:
        self._shell, self._folder = shell, folder
        self._arena_fd = arena_fd
        self._arena: Arena | None = None
        self._remotes: dict[int, Any] = {}

    def answer(self, request: Request) -> Reply:
        """The reply to a request; whatever student code raises becomes a Failed."""
        try:
            return self._reply(request)
        except BaseException as err:  # SystemExit and KeyboardInterrupt too: the process stays
            raised = self._shell.describe(err)
            return Failed(**{each.name: getattr(raised, each.name) for each in dataclasses.fields(Failed)})

    def _reply(self, request: Request) -> Reply:
        match request:
            case Packages():
                install(request.packages, self._shell)
                return Done()
            case RunCell():
                return self._cell(request)
            case CallFunction():
                return self._call(request)
            case Define():
                return self._define(request)
            case GetAttribute():
                packer = Packer()
                value = packer.pack(getattr(self._remotes[request.remote], request.attribute))
                return Value(value, tuple(packer.arrays))
            case TimeCalls():
                return self._timed(request)

    def _cell(self, request: RunCell) -> CellRan:
        result = self._shell.run(request.name, request.source)
        outputs = tuple(result.outputs[:MAX_OUTPUTS])
        if result.raised is not None:
            return CellRan("error", result.raised.words, outputs)
        return CellRan("ok", "", outputs)

    def _call(self, request: CallFunction) -> Reply:
        func = self._target(request.target)
        if func is None:
            return Missing()
        unpacker = Unpacker(request.arrays, self._remotes.__getitem__)
        args, kwargs = unpacker.unpack(request.args), unpacker.unpack(request.kwargs)
        value = func(*args, **kwargs)
        if request.want == "remote":
            return self._hold(value)
        if request.want == "value":
            packer = Packer()
            return Value(packer.pack(value), tuple(packer.arrays))
        packer = Packer(any_layout=True)
        args_after = packer.pack(tuple(args))
        kwargs_after = packer.pack(kwargs)
        packer.any_layout = False
        tree = packer.pack(value)
        return Called(tree, args_after, kwargs_after, _same_object(value, args, kwargs), tuple(packer.arrays))

    def _define(self, request: Define) -> Held:
        path = self._folder / f"given_{len(self._remotes)}.py"
        path.write_text(request.source, encoding="utf-8")
        space: dict[str, Any] = {"__name__": path.stem, "np": np}
        exec(compile(request.source, str(path), "exec", dont_inherit=True), space)
        return self._hold(space[request.name])

    def _timed(self, request: TimeCalls) -> Reply:
        """One call after the other on inputs that lie in the arena; the reply goes once the results lie there too."""
        func = self._target(request.target)
        if func is None:
            return Missing()
        if self._arena is None:
            self._arena = Arena(self._arena_fd)
        inputs = self._arena.views(request.inputs)
        batch = Unpacker(inputs, self._remotes.__getitem__).unpack(request.args)
        began = time.perf_counter()  # these clocks are for the reference's process: of no other are they believed
        results = [func(*args) for args in batch]
        called = time.perf_counter()
        packer = Packer()
        value = packer.pack(results)
        places = self._arena.put(packer.arrays, inputs, request.inputs)
        if places is None:
            value, places = ["unsupported", "more data than can be handed over"], ()
        return Timed(value, places, call_s=called - began, copy_s=time.perf_counter() - called)

    def _target(self, target: Target) -> Any:
        if target.remote is None:
            function = self._shell.look_up(target.name)
            return function if callable(function) else None
        holder = self._remotes[target.remote]
        return getattr(holder, target.name, None) if target.name else holder

    def _hold(self, value: object) -> Held:
        number = len(self._remotes) + 1
        self._remotes[number] = value
        return Held(number)


def _same_object(value: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str | None:
    """The argument, by index or name, that `value` is; None and small constants are nobody's."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return None
    places: list[tuple[int | str, Any]] = [*kwargs.items(), *enumerate(args)]
    return next((position for position, argument in places if argument is value), None)
