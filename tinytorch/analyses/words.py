"""Small phrases that every sentence of an analysis is made of: numbers of things, and speeds."""

from __future__ import annotations

from collections.abc import Iterable


def count(number: int, noun: str) -> str:
    """The number with its noun, in the plural unless it is one: "1 core", "2 cores"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(items: Iterable[object]) -> str:
    """The items with commas and "and": "a", "a and b", "a, b and c"."""
    texts = [str(item) for item in items]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def pace(ratio: float, other: str) -> str:
    """A speed in words: "2.0 times as fast as OTHER"; a ratio below 1 is turned into "takes 2.0 times as long"."""
    if ratio >= 1:
        return f"is {ratio:.2f} times as fast as {other}"
    return f"takes {1 / ratio:.2f} times as long as {other}"


def holds_one(low: float | None, high: float | None) -> bool:
    """True if the interval of a ratio is known and holds 1: then the two sides cannot be told apart."""
    return low is not None and high is not None and low <= 1.0 <= high
