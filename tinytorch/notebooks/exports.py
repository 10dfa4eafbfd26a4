"""The exported part of code cells: nbdev's directives, and the names that a cell's text defines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

_DIRECTIVE = re.compile(r"\s*#\s*\|\s*(?:([^\s:]+)\s*:?\s?(.*?)\s*)?$")
_PASSED_OVER = re.compile(r"\s*(?:%%\w.*)?$")  # nbdev looks for directives below cell magics and blank lines
_EXPORT_LINE = re.compile(r"^#\s*\|\s*exports?i?\b", re.MULTILINE)
_DEFINED = re.compile(r"^(?:(?:async\s+def|def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]+)?=(?!=))", re.MULTILINE)
_FUNCTION = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_ONLY_DEFINES = re.compile(r"(?:(?:(?:async\s+def|def|class|import|from)\b|[@#)\]} \t]).*|[A-Z_]+ = .*)?")

EXPORTING = ("export", "exports", "exporti")


def directives(source: str) -> Iterator[tuple[str, str]]:
    """The `#| name value` lines that a code cell begins with, as nbdev reads them; the last of a name counts."""
    for line in source.splitlines():
        match = _DIRECTIVE.match(line)
        if match is None and not _PASSED_OVER.match(line):
            return
        if match is not None and match[1]:
            yield match[1], "" if match[2] == "true" else match[2]


def exports(source: str) -> bool:
    """Says whether nbdev exports a code cell of this text."""
    return any(name in EXPORTING for name, _ in directives(source))


def has_export_line(source: str) -> bool:
    """Says whether any line of the text begins as an export directive, also where nbdev doesn't look for it."""
    return _EXPORT_LINE.search(source) is not None


def default_exp(nb: NotebookNode) -> str:
    """The module that the notebook's `#| default_exp` names, the last one if there are several, or an empty string."""
    sources = [str(cell.source) for cell in nb.cells if cell.cell_type == "code"]
    values = [value for source in sources for name, value in directives(source) if name == "default_exp"]
    return values[-1] if values else ""


def defined(source: str) -> tuple[str, ...]:
    """The functions, classes and constants that a cell's text defines at the top level."""
    return tuple(dict.fromkeys(first or second for first, second in _DEFINED.findall(source)))


def functions(source: str) -> frozenset[str]:
    """The functions and classes that a cell's text defines, at any depth."""
    return frozenset(_FUNCTION.findall(source))


def only_defines(source: str) -> bool:
    """Functions, classes, imports and constants in capitals, and nothing at the top level that does work."""
    return bool(defined(source)) and all(map(_ONLY_DEFINES.fullmatch, source.splitlines()))
