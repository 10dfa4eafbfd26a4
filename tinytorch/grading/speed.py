"""A student's function against a reference, each in a process of its own, both on the grader's clock."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch.bench import Comparison, compare_timed
from tinytorch.errors import GraderFaultError, WireError
from tinytorch.grading import check
from tinytorch.grading.session import Session
from tinytorch.grading.trouble import CheckFailed, StudentTrouble, is_students
from tinytorch.grading.values import Packer, Unpacker, Unsupported
from tinytorch.grading.wire import Message

Verify = Callable[[tuple[Any, ...], Any], None]

LIMIT_S = 8.0
SLACK_S = 0.001


class Race:
    """Takes a sample of one side or the other on fresh inputs, checking results; `run` lets `compare_timed` do so.

    Inputs are handed over before the clock starts; it stops when the process says that the call has returned, and the
    result is fetched afterwards. What handing over and fetching take beyond what they take with the reference counts
    as the student's time: work done ahead of the call or put off until after it earns nothing.
    """

    def __init__(
        self,
        session: Session,
        reference_session: Session,
        name: str,
        make_inputs: Callable[[], tuple[Any, ...]],
        reference: str,
        verify: Verify | None,
        missing_words: Callable[[str], str],
    ) -> None:
        self._session, self._reference = session, reference_session
        self._name, self._make_inputs, self._verify = name, make_inputs, verify
        self._missing_words = missing_words
        self._slots, self._calls = itertools.count(1), 1
        self._around_allowed_s = 0.0
        define = Message({"op": "define", "source": reference, "name": "reference"})
        self._remote = self._trusted(define, _number)

    def run(self, bounds: tuple[float, ...], calls: int = 1) -> Comparison:
        """Both sides run once before any timing, so that nobody's compilation counts. A sample is `calls` calls."""
        self._calls = calls
        self._session.ensure_started(self._name)
        self._reference_s()
        self._candidate_s()
        return compare_timed(self._candidate_s, self._reference_s, bound=bounds, limit_s=LIMIT_S)

    def _candidate_s(self) -> float:
        batch = self._fresh()

        def ask(message: Message, read: Callable[[Message], Any]) -> Any:
            return self._session.ask(message, self._name, read)

        call_s, around_s, results = self._once(ask, {"name": self._name}, batch)
        if self._verify is None:
            _, _, expected = self._once(self._trusted, {"remote": self._remote}, batch)
        for number, (inputs, result) in enumerate(zip(batch, results, strict=True)):
            if isinstance(result, Unsupported):
                raise CheckFailed(f"{self._name} returned {result.words}, which cannot be used here")
            if self._verify is not None:
                self._verify(inputs, result)
            else:
                _agree(result, expected[number], inputs)
        return call_s + max(0.0, around_s - self._around_allowed_s)

    def _fresh(self) -> list[tuple[Any, ...]]:
        """Inputs for one sample that neither process has seen."""
        return [tuple(self._make_inputs()) for _ in range(self._calls)]

    def _reference_s(self) -> float:
        call_s, around_s, _ = self._once(self._trusted, {"remote": self._remote}, self._fresh())
        self._around_allowed_s = max(self._around_allowed_s, 2 * around_s + SLACK_S)
        return call_s

    def _once(
        self, ask: Callable[..., Any], target: dict[str, Any], batch: list[tuple[Any, ...]]
    ) -> tuple[float, float, list[Any]]:
        """Seconds of the calls, seconds of what is done around them, and the results."""
        slot = next(self._slots)
        packer = Packer(strict=True)
        trees = {"args": packer.pack(tuple(batch)), "kwargs": packer.pack({})}
        timed = Message({"op": "timed", "slot": slot, "target": target})
        begun = time.perf_counter()
        ask(Message({"op": "keep", "slot": slot, **trees}, tuple(packer.arrays)), _done)
        called = time.perf_counter()
        is_there = ask(timed, _done)
        returned = time.perf_counter()
        if not is_there:
            raise CheckFailed(self._missing_words(self._name))
        results = ask(Message({"op": "fetch", "slot": slot}), _value)
        fetched = time.perf_counter()
        if isinstance(results, Unsupported):
            raise CheckFailed(f"{self._name} returned {results.words}, which cannot be used here")
        if not isinstance(results, list) or len(results) != len(batch):
            raise CheckFailed(f"{self._name} did not give a result for each call")
        return returned - called, fetched - returned + called - begun, results

    def _trusted(self, message: Message, read: Callable[[Message], Any]) -> Any:
        """Asks the reference's process, where anything but an answer is the grader's fault."""
        try:
            return self._reference.ask(message, "the reference", read)
        except Exception as err:
            if isinstance(err, StudentTrouble) or is_students(err):
                raise GraderFaultError(f"the reference for {self._name} failed: {err}") from err
            raise


def _agree(result: Any, expected: Any, inputs: tuple[Any, ...]) -> None:
    if not isinstance(expected, np.ndarray):
        raise GraderFaultError("a speed check whose reference does not return an array needs a verify function")
    terms = max((max(array.shape, default=1) for array in inputs if isinstance(array, np.ndarray)), default=1)
    check.close(result, expected, dtype=expected.dtype, terms=terms, what="a timed result")


def _done(reply: Message) -> bool:
    if reply.header["kind"] not in ("done", "missing"):
        raise WireError("a reply of the wrong kind")
    return reply.header["kind"] == "done"


def _number(reply: Message) -> int:
    match reply.header.get("value"):
        case ["remote", int() as number]:
            return number
    raise WireError("a reply of the wrong kind")


def _value(reply: Message) -> Any:
    if reply.header["kind"] != "value":
        raise WireError("a reply of the wrong kind")
    return Unpacker(reply.arrays, lambda number: Unsupported("an object")).unpack(reply.header.get("value"))
