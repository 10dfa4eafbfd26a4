"""A picture is drawn where it can be seen, and said in words where it cannot."""

from __future__ import annotations

import base64
import re

import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

from tinytorch.plots import Picture


@pytest.fixture
def figure() -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    return figure


@pytest.mark.parametrize("text", ["Rows of A meet columns of B.", "", 'a "b" <c>'])
def test_in_a_terminal_the_text_stands_for_it(figure: Figure, text: str) -> None:
    assert repr(Picture(figure, text)) == text


def test_in_a_notebook_it_is_an_image_of_the_figure(figure: Figure) -> None:
    [data] = re.findall(r'src="data:image/png;base64,([^"]+)"', Picture(figure, "Two points.")._repr_html_())
    assert base64.b64decode(data, validate=True).startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    ("text", "alternative"),
    [
        ("Two points.", "Two points."),
        ('i < j & "k"', "i &lt; j &amp; &quot;k&quot;"),
        ('"><script>alert(1)</script>', "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("it's\ntwo lines", "it&#x27;s\ntwo lines"),
    ],
)
def test_the_image_has_the_text_as_its_alternative_escaped(figure: Figure, text: str, alternative: str) -> None:
    shown = Picture(figure, text)._repr_html_()
    assert shown.endswith(f' alt="{alternative}">')
    assert shown.count("<") == shown.count(">") == 1


def test_a_notebook_shows_both(figure: Figure) -> None:
    formats, _ = InteractiveShell.instance().display_formatter.format(Picture(figure, "Two points."))
    assert formats["text/plain"] == "Two points."
    assert formats["text/html"].startswith("<img ")
