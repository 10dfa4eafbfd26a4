"""The interface to the shell that runs cells; the code that starts the process passes one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol


class Raised(Protocol):
    """An exception as text."""

    @property
    def type_name(self) -> str: ...
    @property
    def builtin(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def traceback(self) -> str: ...


class CellResult(Protocol):
    """The result of one cell."""

    @property
    def raised(self) -> Raised | None: ...
    @property
    def outputs(self) -> list[dict[str, Any]]: ...


class Shell(Protocol):
    """Runs cells in this process, and knows the names they bind and the files their sources lie in."""

    def run(self, name: str, source: str) -> CellResult:
        """Runs one cell; a failing cell is a result."""

    def look_up(self, name: str) -> Any:
        """Returns the object that cells have bound to the name; None if there is none."""

    def put_imported(self, name: str, source: str) -> str:
        """A file with the source of a cell that an import runs."""

    def describe(self, raised: BaseException) -> Raised:
        """An exception of the student's code."""


class OpenShell(Protocol):
    """Makes the process's shell: cells become files in `folder`, outputs are limited to so many characters."""

    def __call__(self, folder: Path, text_chars: int, image_chars: int) -> Shell: ...
