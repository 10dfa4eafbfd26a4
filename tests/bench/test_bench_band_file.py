"""A module's file of bands: what is read from it, and what is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinytorch.bench.band_file import StatedBands, read_band_file


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bands.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_bands_are_read_by_name_in_the_order_of_the_file(tmp_path: Path) -> None:
    first = '[b]\ncompared = "times `f`"\nshares = [[0.5, 0.4], [2, 1]]\n'
    second = '[a]\ncompared = "times `g`"\nshares = [[1, 1.0]]\n'
    stated = read_band_file(written(tmp_path, first + second))
    assert list(stated) == ["b", "a"]
    assert stated["b"] == StatedBands("times `f`", {0.5: 0.4, 2.0: 1.0})
    assert stated["b"].shares == ((0.5, 0.4), (2.0, 1.0))


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_a_file_without_bands_has_none(tmp_path: Path, text: str) -> None:
    assert read_band_file(written(tmp_path, text)) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a\n", r"bands\.toml cannot be read: .*; correct it or restore it"),
        ("a = 1\n", r"\[a\] must have the keys compared and shares"),
        ("[a]\nshares = [[1, 1]]\n", r"\[a\] must have the keys compared and shares"),
        ('[a]\ncompared = "x"\nshares = [[1, 1]]\nmore = 1\n', r"\[a\] must have the keys .* and no others"),
        ("[a]\ncompared = 3\nshares = [[1, 1]]\n", r"\[a\] compared is 3; it must be one line of text"),
        ('[a]\ncompared = ""\nshares = [[1, 1]]\n', r"it must be one line of text"),
        ('[a]\ncompared = "x | y"\nshares = [[1, 1]]\n', r"one line of text without a \|"),
        ('[a]\ncompared = "x\\ny"\nshares = [[1, 1]]\n', r"one line of text"),
        ('[a]\ncompared = "x"\nshares = 3\n', r"\[a\] shares are 3; write pairs of ratio and share"),
        ('[a]\ncompared = "x"\nshares = [[1, 1, 1]]\n', r"write pairs of ratio and share"),
        ('[a]\ncompared = "x"\nshares = [["1", 1]]\n', r"write pairs of ratio and share"),
        ('[a]\ncompared = "x"\nshares = [[1, true]]\n', r"write pairs of ratio and share"),
        ('[a]\ncompared = "x"\nshares = [[0.5, 0.5], [inf, 1]]\n', r"write pairs of ratio and share"),
        ('[a]\ncompared = "x"\nshares = [[0.5, nan], [1, 1]]\n', r"write pairs of ratio and share"),
        ('[a]\ncompared = "x"\nshares = []\n', r"\[a\] shares: bands must rise"),
        ('[a]\ncompared = "x"\nshares = [[1, 0.5], [0.5, 1]]\n', r"rising ratios, each once"),
        ('[a]\ncompared = "x"\nshares = [[1, 0.5], [1, 1]]\n', r"rising ratios, each once"),
        ('[a]\ncompared = "x"\nshares = [[0, 1]]\n', r"at ratios above 0"),
        ('[a]\ncompared = "x"\nshares = [[1, 0.5], [2, 0.5]]\n', r"must rise .* to a share of 1"),
        ('[a]\ncompared = "x"\nshares = [[1, 0.5]]\n', r"to a share of 1"),
    ],
)
def test_what_is_malformed_is_refused_with_file_and_name(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_band_file(written(tmp_path, text))
    assert str(tmp_path) in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bands.toml"
    path.write_bytes(b"[a]\ncompared = '\xff'\n")
    with pytest.raises(ValueError, match="cannot be read"):
        read_band_file(path)


def test_a_file_that_is_not_there_is_the_caller_s_matter(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_band_file(tmp_path / "bands.toml")
