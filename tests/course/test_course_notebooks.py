"""Notebooks and folders that people give us, and the sentences about them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tinytorch.course import files
from tinytorch.course.notebooks import parse_notebook, read_notebook
from tinytorch.errors import SourceError, WorkspaceError
from tinytorch.notebooks.cells import numbered


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe{}", "not UTF-8"),
        (b"", "is not a notebook"),
        (b"print('hello')", "is not a notebook"),
        (b"[1, 2]", "JSON but not a notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "notebook format 3, and 4 is needed"),
        (b'{"nbformat": 5, "cells": []}', "notebook format 5"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}', "cell 1 is malformed"),
        (b'{"nbformat": 4, "cells": [7]}', "cell 1 is malformed"),
        (b"[" * 100_000, "is not a notebook"),
    ],
    ids=["utf16", "empty", "python", "list", "old", "future", "no-cells", "bad-source", "bad-cell", "deep"],
)
def test_what_is_no_notebook_is_refused_with_its_name(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "02_second.ipynb"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=rf"02_second\.ipynb.*{words}"):
        read_notebook(path)


def test_a_missing_notebook_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"01_first\.ipynb does not exist"):
        read_notebook(tmp_path / "01_first.ipynb")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(b'\xef\xbb\xbf{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}')
    assert read_notebook(path).cells == []


def test_cells_are_numbered_as_jupyter_numbers_them_after_running_all() -> None:
    cells = ",".join(
        f'{{"cell_type": "{kind}", "source": ["{text}"]}}'
        for kind, text in [("markdown", "# a"), ("code", "x"), ("code", "  "), ("raw", "r"), ("code", "y")]
    )
    nb = parse_notebook(f'{{"nbformat": 4, "cells": [{cells}]}}', "n")
    assert [(number, cell.source) for number, cell in numbered(nb)] == [(1, "x"), (2, "y")]


def test_a_full_disk_is_a_sentence_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WorkspaceError, match="the disk is full"):
        files.write_bytes(path, b"new")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("kept.txt", "old")]


def test_a_read_only_folder_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    monkeypatch.setattr("tempfile.mkstemp", refused)
    with pytest.raises(WorkspaceError, match="may not be written or read by this account"):
        files.write_bytes(tmp_path / "a.txt", b"new")


def test_equal_bytes_are_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert [files.write_if_changed(path, data) for data in (b"1", b"1", b"2")] == [True, False, True]
