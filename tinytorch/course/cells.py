"""Runs a notebook's cells in a fresh process, with a time limit for each; a failing cell doesn't stop the others."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from tinytorch.errors import CourseError

_RUNNER = Path(__file__).with_name("cell_runner.py")
_START_LIMIT_S = 60.0
_FATAL = ("timed out", "crashed")


@dataclass(frozen=True, slots=True)
class Failure:
    """How a cell failed. `kinds` are the exception's class and its bases; of `places`, the innermost is last."""

    kinds: tuple[str, ...]
    words: str
    places: tuple[tuple[int, int], ...] = ()

    @property
    def kind(self) -> str:
        return self.kinds[0]


def run_cells(cells: Sequence[tuple[int, str]], *, limit_s: float, package_root: Path) -> dict[int, Failure | None]:
    """Runs the numbered cells in order; returns for each how it failed, or None.

    A cell that takes longer than `limit_s` or kills the process is left out, and the others run again without it.
    """
    fatal: dict[int, Failure | None] = {}
    while True:
        ended = _run_once([cell for cell in cells if cell[0] not in fatal], limit_s, package_root)
        deadly = {number: failure for number, failure in ended.items() if failure and failure.kind in _FATAL}
        if not deadly:
            return {number: fatal.get(number, ended.get(number)) for number, _ in cells}
        fatal |= deadly


def _run_once(cells: Sequence[tuple[int, str]], limit_s: float, package_root: Path) -> dict[int, Failure | None]:
    """Runs the cells in one process, up to the first cell that ends it."""
    ended: dict[int, Failure | None] = {}
    with tempfile.TemporaryDirectory(prefix="tinytorch-cells-", ignore_cleanup_errors=True) as folder:
        job = Path(folder, "job.json")
        path = [str(package_root.resolve()), *(entry for entry in sys.path if entry and Path(entry).is_absolute())]
        content = {"tools": str(_RUNNER.parents[2]), "path": path, "cells": list(cells)}
        job.write_text(json.dumps(content), encoding="utf-8")
        with _process(job) as process:
            messages = _messages(process.stdout)
            _await_start(messages, process)
            for number, _ in cells:
                ended[number] = failure = _ending(messages, process, limit_s)
                if failure and failure.kind in _FATAL:
                    break
    return ended


def _await_start(messages: queue.Queue[str | None], process: subprocess.Popen[str]) -> None:
    """Waits until the child is ready for the first cell; before that no student code has run."""
    try:
        line = messages.get(timeout=_START_LIMIT_S)
    except queue.Empty:
        line = None
    if line is None:
        message = f"the process that runs the cells did not start ({_death(process)}); run `tito system doctor`."
        raise CourseError(message)


def _ending(messages: queue.Queue[str | None], process: subprocess.Popen[str], limit_s: float) -> Failure | None:
    try:
        line = messages.get(timeout=limit_s)
    except queue.Empty:
        return Failure(("timed out",), f"took longer than {limit_s:g} seconds and was stopped")
    if line is None:
        return Failure(("crashed",), _death(process))
    error = json.loads(line)["error"]
    if error is None:
        return None
    return Failure(tuple(error["kinds"]), error["words"], tuple((cell, number) for cell, number in error["places"]))


def _death(process: subprocess.Popen[str]) -> str:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "its answer was cut off"
    return f"the process was killed by signal {-code}" if code < 0 else f"the process ended with exit code {code}"


def _messages(stream: IO[str] | None) -> queue.Queue[str | None]:
    """The lines of `stream` as they come, then None."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in stream or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


@contextmanager
def _process(job: Path) -> Iterator[subprocess.Popen[str]]:
    """The child in an empty folder of its own; it and everything it started are gone afterwards."""
    environment = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    process = subprocess.Popen(
        [sys.executable, "-I", str(_RUNNER), str(job)],
        cwd=job.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _kill_tree(process)
        if process.stdout:
            process.stdout.close()


def _kill_tree(process: subprocess.Popen[str]) -> None:
    try:
        parent = psutil.Process(process.pid)
        tree = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        tree = []
    for member in tree:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(tree, timeout=10)
    process.wait(timeout=10)
