"""Text that came from elsewhere, made clean and visible, and what the system says of a file as a sentence."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

# What moves the cursor, clears the screen, turns the reading direction around, or is no character of XML; tab and line
# end may stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def visible(text: str) -> str:
    """`text` with its control characters written out, as in a Python string."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


def clean_text(value: object, limit: int = 4000) -> str:
    """A text of a student's, shortened, and safe to be written as UTF-8; empty if it is none."""
    text = value if isinstance(value, str) else ""
    return text[:limit].encode("utf-8", "replace").decode("utf-8")


def clean_words(value: object, limit: int = 2000) -> str:
    """A sentence with something of the student's in it: as `clean_text`, control characters written out."""
    return visible(clean_text(value, limit))


def os_error_sentence(error: OSError, path: Path | None = None) -> str:
    """Returns a sentence on what went wrong with a file, and what to do; `path` is used if the error names no file."""
    location = str(error.filename or path or "")
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            what = str(path or location or "a file")
            return f"{what} could not be written: the disk is full. Free some space and run the command again."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            what = location or "a file"
            return f"{what} may not be written or read by this account. Fix its permissions or choose another folder."
        case errno.ENOENT if location:
            return f"{location} does not exist. Check the path."
    message = os.strerror(error.errno) if error.errno else error.strerror or str(error)
    return f"{location or 'a file or process'} could not be used: {message}. Check the path and run the command again."
