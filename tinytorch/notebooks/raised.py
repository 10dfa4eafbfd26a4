"""An exception of a notebook's code as plain data: its types, its message, and the cells it passed through."""

from __future__ import annotations

import builtins
import linecache
import traceback
from dataclasses import dataclass

from tinytorch.notebooks.cell_files import CellFiles

NAME_CHARS = 200
CODE_CHARS = 200
MESSAGE_CHARS = 2000  # an exception may hold an array, and Numba explains itself at length
TRACEBACK_CHARS = 8000
MAX_PLACES = 50
_BUILTIN = frozenset(
    kind for kind in vars(builtins).values() if isinstance(kind, type) and issubclass(kind, Exception)
) - {Exception}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a cell, counted from 1; `cell` is the name under which the cell was run."""

    cell: str
    line: int


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception. All texts are of limited length."""

    kinds: tuple[str, ...]  # its type and the bases of that, nearest first
    builtin: str  # the nearest builtin exception type but Exception, or empty
    message: str  # its str()
    reason: str  # the same, but of a syntax error without file and line
    places: tuple[Place, ...]  # the lines of cells that it came through, the innermost last
    code: str  # the text of the innermost of these lines
    traceback: str

    @property
    def type_name(self) -> str:
        return self.kinds[0]

    @property
    def where(self) -> str:
        """The innermost place, as "02_matmul, cell 7, line 3"; empty if no cell was involved."""
        return f"{self.places[-1].cell}, line {self.places[-1].line}" if self.places else ""

    @property
    def words(self) -> str:
        """Type and message."""
        return f"{self.type_name}: {self.message}"[:MESSAGE_CHARS]


def describe(raised: BaseException, files: CellFiles) -> Raised:
    """Returns the description of an exception that code from these files raised."""
    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(raised.__traceback__)]
    if isinstance(raised, SyntaxError) and isinstance(raised.filename, str) and isinstance(raised.lineno, int):
        lines.append((raised.filename, raised.lineno))
    known = [(cell, path, line) for path, line in lines if (cell := files.cell_of(path)) is not None]
    kinds = type(raised).__mro__
    message = message_of(raised)[:MESSAGE_CHARS]
    reason = raised.msg[:MESSAGE_CHARS] if isinstance(raised, SyntaxError) and isinstance(raised.msg, str) else message
    return Raised(
        kinds=tuple(kind.__name__[:NAME_CHARS] for kind in kinds),
        builtin=next((kind.__name__ for kind in kinds if kind in _BUILTIN), ""),
        message=message,
        reason=reason,
        places=tuple(Place(cell, line) for cell, _, line in known[-MAX_PLACES:]),
        code=linecache.getline(known[-1][1], known[-1][2]).strip()[:CODE_CHARS] if known else "",
        traceback=_shown(raised),
    )


def message_of(raised: BaseException) -> str:
    """The exception's own text; student code may have made even that fail."""
    try:
        return str(raised)
    except Exception as err:
        return f"<its message could not be read: {type(err).__name__}>"


def _shown(raised: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(raised))[-TRACEBACK_CHARS:]
    except Exception as err:
        return f"<the traceback could not be written: {type(err).__name__}>"
