"""A student's function against a reference, each in a process of its own, both on the grader's clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch.bench import Comparison, compare_timed
from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.student_errors import StudentTrouble, is_students
from tinytorch.grading.checks import check
from tinytorch.grading.checks.failed import CheckFailed
from tinytorch.grading.sandbox.inside.messages import expect
from tinytorch.grading.sandbox.inside.protocol import (
    Define,
    Held,
    Missing,
    Reply,
    Target,
    TimeCalls,
    Timed,
)
from tinytorch.grading.sandbox.inside.values import Packer, Unpacker, Unsupported
from tinytorch.grading.sandbox.session import Session

Verify = Callable[[tuple[Any, ...], Any], None]

LIMIT_S = 8.0
LONGEST_S = 24.0  # while doubt alone would give a student the points of a band above the median
LEAST_SHARE = 0.5  # that is counted in any case: of a sample, where a process saved itself the copying of its results


@dataclass(frozen=True, slots=True)
class _Sample:
    """Results of one sample, and what the process says that its calls and copying their results took."""

    results: Any
    call_s: float
    copy_s: float


class Race:
    """Takes a sample of one side or the other on fresh inputs, checking results; `run` lets `compare_timed` do so.

    Each process stands still except while its own sample is timed, by the grader's clock. Inputs come into its memory
    just before, and results are read from there when it stands still again, so a sample holds all the work: none can
    be done ahead, put off, or left to a thread, and neither side can slow the other. What a sample of the reference's
    process, which is trusted, at least takes besides its calls is taken off the samples of both sides.
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
        self._calls = 1
        self._around_s = self._copy_s = math.inf  # the least so far, of the way to the process and back, and of copying
        with self._faults():
            define = Define(reference, "reference")
            self._remote = self._reference.ask(define, "the reference", lambda reply: expect(reply, Held).remote)

    def run(self, bounds: tuple[float, ...], calls: int = 1) -> Comparison:
        """Compares both sides; each runs once before any timing, so that compilation isn't timed.

        A sample is `calls` calls.
        """
        self._calls = calls
        self._session.ensure_started(self._name)
        self._reference_s()
        self._reference_s()
        self._candidate_s()
        sides = self._candidate_s, self._reference_s
        return compare_timed(*sides, bound=bounds, limit_s=LIMIT_S, longest_s=LONGEST_S)

    def _candidate_s(self) -> float:
        batch = self._fresh()

        def ask(request: TimeCalls, arrays: Sequence[np.ndarray]) -> tuple[float, _Sample | None]:
            return self._session.timed(request, arrays, self._name, _sample)

        took_s, sample = self._once(ask, Target(self._name), batch)
        self._check(batch, sample.results)
        return self._net(took_s)

    def _reference_s(self) -> float:
        took_s, sample = self._once(self._trusted_sample, Target(remote=self._remote), self._fresh())
        self._around_s = min(self._around_s, took_s - sample.call_s - sample.copy_s)
        self._copy_s = min(self._copy_s, sample.copy_s)
        return self._net(took_s)

    def _net(self, took_s: float) -> float:
        """Seconds of a sample without what every sample takes besides its calls."""
        left_s = max(took_s - self._around_s, LEAST_SHARE * self._around_s)
        return max(left_s - self._copy_s, LEAST_SHARE * left_s)

    def _fresh(self) -> list[tuple[Any, ...]]:
        """Inputs for one sample that neither process has seen."""
        return [tuple(self._make_inputs()) for _ in range(self._calls)]

    def _check(self, batch: list[tuple[Any, ...]], results: list[Any]) -> None:
        if self._verify is None:
            _, expected = self._once(self._trusted_sample, Target(remote=self._remote), batch)
        for number, (inputs, result) in enumerate(zip(batch, results, strict=True)):
            if isinstance(result, Unsupported):
                raise CheckFailed(f"{self._name} returned {result.words}, which cannot be used here")
            if self._verify is not None:
                self._verify(inputs, result)
            else:
                _agree(result, expected.results[number], inputs)

    def _once(self, ask: Callable[..., Any], target: Target, batch: list[tuple[Any, ...]]) -> tuple[float, _Sample]:
        """Seconds of one sample, and what came of it."""
        packer = Packer(strict=True)
        request = TimeCalls(target, packer.pack(tuple(batch)))
        took_s, sample = ask(request, packer.arrays)
        if sample is None:
            raise CheckFailed(self._missing_words(self._name))
        if isinstance(sample.results, Unsupported):
            raise CheckFailed(f"{self._name} returned {sample.results.words}, which cannot be used here")
        if not isinstance(sample.results, list) or len(sample.results) != len(batch):
            raise CheckFailed(f"{self._name} did not give a result for each call")
        return took_s, sample

    def _trusted_sample(self, request: TimeCalls, arrays: Sequence[np.ndarray]) -> tuple[float, _Sample | None]:
        with self._faults():
            return self._reference.timed(request, arrays, "the reference", _sample)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """In the reference's process, anything but an answer is the grader's fault."""
        try:
            yield
        except Exception as err:
            if isinstance(err, StudentTrouble) or is_students(err):
                raise GraderFaultError(f"the reference for {self._name} failed: {err}") from err
            raise


def _agree(result: Any, expected: Any, inputs: tuple[Any, ...]) -> None:
    if not isinstance(expected, np.ndarray):
        raise GraderFaultError("a speed check whose reference does not return an array needs a verify function")
    terms = max((max(array.shape, default=1) for array in inputs if isinstance(array, np.ndarray)), default=1)
    check.close(result, expected, dtype=expected.dtype, terms=terms, what="a timed result")


def _sample(reply: Reply, arrays: tuple[np.ndarray, ...]) -> _Sample | None:
    """Returns the content of a sample's reply; None if there is no such function."""
    if isinstance(reply, Missing):
        return None
    timed = expect(reply, Timed)
    unpacker = Unpacker(arrays, lambda number: Unsupported("an object"))
    return _Sample(unpacker.unpack(timed.value), timed.call_s, timed.copy_s)
