"""One line that shows the progress of a long run, at a terminal or in a notebook.

The line is rewritten in place and removed at the end. Nothing is written where output goes to a file or a pipe.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

QUIET_S = 0.5  # a shorter run shows nothing
GAP_S = 0.5  # stages that follow each other sooner count as one run
WIDTH = 100  # columns; a longer line would wrap and could not be rewritten

Show = Callable[[str], None]


class _Line(threading.local):
    """The stages under way, outermost first; when the run of stages began, and when its last stage ended."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.began = self.ended = -GAP_S
        self.show: Show | None = None
        self.is_shown = False


_line = _Line()
_outputs: dict[int, Any] = {}  # the notebook's output for this line, by the number of the running cell


@contextmanager
def stage(label: str) -> Iterator[None]:
    """Shows `label` at the end of the line while the block runs, after the labels of the enclosing stages.

    The first stage of a run isn't shown: most are over before a reader has found the line.
    """
    now = time.monotonic()
    if not _line.stages:
        _line.show = _shower()
        if now - _line.ended > GAP_S:
            _line.began = now
    _line.stages.append(label)
    if _line.show is not None and (len(_line.stages) > 1 or now - _line.began >= QUIET_S):
        _line.show(": ".join(_line.stages)[:WIDTH])
        _line.is_shown = True
    try:
        yield
    finally:
        _line.stages.pop()
        _line.ended = time.monotonic()
        if not _line.stages and _line.is_shown and _line.show is not None:
            _line.show("")
            _line.is_shown = False


def _shower() -> Show | None:
    """Returns the function that shows a line in place of the last one; None where nobody would see it."""
    return _notebook() or (_terminal if sys.stderr.isatty() else None)


def _terminal(text: str) -> None:
    """Rewrites the line at the cursor; an empty text removes it."""
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()


def _notebook() -> Show | None:
    """Returns a function that rewrites one output of the running cell, if this process is a notebook's kernel.

    IPython is looked up among the loaded modules: a process that has not loaded it runs no notebook.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return None
    shell = ipython.get_ipython()
    if getattr(shell, "kernel", None) is None:
        return None

    def rewrite(text: str) -> None:
        data = {"text/plain": text} if text else {"text/plain": "", "text/html": ""}  # empty HTML takes no room
        output = _outputs.get(shell.execution_count)
        if output is None:
            _outputs.clear()
            _outputs[shell.execution_count] = ipython.display.display(data, raw=True, display_id=True)
        else:
            output.update(data, raw=True)

    return rewrite
