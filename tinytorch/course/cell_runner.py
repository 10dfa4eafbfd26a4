"""The child of `tinytorch.course.visible`: runs the cells of one notebook and says what became of each.

Started by path in a process of its own: `python -I cell_runner.py JOB`. JOB is a JSON file with `path` (what goes on
`sys.path`) and `cells` (each `[number, source]`). One JSON line goes out before the first cell, one after each, on the
stdout this process was started with; what the cells print goes nowhere.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Say = Callable[..., None]

# Numba explains itself at length, and an exception may hold an array.
_LONGEST = 2000


def main(job: Path) -> None:
    """Run the cells of `job` in order, in one namespace, as Jupyter would."""
    wanted = json.loads(job.read_text(encoding="utf-8"))
    say = _take_stdout()
    sys.path[:] = wanted["path"]
    shell, names = _make_shell()
    say(ready=True)
    for number, source in wanted["cells"]:
        names.number = number
        ran = shell.run_cell(source, store_history=True)
        error = ran.error_before_exec or ran.error_in_exec
        say(cell=number, error=_described(error) if error else None)


def _take_stdout() -> Say:
    """Keep the original stdout for reports and point both streams of the cells at nothing."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)

    def say(**message: object) -> None:
        report.write(json.dumps(message) + "\n")
        report.flush()

    return say


def _make_shell() -> tuple[Any, Any]:
    """IPython's shell, and what names its cells; both are of types that are known once IPython is imported."""
    import IPython.paths
    from IPython.core.compilerop import CachingCompiler
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class CellNames(CachingCompiler):
        """Names the code of a cell by its number; Numba keeps its cache only for names that begin like IPython's."""

        number = 0

        def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
            return f"<ipython-cell-{self.number}>"

    class Shell(InteractiveShell):
        """Reports errors as data, so it shows none; has no window to open."""

        compiler_class = CellNames

        def showtraceback(self, *args: object, **kwargs: object) -> None:
            return

        def showsyntaxerror(self, *args: object, **kwargs: object) -> None:
            return

        def enable_gui(self, gui: str | None = None) -> None:
            return

    # Numba asks this where to keep what it compiles in a notebook. It would find a function there again although one
    # that it calls has been edited, so every run begins with an empty cache, in a folder that goes with the run.
    cache = os.getcwd()
    IPython.paths.get_ipython_cache_dir = lambda: cache
    config = Config()
    config.HistoryManager.hist_file = ":memory:"
    config.HistoryManager.enabled = False
    shell = Shell.instance(config=config)
    return shell, shell.compile


def _described(error: BaseException) -> dict[str, object]:
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        frames.append((error.filename or "", error.lineno))
    places = [(_cell_number(name), line) for name, line in frames if _cell_number(name) is not None]
    names = [kind.__name__ for kind in type(error).__mro__]
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    return {"kinds": names, "words": words[:_LONGEST], "places": places}


def _cell_number(filename: str) -> int | None:
    inner = filename.removeprefix("<ipython-cell-").removesuffix(">")
    return int(inner) if inner != filename and inner.isdecimal() else None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
