"""The `student` fixture: calls functions of one notebook by name, as if they were here."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinytorch.bench import Comparison
from tinytorch.grading.base.answer import Call
from tinytorch.grading.checks.failed import CheckFailed
from tinytorch.grading.checks.plausible import Work, check_possible, measured_roof
from tinytorch.grading.checks.race import Race, Verify
from tinytorch.grading.checks.running import RunningCheck
from tinytorch.grading.sandbox.inside.values import Packer, Tree, Unpacker, Unsupported
from tinytorch.grading.sandbox.inside.wire import Message, WireError
from tinytorch.grading.sandbox.session import Session


@dataclass(slots=True, eq=False)
class Remote:
    """An object that stays in the student's process; can be called and handed over as an argument."""

    _student: Student
    _shown: str
    _number: int
    _generation: int
    _make: Callable[[], int] | None = field(default=None)  # makes it again after a restart, where that is possible

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._student._ask_call(self._shown, self, "", args, kwargs, "value").value

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The result of one of its methods."""
        return self._student._ask_call(f"{self._shown}.{method}", self, method, args, kwargs, "value").value

    def get(self, attribute: str) -> Any:
        """The value of one of its attributes."""
        return self._student.get(self, attribute)


class Student:
    """`student.NAME(...)` calls NAME; what was asked and answered is noted in `check`, the one that runs."""

    def __init__(self, session: Session, open_reference: Callable[[], Session], check: RunningCheck) -> None:
        self._session = session
        self._open_reference = open_reference
        self._check = check

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return functools.partial(self._value_of, name)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Call:
        """Calls NAME and tells also what became of the arguments."""
        return self._ask_call(name, None, name, args, kwargs, "call")

    def new(self, name: str, *args: Any, **kwargs: Any) -> Remote:
        """Calls NAME, a class, and keeps what it makes in the student's process."""
        made: Remote = self._ask_call(name, None, name, args, kwargs, "remote").value
        return made

    def define(self, source: str, name: str) -> Remote:
        """Runs `source`, the grader's own, in the student's process and refers to `name` in it."""

        def make() -> int:
            message = Message({"op": "define", "source": source, "name": name})
            return self._session.ask(message, name, self._remote_number)

        self._session.ensure_started()
        return Remote(self, name, make(), self._session.generation, make)

    def get(self, remote: Remote, attribute: str) -> Any:
        """The value of an attribute of an object in the student's process."""
        shown = f"{remote._shown}.{attribute}"
        self._session.ensure_started(shown)
        message = Message({"op": "get", "remote": self._number_of(remote), "attribute": attribute})
        return self._usable(shown, self._session.ask(message, shown, self._reader(self._session.generation, shown)))

    def speed(
        self,
        name: str,
        make_inputs: Callable[[], tuple[Any, ...]],
        reference: str,
        verify: Verify | None = None,
        *,
        bounds: Iterable[float],
        calls: int = 1,
        work: Work | None = None,
    ) -> Comparison:
        """NAME against `reference` (source that defines a function of that name), timed in turn by the grader's clock.

        A timed sample is `calls` calls, each with inputs of its own from `make_inputs`; `verify(inputs, result)` judges
        every result, by default against the reference's. The comparison goes on until the ratio is known to lie
        between two neighbours of `bounds` (bands will do: their ratios are meant), or its time is up. `work` is what
        one call has to do at least: a time in which this machine cannot do that is a fault, see `limit`.
        """
        self._check.last_inputs = ()
        if self._check.rng is not None:  # whoever knows the checks and the seed must not know what will be timed
            self._check.rng.bit_generator.state = np.random.PCG64().state
        race = Race(self._session, self._open_reference(), name, make_inputs, reference, verify, self._missing_words)
        comparison = race.run(tuple(bounds), calls)
        if work is not None:
            check_possible(comparison, work, calls, name, measured_roof)
        return comparison

    def _value_of(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self._ask_call(name, None, name, args, kwargs, "value").value

    def _ask_call(
        self, shown: str, remote: Remote | None, method: str, args: tuple[Any, ...], kwargs: dict[str, Any], want: str
    ) -> Call:
        self._session.ensure_started(shown)
        self._check.last_inputs = args
        target: dict[str, Any] = {"name": method}
        if remote is not None:
            target["remote"] = self._number_of(remote)
        packer = Packer(reference=self._handle, strict=True)
        trees = {"args": packer.pack(args), "kwargs": packer.pack(kwargs)}
        message = Message({"op": "call", "target": target, "want": want, **trees}, tuple(packer.arrays))
        began = time.perf_counter()
        read = self._reader(self._session.generation, shown, began)
        call: Call | None = self._session.ask(message, shown, read)
        if call is None:
            raise CheckFailed(self._missing_words(shown))
        self._usable(shown, call.value)
        return call

    def _reader(self, generation: int, shown: str, began: float | None = None) -> Callable[[Message], Any]:
        """Reads a "value" reply: as a Call when a call began, as the value alone otherwise."""

        def read(reply: Message) -> Any:
            wall_s = time.perf_counter() - (began or 0.0)
            if reply.header["kind"] == "missing" and began is not None:
                return None
            if reply.header["kind"] != "value":
                raise WireError("a reply of the wrong kind")
            unpacker = Unpacker(reply.arrays, lambda number: Remote(self, shown, number, generation))
            value = unpacker.unpack(reply.header.get("value"))
            if began is None:
                return value
            args = unpacker.unpack(reply.header["args"]) if "args" in reply.header else ()
            kwargs = unpacker.unpack(reply.header["kwargs"]) if "kwargs" in reply.header else {}
            same = reply.header.get("result_is")
            if not (isinstance(args, tuple) and isinstance(kwargs, dict) and isinstance(same, int | str | None)):
                raise WireError("a reply with the wrong fields")
            return Call(shown, value, args, kwargs, wall_s, same)

        return read

    def _remote_number(self, reply: Message) -> int:
        match reply.header.get("value"):
            case ["remote", int() as number]:
                return number
        raise WireError("a reply of the wrong kind")

    def _number_of(self, remote: Remote) -> int:
        """Its number in the process of now; what cannot be made again after a restart is lost."""
        if remote._generation != self._session.generation:
            if remote._make is None:
                raise CheckFailed(f"{remote._shown} was lost when the process ended")
            remote._number, remote._generation = remote._make(), self._session.generation
        return remote._number

    def _handle(self, value: object) -> Tree | None:
        return ["remote", self._number_of(value)] if isinstance(value, Remote) else None

    def _usable(self, shown: str, value: Any) -> Any:
        self._check.last_answer = (shown, value)
        if isinstance(value, Unsupported):
            raise CheckFailed(f"{shown} returned {value.words}, which cannot be used here")
        return value

    def _missing_words(self, name: str) -> str:
        """Why there is no NAME: the cell that should have defined it, and what became of that cell."""
        lesson = self._session.notebook.lesson
        cell = next((cell for cell in self._session.notebook.cells if name in cell.defined), None)
        if cell is None:
            return f"{name} is not defined: no cell of {lesson} defines it"
        run = self._session.run_of(cell)
        if run is None or run.status == "ok":
            return f"{name} is not defined once {lesson} has run, though cell {cell.number} mentions it"
        if run.status == "skipped":
            return f"{name} is not defined: cell {cell.number} of {lesson} is a measuring cell, which is not run here"
        return f"{name} is not defined: cell {cell.number} of {lesson} failed ({run.words})"
