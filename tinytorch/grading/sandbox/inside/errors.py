"""An exception of the student's code as fields of text for the wire."""

from __future__ import annotations

import builtins
import linecache
import traceback

from .shell import CellFiles, message_of

MESSAGE_CHARS = 2000
TRACEBACK_CHARS = 8000
_BUILTIN = frozenset(
    kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, Exception)
) - {Exception}


def describe(raised: BaseException, files: CellFiles) -> dict[str, str]:
    """Type, message, the last line of a student's cell on the way, and the traceback from there."""
    kind = type(raised)
    nearest = next((base.__name__ for base in kind.__mro__ if base in _BUILTIN), "")
    where = code = ""
    for frame, line in traceback.walk_tb(raised.__traceback__):
        path = frame.f_code.co_filename
        if path in files.names:
            where = f"{files.names[path].removesuffix(' imported')}, line {line}"
            code = linecache.getline(path, line).strip()[:200]
    return {
        "type_name": kind.__name__[:200],
        "builtin": nearest,
        "message": message_of(raised)[:MESSAGE_CHARS],
        "where": where,
        "code": code,
        "traceback": _shown(raised),
    }


def _shown(raised: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(raised))[-TRACEBACK_CHARS:]
    except Exception as err:
        return f"<the traceback could not be written: {type(err).__name__}>"
