"""One lesson's student process as the grader sees it: started when needed, restarted after a death, never believed."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from tinytorch.errors import GraderFaultError
from tinytorch.grading.base.limits import Limits
from tinytorch.grading.base.result import CellRun
from tinytorch.grading.base.setup import Sandbox
from tinytorch.grading.base.student_errors import Crashed, OutOfTime, StudentError, TimedOut, to_exception
from tinytorch.grading.sandbox.channel import Channel, DeadlineError, HungUpError
from tinytorch.grading.sandbox.inside.wire import Message, WireError
from tinytorch.grading.sandbox.outputs import clean_outputs
from tinytorch.grading.sandbox.running import Running
from tinytorch.grading.sandbox.standstill import stop
from tinytorch.notebooks.code import Cell, Module
from tinytorch.text import clean_text

Answer = TypeVar("Answer")
Strike = TimedOut | Crashed


@dataclass(frozen=True, slots=True)
class Notebook:
    """What a session runs: the cells of one lesson, and the modules that its imports find."""

    lesson: str
    cells: tuple[Cell, ...] = ()
    modules: dict[str, Module] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """How sessions of one submission run; `until` is when its time is used up, by the monotonic clock."""

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

    def ask(self, message: Message, strikes_for: str, read: Callable[[Message], Answer]) -> Answer:
        """What `read` makes of the reply. Exceptions of the student's code, time-outs and deaths are raised.

        `strikes_for` is the function that a time-out or a death is put down to.
        """
        self.ensure_started(strikes_for)
        return self._answer(lambda limit_s: self._exchange(message, limit_s), strikes_for, read)

    def timed(
        self, message: Message, arrays: Sequence[np.ndarray], strikes_for: str, read: Callable[[Message], Answer]
    ) -> tuple[float, Answer]:
        """As `ask`, for a request whose arrays lie in the arena; also the seconds from request to reply.

        The process stands still before the clock starts and after it has stopped. What `read` finds in the reply is
        what was there then. It goes on standing still until the next request, so that it cannot slow anybody else.
        """
        self.ensure_started(strikes_for)
        running, channel = self._live()
        running.stand_still()
        entries = running.arena.place(arrays)
        request = Message({**message.header, "entries": entries, "id": secrets.randbits(53)})
        took_s = 0.0

        def exchange(limit_s: float) -> Message:
            nonlocal took_s
            began = time.perf_counter()
            channel.send(request, limit_s)
            members = running.go_on()
            reply = channel.receive(limit_s)
            stop(members)
            took_s = time.perf_counter() - began
            running.stand_still()
            if reply.header.get("kind") == "timed":
                arrays = running.arena.read(reply.header.get("entries"))
                reply = Message(reply.header, arrays)
            return _reply_to(request, reply)

        answer = self._answer(exchange, strikes_for, read)
        return took_s, answer

    def _answer(
        self, exchange: Callable[[float], Message], strikes_for: str, read: Callable[[Message], Answer]
    ) -> Answer:
        limit_s = min(self.setting.limits.call_s, self._remaining_s())
        try:
            reply = exchange(limit_s)
            if reply.header["kind"] != "error":
                return read(reply)
        except DeadlineError as err:
            raise self._strike(strikes_for, f"{strikes_for} did not return within {limit_s:.0f} s", TimedOut) from err
        except (HungUpError, WireError) as err:
            raise self._strike(strikes_for, self._death_words(strikes_for, err), Crashed) from err
        raise to_exception(_read_error(reply.header.get("error")))

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
            self._channel.receive(limits.start_s)
            self._exchange(Message({"op": "modules", "modules": self.notebook.modules}), limits.start_s)
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
        """Whether the process outlived the cell."""
        limits = self.setting.limits
        left_s = limits.lesson_s - self._cells_s
        if left_s <= 0 or cell.is_too_long:
            why = f"it has {len(cell.source)} characters" if cell.is_too_long else "the time for all cells is used up"
            self._note(cell, "error" if cell.is_too_long else "timed_out", f"not run: {why}")
            return True
        began = time.monotonic()
        limit_s = min(limits.cell_s, left_s, self._remaining_s())
        try:
            reply = self._exchange(Message({"op": "cell", "name": cell.name, "source": cell.source}), limit_s)
        except DeadlineError:
            self.close()
            self._note(cell, "timed_out", f"this cell did not end within {limit_s:.0f} s and was stopped")
        except (HungUpError, WireError) as err:
            self._note(cell, "crashed", self._death_words("this cell", err))
        else:
            self._record(cell, reply)
            return True
        finally:
            self._cells_s += time.monotonic() - began
        self.left_out.add(cell.number)
        return False

    def _record(self, cell: Cell, reply: Message) -> None:
        status = "ok" if reply.header.get("status") == "ok" else "error"
        words = clean_text(reply.header.get("words"), 2000)
        limits = self.setting.limits
        outputs = clean_outputs(reply.header.get("outputs"), 2 * (limits.cell_text_chars + limits.cell_image_chars))
        self._runs[cell.number] = CellRun(self.notebook.lesson, cell.cell_id, status, outputs, words)

    def _note(self, cell: Cell, status: str, words: str) -> None:
        self._runs[cell.number] = CellRun(self.notebook.lesson, cell.cell_id, status, words=words)

    def _exchange(self, message: Message, limit_s: float) -> Message:
        """Sends a request and waits for its reply: any other message is a WireError."""
        began = time.monotonic()
        number = secrets.randbits(53)  # not to be guessed, so that no reply can be sent ahead of its request
        request = Message({**message.header, "id": number}, message.arrays)
        running, channel = self._live()
        channel.look()
        running.go_on()
        channel.send(request, limit_s)
        return _reply_to(request, channel.receive(limit_s - (time.monotonic() - began)))

    def _remaining_s(self) -> float:
        left_s = self.setting.until - time.monotonic()
        if left_s <= 0:
            limit_s = self.setting.limits.submission_s
            raise OutOfTime(f"not run: grading this submission has taken {limit_s:g} s, the most that is allowed")
        return left_s

    def _strike(self, name: str, words: str, kind: type[Strike]) -> Strike:
        """Ends the process and counts against the function; returns what to raise."""
        self.close()
        self._strikes[name] += 1
        self._last_strike[name] = kind(f"not called again: {words}, {self._strikes[name]} times")
        return kind(words)

    def _death_words(self, what: str, err: Exception) -> str:
        """Why there is no reply, as far as the grader can tell."""
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


def _reply_to(request: Message, reply: Message) -> Message:
    if reply.header.get("id") != request.header["id"] or type(reply.header.get("kind")) is not str:
        raise WireError("a reply that answers no request")
    return reply


def _read_error(fields: object) -> StudentError:
    if not isinstance(fields, dict):
        return StudentError("Exception", "", "", "", "", "")
    names = ("type_name", "builtin", "message", "where", "code")
    texts = {name: clean_text(fields.get(name), 2000) for name in names}
    return StudentError(**texts, traceback=clean_text(fields.get("traceback"), 10_000))
