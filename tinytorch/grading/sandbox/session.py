"""The session with one lesson's student process: started when needed, restarted after a crash, never trusted."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import CellRun
from tinytorch.grading.base.setup import Sandbox
from tinytorch.grading.base.student_errors import Crashed, OutOfTime, StudentError, TimedOut, to_exception
from tinytorch.grading.sandbox.channel import Channel, DeadlineError, HungUpError
from tinytorch.grading.sandbox.inside.messages import expect, read_reply, to_message
from tinytorch.grading.sandbox.inside.protocol import (
    TRACEBACK_CHARS,
    WORDS_CHARS,
    CellRan,
    Done,
    Failed,
    LessonCode,
    Packages,
    Ready,
    Reply,
    Request,
    RunCell,
    TimeCalls,
    Timed,
)
from tinytorch.grading.sandbox.inside.wire import WireError
from tinytorch.grading.sandbox.outputs import clean_outputs
from tinytorch.grading.sandbox.running import Running
from tinytorch.grading.sandbox.standstill import stop
from tinytorch.notebooks.code import Cell
from tinytorch.text import clean_text

Answer = TypeVar("Answer")
Strike = TimedOut | Crashed


@dataclass(frozen=True, slots=True)
class Notebook:
    """The notebook that a session runs: the cells of one lesson, and the packages that its imports find."""

    lesson: str
    cells: tuple[Cell, ...] = ()
    packages: Mapping[str, Mapping[str, LessonCode]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """The settings of one submission's sessions; `until` is the end of its time, by the monotonic clock."""

    limits: Limits
    sandbox: Sandbox
    hidden: tuple[Path, ...] = ()
    until: float = float("inf")


