"""The one shell that runs cells of notebooks, in the student kit's child process and in grading.

It is an IPython shell without a kernel: cells run as Jupyter would run them, in one namespace, with magics, shell
lines and top-level await; what they print and display is recorded and limited; input() is refused. A process has one:

    shell = open_shell(Path("cells"), OutputLimits(text_chars=64 * 1024, image_chars=1 << 20))
    result = shell.run("02_matmul, cell 7", source)
    if result.raised is not None:
        result.raised.kinds      # ("ZeroDivisionError", "ArithmeticError", "Exception", ...): the class, then its bases
        result.raised.message    # what it says; `reason` is the same without the file name of a syntax error
        result.raised.places     # (Place("02_matmul, cell 7", 3), ...): lines of cells it came through, innermost last

The caller names each cell; any name that is unique will do, "7" for instance. Its source
becomes a file in the folder, so Numba keeps compiled functions beside it (or where NUMBA_CACHE_DIR says); the folder
should be new for each process, because Numba finds a function again although one that it calls has been edited.
Before: sys.path and the working folder are the caller's to set, MPLBACKEND too
("module://matplotlib_inline.backend_inline" shows figures as Jupyter does). After: sys.stdout and sys.stderr are the
shell's, so whoever reports over file descriptors 1 or 2 keeps a duplicate of them.
"""

from __future__ import annotations

import builtins
import getpass
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.compilerop import CachingCompiler
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from tinytorch.notebooks.cell_files import CellFiles
from tinytorch.notebooks.outputs import KEPT_TYPES, CellStream, OutputLimits, Record, RecordingHook, RecordingPublisher
from tinytorch.notebooks.raised import Raised, describe, message_of


@dataclass(frozen=True, slots=True)
class CellResult:
    """The result of one cell: the exception that ended it, if any, and its outputs in nbformat's form."""

    raised: Raised | None
    outputs: list[dict[str, Any]]


class CellCompiler(CachingCompiler):
    """Names a cell's code after the file that holds it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # IPython's has no annotations
        self.files: CellFiles | None = None
        self.current = "cell"

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        if self.files is None:
            return super().get_code_name(raw_code, transformed_code, number)
        return self.files.put(self.current, transformed_code)

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        title = self.files.title_of(name) if self.files is not None else None
        return super().format_code_name(name) if title is None else ("Cell", title)


class StudentShell(InteractiveShell):
    """Runs cells; errors and displayed values go to `record` instead of a terminal."""

    compiler_class = CellCompiler
    displayhook_class = RecordingHook
    display_pub_class = RecordingPublisher

    record: Record
    compile: CellCompiler

    def enable_gui(self, gui: str | None = None) -> None:
        return

    def ask_exit(self) -> None:
        return

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        lines = stb if isinstance(stb, list) else str(stb).split("\n")
        self.record.error(etype.__name__, message_of(evalue), [str(line) for line in lines])


class NotebookShell:
    """Runs cells in this process's StudentShell and reads what they left there."""

    def __init__(self, shell: StudentShell, files: CellFiles) -> None:
        self._shell, self._files = shell, files

    def run(self, name: str, source: str) -> CellResult:
        """Runs one cell; a failing cell is a result, not an error."""
        self._shell.record.begin()
        self._shell.compile.current = name
        ended = self._shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]  # as above
        raised = ended.error_before_exec or ended.error_in_exec
        return CellResult(None if raised is None else self.describe(raised), self._shell.record.outputs)

    def look_up(self, name: str) -> Any:
        """Returns the object that cells have bound to that name; None if there is none."""
        return self._shell.user_ns.get(name)

    def put_imported(self, name: str, source: str) -> str:
        """A file with the source of a cell that an import runs outside this shell, known to tracebacks by its name."""
        return self._files.put_imported(name, source)

    def describe(self, raised: BaseException) -> Raised:
        """An exception that code of the cells raised."""
        return describe(raised, self._files)


def open_shell(folder: Path, limits: OutputLimits) -> NotebookShell:
    """The process's one shell, its streams in place of stdout and stderr; cells become files in `folder`."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 100
    shell = StudentShell.instance(config=config)
    shell.record = record = Record(limits)
    shell.compile.files = files = CellFiles(folder)
    assert shell.display_formatter is not None  # made with the shell
    shell.display_formatter.active_types = list(KEPT_TYPES)
    sys.stdout, sys.stderr = CellStream(record, "stdout", 1), CellStream(record, "stderr", 2)
    builtins.input = _refuse_input
    getpass.getpass = _refuse_input
    sys.path.insert(0, "")
    return NotebookShell(shell, files)


def _refuse_input(*_: object, **__: object) -> NoReturn:
    raise StdinNotImplementedError("input() cannot be answered while the notebook is checked or graded")
