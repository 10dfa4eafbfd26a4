"""The files of a collection of folders, zips, and zips within a folder or zip. Nothing is unpacked.

Refused, with the reason: links, encrypted members, paths that lead out, zips inside a student's zip, compression that
can take memory without limit, and anything larger than the limits, by its own claim or by what comes out when it is
read.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from tinytorch.errors import CollectError

MAX_FILE_BYTES = 50_000_000
MAX_ZIP_BYTES = 2_000_000_000
MAX_STUDENT_BYTES = 250_000_000  # all files of one student's zip, unpacked
MAX_MEMBERS = 20_000
MAX_NAME_CHARS = 255  # of one folder or file: no file system has longer ones, and names are searched for patterns
MAX_DEPTH = 40
_READ_HERE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SKIPPED = frozenset({"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git", ".DS_Store", "Thumbs.db", "desktop.ini"})
_EXTENDED_TIME = 0x5455


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file: its path inside the collection (zips count as folders), bytes, and when it was last changed, UTC."""

    parts: tuple[str, ...]
    data: bytes
    changed: datetime

    @property
    def name(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class Refused:
    """A path that is not taken in, and why."""

    name: str
    reason: str


def read_collection(start: Path) -> Iterator[Incoming | Refused]:
    """Every file of a folder or zip, one at a time; raises CollectError when `start` is neither."""
    if start.is_dir():
        yield from _folder(start)
    elif start.is_file() and zipfile.is_zipfile(start):
        with start.open("rb") as file:
            yield from _zip(file, (), _time(start), depth=0)
    elif start.exists():
        raise CollectError(f"{start}: neither a folder nor a zip; unpack it and give the folder.")
    else:
        raise CollectError(f"{start}: there is no such folder or zip; check the path.")


def _folder(start: Path) -> Iterator[Incoming | Refused]:
    try:
        paths = sorted(start.rglob("*"))
    except OSError as err:
        raise CollectError(f"{start}: cannot be read ({err.strerror}); check its permissions.") from err
    for path in paths:
        parts = path.relative_to(start).parts
        name = "/".join(parts)
        if path.is_symlink():
            yield Refused(name, "a link, which is not followed")
        elif path.is_file() and not _SKIPPED & set(parts):
            yield from _file(path, parts)


def _file(path: Path, parts: tuple[str, ...]) -> Iterator[Incoming | Refused]:
    name = "/".join(parts)
    try:
        if path.suffix.lower() == ".zip":
            if path.stat().st_size > MAX_FILE_BYTES:
                yield Refused(name, f"a zip larger than {MAX_FILE_BYTES // 1_000_000} MB")
                return
            with path.open("rb") as file:
                yield from _zip(file, (*parts[:-1], path.stem), _time(path), depth=1)
        elif path.stat().st_size > MAX_FILE_BYTES:
            yield Refused(name, f"larger than {MAX_FILE_BYTES // 1_000_000} MB")
        else:
            yield Incoming(parts, path.read_bytes(), _time(path))
    except OSError as err:
        yield Refused(name, f"cannot be read ({err.strerror})")


def _zip(file: io.IOBase, prefix: tuple[str, ...], outer: datetime, depth: int) -> Iterator[Incoming | Refused]:
    """The members of one zip; `depth` 0 is a whole class, in which each student may have a zip of their own."""
    name = "/".join(prefix) or "the zip"
    with ExitStack() as opened:
        try:
            archive = opened.enter_context(zipfile.ZipFile(file))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as err:
            yield Refused(name, f"a broken zip ({err})")
            return
        members = [member for member in archive.infolist() if not member.filename.endswith("/")]
        most = MAX_STUDENT_BYTES if depth else MAX_ZIP_BYTES
        if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > most:
            yield Refused(name, "a zip with too many or too large files")
            return
        for member in members:
            yield from _member(archive, member, prefix, outer, depth)


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, prefix: tuple[str, ...], outer: datetime, depth: int
) -> Iterator[Incoming | Refused]:
    shown = "/".join([*prefix, member.filename])
    if _is_too_long(member.filename):
        yield Refused(f"{shown[:100]}...", "a name longer than a file's can be")
        return
    parts = _parts(member.filename)
    if parts is None:
        yield Refused(shown, "a path that leads out of its folder")
        return
    if _SKIPPED & set(parts):
        return
    if stat.S_ISLNK(member.external_attr >> 16):
        yield Refused(shown, "a link, which is not followed")
        return
    data = _read(archive, member)
    if isinstance(data, str):
        yield Refused(shown, data)
    elif parts[-1].lower().endswith(".zip"):
        if depth:
            yield Refused(shown, "a zip inside a student's zip; hand in the notebooks themselves")
        else:
            inner = (*prefix, *parts[:-1], parts[-1][: -len(".zip")])
            yield from _zip(io.BytesIO(data), inner, _member_time(member, outer), depth + 1)
    else:
        yield Incoming((*prefix, *parts), data, _member_time(member, outer))


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | str:
    """Returns the member's bytes, or the reason why it isn't read. Never reads more than the limit."""
    if member.compress_type not in _READ_HERE:
        return "compressed in a way that is not read here; zip it again without choosing a method"
    if member.flag_bits & 0x1:
        return "encrypted; hand it in without a password"
    if member.file_size > MAX_FILE_BYTES:
        return f"larger than {MAX_FILE_BYTES // 1_000_000} MB"
    try:
        with archive.open(member) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError) as err:
        return f"broken inside the zip ({err})"
    return data if len(data) <= MAX_FILE_BYTES else f"larger than {MAX_FILE_BYTES // 1_000_000} MB"


def _is_too_long(filename: str) -> bool:
    parts = filename.replace("\\", "/").split("/")
    return len(parts) > MAX_DEPTH or max(map(len, parts)) > MAX_NAME_CHARS


def _parts(filename: str) -> tuple[str, ...] | None:
    """A member's path in pieces; None when it is absolute, climbs, or names a drive."""
    path = PurePosixPath(filename.replace("\\", "/"))
    parts = path.parts
    if path.is_absolute() or not parts or ".." in parts or ":" in parts[0] or "\0" in filename:
        return None
    return parts


def _time(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (ValueError, OverflowError):  # a file system may keep years that no calendar here has
        return datetime.now(UTC)


def _member_time(member: zipfile.ZipInfo, outer: datetime) -> datetime:
    """The UTC time some zips carry; else the plain one, which is local time and read as this machine's."""
    extra = member.extra
    while len(extra) >= 4:
        tag, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if tag == _EXTENDED_TIME and len(field) >= 5 and field[0] & 1:
            return datetime.fromtimestamp(struct.unpack("<i", field[1:5])[0], UTC)
    try:
        stamp = datetime(*member.date_time).astimezone(UTC)
    except (ValueError, OverflowError):
        return outer
    # Tools for reproducible zips write the earliest date a zip can hold, which is no time of change.
    return outer if member.date_time[:3] == (1980, 1, 1) else stamp
