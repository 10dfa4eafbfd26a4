"""What of a code cell goes into the package: nbdev's directives, and the names that its text defines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

_DIRECTIVE = re.compile(r"#\|\s*(\w+):?\s*(.*?)\s*$")
_EXPORT_LINE = re.compile(r"^#\s*\|\s*exports?i?\b", re.MULTILINE)
_DEFINED = re.compile(r"^(?:(?:async\s+def|def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]+)?=(?!=))", re.MULTILINE)
_FUNCTION = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_ONLY_DEFINES = re.compile(r"(?:(?:(?:async\s+def|def|class|import|from)\b|[@#)\]} \t]).*|[A-Z_]+ = .*)?")


def directives(source: str) -> Iterator[tuple[str, str]]:
    """The `#| name value` lines that a code cell begins with, as nbdev reads them."""
    for line in source.split("\n"):
        match = _DIRECTIVE.match(line)
        if not match:
            return
        yield match[1], match[2]


def exports(source: str) -> bool:
    """Says whether nbdev exports a code cell of this text."""
    return any(name in ("export", "exports", "exporti") for name, _ in directives(source))


def has_export_line(source: str) -> bool:
    """Says whether an export directive stands anywhere in the text, also where nbdev doesn't look for it."""
    return _EXPORT_LINE.search(source) is not None


def default_exp(nb: NotebookNode) -> str:
    """The module that the notebook's `#| default_exp` names, or an empty string."""
    code = (str(cell.source) for cell in nb.cells if cell.cell_type == "code")
    return next((value for source in code for name, value in directives(source) if name == "default_exp"), "")


def defined(source: str) -> tuple[str, ...]:
    """The functions, classes and constants that a cell's text defines at the top level."""
    return tuple(dict.fromkeys(first or second for first, second in _DEFINED.findall(source)))


def functions(source: str) -> frozenset[str]:
    """The functions and classes that a cell's text defines, at any depth."""
    return frozenset(_FUNCTION.findall(source))


def only_defines(source: str) -> bool:
    """Functions, classes, imports and constants in capitals, and nothing at the top level that does work."""
    return bool(defined(source)) and all(map(_ONLY_DEFINES.fullmatch, source.splitlines()))
