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
from tinytorch.grading.sandbox.inside.messages import expect
from tinytorch.grading.sandbox.inside.protocol import (
    Called,
    CallFunction,
    Define,
    GetAttribute,
    Held,
    Missing,
    Reply,
    Target,
    Value,
    Want,
)
from tinytorch.grading.sandbox.inside.values import Packer, Tree, Unpacker, Unsupported
from tinytorch.grading.sandbox.inside.wire import WireError
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
        remote: Remote = self._ask_call(name, None, name, args, kwargs, "remote").value
        return remote

    def define(self, source: str, name: str) -> Remote:
        """Runs `source`, the grader's own, in the student's process and refers to `name` in it."""

        def make() -> int:
            return self._session.ask(Define(source, name), name, lambda reply: expect(reply, Held).remote)

        self._session.ensure_started()
        return Remote(self, name, make(), self._session.generation, make)

    def get(self, remote: Remote, attribute: str) -> Any:
        """The value of an attribute of an object in the student's process."""
        shown = f"{remote._shown}.{attribute}"
        self._session.ensure_started(shown)
        request = GetAttribute(self._number_of(remote), attribute)
        resolve = self._resolver(shown)

        def read(reply: Reply) -> Any:
            answer = expect(reply, Value)
            return Unpacker(answer.arrays, resolve).unpack(answer.value)

        return self._usable(shown, self._session.ask(request, shown, read))

    def speed(
        self,
        name: str,
        make_inputs: Callable[[], tuple[Any, ...]],
        reference: str,
        verify: Verify | None = None,
        *,
        bounds: Iterable[float] | str,
        calls: int = 1,
        work: Work | None = None,
    ) -> Comparison:
        """NAME against `reference` (source that defines a function of that name), timed in turn by the grader's clock.

        A timed sample is `calls` calls, each with inputs of its own from `make_inputs`; `verify(inputs, result)` judges
        every result, by default against the reference's. The comparison goes on until the ratio is known to lie
        between two neighbors of `bounds`, or its time is up: ratios, or the name of bands in the module's `bands.toml`.
        `work` is what one call has to do at least: a time in which this machine cannot do that is a fault, see `limit`.
        """
        edges = tuple(self._check.bands.of(bounds) if isinstance(bounds, str) else bounds)
        self._check.last_inputs = ()
        if self._check.rng is not None:  # whoever knows the checks and the seed must not know what will be timed
            self._check.rng.bit_generator.state = np.random.PCG64().state
        race = Race(self._session, self._open_reference(), name, make_inputs, reference, verify, self._missing_words)
        comparison = race.run(edges, calls)
        if work is not None:
            check_possible(comparison, work, calls, name, measured_roof)
        return comparison

    def _value_of(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self._ask_call(name, None, name, args, kwargs, "value").value

    def _ask_call(
        self, shown: str, remote: Remote | None, method: str, args: tuple[Any, ...], kwargs: dict[str, Any], want: Want
    ) -> Call:
        self._session.ensure_started(shown)
        self._check.last_inputs = args
        target = Target(method, None if remote is None else self._number_of(remote))
        packer = Packer(reference=self._handle, strict=True)
        args_tree, kwargs_tree = packer.pack(args), packer.pack(kwargs)
        request = CallFunction(target, want, args_tree, kwargs_tree, tuple(packer.arrays))
        call = self._session.ask(request, shown, self._reader(shown, want))
        if call is None:
            raise CheckFailed(self._missing_words(shown))
        self._usable(shown, call.value)
        return call

    def _reader(self, shown: str, want: Want) -> Callable[[Reply], Call | None]:
        """Returns the reader of the reply to a call that begins now; it returns None if there is no such function."""
        resolve, began = self._resolver(shown), time.perf_counter()

        def read(reply: Reply) -> Call | None:
            wall_s = time.perf_counter() - began
            if isinstance(reply, Missing):
                return None
            if want == "remote":
                return Call(shown, resolve(expect(reply, Held).remote), (), {}, wall_s, None)
            if not isinstance(reply, Called):
                answer = expect(reply, Value)  # for what wants "call" too, where all of it is too large to be sent
                return Call(shown, Unpacker(answer.arrays, resolve).unpack(answer.value), (), {}, wall_s, None)
            unpacker = Unpacker(reply.arrays, resolve)
            value, args, kwargs = map(unpacker.unpack, (reply.value, reply.args, reply.kwargs))
            if not isinstance(args, tuple) or not isinstance(kwargs, dict):
                raise WireError("a reply with the wrong fields")
            return Call(shown, value, args, kwargs, wall_s, reply.result_is)

        return read

    def _resolver(self, shown: str) -> Callable[[int], Remote]:
        """Makes what refers to an object of the process of now, by its number there."""
        generation = self._session.generation
        return lambda number: Remote(self, shown, number, generation)

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
        """Returns the reason why NAME is missing: the cell that should have defined it, and how that cell ended."""
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