class Session:
    """Requests to one notebook's process; `cell_runs` fills as the notebook runs.

    `left_out` names the cells that hung or killed a process: after a restart the notebook runs without them.
    A function that hung or died `Limits.strikes` times is not called again.
    """

    def __init__(self, notebook: Notebook, setting: Setting) -> None:
        self.notebook, self.setting = notebook, setting
        self.left_out: set[int] = set()
        self.generation = 0
        self._runs: dict[int, CellRun] = {}
        self._running: Running | None = None
        self._channel: Channel | None = None
        self._strikes: Counter[str] = Counter()
        self._last_strike: dict[str, Strike] = {}
        self._cells_s = 0.0

    @property
    def cell_runs(self) -> tuple[CellRun, ...]:
        return tuple(self._runs[number] for number in sorted(self._runs))

    @property
    def has_struck(self) -> bool:
        """Returns whether a call has hung or killed the process; later calls may be refused for that."""
        return self._strikes.total() > 0

    def run_of(self, cell: Cell) -> CellRun | None:
        return self._runs.get(cell.number)

    def ensure_started(self, strikes_for: str = "") -> None:
        """Has a live process in which the notebook has run; not for a function that is not called again."""
        if self._strikes[strikes_for] >= self.setting.limits.strikes:
            raise self._last_strike[strikes_for]
        if self._running is not None and self._running.has_exited():
            self.close()
        while self._running is None:
            self._launch()
            self._run_notebook()

    def _live(self) -> tuple[Running, Channel]:
        """The process and its channel, which there are once it is started."""
        if self._running is None or self._channel is None:
            raise GraderFaultError(f"{self.notebook.lesson}: asked of a student process that does not run")
        return self._running, self._channel

    def ask(self, request: Request, strikes_for: str, read: Callable[[Reply], Answer]) -> Answer:
        """Returns the result of `read` for the reply. Raises exceptions of the student's code, time-outs and crashes.

        `strikes_for` is the function that a time-out or a death is put down to.
        """
        self.ensure_started(strikes_for)
        return self._answer(lambda limit_s: read(_unless_failed(self._exchange(request, limit_s))), strikes_for)

    def timed(
        self,
        request: TimeCalls,
        arrays: Sequence[np.ndarray],
        strikes_for: str,
        read: Callable[[Reply, tuple[np.ndarray, ...]], Answer],
    ) -> tuple[float, Answer]:
        """As `ask`, for a request whose arrays lie in the arena; also the seconds from request to reply.

        The process stands still before the clock starts and after it has stopped. What `read` is given of the arena is
        what was there then. It goes on standing still until the next request, so that it cannot slow anybody else.
        """
        self.ensure_started(strikes_for)
        running, channel = self._live()
        running.stand_still()
        number = _new_number()
        message = to_message(replace(request, inputs=running.arena.place(arrays)), number)

        def exchange(limit_s: float) -> tuple[float, Answer]:
            began = time.perf_counter()
            channel.send(message, limit_s)
            members = running.go_on()
            received = channel.receive(limit_s)
            stop(members)
            took_s = time.perf_counter() - began
            running.stand_still()
            reply = _unless_failed(read_reply(received, number))
            return took_s, read(reply, running.arena.read(reply.places) if isinstance(reply, Timed) else ())

        return self._answer(exchange, strikes_for)

    def _answer(self, exchange: Callable[[float], Answer], strikes_for: str) -> Answer:
        call_s, remaining_s = self.setting.limits.call_s, self._remaining_s()
        limit_s = min(call_s, remaining_s)
        try:
            return exchange(limit_s)
        except DeadlineError as err:
            if remaining_s < call_s:  # the function might have returned in the time that it is allowed
                self.close()
                raise self._out_of_time() from err
            raise self._strike(strikes_for, f"{strikes_for} did not return within {limit_s:.0f} s", TimedOut) from err
        except (HungUpError, WireError) as err:
            raise self._strike(strikes_for, self._death_words(strikes_for, err), Crashed) from err

    def close(self) -> None:
        """Ends the process, if there is one."""
        running, self._running, self._channel = self._running, None, None
        if running is not None:
            running.kill()

    def _launch(self) -> None:
        limits = self.setting.limits
        if self.generation > limits.restarts:
            raise Crashed(f"the notebook's process ended {self.generation} times; it is not started again")
        self._remaining_s()
        self.generation += 1
        self._running = Running(limits, self.setting.sandbox, self.setting.hidden)
        self._channel = Channel(self._running, limits)
        try:  # no code of the student's has run yet, so whatever goes wrong here is not theirs
            expect(read_reply(self._channel.receive(limits.start_s), 0), Ready)
            expect(self._exchange(Packages(self.notebook.packages), limits.start_s), Done)
        except (DeadlineError, HungUpError, WireError) as err:
            printed = self._end_and_tail()
            raise GraderFaultError(f"a student process did not start ({type(err).__name__}): {printed}") from err

    def _run_notebook(self) -> None:
        for cell in self.notebook.cells:
            if cell.is_measurement:
                self._runs[cell.number] = CellRun(self.notebook.lesson, cell.cell_id, "skipped")
            elif cell.number not in self.left_out and not self._run_cell(cell):
                return

    def _run_cell(self, cell: Cell) -> bool:
        """Runs one cell; returns whether the process survived it."""
        limits = self.setting.limits
        left_s = limits.lesson_s - self._cells_s
        if left_s <= 0 or cell.is_too_long:
            why = f"it has {len(cell.source)} characters" if cell.is_too_long else "the time for all cells is used up"
            self._note(cell, "error" if cell.is_too_long else "timed_out", f"not run: {why}")
            return True
        began = time.monotonic()
        limit_s = min(limits.cell_s, left_s, self._remaining_s())
        try:
            reply = self._exchange(RunCell(cell.name, cell.source), limit_s)
            ran = reply if isinstance(reply, Failed) else expect(reply, CellRan)
        except DeadlineError:
            self.close()
            self._note(cell, "timed_out", f"this cell did not end within {limit_s:.0f} s and was stopped")
        except (HungUpError, WireError) as err:
            self._note(cell, "crashed", self._death_words("this cell", err))
        else:
            self._record(cell, ran)
            return True
        finally:
            self._cells_s += time.monotonic() - began
        self.left_out.add(cell.number)
        return False

    def _record(self, cell: Cell, ran: CellRan | Failed) -> None:
        if isinstance(ran, Failed):  # the shell itself, which the cell may have changed
            self._note(cell, "error", described(ran).words())
            return
        limits = self.setting.limits
        outputs = clean_outputs(list(ran.outputs), 2 * (limits.cell_text_chars + limits.cell_image_chars))
        message = clean_text(ran.words, WORDS_CHARS)
        self._runs[cell.number] = CellRun(self.notebook.lesson, cell.cell_id, ran.status, outputs, message)

    def _note(self, cell: Cell, status: str, message: str) -> None:
        self._runs[cell.number] = CellRun(self.notebook.lesson, cell.cell_id, status, words=message)

    def _exchange(self, request: Request, limit_s: float) -> Reply:
        """Sends a request and waits for its reply: any other message is a WireError."""
        began = time.monotonic()
        number = _new_number()
        running, channel = self._live()
        channel.look()
        running.go_on()
        channel.send(to_message(request, number), limit_s)
        return read_reply(channel.receive(limit_s - (time.monotonic() - began)), number)

    def _remaining_s(self) -> float:
        left_s = self.setting.until - time.monotonic()
        if left_s <= 0:
            raise self._out_of_time()
        return left_s

    def _out_of_time(self) -> OutOfTime:
        limit_s = self.setting.limits.submission_s
        return OutOfTime(f"not run: grading this submission has taken {limit_s:g} s, the most that is allowed")

    def _strike(self, name: str, message: str, kind: type[Strike]) -> Strike:
        """Ends the process and counts against the function; returns what to raise."""
        self.close()
        self._strikes[name] += 1
        self._last_strike[name] = kind(f"not called again: {message}, {self._strikes[name]} times")
        return kind(message)

    def _death_words(self, what: str, err: Exception) -> str:
        """Returns the reason for a missing reply, as far as the grader knows it."""
        if isinstance(err, WireError):
            self.close()
            return f"{what} made the process send something that is no answer ({err})"
        printed = self._end_and_tail()
        if str(err):
            return f"{what} was stopped: {err}"
        last = next((line for line in printed.splitlines() if line.startswith(("Fatal", "LLVM", "MemoryError"))), "")
        return f"{what} ended the process" + (f" ({clean_text(last, 200)})" if last else "")

    def _end_and_tail(self) -> str:
        running = self._running
        self.close()
        return running.print_tail() if running is not None else ""


def _new_number() -> int:
    """A request's number: not to be guessed, so that no reply can be sent ahead of its request."""
    return secrets.randbits(53)


def _unless_failed(reply: Reply) -> Reply:
    """The reply, if it isn't an exception of the student's code; that is raised."""
    if isinstance(reply, Failed):
        raise to_exception(described(reply))
    return reply


def described(failed: Failed) -> StudentError:
    """An exception of the student's code, its texts such that they can be written."""
    return StudentError(
        type_name=clean_text(failed.type_name, WORDS_CHARS),
        builtin=clean_text(failed.builtin, WORDS_CHARS),
        message=clean_text(failed.message, WORDS_CHARS),
        where=clean_text(failed.where, WORDS_CHARS),
        code=clean_text(failed.code, WORDS_CHARS),
        traceback=clean_text(failed.traceback, TRACEBACK_CHARS),
    )
