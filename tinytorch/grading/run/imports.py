"""The lessons that a lesson's code may import, read from its text; its process is given these and no others.

A lesson that isn't given can't be used, so an outcome depends on nothing else, even if the text hides an import. Text
that names a package without a lesson of it, or that can import by computed names, may import everything.
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
    reached: set[Name] = set()
    waiting = [lesson]
    while waiting:
        imported = _imported("\n".join(sources[waiting.pop()]), sources)
        waiting += imported - reached
        reached |= imported
    return tuple(name for name in sources if name in reached and name != lesson)


def _imported(text: str, lessons: Iterable[Name]) -> set[Name]:
    if _COMPUTED.search(text):
        return {name for name in lessons if name[0]}
    shorts: dict[str, set[str]] = {}
    for package, short in lessons:
        if package:
            shorts.setdefault(package, set()).add(short)
    return {(package, short) for package in shorts for short in _of_package(text, package, shorts[package])}


def _of_package(text: str, package: str, shorts: set[str]) -> set[str]:
    """The lessons of one package that a text names; all where it names the package, or reaches for what holds it."""
    parts = package.split(".")
    if any(_reaches(text, ".".join(parts[:end]), parts[end]) for end in range(1, len(parts))):
        return shorts
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


def _reaches(text: str, holder: str, part: str) -> bool:
    """Says whether the text may get at `part` of `holder` by another name: an alias, an import of it, or a value."""
    name = rf"\b{_spelled(holder)}\b"
    used = rf"{name}[\s\\]+as\b|{name}{_GAP}\.{_GAP}__|[=(,\[{{:]{_GAP}{name}{_GAP}[,)\]}}\n]"
    listed = re.finditer(rf"\bfrom[\s\\]+{name}[\s\\]+import\b{_GAP}(?P<listed>{_LISTED})", text)
    return bool(re.search(used, text)) or any({part, "*"} & _names(match["listed"]) for match in listed)
