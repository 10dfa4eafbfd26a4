"""Clean text stays text, control characters are seen, and an OSError becomes a sentence that says what to do."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch.text import clean_text, clean_words, os_error_sentence, visible


@given(st.text(alphabet=st.characters(codec=None)))
def test_clean_text_can_be_written_and_is_clean_already(text: str) -> None:
    once = clean_text(text, 50)
    assert len(once) <= 50
    assert clean_text(once.encode().decode(), 50) == once


@given(st.text())
def test_clean_words_hold_no_control_characters(text: str) -> None:
    assert not any(ord(letter) < 32 and letter not in "\t\n" for letter in clean_words(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tab\tand\nline", "tab\tand\nline"),
        ("red \x1b[31m", "red \\x1b[31m"),
        ("\r\x00\x9b", "\\r\\x00\\x9b"),
        ("\u202etxt\u2069", "\\u202etxt\\u2069"),
        ("ä \U0001f600", "ä \U0001f600"),
    ],
)
def test_what_moves_the_cursor_or_the_reading_is_written_out(text: str, expected: str) -> None:
    assert (visible(text), clean_words(text)) == (expected, expected)


def test_what_is_no_text_is_empty() -> None:
    assert (clean_text(None), clean_text(b"x"), clean_words(3)) == ("", "", "")


@pytest.mark.parametrize(
    ("number", "name", "path", "expected"),
    [
        (errno.ENOSPC, "/a", Path("/b"), "/b could not be written: the disk is full."),
        (errno.EDQUOT, None, None, "a file could not be written: the disk is full."),
        (errno.EACCES, "/a", Path("/b"), "/a may not be written or read by this account."),
        (errno.EROFS, None, Path("/b"), "/b may not be written"),
        (errno.ENOENT, "/a", None, "/a does not exist. Check the path."),
        (errno.EMFILE, None, None, "a file or process could not be used: Too many open files."),
    ],
)
def test_an_os_error_is_a_sentence(number: int, name: str | None, path: Path | None, expected: str) -> None:
    error = OSError(number, "Too many open files", name)
    assert os_error_sentence(error, path).startswith(expected)
