"""Atomic writes: a full disk or an interruption never leaves half a file behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tinytorch.errors import WorkspaceError
from tinytorch.text import os_error_sentence


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turns an OSError about `path` into a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(os_error_sentence(error, path)) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Puts `data` at `path` in one step: readers see the old file or the whole new one."""
    with sentences(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(name, mode)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def write_if_changed(path: Path, data: bytes) -> bool:
    """Writes only when the bytes differ, so that time stamps mean something; True when written."""
    with sentences(path):
        if path.is_file() and path.read_bytes() == data:
            return False
    write_bytes(path, data)
    return True


def copy(source: Path, target: Path) -> None:
    """Copies one file's bytes to `target`, in one step."""
    with sentences(source):
        data = source.read_bytes()
    write_bytes(target, data)


def copy_tree(source: Path, target: Path) -> None:
    """Copies a folder to `target`; stops at the first file that cannot be copied, unlike shutil, which goes on."""
    with sentences(target):
        shutil.copytree(source, target, copy_function=lambda old, new: copy(Path(old), Path(new)))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
