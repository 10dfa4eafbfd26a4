"""Which lessons a lesson's code may import, read from its text, so that its process is given these and no others.

What isn't given can't be used, so an outcome depends on nothing else, whatever the text may hide. Text that names a
package without a lesson of it, or that can import by computed names, may import everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

Name = tuple[str, str]  # package, lesson: ("tinytorch.core.example", "first"); without a package it is not importable

_COMPUTED = re.compile(r"\b(?:importlib|import_module|__import__|exec|eval|runpy|pkgutil|sys\s*\.\s*modules)\b")


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
    if any(re.search(rf"\b{re.escape(holder)}\b(?!\s*\.\s*\w)", text) for holder in _holders(parent)):
        return shorts if re.search(rf"\b{re.escape(last)}\b", text) else set()
    named: set[str] = set()
    for match in re.finditer(rf"\b{re.escape(package)}\b(?:\s*\.\s*(\w+))?", text):
        if match[1] in shorts:
            named.add(match[1])
        elif not _imports_lessons(text[: match.end()], text[match.end() :], shorts, named):
            return shorts
    return named


def _imports_lessons(before: str, after: str, shorts: set[str], named: set[str]) -> bool:
    """Says whether the package is named only to import lessons from it by name; adds them to `named`."""
    listed = re.match(r"\s+import\s+(\([^)]*\)|[^\n;]*)", after)
    if not listed or not re.search(r"\bfrom\s+[\w.\s]*$", before):
        return False
    names = [part.split()[0] for part in re.sub(r"#[^\n]*|[()\\]", " ", listed[1]).split(",") if part.split()]
    if not names or not set(names) <= shorts:
        return False
    named.update(names)
    return True


def _holders(parent: str) -> list[str]:
    """`tinytorch.core` and `tinytorch`: an import of one of these reaches the package by attributes."""
    parts = parent.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
