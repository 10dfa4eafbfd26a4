"""A picture of an idea, with the words that stand for it where it cannot be seen."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure and its text alternative; a notebook shows the figure, a terminal and a screen reader get the text."""

    figure: Figure
    text: str

    def _repr_html_(self) -> str:
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=100)
        data = base64.b64encode(file.getvalue()).decode("ascii")
        return f'<img src="data:image/png;base64,{data}" alt="{html.escape(self.text)}">'

    def __repr__(self) -> str:
        return self.text
