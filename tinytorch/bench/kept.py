"""A small file of a student's own measurements: lessons write them, lesson 06 and the open questions read them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path("measurements.json")  # in the folder that the notebook runs in
LONGEST = 2**20  # bytes; a larger file was not written by `keep`


@dataclass(frozen=True, slots=True)
class Kept:
    """Figures measured together: by name, in one unit; the caption names machine and date."""

    topic: str
    unit: str
    figures: dict[str, float]
    caption: str

    def __str__(self) -> str:
        figures = "\n".join(f"  {name:<32} {value:>12.4g}" for name, value in self.figures.items())
        return f"{self.topic}, in {self.unit} ({self.caption})\n{figures}"


def keep(
    topic: str, figures: Mapping[str, float] | Mapping[int, float], unit: str, caption: str, path: Path = FILE
) -> Kept:
    """Writes figures to the file of measurements, replacing earlier ones on the same topic, and returns them.

    topic: starts with the lesson's number, "02: time by block size".  unit: "ms", "times as fast".
    caption: machine and date, as `plots.caption()` gives them.
    Raises ValueError if the file holds something else, and leaves it as it is.
    """
    plain = {str(name): float(value) for name, value in figures.items()}
    new = Kept(topic, unit, plain, caption)
    entries = {entry.topic: entry for entry in kept(path)} | {topic: new}
    text = json.dumps([_entry(entries[name]) for name in sorted(entries)], indent=1) + "\n"
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False, suffix=".tmp") as file:
        file.write(text)
    os.replace(file.name, path)
    return new


def kept(path: Path = FILE) -> list[Kept]:
    """Returns all measurements that the lessons have kept so far, by topic; an empty list if there is no file yet.

    Raises ValueError if `keep` did not write the file; the message says what to do.
    """
    if not path.exists():
        return []
    try:
        if path.stat().st_size > LONGEST:
            raise ValueError("it is too large")
        return [_read(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, KeyError, AttributeError) as err:
        raise ValueError(
            f"{path} does not hold measurements of these lessons; move it away and run their measuring cells again"
        ) from err


def _entry(entry: Kept) -> dict[str, object]:
    return {name: getattr(entry, name) for name in Kept.__slots__}


def _read(entry: dict[str, object]) -> Kept:
    texts = [entry[name] for name in ("topic", "unit", "caption")]
    figures = entry["figures"]
    if not isinstance(figures, dict) or not all(isinstance(text, str) for text in texts):
        raise TypeError("an entry has another form")
    topic, unit, caption = (str(text) for text in texts)
    return Kept(topic, unit, {str(name): float(value) for name, value in figures.items()}, caption)
