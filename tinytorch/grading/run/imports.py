"""Which lessons a lesson's code may import, read from its text, so that its process is given these and no others.

What isn't given can't be used, so an outcome depends on nothing else, whatever the text may hide. Text that names a
package without a lesson of it, or that can import by computed names, may import everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

Name = tuple[str, str]  # package, lesson: ("tinytorch.core.example", "first"); without a package it is not importable

# Every pattern here takes time in proportion to the text: a submission must not keep the grader busy by its wording.
_GAP = r"[\s\\]*"  # Python allows blanks around dots, and a line to go on behind a backslash
_COMPUTED = re.compile(
    r"\b(?:importlib|import_module|__import__|exec|eval|runpy|pkgutil|sys\s*\.\s*modules)\b"
    rf"|\bfrom{_GAP}\.[.\s\\]*(?:\w[\w.]*[\s\\]+)?import\b"  # relative: in which package, the text doesn't say
)
_LISTED = r"\((?:[^()#]++|#[^\n]*+)*+\)|(?:[^\n;\\#(]|\\\n)*+"


def reachable(lesson: Name, sources: Mapping[Name, Sequence[str]]) -> tuple[Name, ...]:
    """The other lessons that a lesson may import, directly or through those, in the order of `sources`."""
    found: set[Name] = set()
    waiting = [lesson]
    while waiting:
        imported = _imported("\n".join(sources[waiting.pop()]), sources)
        waiting += imported - found
        found |= imported
    return tuple(name for name in sources if name in found and name != lesson)


def _imported(text: str, lessons: Iterable[Name]) -> set[Name]:
    if _COMPUTED.search(text):
        return {name for name in lessons if name[0]}
    shorts: dict[str, set[str]] = {}
    for package, short in lessons:
        if package:
            shorts.setdefault(package, set()).add(short)
    return {(package, short) for package in shorts for short in _of_package(text, package, shorts[package])}


def _of_package(text: str, package: str, shorts: set[str]) -> set[str]:
    """The lessons of one package that a text names; all where it names the package, or what holds it, alone."""
    parent, _, last = package.rpartition(".")
    if any(re.search(rf"\b{_spelled(holder)}\b(?!{_GAP}\.{_GAP}\w)", text) for holder in _holders(parent)):
        return shorts if re.search(rf"\b{re.escape(last)}\b", text) else set()
    named: set[str] = set()
    used = rf"{_GAP}\.{_GAP}(?P<short>\w+)|[\s\\]+import\b{_GAP}(?P<listed>{_LISTED})"
    for match in re.finditer(rf"(?P<from>\bfrom[\s\\]+)?\b{_spelled(package)}\b(?:{used})?", text):
        names = {match["short"]} if match["short"] else _names(match["listed"]) if match["from"] else set()
        if not names or not names <= shorts:
            return shorts
        named |= names
    return named


def _names(listed: str | None) -> set[str]:
    """The names in what stands behind `import`: `(first as f,  # why\n third)` has two."""
    plain = re.sub(r"#[^\n]*|[()\\]", " ", listed or "")
    return {part.split()[0] for part in plain.split(",") if part.split()}


def _spelled(dotted: str) -> str:
    """A pattern for a dotted name as Python allows to write it."""
    return rf"{_GAP}\.{_GAP}".join(map(re.escape, dotted.split(".")))


def _holders(parent: str) -> list[str]:
    """`tinytorch.core` and `tinytorch`: an import of one of these reaches the package by attributes."""
    parts = parent.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
