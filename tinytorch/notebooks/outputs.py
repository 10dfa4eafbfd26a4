"""The outputs of a cell, printed and displayed, in nbformat's form and of limited size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

KEPT_TYPES = ("text/plain", "image/png", "image/jpeg")
SHORTENED = "\n[the rest of this output was left out]\n"


@dataclass(frozen=True, slots=True)
class OutputLimits:
    """The number of characters of text and of encoded pictures that are kept for one cell."""

    text_chars: int
    image_chars: int


class Record:
    """The outputs of the cell that runs now; further text and pictures are dropped once the limits are reached."""

    def __init__(self, limits: OutputLimits) -> None:
        self._limits = limits
        self.outputs: list[dict[str, Any]] = []
        self.begin()

    def begin(self) -> None:
        self.outputs = []
        self._text_left, self._image_left = self._limits.text_chars, self._limits.image_chars

    def stream(self, name: str, text: str) -> None:
        shortened = self._shorten(text)
        if not shortened:
            return
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += shortened
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": shortened})

    def display(self, data: dict[str, Any], execution_count: int | None = None) -> None:
        shown = {kind: self._fit(kind, value) for kind, value in data.items() if kind in KEPT_TYPES}
        shown = {kind: value for kind, value in shown.items() if value}
        if not shown:
            return
        output: dict[str, Any] = {"output_type": "display_data", "data": shown, "metadata": {}}
        if execution_count is not None:
            output |= {"output_type": "execute_result", "execution_count": execution_count}
        self.outputs.append(output)

    def error(self, name: str, value: str, traceback: list[str]) -> None:
        lines = self._shorten("\n".join(traceback)).split("\n")
        self.outputs.append({"output_type": "error", "ename": name, "evalue": value[:2000], "traceback": lines})

    def _fit(self, kind: str, value: object) -> str:
        if not isinstance(value, str):
            return ""
        if kind == "text/plain":
            return self._shorten(value)
        if len(value) > self._image_left:
            return ""
        self._image_left -= len(value)
        return value

    def _shorten(self, text: str) -> str:
        if self._text_left <= 0:
            return ""
        left, self._text_left = self._text_left, self._text_left - len(text)
        return text if len(text) <= left else text[:left] + SHORTENED


class CellStream(io.TextIOBase):
    """Stands in for sys.stdout or sys.stderr; `fileno` is the real one's, for subprocesses."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, record: Record, name: str, number: int) -> None:
        super().__init__()
        self._record, self._name, self._number = record, name, number

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._record.stream(self._name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number


class RecordingHook(DisplayHook):
    """Records the value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        return

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        assert self.shell is not None  # the shell that made this
        self.shell.record.display(format_dict, execution_count=self.prompt_count)

    def log_output(self, format_dict: dict[str, Any]) -> None:
        return

    def finish_displayhook(self) -> None:
        self._is_active = False


class RecordingPublisher(DisplayPublisher):
    """Records what `display` is given."""

    def publish(self, data: Any, metadata: Any = None, source: Any = None, **_: Any) -> None:
        self.shell.record.display(data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.record.outputs.clear()
