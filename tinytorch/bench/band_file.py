"""A module's `bands.toml`: for each race, by name, its bands and the text that says what speed is compared with."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinytorch.bench.bands import Bands, edges_of

BANDS_FILE = "bands.toml"
Shares = tuple[tuple[float, float], ...]  # ratio of speed, share of the points from there on; ratios rising

_KEYS = {"compared", "shares"}
_EXAMPLE = "[[0.5, 0.4], [1.5, 1.0]]"


@dataclass(frozen=True, slots=True)
class StatedBands:
    """The bands of a race. `compared` heads their table: the reference and the data that speed is measured on."""

    compared: str
    bands: Bands

    @property
    def shares(self) -> Shares:
        """The bands as plain data, ratios rising."""
        return tuple((edge, self.bands[edge]) for edge in edges_of(self.bands))


def read_band_file(path: Path) -> dict[str, StatedBands]:
    """Returns the bands in the file at `path`, by name, in the order of the file.

    Raises OSError if it cannot be read, and ValueError with a sentence for its author if it is malformed.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # text that is not UTF-8 or not TOML
        raise ValueError(f"{path} cannot be read: {error}; correct it or restore it.") from error
    return {name: _stated(f"{path}: [{name}]", entry) for name, entry in raw.items()}


def _stated(where: str, entry: object) -> StatedBands:
    if not isinstance(entry, Mapping) or set(entry) != _KEYS:
        raise ValueError(f"{where} must have the keys {' and '.join(sorted(_KEYS))}, and no others.")
    compared, pairs = entry["compared"], entry["shares"]
    if not isinstance(compared, str) or not compared.strip() or not compared.isprintable() or "|" in compared:
        raise ValueError(f"{where} compared is {compared!r}; it must be one line of text without a |.")
    if not isinstance(pairs, list) or not all(map(_is_pair_of_numbers, pairs)):
        raise ValueError(f"{where} shares are {pairs!r}; write pairs of ratio and share: {_EXAMPLE}.")
    bands = {float(ratio): float(share) for ratio, share in pairs}
    if list(bands) != sorted(bands) or len(bands) != len(pairs):
        raise ValueError(f"{where} shares must have rising ratios, each once.")
    try:
        edges_of(bands)
    except ValueError as error:
        raise ValueError(f"{where} shares: {error}; for example {_EXAMPLE}.") from error
    return StatedBands(compared, bands)


def _is_pair_of_numbers(pair: object) -> bool:
    if not isinstance(pair, list) or len(pair) != 2:
        return False
    are_numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in pair)
    return are_numbers and all(math.isfinite(value) for value in pair)
