"""A figure about the machine that says where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, Never, TypeVar

Source = Literal["detected", "measured", "derived", "unavailable"]
Value = int | float | str | tuple[str, ...]
Value_co = TypeVar("Value_co", bound=Value, covariant=True)
Stated = TypeVar("Stated", bound=Value)

SHOWN = 8  # entries of a tuple that a line of text has room for

_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True)
class Fact(Generic[Value_co]):
    """`value` in `unit`; `how` names the file, call or experiment it came from, or says why there is none.

    spread: the middle half of the runs of a measurement, in the same unit.
    """

    value: Value_co | None
    unit: str
    source: Source
    how: str
    spread: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if (self.value is None) != (self.source == "unavailable"):
            raise ValueError(f"'unavailable' goes with None and only with None; got {self.source!r} and {self.value!r}")
        if not self.how:
            raise ValueError("a fact must say how it was found, or why it was not")

    def __str__(self) -> str:
        value: Value | None = self.value
        if value is None:
            return "unknown"
        if isinstance(value, tuple):
            return _listed(value, self.unit)
        if self.unit == "bytes":
            return format_bytes(int(value))
        number = f"{value:.4g}" if isinstance(value, float) else str(value)
        return f"{number} {self.unit}".strip()

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        value: object = list(self.value) if isinstance(self.value, tuple) else self.value
        plain: dict[str, object] = {"value": value, "unit": self.unit, "source": self.source, "how": self.how}
        return plain if self.spread is None else plain | {"spread": list(self.spread)}


#: Facts by name; the card's field of the same name gives the type of the value.
Facts = dict[str, Fact[Any]]


def _listed(values: tuple[str, ...], unit: str) -> str:
    """A tuple as text: words, or entries of a unit, of which a long list shows the first ones only."""
    if not unit:
        return " ".join(values)
    more = f"; and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return f"{unit} {'; '.join(values[:SHOWN])}{more}"


def detected(value: Stated, unit: str, how: str) -> Fact[Stated]:
    """A fact that the system states."""
    return Fact(value, unit, "detected", how)


def unavailable(unit: str, why: str) -> Fact[Never]:
    """A fact that is unavailable here."""
    return Fact(None, unit, "unavailable", why)


def format_bytes(size: int) -> str:
    """`size` in the largest binary unit that leaves it at or above 1: 49152 is '48 KiB'."""
    scaled = float(size)
    for unit in _BINARY_UNITS[:-1]:
        if scaled < 1024:
            return f"{scaled:.4g} {unit}"
        scaled /= 1024
    return f"{scaled:.4g} {_BINARY_UNITS[-1]}"
