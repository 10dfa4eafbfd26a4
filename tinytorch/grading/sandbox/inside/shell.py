"""An IPython shell without a kernel: runs a notebook's cells as Jupyter would and records their outputs."""

from __future__ import annotations

import builtins
import getpass
import linecache
import sys
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.compilerop import CachingCompiler
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .outputs import KEPT_TYPES, CellStream, Record, RecordingHook, RecordingPublisher


class CellFiles:
    """Each cell's source as a real file, so that tracebacks, inspect and numba's cache can read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, str] = {}  # file name -> "02_matmul, cell 7"

    def put(self, name: str, source: str) -> str:
        path = self.folder / (name.replace(", ", "_").replace(" ", "_") + ".py")
        path.write_text(source, encoding="utf-8", errors="replace")
        self.names[str(path)] = name
        linecache.checkcache(str(path))
        return str(path)


class CellCompiler(CachingCompiler):
    """Names a cell's code after the file that holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.files: CellFiles | None = None
        self.current = "cell"

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        if self.files is None:
            return super().get_code_name(raw_code, transformed_code, number)
        return self.files.put(self.current, transformed_code)

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        if self.files is not None and name in self.files.names:
            return "Cell", self.files.names[name]
        return super().format_code_name(name)


class StudentShell(InteractiveShell):
    """Runs cells; errors and displayed values go to `record` instead of a terminal."""

    compiler_class = CellCompiler
    displayhook_class = RecordingHook
    display_pub_class = RecordingPublisher

    record: Record

    def enable_gui(self, gui: str | None = None) -> None:
        return

    def ask_exit(self) -> None:
        return

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        lines = stb if isinstance(stb, list) else str(stb).split("\n")
        self.record.error(etype.__name__, message_of(evalue), [str(line) for line in lines])


def message_of(raised: BaseException) -> str:
    """The exception's own text; student code may have made even that fail."""
    try:
        return str(raised)
    except Exception as err:
        return f"<its message could not be read: {type(err).__name__}>"


def make_shell(record: Record, files: CellFiles) -> StudentShell:
    """The process's one shell, with its streams in place of stdout and stderr."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 100
    shell = StudentShell.instance(config=config)
    shell.record = record
    shell.compile.files = files
    shell.display_formatter.active_types = list(KEPT_TYPES)
    sys.stdout, sys.stderr = CellStream(record, "stdout", 1), CellStream(record, "stderr", 2)
    builtins.input = _refuse_input
    getpass.getpass = _refuse_input
    sys.path.insert(0, "")
    return shell


def run_cell(shell: StudentShell, name: str, source: str) -> dict[str, Any]:
    """Runs one cell; a failing cell is an answer, not an error."""
    shell.record.begin()
    shell.compile.current = name
    result = shell.run_cell(source, store_history=True)
    raised = result.error_before_exec or result.error_in_exec
    words = "" if raised is None else f"{type(raised).__name__}: {message_of(raised)}"[:2000]
    return {"status": "ok" if raised is None else "error", "words": words, "outputs": shell.record.outputs}


def _refuse_input(*_: object, **__: object) -> NoReturn:
    raise StdinNotImplementedError("input() cannot be answered while the notebook is graded")
