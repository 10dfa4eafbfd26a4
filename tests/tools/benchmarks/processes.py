"""A fresh process with an environment of its own, and what it says."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

END_S = 10.0  # how long a process that was told to end may take


class ProcessDiedError(Exception):
    """A process ended before it was done; str() says how."""


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Run with these variables set, for a process that is started meanwhile."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def started(changes: Mapping[str, str], target: Callable[..., None], *args: object) -> Iterator[Connection]:
    """A new process that runs target(pipe, *args) with a new interpreter; yields this end of the pipe.

    The process is gone when the block is left: it should end when the pipe closes, and is killed if it does not.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *args), daemon=True)
    with environment(changes):
        process.start()
    theirs.close()
    try:
        yield _Watched(ours, process)  # type: ignore[misc]
    finally:
        ours.close()
        process.join(END_S)
        if process.is_alive():
            process.kill()
            process.join()


class _Watched:
    """The pipe to a process; where nothing more can come, it says how the process ended."""

    def __init__(self, pipe: Connection, process: BaseProcess) -> None:
        self._pipe, self._process = pipe, process

    def send(self, message: object) -> None:
        try:
            self._pipe.send(message)
        except OSError as err:
            raise self._death() from err

    def recv(self) -> Any:
        try:
            return self._pipe.recv()
        except (EOFError, OSError) as err:
            raise self._death() from err

    def _death(self) -> ProcessDiedError:
        self._process.join(END_S)
        code = self._process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return ProcessDiedError(f"the process died ({how})")


def answer(changes: Mapping[str, str], target: Callable[..., None], *args: object) -> Any:
    """The one thing that target(pipe, *args) sends from a process of its own."""
    with started(changes, target, *args) as pipe:
        return pipe.recv()
